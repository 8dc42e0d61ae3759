"""The modals that are submitted."""

from __future__ import annotations

from dataclasses import replace

from builders import node_of, plan_of, requirement
from messages import view_of

from agent_core.domain import Unanswered
from bot.blocks.buttons import Carried
from bot.blocks.modals import improve_modal
from bot.blocks.rounds import RoundPrice


def test_what_is_not_answered_is_told_and_a_wish_is_needed_for_it():
    plan = replace(plan_of(requirement(1)), unanswered=(Unanswered("in <Euro>"),))
    view = view_of(plan=plan, nodes=(node_of(1, value=1.0),))

    modal = improve_modal("{}", view, RoundPrice(), Carried("r1"))

    assert "in &lt;Euro&gt;" in str(modal["blocks"])
    assert [b["optional"] for b in modal["blocks"] if "optional" in b] == [False]


def test_a_wish_is_needed_where_nothing_is_open():
    nodes = (node_of(1, value=1.0),)
    view = view_of(plan=plan_of(requirement(1)), nodes=nodes)

    views = (view, view_of(plan=plan_of(), nodes=nodes))

    met, still = (improve_modal("{}", v, RoundPrice(), Carried("r1")) for v in views)

    assert [b["optional"] for b in (*met["blocks"], *still["blocks"]) if "optional" in b] == [
        False,
        True,
    ]
