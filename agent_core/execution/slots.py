"""Bounded concurrency: how many nodes are in work, and who gets the next sandbox slot."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncio_pool import AioPool


@asynccontextmanager
async def open_pool(size: int) -> AsyncIterator[AioPool]:
    """Open a pool of at most `size` coroutines; whatever still runs at the end is cancelled.

    `AioPool` neither cancels its children nor re-raises their errors by itself: leaving the block
    cancels them and waits for their end, and the caller awaits every future it was given.
    """
    pool = AioPool(size)
    try:
        yield pool
    finally:
        while not pool.is_empty:
            await pool.cancel()
            await asyncio.sleep(0)


class FairSlots:
    """Places, handed out round robin over users, then over the runs of each that have begun.

    A run that has had no place yet waits for those of its user that have, so that of many tasks of
    one person the first end first.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.active = 0
        self.waiting: OrderedDict[str, OrderedDict[str, deque[asyncio.Future[None]]]]
        self.waiting = OrderedDict()
        self.begun: set[str] = set()
        """Runs that have had a place."""

    @property
    def free(self) -> int:
        """How many places can be taken now; negative after the limit has shrunk."""
        return int(self.limit) - self.active

    @asynccontextmanager
    async def slot(self, user: str = "", run: str = "") -> AsyncIterator[None]:
        """Hold one place; waits for a fair turn."""
        await self.enter(user, run)
        try:
            yield
        finally:
            self.leave()

    async def enter(self, user: str = "", run: str = "") -> None:
        """Take a place when it is this user's and this run's turn."""
        if self.free > 0 and not self.waiting:
            self.active += 1
            self.begun.add(run)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        runs = self.waiting.setdefault(user, OrderedDict())
        runs.setdefault(run, deque()).append(turn)
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

    def forget(self, run: str) -> None:
        """Take a run for one that has not begun: it is over."""
        self.begun.discard(run)

    def admit(self) -> None:
        """Let in as many as there are places for."""
        while self.waiting and self.free > 0:
            turn = self._next_turn()
            if not turn.done():
                self.active += 1
                turn.set_result(None)

    def _next_turn(self) -> asyncio.Future[None]:
        """Take the next one out of the queue and put its user and run at the back."""
        user, runs = next(iter(self.waiting.items()))
        run = next((r for r in runs if r in self.begun), next(iter(runs)))
        turns = runs.pop(run)
        turn = turns.popleft()
        if not turn.done():
            self.begun.add(run)
        if turns:
            runs[run] = turns
        del self.waiting[user]
        if runs:
            self.waiting[user] = runs
        return turn
