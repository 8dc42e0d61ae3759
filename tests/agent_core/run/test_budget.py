import asyncio

import pytest

from agent_core.domain import Budget, Usage
from agent_core.domain.events import ModelCalled, ModelOutage
from agent_core.errors import BudgetExhausted
from agent_core.run.budget import RunBudget

WORST = Usage(calls=1, input_tokens=100, output_tokens=100, cost=0.3)
UNPRICED = Usage(calls=1, input_tokens=100, output_tokens=100, unpriced_calls=1)


def called(cost=0.1, **more):
    return ModelCalled("draft", "m", Usage(1, 50, 0, 20, cost=cost, **more), 1.0)


def test_what_is_in_flight_counts_at_its_worst():
    budget = RunBudget(Budget(cost=1.0))
    budget.reserve(WORST)
    budget.reserve(WORST)
    budget.reserve(WORST)

    with pytest.raises(BudgetExhausted, match=r"in flight"):
        budget.reserve(WORST)


def test_settling_gives_back_what_was_not_used():
    told = []
    budget = RunBudget(Budget(cost=1.0), tell=told.append)
    for _ in range(5):
        budget.reserve(WORST)
        budget.settle(WORST, called())

    assert budget.spent.cost == pytest.approx(0.5)
    assert budget.in_flight == Usage()
    assert len(told) == 5


def test_the_reserve_is_only_for_the_report():
    budget = RunBudget(Budget(cost=1.0), spent=Usage(cost=0.65))

    with pytest.raises(BudgetExhausted):
        budget.reserve(WORST)
    budget.reserve(WORST, is_reserve=True)


def test_a_call_that_costs_nothing_needs_no_money():
    budget = RunBudget(Budget(cost=0.0))

    budget.reserve(Usage(calls=1, input_tokens=100))


def test_unknown_prices_count_as_tokens():
    budget = RunBudget(Budget(cost=0.0, tokens=500))
    budget.reserve(UNPRICED)
    budget.reserve(UNPRICED)

    with pytest.raises(BudgetExhausted, match=r"tokens.*model\.prices"):
        budget.reserve(UNPRICED)


def test_tokens_spent_before_a_restart_count():
    spent = Usage(calls=4, input_tokens=300, output_tokens=100, unpriced_calls=4)
    budget = RunBudget(Budget(tokens=500), spent=spent)

    with pytest.raises(BudgetExhausted):
        budget.reserve(UNPRICED)


def test_no_token_cap_is_no_cap():
    RunBudget(Budget(cost=0.0, tokens=0)).reserve(UNPRICED)


def test_an_outage_is_told():
    told = []
    RunBudget(Budget(), tell=told.append).outage(ModelOutage("down"))

    assert told == [ModelOutage("down")]


async def test_sixteen_at_once_never_pass_the_cap():
    budget = RunBudget(Budget(cost=2.0))

    async def expand():
        while True:
            try:
                budget.reserve(WORST)
            except BudgetExhausted:
                return
            await asyncio.sleep(0)
            budget.settle(WORST, called(WORST.cost))

    await asyncio.gather(*(expand() for _ in range(16)))

    assert budget.spent.cost <= 2.0 * 0.9 + 1e-9
    assert budget.spent.cost >= 2.0 * 0.9 - WORST.cost
