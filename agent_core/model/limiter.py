"""How many calls may be at an endpoint at once: grows slowly, shrinks when it is throttled."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

START = 4.0
SHRINK = 0.7
SHRINK_EVERY_S = 1.0
"""Refusals of one burst count once."""


class AdaptiveLimiter:
    """Additive increase, multiplicative decrease; never below one call, never above `most`."""

    def __init__(self, most: int) -> None:
        self.most = float(most)
        self.limit = min(START, self.most)
        self.active = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.shrunk_at = float("-inf")

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the places; waits for its turn."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()

    async def enter(self) -> None:
        """Take a place; whoever asked first gets the next one."""
        if self.active < int(self.limit) and not self.waiting:
            self.active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back, to the next in turn if somebody waits."""
        self.active -= 1
        self.admit()

    def admit(self) -> None:
        """Let in as many as there are places for."""
        while self.waiting and self.active < int(self.limit):
            turn = self.waiting.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)

    def grow(self) -> None:
        """Count a call that went well."""
        self.limit = min(self.most, self.limit + 1.0 / self.limit)
        self.admit()

    def shrink(self) -> None:
        """Count a call that was throttled."""
        now = time.monotonic()
        if now - self.shrunk_at >= SHRINK_EVERY_S:
            self.shrunk_at = now
            self.limit = max(1.0, self.limit * SHRINK)
