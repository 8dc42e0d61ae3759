"""The log of one run being written: every event is stored first, then folded into the view."""

from __future__ import annotations

import asyncio

from agent_core.domain import RunId
from agent_core.events import Event
from agent_core.journal import Journal
from agent_core.view import RunView, fold


class Recorder:
    """Appends events of one run in order and keeps its view up to date."""

    def __init__(self, journal: Journal, run: RunId) -> None:
        self.journal = journal
        self.run = run
        self.view = RunView(run)
        self.lock = asyncio.Lock()
        self.later_tasks: set[asyncio.Task[None]] = set()

    async def load(self) -> RunView:
        """Fold what is logged already."""
        self.view = fold(self.run, await self.journal.read(self.run, self.view.seq), self.view)
        return self.view

    async def add(self, *events: Event) -> RunView:
        """Store events; the view holds them when this returns."""
        async with self.lock:
            logged = await asyncio.shield(self.journal.append(self.run, *events))
            self.view = fold(self.run, logged, self.view)
            return self.view

    def later(self, event: Event) -> None:
        """Store an event soon, from where nothing can be awaited."""
        task = asyncio.get_running_loop().create_task(self.keep(event))
        self.later_tasks.add(task)
        task.add_done_callback(self.later_tasks.discard)

    async def keep(self, event: Event) -> None:
        """Store one event of `later`."""
        await self.add(event)

    async def settled(self) -> None:
        """Wait until everything of `later` is stored."""
        while self.later_tasks:
            await asyncio.gather(*self.later_tasks)
