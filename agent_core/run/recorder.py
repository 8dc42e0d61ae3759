"""The log of one run being written: every event is stored first, then folded into the view."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent_core.domain import NodeId, RunId
from agent_core.domain.events import Event
from agent_core.run.journal import Journal
from agent_core.run.view import RunView, fold


class Recorder:
    """Appends events of one run in order and keeps its view up to date."""

    def __init__(self, journal: Journal, run: RunId) -> None:
        self.journal = journal
        self.run = run
        self.view = RunView(run)
        self.lock = asyncio.Lock()
        self.storing: set[asyncio.Task[RunView]] = set()

    async def load(self) -> RunView:
        """Fold what is logged already."""
        self.view = fold(self.run, await self.journal.read(self.run, self.view.seq), self.view)
        return self.view

    async def add(self, *events: Event) -> RunView:
        """Store events; the view holds them when this returns.

        Where the caller is cancelled meanwhile they are stored all the same, and soon in the view.
        """
        return await asyncio.shield(self.begin(*events))

    def place(self, node: NodeId) -> Path:
        """Return the folder of a node's files."""
        return self.journal.folder(self.run) / "nodes" / str(node)

    def later(self, event: Event) -> None:
        """Store an event soon, from where nothing can be awaited."""
        self.begin(event)

    def begin(self, *events: Event) -> asyncio.Task[RunView]:
        """Begin to store events, after all that were begun before."""
        task = asyncio.get_running_loop().create_task(self.store(*events))
        self.storing.add(task)
        task.add_done_callback(self.storing.discard)
        return task

    async def store(self, *events: Event) -> RunView:
        """Store events and fold them into the view."""
        async with self.lock:
            logged = await self.journal.append(self.run, *events)
            self.view = fold(self.run, logged, self.view)
            return self.view

    async def flush(self) -> None:
        """Wait until everything that was begun is stored."""
        while self.storing:
            done, _ = await asyncio.wait(self.storing)
            for task in done:
                task.result()
