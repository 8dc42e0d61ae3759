"""A plan that does not answer the main question, in a thread: asked before it is started."""

from __future__ import annotations

from agent_core.domain import Unanswered

EURO = Unanswered("how much Euro is this", "no prices", is_main=True)
SITE = Unanswered("whether it holds on the live site")


async def open_plan(live, *clauses):
    live.lab.plans = False
    ts = live.ask()
    await live.called("submit")
    live.lab.plan("run1", unanswered=clauses)
    return ts, await live.post(ts, "Plan v1")


async def test_the_plan_says_what_it_does_not_answer_and_offers_to_leave_it_out(live):
    ts, plan = await open_plan(live, EURO, SITE)

    assert "Not answered:" in plan["text"]
    assert EURO.clause in plan["text"]
    buttons = live.workspace.buttons(plan)
    assert {"start_anyway", "answer:unanswered0", "answer:unanswered1"} <= set(buttons)
    assert "start" not in buttons

    await live.press(plan, "answer:unanswered1")
    await live.called("revise")
    assert live.lab.calls[-1][1] == f"leave out “{SITE.clause}”"
    await live.post(ts, "Plan v2")


async def test_start_asks_and_start_anyway_starts(live):
    ts, _ = await open_plan(live, EURO)

    live.say(ts, "start")
    asked = await live.post(ts, "does not answer the main question")
    assert not [c for c in live.lab.calls if c[0] == "start"]
    assert "start_anyway" in live.workspace.buttons(asked)

    live.say(ts, "start anyway")
    await live.called("start")


async def test_the_button_starts_a_plan_that_is_not_whole(live):
    _, plan = await open_plan(live, EURO)

    await live.press(plan, "start_anyway")

    await live.called("start")


async def test_a_side_clause_needs_no_consent(live):
    ts, plan = await open_plan(live, SITE)

    assert "start" in live.workspace.buttons(plan)
    live.say(ts, "start")

    await live.called("start")
