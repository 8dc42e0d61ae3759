import json

import pytest
from model_answers import GOOD, PLAN, SCRIPT, SOURCE
from model_requests import ROLES, ask
from model_roles import answer_well
from model_server import Say, said

from agent_core.domain import Answer, Plan, ReportDraft, Revision, Script
from agent_core.errors import UnusableAnswer
from agent_core.model.answer_part import depth, strict_schema
from agent_core.model.answers import RevisionAnswer
from agent_core.model.plan_answer import PlanAnswer

FORMS = ("json_schema", "tools", "text")


@pytest.mark.parametrize("form", FORMS)
async def test_every_role_is_answered_whatever_form_the_server_speaks(talk, form):
    speaks = frozenset({form, "text"})
    async with talk(answer_well, server={"speaks": speaks}) as it:
        answers = [await ask(it.researcher, role) for role in ROLES]

    kinds = (Plan, Revision, Script, Script, Script, Script, tuple, ReportDraft, Answer)
    assert [type(a) for a in answers] == list(kinds)
    assert {a.form for a in it.server.asked[-3:]} == {form}


async def test_the_same_record_comes_from_every_form(talk):
    records = []
    for form in FORMS:
        async with talk(answer_well, server={"speaks": frozenset({form, "text"})}) as it:
            records.append([await ask(it.researcher, role) for role in ROLES])

    assert records[0] == records[1] == records[2]


async def test_the_form_is_found_once_for_an_endpoint_and_model(talk):
    async with talk(answer_well, server={"speaks": frozenset({"text"})}) as it:
        await ask(it.researcher, "plan")
        first = len(it.server.asked)
        await ask(it.researcher, "answer")

    assert first == 3
    assert len(it.server.asked) == 4


async def test_the_settings_can_say_the_form(talk):
    async with talk(answer_well, structure="tools") as it:
        await ask(it.researcher, "plan")

    assert [a.form for a in it.server.asked] == ["tools"]


async def test_the_schema_stands_in_the_words_where_the_server_knows_none(talk):
    async with talk(answer_well, structure="text") as it:
        await ask(it.researcher, "plan")

    assert '"factors"' in it.server.asked[0].body["messages"][-1]["content"]


async def test_a_bad_answer_is_asked_for_again_with_the_exact_fault(talk):
    bad = said({k: v for k, v in PLAN.items() if k != "questions"})
    async with talk([bad, Say(GOOD["plan"])]) as it:
        plan = await ask(it.researcher, "plan")

    fault = it.server.asked[1].body["messages"][-1]["content"]
    assert "questions: none" in fault
    assert len(plan.seeds) == 30
    assert it.ledger.outcomes == ["malformed", "repaired"]


async def test_a_second_bad_answer_is_a_typed_error(talk):
    async with talk([Say("no idea")]) as it:
        with pytest.raises(UnusableAnswer, match="no JSON object"):
            await ask(it.researcher, "judge")

    assert len(it.server.asked) == 2


async def test_a_plan_is_asked_for_afresh_before_a_run_would_end(talk):
    async with talk([Say("?"), Say("?"), Say(GOOD["plan"])]) as it:
        await ask(it.researcher, "plan")

    assert len(it.server.asked) == 3


async def test_a_model_that_ignores_the_form_is_told_it_in_words(talk):
    def play(asked):
        return Say(GOOD["plan"]) if asked.form == "text" else Say("Sure! Here is the plan.")

    async with talk(play) as it:
        await ask(it.researcher, "plan")
        await ask(it.researcher, "plan")

    assert it.server.asked[-1].form == "text"
    assert it.ledger.outcomes[-1] == "ok"


@pytest.mark.parametrize(
    "around",
    [
        "Here you are:\n```json\n@\n```\nAnything else?",
        "<think>{}</think>@",
        "The plan is @ as asked.",
        '{"plan": @}',
    ],
)
async def test_json_is_found_in_what_stands_around_it(talk, around):
    text = around.replace("@", json.dumps(PLAN))
    async with talk([Say(text)]) as it:
        plan = await ask(it.researcher, "plan")

    assert plan.title == PLAN["title"]


async def test_an_answer_that_was_cut_gets_more_room(talk):
    cut = Say(GOOD["plan"][:200], finish="length")
    async with talk([cut, Say(GOOD["plan"])], max_output_tokens=1000) as it:
        await ask(it.researcher, "plan")

    assert [a.body["max_completion_tokens"] for a in it.server.asked] == [1000, 2000]
    assert it.ledger.outcomes == ["cut", "ok"]


async def test_code_that_was_cut_is_continued(talk):
    half = SCRIPT.index("labbook.row") + 8
    async with talk([Say(SCRIPT[:half], finish="length"), Say(SCRIPT[half:])]) as it:
        script = await ask(it.researcher, "draft")

    assert script.source == SOURCE
    assert it.server.asked[1].body["messages"][-2]["content"] == SCRIPT[:half]


async def test_reasoning_that_ate_the_room_gets_more(talk):
    async with talk([Say("", finish="length"), Say(SCRIPT)], max_output_tokens=500) as it:
        await ask(it.researcher, "draft")

    assert it.server.asked[1].body["max_completion_tokens"] == 1000


async def test_code_that_is_always_cut_is_a_typed_error(talk):
    async with talk([Say("```python\nx = (\n", finish="length")]) as it:
        with pytest.raises(UnusableAnswer, match="does not parse"):
            await ask(it.researcher, "draft")

    assert len(it.server.asked) <= 6


@pytest.mark.parametrize("form", [PlanAnswer, RevisionAnswer])
def test_schemas_are_strict(form):
    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for inner in node.values():
                yield from objects(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from objects(inner)

    found = list(objects(strict_schema(form)))

    assert found
    assert all(o["additionalProperties"] is False for o in found)
    assert all(o["required"] == list(o["properties"]) for o in found)


@pytest.mark.parametrize("form", [PlanAnswer, RevisionAnswer])
def test_a_small_model_can_hold_the_schema(form):
    schema = strict_schema(form)

    assert len(json.dumps(schema, separators=(",", ":"))) <= 6000
    assert depth(schema) <= 5
    assert "$ref" not in json.dumps(schema)
