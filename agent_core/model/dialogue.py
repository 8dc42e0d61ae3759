"""One question to a model until it has a usable answer: room, one repair, metering."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from pydantic import BaseModel

from agent_core.domain import NodeId, Usage
from agent_core.domain.events import ModelCalled, ModelOutage
from agent_core.errors import ModelUnavailable, UnusableAnswer
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answer_part import strict_schema
from agent_core.model.bounds import clip
from agent_core.model.code import join_continuation
from agent_core.model.endpoint import Endpoint
from agent_core.model.faults import EndpointFault
from agent_core.model.pricing import (
    believable,
    estimated_usage,
    price_of,
    with_cost,
    worst_case,
)
from agent_core.model.prompting import Prompt, template_hash
from agent_core.model.reading import read_as
from agent_core.model.requests import Inquiry, Schema, Turn, Voice
from agent_core.model.wire import Reply
from agent_core.researcher import CallBudget

T = TypeVar("T")
P = TypeVar("P", bound=BaseModel)

MAX_CONTINUATIONS = 2
MORE_ROOM = 2
"""Factor by which an answer that was cut gets more room."""
MAX_SHOWN_BACK = 12_000
"""Characters of a bad answer that a repair shows again."""
GO_ON = (
    "Your answer was cut. Continue exactly where it stopped, in the middle of the line if need "
    "be; repeat nothing and open no new code block."
)
ANSWERED = frozenset({"ok", "repaired", "malformed", "unusable", "cut", "timeout"})
"""Ends of attempts that cost something."""
Read = Callable[[str, bool], T]
"""Text of an answer, and whether asking again is impossible, to its value; or an AnswerFault."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How an answer is asked for and read."""

    read: Read[T]
    schema: Schema | None = None


def class_form(name: str, form: type[P], convert: Callable[[P, bool], T]) -> Form[T]:
    """Ask for a pydantic class and turn it into a domain value."""

    def read(text: str, is_last: bool) -> T:
        return convert(read_as(form, text), is_last)

    return Form(read, Schema(name, strict_schema(form)))


@dataclass(eq=False)
class Dialogue:
    """Asks questions about one run at one endpoint."""

    endpoint: Endpoint
    meter: CallBudget
    node: NodeId | None = None
    said: list[str] = field(default_factory=list)
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
        inquiry = Inquiry(voice, turns, form.schema)
        try:
            return await self._ask_once(inquiry, form, is_last=False)
        except AnswerFault as fault:
            if fault.is_formless and form.schema is not None:
                self.endpoint.abilities(voice.model).disregard()
            again = replace(inquiry, turns=(*turns, *_repair(fault, is_code=form.schema is None)))
        try:
            return await self._ask_once(again, form, is_last=True)
        except AnswerFault as fault:
            raise UnusableAnswer(
                f"{voice.model} answered the question {voice.role!r} twice with something that "
                f"cannot be used: {clip(str(fault), 400)}"
            ) from None

    async def _ask_once(self, inquiry: Inquiry, form: Form[T], *, is_last: bool) -> T:
        """Get one whole answer, with more room or continued where it was cut, and read it.

        Raises
        ------
        AnswerFault
            When it cannot be read.
        """
        text, now = "", inquiry
        for turn in range(MAX_CONTINUATIONS + 1):
            call = Call(self, now, form, text, is_last, may_go_on=turn < MAX_CONTINUATIONS)
            try:
                return await self.endpoint.call(now, call.attempt)
            except ModelUnavailable as error:
                self.meter.outage(ModelOutage(str(error), error.is_permanent))
                raise
            except Cut as cut:
                text = cut.text
            now = _roomier(inquiry, text)
        raise AssertionError("the last turn answers or raises")


