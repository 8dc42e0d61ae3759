"""The plan and its changes as messages."""

from __future__ import annotations

from dataclasses import replace

from builders import plan_of, requirement
from hypothesis import given, strategies as st
from messages import LONG, fits, view_of

from agent_core.domain import Algorithm, PlanChange
from bot.blocks.modals import edit_modal, plan_modal
from bot.blocks.plan import closed_plan, difference_message, plan_message, protocol_text
from bot.workspace.limits import accept_view


@given(st.lists(LONG, min_size=1, max_size=60))
def test_any_plan_is_a_message_and_a_modal(texts):
    requirements = tuple(replace(requirement(i + 1), text=t) for i, t in enumerate(texts))
    plan = replace(
        plan_of(*requirements), question=texts[0], title=texts[-1], assumptions=tuple(texts)
    )
    change = PlanChange(summary=tuple(texts))

    fits(plan_message(view_of(plan=plan), plan, 2.0))
    fits(difference_message("r1", plan, change))
    accept_view(plan_modal(plan))
    accept_view(edit_modal("{}", plan))


def test_a_plan_asks_for_replies_once_and_only_before_its_start():
    plan = replace(plan_of(), assumptions=("no tuning",))
    shown = plan_message(view_of(plan=plan), plan)

    assert shown.text.count("Reply") == 1
    assert "Reply" not in closed_plan(shown, "Started.").text
    assert "nothing has run yet" not in str(closed_plan(shown, "Started.").blocks)
    assert "Plan v1" not in str(plan_modal(plan)["blocks"])


def test_a_sweep_is_one_model_with_its_values():
    swept = tuple(
        Algorithm(f"MF factors={n}", "MF", config={"factors": n, "epochs": 15}) for n in (8, 16)
    )
    plan = replace(plan_of(), algorithms=swept, swept="factors")
    other = replace(swept[1], config={"factors": 16, "epochs": 9})

    assert "MF (number of epochs 15); factors 8, 16" in protocol_text(plan)
    assert "MF factors=8 (factors 8" in protocol_text(replace(plan, algorithms=(swept[0], other)))


def test_a_margin_of_equivalence_is_part_of_the_protocol_shown():
    plan = replace(plan_of(), margin=0.005)

    shown = plan_message(view_of(plan=plan), plan)

    assert "*Equivalence margin* ±0.005 NDCG@10" in shown.text
    assert "Equivalence" not in plan_message(view_of(), plan_of()).text
