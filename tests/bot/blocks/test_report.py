"""The report, a failure and an answer as messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from messages import MARKDOWN, NOW, fits, view_of

from agent_core.domain import Answer, Ending, NodeId, Outcome, Report
from agent_core.domain.events import Disputed, RunFailed
from bot.blocks.report import answer_message, failure_message, report_message


@given(MARKDOWN)
def test_any_report_is_a_message(text):
    report = Report("t", Outcome.PARTIAL, text, text, text, None, warnings=(text,))
    view = view_of(report=report, outcome=Outcome.PARTIAL, ending=Ending.NODES)

    fits(report_message(view, report, "U1"))
    fits(answer_message(Answer(text, offer=text)))
    fits(failure_message(view, RunFailed(text), "U1"))


def test_people_in_a_report_are_named_and_not_their_ids():
    said = "Disputed by U0COLLEAGUE: “see XU0COLLEAGUE”; waived by local"
    report = Report("t", Outcome.PARTIAL, "h", said, "m", NodeId(1))
    view = view_of(disputes=(Disputed("x", "U0COLLEAGUE"), Disputed("y", "local")))

    shown = report_message(view, report, "U0COLLEAGUE").text

    assert "Disputed by <@U0COLLEAGUE>: “see XU0COLLEAGUE”; waived by local" in shown
    assert shown.startswith("<@U0COLLEAGUE> *h*")


def test_nothing_is_said_twice_about_a_failure_and_an_end():
    lost = RunFailed("Internal error (KeyError). The log has the details.", True)
    report = Report("t", Outcome.SATISFIED, "**A**", "*Requirements:* 2 of 2 met.", "", NodeId(1))
    view = view_of(ending=Ending.SATISFIED, outcome=Outcome.SATISFIED, report=report)

    assert failure_message(view, lost, "U1").text.lower().count("nothing recorded") == 1
    assert "nothing recorded" in failure_message(view, RunFailed("No.", True), "U1").text.lower()
    assert "All requirements" not in report_message(view, report, "U1").text
    timed = replace(view, started_at=NOW, finished_at=NOW + timedelta(minutes=5))
    assert report_message(timed, report, "U1").text.endswith("_Took 5 min_")
