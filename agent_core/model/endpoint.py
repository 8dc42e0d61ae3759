"""One endpoint: sends a request, adapts it to what the server can, repeats what may pass."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import httpx2
import openai
import stamina
from openai import AsyncOpenAI
from pydantic import SecretStr

from agent_core.errors import ModelUnavailable, UnusableAnswer
from agent_core.model.abilities import Abilities, usual_abilities
from agent_core.model.faults import EndpointFault, Trouble, fault_of, status_fault
from agent_core.model.limiter import AdaptiveLimiter
from agent_core.model.redaction import Redactor, redactor, shown_address
from agent_core.model.requests import Inquiry, body_of, largest_part
from agent_core.model.wire import Reply, event_data, lines_of, parse_object
from agent_core.settings import ModelSettings

T = TypeVar("T")

CONNECT_S = 10.0
MAX_ATTEMPTS = 10
MAX_GARBLED = 3
"""Answers in a row that are no chat completion, before the call is given up."""
PAUSE_S = 0.5
MAX_PAUSE_S = 15.0


class Endpoint:
    """A server of models; remembers what each of them can."""

    def __init__(
        self, client: AsyncOpenAI, settings: ModelSettings, redact: Redactor, pause_s: float
    ) -> None:
        self.client = client
        self.settings = settings
        self.redact = redact
        self.address = shown_address(str(client.base_url))
        self.pause_s = pause_s
        self.limiter = AdaptiveLimiter(settings.concurrency)
        self.known: dict[str, Abilities] = {}
        self.quiet_until = 0.0

    def __repr__(self) -> str:
        """Name the address, without credentials."""
        return f"Endpoint({self.address})"

    def abilities(self, model: str) -> Abilities:
        """Return what is known of a model."""
        if model not in self.known:
            self.known[model] = usual_abilities(model, self.settings.structure)
        return self.known[model]

    async def send(self, inquiry: Inquiry, reply: Reply) -> None:
        """Send one request and read its answer into `reply`.

        Raises
        ------
        EndpointFault
            When this one request failed.
        ModelUnavailable
            When asking again is pointless.
        """
        abilities = self.abilities(inquiry.voice.model)
        body = body_of(inquiry, abilities)
        is_streamed = bool(body.get("stream"))
        read_s = self.settings.idle_s if is_streamed else self.settings.deadline_s
        timeout = httpx2.Timeout(read_s, connect=min(CONNECT_S, self.settings.deadline_s))
        try:
            create: Any = self.client.chat.completions.with_streaming_response.create
            async with create(**body, timeout=timeout) as response:
                # What was asked to stream may not do so.
                did_stream = "event-stream" in response.headers.get("content-type", "")
                abilities.streams = is_streamed and did_stream
                await self._read(lines_of(response.iter_bytes()), reply, is_streamed=did_stream)
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, TypeError) as error:
            raise fault_of(error, self.redact, self.address) from None

    async def call(self, inquiry: Inquiry, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make a call: `attempt` once or, where that may help, again, within one deadline.

        Raises
        ------
        ModelUnavailable, UnusableAnswer
            When the deadline or the attempts are used up, or asking again is pointless.
        """
        last: list[EndpointFault] = []
        async with self.limiter.slot():
            try:
                async with asyncio.timeout(self.settings.deadline_s):
                    return await self._repeat(inquiry, attempt, last)
            except TimeoutError:
                detail = f"; last: {last[-1]}" if last else ""
                raise ModelUnavailable(
                    f"{self.address} gave no answer within {self.settings.deadline_s:g} s "
                    f"(model.deadline_s){detail}."
                ) from None

    async def _read(self, lines: AsyncIterator[bytes], reply: Reply, *, is_streamed: bool) -> None:
        """Read an answer, streamed or whole."""
        if not is_streamed:
            self._take(reply, b"\n".join([line async for line in lines]))
            return
        async for line in lines:
            data = event_data(line)
            if data == "[DONE]":
                return
            if data:
                self._take(reply, data)

    def _take(self, reply: Reply, data: str | bytes) -> None:
        """Add a piece to the reply; an error sent in its place is raised."""
        piece = parse_object(data)
        if not piece.error:
            reply.add(piece)
            return
        body = (
            piece.error
            if isinstance(piece.error, Mapping)
            else {"message": json.dumps(piece.error)}
        )
        code = body.get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise status_fault(status, body, {}, self.redact, self.address)

    async def _repeat(
        self, inquiry: Inquiry, attempt: Callable[[], Awaitable[T]], faults: list[EndpointFault]
    ) -> T:
        """Repeat attempts with growing pauses, or with the pause that the server asks for."""
        end = time.monotonic() + self.settings.deadline_s

        def pause(error: Exception) -> bool | float:
            if not isinstance(error, EndpointFault):
                return False
            faults.append(error)
            return self._pause_after(inquiry, faults, end - time.monotonic())

        retries = stamina.retry_context(
            on=pause,
            attempts=MAX_ATTEMPTS,
            timeout=None,
            wait_initial=self.pause_s,
            wait_max=MAX_PAUSE_S,
            wait_jitter=self.pause_s,
        )
        try:
            async for attempted in retries:
                with attempted:
                    await asyncio.sleep(max(0.0, self.quiet_until - time.monotonic()))
                    return await attempt()
        except EndpointFault as fault:
            self._give_up(fault, inquiry)
        raise AssertionError("the last attempt returns or raises")

    def _pause_after(
        self, inquiry: Inquiry, faults: list[EndpointFault], left_s: float
    ) -> bool | float:
        """Return how long to wait after a fault; False when asking again does not help."""
        fault = faults[-1]
        abilities = self.abilities(inquiry.voice.model)
        match fault.trouble:
            case Trouble.REFUSED if fault.status == 404 and abilities.has_answered:
                return True
            case Trouble.REFUSED:
                is_structured, room = inquiry.schema is not None, inquiry.voice.max_tokens
                is_new = abilities.adapt(fault, is_structured=is_structured, asked_room=room)
                return 1e-3 if is_new else False
            case Trouble.GARBLED:
                return sum(f.trouble is Trouble.GARBLED for f in faults) < MAX_GARBLED
            case Trouble.SILENT if abilities.streams is None:
                abilities.streams = False
                return 1e-3
            case Trouble.THROTTLED:
                self.limiter.shrink()
        if fault.wait_s is None:
            return True
        self.quiet_until = max(self.quiet_until, time.monotonic() + min(fault.wait_s, left_s))
        return max(fault.wait_s, 1e-3) if fault.wait_s < left_s else False

    def _give_up(self, fault: EndpointFault, inquiry: Inquiry) -> NoReturn:
        """Raise the error that the fault comes to."""
        model = inquiry.voice.model
        if fault.is_too_long:
            heading, part = largest_part(inquiry)
            raise UnusableAnswer(
                f"The question {inquiry.voice.role!r} is too long for the context of {model}: "
                f"{inquiry.size:,} bytes, {part:,} of them in “{heading}” ({fault}). Name a model "
                "with a longer context (agent.code.model), or ask for less at once."
            ) from None
        if fault.trouble is Trouble.GARBLED:
            raise UnusableAnswer(f"{self.address}: {fault}") from None
        if fault.trouble is not Trouble.REFUSED:
            asked = f"; it asks to wait {fault.wait_s:g} s" if fault.wait_s else ""
            raise ModelUnavailable(f"{fault}{asked}.") from None
        if self.abilities(model).has_answered:
            if fault.status == 404:
                raise ModelUnavailable(f"{self.address} no longer finds {model!r}.") from None
            raise UnusableAnswer(f"{self.address} refused a request: {fault}") from None
        raise ModelUnavailable(
            f"{self.address} does not serve model {model!r} as asked (HTTP {fault.status}: "
            f"{fault}). Check model.base_url and agent.code.model.",
            is_permanent=True,
        ) from None


@asynccontextmanager
async def open_endpoint(
    settings: ModelSettings, key: SecretStr, pause_s: float = PAUSE_S
) -> AsyncIterator[Endpoint]:
    """Open a client for the configured endpoint; its own retries are off."""
    client = AsyncOpenAI(
        api_key=key.get_secret_value() or "none",
        base_url=settings.base_url or None,
        organization=settings.organization or None,
        default_headers=dict(settings.headers),
        max_retries=0,
    )
    async with client:
        yield Endpoint(client, settings, redactor(settings, key), pause_s)
