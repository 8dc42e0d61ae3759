"""Keeps zygotes of one kind alive and picks the one with the least to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from sandbox.zygotes import READY_TIMEOUT_S, Zygote, ZygoteLost, start_zygote

log = logging.getLogger(__name__)

GIVE_UP_AFTER = 3
"""A zygote that dies so often while it imports is not tried again until packages change."""


class Nest:
    """Zygotes that import the same modules; a dead one is replaced when one is needed."""

    def __init__(
        self, command: Callable[[], list[str]], modules: Sequence[str], size: int
    ) -> None:
        self.command = command
        self.modules = tuple(modules)
        self.size = size
        self.zygotes: list[Zygote] = []
        self.retired: set[asyncio.Task[None]] = set()
        self.failures = 0
        """How many in a row died before they were ready."""

    def start(self) -> None:
        """Start what is missing, without waiting for it; what is worn out is replaced."""
        for zygote in [z for z in self.zygotes if z.is_dead or z.is_worn]:
            self.failures = self.failures + 1 if _was_never_ready(zygote) else 0
            self.retire(zygote)
        while len(self.zygotes) < self.size:
            self.zygotes.append(start_zygote(self.command(), self.modules))

    def revive(self) -> None:
        """Start what is missing, unless it dies again and again."""
        if self.failures < GIVE_UP_AFTER:
            self.start()

    @property
    def is_ready(self) -> bool:
        """Whether at least one has imported everything."""
        return any(_is_ready(z) for z in self.zygotes)

    @property
    def ready_count(self) -> int:
        """How many have imported everything."""
        return sum(_is_ready(z) for z in self.zygotes)

    @property
    def memory_mib(self) -> float:
        """Memory of the idle zygotes, shared libraries left out."""
        return sum(z.memory_kib for z in self.zygotes if _is_ready(z)) / 1024

    async def zygote(self) -> Zygote:
        """Return a ready zygote.

        Raises
        ------
        ZygoteLost
            When it died while it started, or did not come up in time; says what it complained of.
        """
        self.start()
        chosen = min(self.zygotes, key=lambda z: (not _is_ready(z), z.load))
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                said = await asyncio.shield(chosen.ready)
        except TimeoutError as error:
            self.retire(chosen)
            raise ZygoteLost("The zygote did not come up in time.") from error
        if said["failed"]:
            log.debug("libraries were not imported", extra={"failed": said["failed"]})
        return chosen

    def retire(self, zygote: Zygote) -> None:
        """Give a zygote no more requests; it ends with its last execution."""
        if zygote in self.zygotes:
            self.zygotes.remove(zygote)
            task = asyncio.create_task(_end_when_idle(zygote))
            self.retired.add(task)
            task.add_done_callback(self.retired.discard)

    def renew(self) -> None:
        """Retire all; the next ones see the interpreter as it is then."""
        self.failures = 0
        for zygote in tuple(self.zygotes):
            self.retire(zygote)

    async def close(self) -> None:
        """End all zygotes and their executions."""
        await asyncio.gather(*(z.close() for z in self.zygotes))
        for task in tuple(self.retired):
            task.cancel()
        await asyncio.gather(*self.retired, return_exceptions=True)
        self.zygotes.clear()


def _is_ready(zygote: Zygote) -> bool:
    """Whether a zygote has imported everything and lives."""
    return not zygote.is_dead and zygote.ready.done() and zygote.ready.exception() is None


def _was_never_ready(zygote: Zygote) -> bool:
    """Whether a zygote died before it had imported everything."""
    return not zygote.ready.done() or zygote.ready.exception() is not None


async def _end_when_idle(zygote: Zygote) -> None:
    """Close a zygote once its executions have ended."""
    try:
        await zygote.idle()
    finally:
        await zygote.close()
