import asyncio
import json

import pytest
from model_answers import GOOD
from model_requests import ask
from model_server import Fail, Raw, Say

from agent_core.domain import Budget
from agent_core.errors import BudgetExhausted
from agent_core.model.limiter import AdaptiveLimiter
from agent_core.model.prompting import template_hash
from agent_core.run.budget import RunBudget
from agent_core.settings import AgentSettings

PRICES = {"gpt-5-mini": {"input": 0.25, "cached": 0.025, "output": 2.0}}
COUNTED = {
    "prompt_tokens": 1_000,
    "completion_tokens": 100,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 60},
}


async def test_a_call_is_logged_with_tokens_and_cost(talk):
    async with talk([Say(GOOD["draft"], usage=COUNTED)], prices=PRICES) as it:
        await ask(it.researcher, "draft")

    (call,) = it.ledger.calls
    assert (call.role, call.model, call.node, call.outcome) == ("draft", "gpt-5-mini", 4, "ok")
    assert call.usage.cached_tokens == 400
    assert call.usage.reasoning_tokens == 60
    assert call.usage.cost == pytest.approx((0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2.0) / 1000)
    assert call.usage.unpriced_calls == 0


async def test_counts_that_cannot_be_are_bounded_by_what_was_sent_and_allowed(talk):
    impossible = dict.fromkeys(("prompt_tokens", "completion_tokens"), 10**12)
    impossible["prompt_tokens_details"] = {"cached_tokens": 10**13}
    async with talk([Say(GOOD["draft"], usage=impossible)], prices=PRICES) as it:
        await ask(it.researcher, "draft")

    (call,) = it.ledger.calls
    assert call.usage.cached_tokens == call.usage.input_tokens < 10**6
    assert call.usage.output_tokens < 10**6
    assert 0 < call.usage.cost < 3


async def test_an_unknown_price_is_said_to_be_unknown(talk):
    async with talk([Say(GOOD["draft"])]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.calls[0].usage.unpriced_calls == 1
    assert it.ledger.calls[0].usage.cost == 0


async def test_a_dated_model_has_the_price_of_its_name(talk):
    agent = AgentSettings.model_validate({"code": {"model": "gpt-5-mini-2025-08-07"}})
    async with talk([Say(GOOD["draft"])], prices=PRICES, agent=agent) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.calls[0].usage.cost > 0


async def test_a_server_that_does_not_count_is_estimated(talk):
    async with talk([Say(GOOD["draft"], counts=False)]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.calls[0].usage.input_tokens > 500
    assert it.ledger.calls[0].usage.output_tokens > 5


async def test_the_worst_case_covers_what_is_used(talk):
    async with talk([Say(GOOD["plan"])], prices=PRICES) as it:
        await ask(it.researcher, "plan")

    (worst, is_reserve), call = it.ledger.reserved[0], it.ledger.calls[0]
    assert worst.input_tokens > call.usage.input_tokens
    assert worst.cost > call.usage.cost
    assert not is_reserve


async def test_only_report_and_answers_draw_on_the_reserve(talk):
    async with talk([Say(GOOD["report"]), Say(GOOD["answer"])]) as it:
        await ask(it.researcher, "report")
        await ask(it.researcher, "answer")

    assert [is_reserve for _, is_reserve in it.ledger.reserved] == [True, True]


async def test_roles_have_models_of_their_own(talk):
    agent = AgentSettings.model_validate({"code": {"model": "a"}, "report": {"model": "b"}})
    async with talk([Say(GOOD["report"]), Say(GOOD["draft"])], agent=agent) as it:
        await ask(it.researcher, "report")
        await ask(it.researcher, "draft")

    assert [a.body["model"] for a in it.server.asked] == ["b", "a"]


async def test_refused_requests_cost_nothing(talk):
    async with talk([Fail(429), Say(GOOD["draft"])], prices=PRICES) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.calls[0].usage.cost == 0
    assert len(it.ledger.reserved) == len(it.ledger.calls) == 2


async def test_sixteen_expansions_at_once_stay_under_the_cap(talk):
    spent = 0.2
    budget = RunBudget(Budget(cost=spent))
    room = 10_000
    full = {"prompt_tokens": 4000, "completion_tokens": room}
    answer = Say(GOOD["draft"], usage=full)
    limits = {"prices": PRICES, "max_output_tokens": room, "concurrency": 16}

    async with talk([answer], meter=budget, **limits) as it:

        async def expand():
            while True:
                await ask(it.researcher, "draft")

        ends = await asyncio.gather(*(expand() for _ in range(16)), return_exceptions=True)

    assert all(isinstance(end, BudgetExhausted) for end in ends)
    assert 0.1 < budget.spent.cost <= spent * 0.9


async def test_calls_at_once_grow_slowly():
    limiter = AdaptiveLimiter(8)
    for _ in range(100):
        limiter.grow()

    assert limiter.limit == 8


async def test_a_place_is_given_back_when_a_waiting_call_is_cancelled():
    limiter = AdaptiveLimiter(1)
    async with limiter.slot():
        waiting = asyncio.create_task(limiter.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    async with limiter.slot():
        assert limiter.active == 1


def answer_of(name):
    message = {"role": "assistant", "content": GOOD["draft"]}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return Raw(json.dumps({"id": "1", "model": name, "choices": [choice]}).encode())


async def test_the_snapshot_that_answered_is_logged_with_the_template_of_the_prompt(talk):
    async with talk([answer_of("gpt-5-mini-2025-08-07")]) as it:
        await ask(it.researcher, "draft")

    (call,) = it.ledger.calls
    assert (call.model, call.snapshot) == ("gpt-5-mini", "gpt-5-mini-2025-08-07")
    assert call.prompt == template_hash("draft")


@pytest.mark.parametrize("name", [None, 7, ["a"], "", "a\nb " * 400])
async def test_whatever_a_server_calls_itself_the_answer_counts(talk, name):
    async with talk([answer_of(name)]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.outcomes == ["ok"]
    assert "\n" not in it.ledger.calls[0].snapshot
    assert len(it.ledger.calls[0].snapshot) <= 120


async def test_a_streamed_answer_names_its_model_too(talk):
    async with talk([Say(GOOD["draft"])]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.calls[0].snapshot == "gpt-5-mini"
