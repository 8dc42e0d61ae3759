"""The record of everything that passed between the bot and the workspace."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.workspace.rules import Json

T = TypeVar("T")
LOOK_AGAIN_S = 0.05


@dataclass(slots=True)
class ApiRequest:
    """One call of the Web API, or of an upload or download address."""

    method: str
    caller: str
    args: Json
    at: float
    status: int = 0
    error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Delivery:
    """One envelope sent, or one attempt that found nobody connected."""

    kind: str
    event_id: str
    attempt: int
    payload: Json
    at: float
    is_sent: bool = False
    is_acknowledged: bool = False
    connection: int = 0


@dataclass(slots=True)
class Traffic:
    """Requests and deliveries in their order, and a way to wait for more."""

    requests: list[ApiRequest] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def request(self, method: str, caller: str, args: Json) -> ApiRequest:
        """Write down a call; its outcome is filled in later."""
        request = ApiRequest(method, caller, args, time.time())
        self.requests.append(request)
        return request

    def delivery(self, kind: str, event_id: str, attempt: int, payload: Json) -> Delivery:
        """Write down an attempt to deliver."""
        delivery = Delivery(kind, event_id, attempt, payload, time.time())
        self.deliveries.append(delivery)
        return delivery

    def calls(self, method: str) -> list[ApiRequest]:
        """Return the calls of one method."""
        return [request for request in self.requests if request.method == method]

    def notify(self) -> None:
        """Wake everybody who waits for something to happen."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 60.0) -> T:
        """Wait until the predicate returns something true, and return it.

        Raises
        ------
        TimeoutError
            When that does not happen in time.
        """
        async with asyncio.timeout(timeout_s):
            while not (found := predicate()):
                await self._next_change()
        return found

    def clear(self) -> None:
        """Forget everything written so far."""
        self.requests.clear()
        self.deliveries.clear()

    async def _next_change(self) -> None:
        """Wait for a change; a predicate may also be about the bot, so look again soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):
                await self._changed.wait()
