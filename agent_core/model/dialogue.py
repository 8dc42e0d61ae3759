"""One question to a model until it has a usable answer: room, one repair, metering."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import BaseModel

from agent_core.domain import NodeId, Usage
from agent_core.domain.events import ModelCalled, ModelOutage
from agent_core.errors import ModelUnavailable, UnusableAnswer
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import strict_schema
from agent_core.model.bounds import clip
from agent_core.model.code import join_continuation
from agent_core.model.endpoint import Endpoint, Sent
from agent_core.model.faults import EndpointFault
from agent_core.model.pricing import estimated_usage, price_of, with_cost, worst_case
from agent_core.model.prompting import Prompt, template_hash
from agent_core.model.reading import read_as
from agent_core.model.requests import Inquiry, Schema, Turn
from agent_core.model.wire import Reply
from agent_core.researcher import CallBudget

T = TypeVar("T")
P = TypeVar("P", bound=BaseModel)

MAX_CONTINUATIONS = 2
MORE_ROOM = 2
"""Factor by which an answer that was cut gets more room."""
MAX_SHOWN_BACK = 12_000
"""Characters of a bad answer that a repair shows again."""
Read = Callable[[str, bool], T]
"""Text of an answer, and whether asking again is impossible, to its value; or a Complaint."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How an answer is asked for and read."""

    read: Read[T]
    schema: Schema | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """Who is asked, in which role."""

    role: str
    model: str
    temperature: float | None
    effort: str
    max_tokens: int
    is_reserve: bool = False
    """Whether its calls may draw on what is kept for the report."""


def class_form(name: str, form: type[P], convert: Callable[[P, bool], T]) -> Form[T]:
    """Ask for a pydantic class and turn it into a domain value."""

    def read(text: str, is_last: bool) -> T:
        return convert(read_as(form, text), is_last)

    return Form(read, Schema(name, strict_schema(form)))


class Dialogue:
    """Asks questions about one run at one endpoint."""

    def __init__(self, endpoint: Endpoint, meter: CallBudget, node: NodeId | None = None) -> None:
        self.endpoint = endpoint
        self.meter = meter
        self.node = node
        self.said: list[str] = []
        """What the model said, in order."""

    async def ask(self, prompt: Prompt, voice: Voice, form: Form[T]) -> T:
        """Ask; a bad answer is asked for once more with the exact fault.

        Raises
        ------
        UnusableAnswer
            When the second answer is bad too.
        ModelUnavailable, BudgetExhausted
            When nothing can be asked now.
        """
        redact = self.endpoint.redact.known
        turns = tuple(replace(t, text=redact(t.text)) for t in prompt.turns)
        inquiry = self.inquiry(turns, voice, form)
        try:
            return await self.ask_once(inquiry, voice, form, is_last=False)
        except BadAnswer as bad:
            self.learn(bad.fault, inquiry)
            again = replace(inquiry, turns=(*turns, *bad.repair(is_code=form.schema is None)))
        try:
            return await self.ask_once(again, voice, form, is_last=True)
        except BadAnswer as bad:
            self.refuse(bad.fault, voice)

    def inquiry(self, turns: tuple[Turn, ...], voice: Voice, form: Form[T]) -> Inquiry:
        """Return what is asked of which model."""
        return Inquiry(
            voice.model, turns, voice.max_tokens, voice.temperature, voice.effort, form.schema
        )

    def learn(self, fault: AnswerFault, inquiry: Inquiry) -> None:
        """Remember that a model ignored the form that was asked for."""
        if fault.is_formless and inquiry.schema is not None:
            self.endpoint.abilities(inquiry.model).disregard()

    def refuse(self, fault: AnswerFault, voice: Voice) -> NoReturn:
        """Give up on an answer."""
        raise UnusableAnswer(
            f"{voice.model} answered the question {voice.role!r} twice with something that "
            f"cannot be used: {clip(str(fault), 400)}"
        ) from None

    async def ask_once(self, inquiry: Inquiry, voice: Voice, form: Form[T], *, is_last: bool) -> T:
        """Get one whole answer, with more room or continued where it was cut, and read it.

        Raises
        ------
        BadAnswer
            When it cannot be read.
        """
        text, base = "", inquiry
        for turn in range(MAX_CONTINUATIONS + 1):
            call = Call(self, inquiry, voice, form, text, is_last)
            may_go_on = turn < MAX_CONTINUATIONS
            value = await self.outcome(call, may_go_on=may_go_on)
            if isinstance(value, ReadAs):
                return value.value  # type: ignore[no-any-return]
            text = value.text
            inquiry = _roomier(base, text, is_code=form.schema is None, cap=4 * voice.max_tokens)
        raise AssertionError("the last turn answers or raises")

    async def outcome(self, call: Call, *, may_go_on: bool) -> Any:
        """Make one call of the endpoint; an outage is told to the meter."""

        async def attempt(inquiry: Inquiry) -> Any:
            return await call.attempt(inquiry, may_go_on=may_go_on)

        try:
            return await self.endpoint.call(call.inquiry, attempt)
        except ModelUnavailable as error:
            self.meter.outage(ModelOutage(str(error), error.is_permanent))
            raise