class Cut(Exception):
    """An answer ended for want of room."""

    def __init__(self, text: str) -> None:
        super().__init__("the answer was cut")
        self.text = text
        """What there is of it."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call of the endpoint; each of its attempts is metered."""

    dialogue: Dialogue
    inquiry: Inquiry
    form: Form[T]
    before: str
    """What was answered before the answer was cut."""
    is_last: bool
    may_go_on: bool
    """Whether an answer that is cut can be continued."""

    async def attempt(self) -> T:
        """Reserve, send, read, settle."""
        endpoint, meter, voice = self.dialogue.endpoint, self.dialogue.meter, self.inquiry.voice
        abilities = endpoint.abilities(voice.model)
        price = price_of(endpoint.settings.prices, voice.model)
        room = min(voice.max_tokens, abilities.room or voice.max_tokens)
        worst = worst_case(self.inquiry.size, room, price)
        meter.reserve(worst, is_reserve=voice.is_reserve)
        reply, begun, outcome = Reply(), time.monotonic(), "failed"
        try:
            await endpoint.send(self.inquiry, reply)
            endpoint.limiter.grow()
            self.dialogue.said.append(reply.said)
            abilities.prove(is_structured=self.form.schema is not None)
            outcome = "unusable" if self.is_last else "malformed"
            value = self._read(reply)
            if self.form.schema is not None:
                abilities.regard()
            outcome = "repaired" if self.is_last else "ok"
            return value
        except (EndpointFault, Cut, ModelUnavailable, asyncio.CancelledError) as error:
            outcome = _outcome_of(error)
            raise
        finally:
            usage = with_cost(self._usage_of(reply, outcome, room), price)
            meter.settle(worst, self._event(usage, time.monotonic() - begun, outcome, reply.model))

    def _event(self, usage: Usage, latency_s: float, outcome: str, snapshot: str) -> ModelCalled:
        """Describe one attempt for the log."""
        voice, dialogue = self.inquiry.voice, self.dialogue
        snapshot, template = dialogue.endpoint.redact(snapshot), template_hash(voice.role)
        return ModelCalled(
            voice.role, voice.model, usage, latency_s, outcome, dialogue.node, snapshot, template
        )

    def _usage_of(self, reply: Reply, outcome: str, room: int) -> Usage:
        """Return what an attempt used: as counted, else estimated where an answer had begun."""
        if reply.usage is not None:
            return believable(reply.usage, self.inquiry.size, reply.size, room)
        if reply.size or outcome in ANSWERED:
            return estimated_usage(self.inquiry.size, reply.size)
        return Usage(calls=1)

    def _read(self, reply: Reply) -> T:
        """Read a reply.

        Raises
        ------
        AnswerFault
            When it cannot be used.
        Cut
            When it ended too early and can be continued.
        """
        text = join_continuation(self.before, reply.said) if self.before else reply.said
        is_code = self.form.schema is None
        if reply.is_cut and self.may_go_on:
            with suppress(AnswerFault):
                if not is_code:
                    return self.form.read(text, self.is_last)
            raise Cut(text if is_code else "")
        if reply.refusal or reply.finish == "content_filter":
            raise AnswerFault(f"the model refused: {clip(reply.refusal, 200)}", answer=text)
        if not text.strip():
            raise AnswerFault("the answer is empty", is_formless=True)
        try:
            return self.form.read(text, self.is_last)
        except AnswerFault as fault:
            fault.answer = text
            raise


def _outcome_of(error: BaseException) -> str:
    """Name the end of an attempt that brought no whole answer."""
    if isinstance(error, EndpointFault):
        return error.trouble.value
    if isinstance(error, Cut):
        return "cut"
    return "refused" if isinstance(error, ModelUnavailable) else "timeout"


def _repair(fault: AnswerFault, *, is_code: bool) -> tuple[Turn, Turn]:
    """Return the turns that ask for a better answer."""
    form = "the two sentences and the whole script" if is_code else "the whole answer"
    faults = "\n".join(f"* {one}" for one in fault.faults)
    return (
        Turn("assistant", clip(fault.answer, MAX_SHOWN_BACK) or "(nothing)"),
        Turn("user", f"That cannot be used:\n{faults}\n\nGive {form} again, corrected."),
    )


def _roomier(inquiry: Inquiry, text: str) -> Inquiry:
    """Return the request after an answer that was cut: code goes on, all else begins anew."""
    if inquiry.schema is None and text.strip():
        going_on = (Turn("assistant", text), Turn("user", GO_ON))
        return replace(inquiry, turns=(*inquiry.turns, *going_on))
    voice = replace(inquiry.voice, max_tokens=inquiry.voice.max_tokens * MORE_ROOM)
    return replace(inquiry, voice=voice)
