"""Blocking work in threads: it cannot be broken off, so somebody waits or clears up later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def to_end(work: Callable[[], T]) -> T:
    """Do blocking work in a thread and wait for its end, also when cancelled meanwhile."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class Chores:
    """Does work in threads; nobody who is cancelled waits for it."""

    def __init__(self) -> None:
        self.left: set[asyncio.Task[None]] = set()

    async def do(self, work: Callable[[], T], undo: Callable[[], None]) -> T:
        """Return what came of `work`; when it fails or is cancelled, `undo` follows it."""
        task = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(task)
        except BaseException:
            clearing = asyncio.create_task(_clear_up(task, undo))
            self.left.add(clearing)
            clearing.add_done_callback(self.left.discard)
            raise

    async def close(self) -> None:
        """Wait until everything has been cleared up."""
        await asyncio.gather(*self.left)


async def _clear_up(task: asyncio.Future[Any], undo: Callable[[], None]) -> None:
    """Wait for the end of a work, then undo it."""
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
    await asyncio.to_thread(undo)
