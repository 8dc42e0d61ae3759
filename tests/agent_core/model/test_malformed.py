import asyncio
import os
from collections import Counter
from random import Random

import pytest
from hypothesis import given, strategies as st
from malformed import malformed
from model_answers import GOOD
from model_requests import ROLES, ask
from model_roles import answer_well
from patience import PATIENCE_S
from pydantic import TypeAdapter

from agent_core.errors import AgentError
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import PlanAnswer
from agent_core.model.code import script_in
from agent_core.model.reading import read_as

ANSWERS = int(os.environ.get("AUTORECLAB_SOAK_ANSWERS", "90"))
"""`make soak` asks for 2,000."""


async def test_no_malformed_answer_ends_in_anything_but_a_typed_error(talk):
    rng = Random(7)
    ends = Counter()
    settings = {"deadline_s": 0.6, "idle_s": 0.3, "max_output_tokens": 2000}
    async with talk(lambda asked: malformed(asked, rng), **settings) as it:
        for number in range(ANSWERS):
            role = ROLES[number % len(ROLES)]
            it.researcher.endpoint.known.clear()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    answer = await ask(it.researcher, role)
                TypeAdapter(type(answer)).dump_json(answer)
            except AgentError as error:
                ends[type(error).__name__] += 1
            else:
                ends["answered"] += 1

    assert ends["answered"]
    assert ends["UnusableAnswer"]
    assert len(it.ledger.reserved) == len(it.ledger.calls)


async def test_few_malformed_answers_cost_little(talk):
    rng = Random(3)

    def play(asked):
        return malformed(asked, rng) if rng.random() < 0.05 else answer_well(asked)

    lost = 0
    async with talk(play, deadline_s=2.0, idle_s=1.0) as it:
        for number in range(ANSWERS):
            try:
                await ask(it.researcher, ROLES[number % len(ROLES)])
            except AgentError:
                lost += 1

    assert lost <= ANSWERS * 0.03


@given(st.text(max_size=400))
def test_any_text_is_a_plan_or_an_answer_fault(text):
    with pytest.raises(AnswerFault):
        read_as(PlanAnswer, text)


@given(st.integers(0, len(GOOD["draft"])), st.text(max_size=60), st.integers(0, 60))
def test_any_damage_leaves_a_script_or_an_answer_fault(place, noise, lost):
    text = GOOD["draft"][:place] + noise + GOOD["draft"][place + lost :]
    try:
        script = script_in(text)
    except AnswerFault:
        return

    compile(script.source, "script.py", "exec")