class BadAnswer(Exception):
    """An answer that cannot be used, with what is wrong with it."""

    def __init__(self, fault: AnswerFault, text: str) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.text = text

    def repair(self, *, is_code: bool) -> tuple[Turn, ...]:
        """Return the turns that ask for a better answer."""
        form = "the two sentences and the whole script" if is_code else "the whole answer"
        faults = "\n".join(f"* {fault}" for fault in self.fault.faults)
        return (
            Turn("assistant", clip(self.text, MAX_SHOWN_BACK) or "(nothing)"),
            Turn("user", f"That cannot be used:\n{faults}\n\nGive {form} again, corrected."),
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that ended for want of room: what there is of it."""

    text: str


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What an answer was read as."""

    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the endpoint; each of its attempts is metered."""

    dialogue: Dialogue
    inquiry: Inquiry
    voice: Voice
    form: Form[Any]
    before: str
    """What was answered before the answer was cut."""
    is_last: bool

    async def attempt(self, inquiry: Inquiry, *, may_go_on: bool) -> ReadAs | Cut:
        """Reserve, send, read, settle."""
        endpoint, meter = self.dialogue.endpoint, self.dialogue.meter
        price = price_of(endpoint.settings.prices, inquiry.model)
        room = min(inquiry.max_tokens, endpoint.abilities(inquiry.model).room or 10**9)
        worst = worst_case([inquiry.size], room, price)
        meter.reserve(worst, is_reserve=self.voice.is_reserve)
        sent, begun, outcome = Sent(Reply(), is_streamed=False), time.monotonic(), "failed"
        try:
            reply = await endpoint.send(inquiry, sent)
            endpoint.limiter.grow()
            self.dialogue.said.append(reply.arguments or reply.text)
            endpoint.abilities(inquiry.model).prove(is_structured=inquiry.schema is not None)
            outcome = "unusable" if self.is_last else "malformed"
            value = self.taken(reply, may_go_on=may_go_on)
            if inquiry.schema is not None:
                endpoint.abilities(inquiry.model).regard()
            outcome = "cut" if isinstance(value, Cut) else "repaired" if self.is_last else "ok"
            return value
        except EndpointFault as fault:
            outcome = fault.trouble.value
            raise
        except asyncio.CancelledError:
            outcome = "timeout"
            raise
        except ModelUnavailable:
            outcome = "refused"
            raise
        finally:
            usage = with_cost(self.usage_of(sent.reply, outcome), price)
            latency = time.monotonic() - begun
            meter.settle(worst, self.call_event(usage, latency, outcome, sent.reply.model))

    def call_event(
        self, usage: Usage, latency_s: float, outcome: str, snapshot: str
    ) -> ModelCalled:
        """Describe one attempt for the log."""
        voice = self.voice
        return ModelCalled(
            voice.role,
            voice.model,
            usage,
            latency_s,
            outcome,
            self.dialogue.node,
            self.dialogue.endpoint.redact(snapshot),
            template_hash(voice.role),
        )

    def usage_of(self, reply: Reply, outcome: str) -> Usage:
        """Return what an attempt used: as counted, else estimated where an answer had begun."""
        if reply.usage is not None:
            return reply.usage
        if reply.size or outcome in ("ok", "repaired", "malformed", "unusable", "cut", "timeout"):
            return estimated_usage(self.inquiry.size, reply.size)
        return Usage(calls=1)

    def taken(self, reply: Reply, *, may_go_on: bool) -> ReadAs | Cut:
        """Read a reply.

        Raises
        ------
        BadAnswer
            When it cannot be used.
        """
        said = reply.arguments or reply.text
        text = join_continuation(self.before, said) if self.before else said
        is_code = self.form.schema is None
        if reply.is_cut and may_go_on:
            with suppress(AnswerFault):
                if not is_code:
                    return ReadAs(self.form.read(text, self.is_last))
            return Cut(text if is_code else "")
        if reply.refusal or reply.finish == "content_filter":
            raise BadAnswer(AnswerFault(f"the model refused: {clip(reply.refusal, 200)}"), text)
        if not text.strip():
            raise BadAnswer(AnswerFault("the answer is empty", is_formless=True), "")
        try:
            return ReadAs(self.form.read(text, self.is_last))
        except AnswerFault as fault:
            raise BadAnswer(fault, text) from None


def _roomier(inquiry: Inquiry, text: str, *, is_code: bool, cap: int) -> Inquiry:
    """Return the request that follows an answer that was cut."""
    if is_code and text.strip():
        turns = (
            *inquiry.turns,
            Turn("assistant", text),
            Turn(
                "user",
                "Your answer was cut. Continue exactly where it stopped, in the middle of the "
                "line if need be; repeat nothing and open no new code block.",
            ),
        )
        return replace(inquiry, turns=turns)
    room = min(cap, inquiry.max_tokens * MORE_ROOM)
    return replace(inquiry, max_tokens=room)
