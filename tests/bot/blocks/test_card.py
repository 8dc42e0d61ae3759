"""The card says how a run stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import node_of, plan_of
from hypothesis import given, strategies as st
from messages import LONG, NOW, fits, view_of

from agent_core.domain import NodeId, Outcome, Report, RunStatus, Usage
from agent_core.domain.events import Logged, NodeProgress, Rerun, RoundOpened, Work
from agent_core.run.view import fold
from bot.blocks.card import card, foot_line


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
    view = view_of(text, plan, status=status, failure=reason, nodes=nodes, primary=text)

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
    same = replace(node_of(2, execution=None), error="It ran before.", is_duplicate=True)
    view = view_of(status=RunStatus.RUNNING, nodes=(node_of(1, value=0.5), same))

    assert "2 scripts: 1 ran, 1 not run, same as another" in card(view, "U1", NOW, 2.0).text


def test_the_card_says_what_is_done_with_a_script_once_more():
    """Repeating takes as long as the script did; nobody is left to wonder."""
    steps = [
        NodeProgress(NodeId(1), "cell 3 of 20", 3, 20, Work.REPETITION),
        NodeProgress(NodeId(1), "2 of 4: EASE", 2, 4, Work.TRAINING),
        NodeProgress(NodeId(2), "cell 7 of 20", 7, 20),
    ]
    view = view_of(
        plan=plan_of(),
        status=RunStatus.RUNNING,
        nodes=(node_of(1, value=0.5), node_of(2, execution=None)),
    )
    view = fold(view.id, [Logged(n, NOW, s) for n, s in enumerate(steps, start=1)], view)

    shown = card(view, "U1", NOW, 2.0).text.splitlines()[1]
    again = Logged(4, NOW, Rerun(NodeId(1), True, 0.0, 4, "Repeated, identical."))
    later = card(fold(view.id, [again], view), "U1", NOW, 2.0).text

    assert shown.endswith(
        "1 ran, 1 in work (7 of 20), repeating script 1 (3 of 20), "
        "training again script 1 (2 of 4)"
    )
    assert "repeating" not in later
    assert "training again" in later
