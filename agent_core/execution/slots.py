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
    """Sandbox slots, handed out round robin over users, then over each user's runs."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.free = size
        self.waiting: OrderedDict[str, OrderedDict[str, deque[asyncio.Future[None]]]]
        self.waiting = OrderedDict()

    @asynccontextmanager
    async def slot(self, user: str, run: str) -> AsyncIterator[None]:
        """Hold one slot; waits for a fair turn."""
        await self.acquire(user, run)
        try:
            yield
        finally:
            self.release()

    async def acquire(self, user: str, run: str) -> None:
        """Take a slot when it is this user's and this run's turn."""
        if self.free > 0 and not self.waiting:
            self.free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        runs = self.waiting.setdefault(user, OrderedDict())
        runs.setdefault(run, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back, to the next in turn if somebody waits."""
        while self.waiting:
            turn = self.next_turn()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1

    def next_turn(self) -> asyncio.Future[None]:
        """Take the next one out of the queue and put its user and run at the back."""
        user, runs = next(iter(self.waiting.items()))
        run, turns = next(iter(runs.items()))
        turn = turns.popleft()
        del runs[run]
        if turns:
            runs[run] = turns
        del self.waiting[user]
        if runs:
            self.waiting[user] = runs
        return turn
