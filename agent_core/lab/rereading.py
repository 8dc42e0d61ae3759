"""Before the start people say how files are read: they are read again, the plan follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent_core.domain import Plan, PlanChange, Revision, UserId
from agent_core.domain.events import PlanSet
from agent_core.errors import BadDataset, OutsideGrammar
from agent_core.lab.run_files import (
    FileReading,
    RunFiles,
    differences,
    spoken_of_files,
    without_file_words,
)
from agent_core.researcher import Context, ReviseRequest
from agent_core.run.view import RunView


class Rereading:
    """Reads the files of a waiting run again, with its plan."""

    def __init__(
        self,
        files: RunFiles,
        context: Callable[[], Context],
        revise: Callable[[ReviseRequest], Awaitable[Revision]],
    ) -> None:
        self.files = files
        self.context = context
        self.revise = revise

    @property
    def view(self) -> RunView:
        """How the run stands."""
        return self.files.recorder.view

    async def read_again(self, text: str, by: UserId) -> Revision | None:
        """Read the files as somebody says and log that; None: it is not about them."""
        words = spoken_of_files(text, self.view.datasets)
        if not words or self.view.freeze is not None:
            return None
        try:
            async with self.files.open_reading((*self.view.said, words)) as reading:
                return await self._follow(reading, by)
        except (BadDataset, OutsideGrammar) as error:
            return Revision(reply=f"Read so, it does not work: {error} The plan stays as it is.")

    async def go_back(self, plan: Plan, change: PlanChange, by: UserId) -> None:
        """Log an earlier version of the plan as the next one, on the data that it had."""
        versions = [p.version for p in self.view.plans]
        said = self.view.readings[versions.index(change.back_to or plan.version)]
        back = PlanSet(plan, change, by, "undo")
        if said == self.view.said:
            await self.files.recorder.add(back)
            return
        async with self.files.open_reading(said) as reading:
            await self.files.recorder.add(await self.files.take(reading), back)

    async def _follow(self, reading: FileReading, by: UserId) -> Revision | None:
        """Log what was read with the plan that follows from it; None where nothing changed."""
        lines, said = differences(self.view.datasets, reading.datasets), reading.said[-1]
        if not lines or self.view.plan is None:
            return None
        context = replace(self.context(), datasets=reading.datasets)
        rest = without_file_words(said, reading.datasets)
        revision = await self.revise(ReviseRequest(context, self.view.plan, rest, lines))
        plan = revision.plan or replace(self.view.plan, version=self.view.plan.version + 1)
        change = replace(revision.change, summary=(*lines, *revision.change.summary))
        changed = PlanSet(plan, change, by, said)
        await self.files.recorder.add(await self.files.take(reading), changed)
        return Revision(plan, change, revision.reply if revision.plan else "")
