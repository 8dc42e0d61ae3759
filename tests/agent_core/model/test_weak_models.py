"""Plans of a model that leaves out, misnames or mistypes one to five fields: accepted and said."""

import pytest
from model_requests import ask
from model_weak import WeakModel, unsaid

from agent_core.errors import AgentError

FEW, MANY = 30, 300


async def accepted(talk, seeds):
    """Return how many plans there are whose repairs are all said, which have not, and failures."""
    model, said, silent, failed = WeakModel(), 0, [], []
    async with talk(model) as it:
        for seed in seeds:
            model.turn_to(seed)
            try:
                plan = await ask(it.researcher, "plan")
            except AgentError as error:
                failed.append((seed, error))
                continue
            wrong = unsaid(model.name, model.faults, plan)
            said += not wrong
            silent += [(seed, model.name, wrong)] if wrong else []
    return said, silent, failed


async def test_plans_of_a_weak_model_are_mended_and_every_repair_is_said(talk):
    said, silent, failed = await accepted(talk, range(1000, 1000 + FEW))

    assert failed == []
    assert said >= FEW * 0.95, silent


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.timeout(300)
async def test_three_hundred_plans_of_a_weak_model_end_no_run(talk):
    said, silent, failed = await accepted(talk, range(MANY))

    assert failed == []
    assert said >= MANY * 0.95, silent
