"""What is said about a report: another round, what it may take, disputes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import node_of, plan_of, requirement
from hypothesis import given, strategies as st
from messages import LONG, MARKDOWN, NOW, fits, view_of

from agent_core.domain import NodeId, Outcome, Report, RunStatus, Score, Usage
from agent_core.domain.events import Disputed, Rechecked, RoundOpened
from bot.blocks.buttons import Carried
from bot.blocks.card import card
from bot.blocks.modals import dispute_modal, improve_modal
from bot.blocks.report import report_message
from bot.blocks.rounds import (
    RoundPrice,
    dispute_message,
    dispute_note,
    disputed_report,
    improve_button,
    offer_message,
    open_lines,
    price_line,
    round_message,
)
from bot.workspace.limits import accept_view


@given(MARKDOWN, st.lists(LONG, min_size=1, max_size=30))
def test_whatever_is_said_about_a_report_fits(said, texts):
    requirements = tuple(replace(requirement(i + 1), text=t) for i, t in enumerate(texts))
    plan = replace(plan_of(*requirements), title=texts[0])
    score = Score(0.0, 0, 1, 0, 1, tuple(texts))
    report = Report("t", Outcome.PARTIAL, said, said, said, NodeId(1))
    opened = RoundOpened("U1", texts[0], 26, 2.0)
    best = replace(node_of(1, value=0.5), score=score)
    ended = NOW - timedelta(days=21)
    view = view_of(
        plan=plan, status=RunStatus.FINISHED, nodes=(best,), report=report, finished_at=ended
    )
    post = report_message(view, report, "U1")

    fits(offer_message(view, said))
    fits(round_message(view, replace(view, rounds=(opened,)), opened, NOW))
    fits(dispute_message(view, Disputed(said, "U2"), Rechecked(NodeId(1), True, said)))
    fits(disputed_report(post, [f"U{n}" for n in range(40)]))
    fits(card(view, "U1", NOW, 2.0, dispute_note(["U2"])))
    carried = Carried.of(improve_button("r1", said).carried.value)
    accept_view(improve_modal("x" * 200, view, RoundPrice(13, 2.0), carried))
    accept_view(dispute_modal("x" * 200, view))


def test_what_is_open_names_checks_and_the_first_requirements():
    nodes = (replace(node_of(1), score=Score(0.0, 0, 1, 0, 8, ("test_leak",))),)
    plan = plan_of(*(requirement(n) for n in range(1, 9)))

    shown = open_lines(view_of(plan=plan, nodes=nodes))

    assert shown == [
        "• check `test_leak` failed",
        *(f"• requirement {n} ({n})" for n in range(1, 5)),
        "• and 4 more",
    ]


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (Usage(), "At most 13 more scripts, no model cost."),
        (Usage(calls=2, cost=0.1), "At most 13 more scripts, at most $2.00 more."),
        (Usage(2, unpriced_calls=1), "At most 13 more scripts, the price of the model"),
    ],
)
def test_the_price_of_a_round_is_said_first(usage, shown):
    view = replace(view_of(), usage=usage)

    assert price_line(view, RoundPrice(13, 2.0)).startswith(shown)


def test_a_dispute_names_a_waiver_only_where_a_check_failed():
    def told(*failed):
        best = replace(node_of(1, value=0.5), score=Score(0.0, 0, 1, 0, 1, failed))
        view = view_of(nodes=(best,), status=RunStatus.FINISHED)
        return dispute_message(view, Disputed("no", "U2"), Rechecked(NodeId(1), True, "")).text

    assert "waive" not in told()
    assert "“waive baseline_present because …”" in told("baseline_present")
