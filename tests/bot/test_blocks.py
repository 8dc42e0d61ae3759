"""Whatever is said fits into Slack's limits, and nothing in it is markup of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import node_of, plan_of, requirement
from hypothesis import given
from hypothesis import strategies as st
from scripted_lab import DATA

from agent_core.domain import (
    Algorithm,
    Answer,
    NodeId,
    Outcome,
    PlanChange,
    Report,
    RunId,
    RunStatus,
    Score,
    Task,
    Usage,
)
from agent_core.domain.events import Disputed, Rechecked, RoundOpened, RunFailed
from agent_core.execution.precheck import DUPLICATE
from agent_core.run.view import RunView
from bot.blocks.card import card, foot_line
from bot.blocks.limits import chunks, clip, fallback, message, without_buttons
from bot.blocks.modals import dispute_modal, edit_modal, improve_modal, plan_modal
from bot.blocks.plan import closed, difference_message, plan_message, protocol
from bot.blocks.report import answer_message, failure_message, report_message
from bot.blocks.rounds import (
    Price,
    dispute_message,
    dispute_note,
    disputed_report,
    improve_button,
    offer_message,
    open_lines,
    price_line,
    round_message,
)
from bot.blocks.text import clock, duration, escape, mrkdwn, typed_text, unescape
from bot.workspace.limits import checked_view, problems_of

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
LONG = st.text(min_size=0, max_size=9000)
MARKDOWN = st.lists(
    st.sampled_from(["**bold** ", "# Heading\n", "| a | b |\n", "- x\n", "`c`", "<!channel>", "&"])
    | st.text(max_size=400),
    max_size=60,
).map("".join)


def view_of(text="q", plan=None, **more):
    plan = plan or plan_of()
    view = RunView(
        RunId("r1"), RunStatus.WAITING, Task(text), "scripted", "cold", (DATA,), (plan,)
    )
    return replace(view, **more)


def fits(shown):
    assert problems_of(list(shown.blocks)) == []
    assert 0 < len(fallback(shown)) <= 4000


@given(LONG)
def test_any_text_is_a_message(text):
    fits(message(text))


@given(LONG, st.integers(10, 4000))
def test_pieces_fit_and_hold_all_words(text, limit):
    pieces = chunks(text, limit)

    assert all(0 < len(p) <= limit for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(LONG, st.integers(2, 500))
def test_cut_texts_fit(text, limit):
    assert len(clip(text, limit)) <= limit


def test_a_cut_opens_no_token():
    assert clip("see <https://example.org/long|here> now", 20) == "see …"


@given(MARKDOWN)
def test_any_report_is_a_message(text):
    report = Report("t", Outcome.PARTIAL, text, text, text, None, warnings=(text,))
    view = view_of(report=report, outcome=Outcome.PARTIAL, reason="nodes")

    fits(report_message(view, report, "U1"))
    fits(answer_message(Answer(text, offer=text)))
    fits(failure_message(view, RunFailed(text), "U1"))


@given(st.lists(LONG, min_size=1, max_size=60))
def test_any_plan_is_a_message_and_a_modal(texts):
    requirements = tuple(replace(requirement(i + 1), text=t) for i, t in enumerate(texts))
    plan = replace(
        plan_of(*requirements), question=texts[0], title=texts[-1], assumptions=tuple(texts)
    )
    change = PlanChange(summary=tuple(texts))

    fits(plan_message(view_of(plan=plan), plan, 2.0))
    fits(difference_message("r1", plan, change))
    checked_view(plan_modal(plan))
    checked_view(edit_modal("{}", plan))


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
    carried = improve_button("r1", said).value.partition(":")[2]
    checked_view(improve_modal("x" * 200, view, Price(13, 2.0), carried))
    checked_view(dispute_modal("x" * 200, view))


def test_people_in_a_report_are_named_and_not_their_ids():
    said = "Disputed by U0COLLEAGUE: “see XU0COLLEAGUE”; waived by local"
    report = Report("t", Outcome.PARTIAL, "h", said, "m", NodeId(1))
    view = view_of(disputes=(Disputed("x", "U0COLLEAGUE"), Disputed("y", "local")))

    shown = report_message(view, report, "U0COLLEAGUE").text

    assert "Disputed by <@U0COLLEAGUE>: “see XU0COLLEAGUE”; waived by local" in shown
    assert shown.startswith("<@U0COLLEAGUE> *h*")


def test_a_wish_is_needed_where_nothing_is_open():
    nodes = (node_of(1, value=1.0),)
    view = view_of(plan=plan_of(requirement(1)), nodes=nodes)

    met, still = (
        improve_modal("{}", v, Price()) for v in (view, view_of(plan=plan_of(), nodes=nodes))
    )

    assert [b["optional"] for b in (*met["blocks"], *still["blocks"]) if "optional" in b] == [
        False,
        True,
    ]


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

    assert price_line(view, Price(13, 2.0)).startswith(shown)


def test_a_round_counts_time_and_money_of_its_own():
    view = view_of(
        status=RunStatus.RUNNING,
        rounds=(RoundOpened("U1", "", 26, 4.1),),
        usage=Usage(calls=3, cost=2.2),
        primary="ImplicitMF NDCG@10 0.155",
        report=Report("t", Outcome.PARTIAL, "h", "s", "m", NodeId(1)),
        started_at=NOW - timedelta(days=21),
        round_at=NOW - timedelta(seconds=40),
    )

    shown = card(view, "U1", NOW, 2.0).text.splitlines()

    assert shown[0] == "🔬 *Seed effect* · for <@U1> · Round 2 · *Running* 0:40"
    assert shown[1] == "ImplicitMF NDCG@10 0.155 _preliminary_"
    assert shown[2].startswith("$2.20 of at most $4.10")


@given(LONG, st.sampled_from(list(RunStatus)), LONG)
def test_any_state_is_a_card(text, status, reason):
    plan = replace(plan_of(), title=text)
    nodes = (node_of(1, value=0.5),)
    view = view_of(text, plan, status=status, reason=reason, nodes=nodes, primary=text)

    fits(card(view, "U1", NOW, 2.0))


def test_the_card_says_what_is_known():
    plan = replace(plan_of(), estimate_s=660.0)
    view = view_of(
        plan=plan,
        status=RunStatus.RUNNING,
        nodes=(node_of(1, value=0.5), node_of(2, execution=None)),
        primary="ImplicitMF NDCG@10 0.155",
        usage=Usage(calls=3, cost=0.21),
        started_at=datetime(2026, 11, 3, 11, 53, 20, tzinfo=UTC),
    )

    shown = card(view, "U1", NOW, 2.0).text.splitlines()

    assert shown[0] == "🔬 *Seed effect* · for <@U1> · *Running* 6:40 of about 11 min"
    assert shown[1] == "1 of 2 requirements met · 2 scripts: 1 ran, 1 in work"
    assert shown[2] == "ImplicitMF NDCG@10 0.155 _preliminary_"
    assert shown[3].startswith("$0.21 of at most $2.00 · isolated, no network · scripted")


@pytest.mark.parametrize(
    ("unpriced", "shown"),
    [
        (0, "$0.21 of at most $2.00"),
        (2, "$0.21 and 2 calls of unknown price spent"),
        (5, "12,000 tokens (price unknown) spent"),
    ],
)
def test_a_price_that_nobody_set_is_said_to_be_unknown(unpriced, shown):
    usage = Usage(5, 10_000, 0, 2_000, 0, 0.21, unpriced)

    assert foot_line(replace(view_of(), usage=usage), 2.0).startswith(shown)


def test_a_script_that_was_not_run_again_is_no_crash():
    same = replace(node_of(2, execution=None), error=f"{DUPLICATE}: the same script ran before.")
    view = view_of(status=RunStatus.RUNNING, nodes=(node_of(1, value=0.5), same))

    assert "2 scripts: 1 ran, 1 not run, same as another" in card(view, "U1", NOW, 2.0).text


def test_a_plan_asks_for_replies_once_and_only_before_its_start():
    plan = replace(plan_of(), assumptions=("no tuning",))
    shown = plan_message(view_of(plan=plan), plan)

    assert shown.text.count("Reply") == 1
    assert "Reply" not in closed(shown, "Started.").text
    assert "nothing has run yet" not in str(closed(shown, "Started.").blocks)
    assert "Plan v1" not in str(plan_modal(plan)["blocks"])


def test_a_sweep_is_one_model_with_its_values():
    swept = tuple(
        Algorithm(f"MF factors={n}", "MF", config={"factors": n, "epochs": 15}) for n in (8, 16)
    )
    plan = replace(plan_of(), algorithms=swept, swept="factors")
    other = replace(swept[1], config={"factors": 16, "epochs": 9})

    assert "MF (epochs 15); factors 8, 16" in protocol(plan)
    assert "MF factors=8 (factors 8" in protocol(replace(plan, algorithms=(swept[0], other)))


def test_a_doubt_names_a_waiver_only_where_a_check_failed():
    def told(*failed):
        best = replace(node_of(1, value=0.5), score=Score(0.0, 0, 1, 0, 1, failed))
        view = view_of(nodes=(best,), status=RunStatus.FINISHED)
        return dispute_message(view, Disputed("no", "U2"), Rechecked(NodeId(1), True, "")).text

    assert "waive" not in told()
    assert "“waive baseline_present because …”" in told("baseline_present")


def test_nothing_is_said_twice_about_a_failure_and_an_end():
    lost = RunFailed("Internal error; nothing recorded is lost.", True)
    report = Report("t", Outcome.SATISFIED, "**A**", "*Requirements:* 2 of 2 met.", "", NodeId(1))
    view = view_of(reason="satisfied", outcome=Outcome.SATISFIED, report=report)

    assert failure_message(view, lost, "U1").text.lower().count("nothing recorded") == 1
    assert "nothing recorded" in failure_message(view, RunFailed("No.", True), "U1").text.lower()
    assert "All requirements" not in report_message(view, report, "U1").text
    timed = replace(view, started_at=NOW, finished_at=NOW + timedelta(minutes=5))
    assert report_message(timed, report, "U1").text.endswith("_Took 5 min_")


def test_buttons_give_way_to_a_note():
    shown = plan_message(view_of(), plan_of())

    kept = without_buttons(shown.blocks, "Started.")

    assert [b["type"] for b in kept] == ["section", "context"]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** and *b* and __c__", "*a* and _b_ and *c*"),
        ("# Title\ntext", "*Title*\ntext"),
        ("- one\n* two", "• one\n• two"),
        ("`a*b*c` **d**", "`a*b*c` *d*"),
        ("**not `a**b`** and *of `c`*", "*not `a**b`* and _of `c`_"),
        ("[x](https://example.org/a)", "<https://example.org/a|x>"),
        ("a < b & <!channel>", "a &lt; b &amp; &lt;!channel&gt;"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```"),
        ("~~gone~~", "~gone~"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown, shown):
    assert mrkdwn(markdown) == shown


@pytest.mark.parametrize(
    ("raw", "typed"),
    [
        ("<@UBOT> a &lt; b &amp; c", "a < b & c"),
        ("see <https://x.org|x.org> in <#C1|lab>", "see https://x.org in #lab"),
        ("add <@U2>", "add <@U2>"),
        ("<!here> now", "@here now"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org"),
    ],
)
def test_incoming_text_is_as_it_was_typed(raw, typed):
    assert typed_text(raw, "UBOT") == typed


@given(st.text())
def test_escaping_is_undone_exactly(text):
    assert unescape(escape(text)) == text


def test_times_are_readable():
    assert [duration(s) for s in (40, 660, 7800, 7200)] == ["40 s", "11 min", "2 h 10 min", "2 h"]
    assert [clock(s) for s in (400, 4000)] == ["6:40", "1:06:40"]


def test_a_margin_of_equivalence_is_part_of_the_protocol_shown():
    plan = replace(plan_of(), margin=0.005)

    shown = plan_message(view_of(plan=plan), plan)

    assert "*Equivalence margin* ±0.005 NDCG@10" in shown.text
    assert "Equivalence" not in plan_message(view_of(), plan_of()).text
