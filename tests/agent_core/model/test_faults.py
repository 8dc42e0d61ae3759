import asyncio
import time

import pytest
from model_answers import GOOD
from model_requests import ask
from model_server import BreakOff, Fail, Raw, Say, Silent, Slow, insufficient_quota

from agent_core.errors import BudgetExhausted, ModelUnavailable, UnusableAnswer
from agent_core.settings import AgentSettings

PLAN = Say(GOOD["plan"])
SCRIPT = Say(GOOD["draft"])


async def test_a_busy_server_is_asked_again_after_the_time_it_names(talk):
    begun = time.monotonic()
    async with talk([Fail(429, headers={"Retry-After": "1"}), SCRIPT]) as it:
        script = await ask(it.researcher, "draft")

    assert script.source.startswith("import labbook")
    assert time.monotonic() - begun >= 0.9
    assert it.ledger.outcomes == ["throttled", "ok"]


async def test_a_wait_longer_than_the_deadline_is_not_begun(talk):
    begun = time.monotonic()
    async with talk([Fail(429, headers={"Retry-After": "900"})]) as it:
        with pytest.raises(ModelUnavailable, match="wait 900 s") as caught:
            await ask(it.researcher, "draft")

    assert not caught.value.is_permanent
    assert time.monotonic() - begun < 2
    assert len(it.ledger.outages) == 1


async def test_throttling_shrinks_the_number_of_calls_at_once(talk):
    async with talk([Fail(429), Fail(429), SCRIPT]) as it:
        await ask(it.researcher, "draft")

        assert it.researcher.endpoint.limiter.limit < 4


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fail(401, "Incorrect API key provided: sk-planted-secret-key-123456"), "key"),
        (Fail(403, "forbidden"), "key"),
        (insufficient_quota(), "quota"),
        (Fail(402, "pay first"), "quota"),
    ],
)
async def test_a_wrong_key_or_used_up_quota_ends_asking_at_once(talk, fault, words):
    async with talk([fault]) as it:
        with pytest.raises(ModelUnavailable, match=words) as caught:
            await ask(it.researcher, "plan")

    assert caught.value.is_permanent
    assert len(it.server.asked) == 1
    assert it.ledger.outages[0].is_permanent
    assert "planted" not in str(caught.value)


async def test_an_unknown_model_is_told_with_what_to_check(talk):
    async with talk([Fail(404, "The model does not exist", "model_not_found")]) as it:
        with pytest.raises(ModelUnavailable, match=r"agent\.code\.model") as caught:
            await ask(it.researcher, "draft")

    assert caught.value.is_permanent


async def test_a_model_that_is_not_found_for_a_moment_is_asked_again(talk):
    gone = Fail(404, "tools")
    async with talk([SCRIPT, gone, SCRIPT]) as it:
        await ask(it.researcher, "draft")
        await ask(it.researcher, "draft")
    async with talk([SCRIPT, gone]) as it:
        await ask(it.researcher, "draft")
        with pytest.raises(ModelUnavailable) as caught:
            await ask(it.researcher, "draft")

    assert not caught.value.is_permanent


async def test_errors_of_the_server_pass(talk):
    async with talk([Fail(500), Fail(503), SCRIPT]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.outcomes == ["down", "down", "ok"]


async def test_a_server_that_stays_down_is_an_outage_after_the_deadline(talk):
    begun = time.monotonic()
    async with talk([Fail(500)], deadline_s=1.0) as it:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(it.researcher, "draft")

    assert not caught.value.is_permanent
    assert time.monotonic() - begun < 4


async def test_a_network_that_is_down_is_an_outage(talk):
    async with talk([SCRIPT], base_url="http://127.0.0.1:9/v1", deadline_s=1.0) as it:
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await ask(it.researcher, "draft")


async def test_a_stream_without_a_byte_is_cut_and_asked_for_again(talk):
    async with talk([Silent(after_head=True), SCRIPT], idle_s=0.3) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.outcomes == ["timeout", "ok"]


async def test_a_silent_server_is_an_outage_at_the_deadline(talk):
    begun = time.monotonic()
    async with talk([Silent()], idle_s=0.2, deadline_s=1.0) as it:
        with pytest.raises(ModelUnavailable, match=r"deadline_s|nothing"):
            await ask(it.researcher, "draft")

    assert time.monotonic() - begun < 3


async def test_slow_bytes_are_waited_for(talk):
    async with talk([Slow(GOOD["draft"], 0.1, 5)], idle_s=0.4) as it:
        script = await ask(it.researcher, "draft")

    assert "labbook" in script.source


async def test_a_connection_that_breaks_off_is_asked_again(talk):
    async with talk([BreakOff("half of a"), SCRIPT]) as it:
        script = await ask(it.researcher, "draft")

    assert script.source.startswith("import labbook")
    assert it.ledger.calls[0].usage.output_tokens > 0


@pytest.mark.parametrize(
    "garbage",
    [
        Raw(b"<html>gateway</html>", "text/html"),
        Raw(b"{", "application/json"),
        Raw(b'{"choices": 3}', "application/json"),
        Raw(b"data: {\n\n", "text/event-stream"),
        Raw(b"\xff\xfe\x00", "text/event-stream"),
        Raw(b"[]"),
        Raw(b"null"),
    ],
)
async def test_what_is_no_completion_costs_one_attempt(talk, garbage):
    async with talk([garbage]) as it:
        with pytest.raises(UnusableAnswer):
            await ask(it.researcher, "draft")


@pytest.mark.parametrize("empty", [Raw(b'{"choices": []}'), Raw(b"{}"), Say("")])
async def test_an_answer_without_choices_is_asked_for_again(talk, empty):
    async with talk([empty, SCRIPT]) as it:
        await ask(it.researcher, "draft")

    assert it.ledger.outcomes == ["malformed", "repaired"]


async def test_an_error_inside_a_stream_counts_as_one(talk):
    body = b'data: {"error": {"message": "quota", "code": "insufficient_quota"}}\n\n'
    async with talk([Raw(body, "text/event-stream")]) as it:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(it.researcher, "draft")

    assert caught.value.is_permanent


async def test_a_refusal_is_an_unusable_answer(talk):
    async with talk([Say("", refusal="I will not")]) as it:
        with pytest.raises(UnusableAnswer, match="refused"):
            await ask(it.researcher, "draft")


async def test_unsupported_parameters_are_dropped_and_stay_dropped(talk):
    agent = AgentSettings.model_validate({"code": {"model": "m1", "effort": "low"}})
    refuses = frozenset({"temperature", "reasoning_effort", "max_completion_tokens"})
    async with talk([SCRIPT], server={"refuses": refuses}, agent=agent) as it:
        await ask(it.researcher, "draft")
        first = len(it.server.asked)
        await ask(it.researcher, "draft")

    assert first == 4
    last = it.server.asked[-1].body
    assert len(it.server.asked) == 5
    assert not refuses & set(last)
    assert last["max_tokens"] == 16_000


async def test_reasoning_models_get_no_temperature(talk):
    async with talk([SCRIPT]) as it:
        await ask(it.researcher, "draft")

    body = it.server.asked[0].body
    assert body["model"] == "gpt-5-mini"
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 16_000


async def test_a_smaller_output_limit_is_learnt(talk):
    def play(asked):
        if asked.body["max_completion_tokens"] > 4096:
            return Fail(400, "max_completion_tokens is too large: this model has at most 4096")
        return SCRIPT

    async with talk(play) as it:
        await ask(it.researcher, "draft")

    assert it.server.asked[-1].body["max_completion_tokens"] <= 8000


@pytest.mark.parametrize("streams", ["ignores", "refuses"])
async def test_a_server_that_cannot_stream_is_asked_for_whole_answers(talk, streams):
    async with talk([SCRIPT], server={"streams": streams}) as it:
        await ask(it.researcher, "draft")
        await ask(it.researcher, "draft")

    assert "stream" not in it.server.asked[-1].body
    assert it.ledger.calls[-1].usage.output_tokens > 0


async def test_too_long_a_prompt_costs_one_attempt_after_a_first_answer(talk):
    long = Fail(400, "This model's maximum context length is 8192 tokens")
    async with talk([SCRIPT, long]) as it:
        await ask(it.researcher, "draft")
        with pytest.raises(UnusableAnswer, match=r"too long for the context.*bytes.*“.+”.*8192"):
            await ask(it.researcher, "draft")


async def test_an_exhausted_budget_passes_through_without_a_request(talk):
    async with talk([SCRIPT]) as it:
        it.ledger.refuse = BudgetExhausted("nothing left")
        with pytest.raises(BudgetExhausted, match="nothing left"):
            await ask(it.researcher, "draft")

    assert it.server.asked == []


async def test_a_cancelled_call_is_settled(talk):
    async with talk([Silent(after_head=True)], idle_s=30, deadline_s=30) as it:
        call = asyncio.create_task(ask(it.researcher, "draft"))
        await it.server.arrived.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    assert len(it.ledger.calls) == 1
    assert it.ledger.outcomes == ["timeout"]
