"""Before the start people say how files are read: they are read again, the plan follows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agent_core.domain import Plan, PlanChange, Revision, Task, UserId
from agent_core.domain.events import FilesDescribed, PlanSet
from agent_core.errors import BadDataset, OutsideGrammar
from agent_core.lab.dataset_choice import files_of
from agent_core.lab.run_files import (
    FileReading,
    RunFiles,
    differences,
    frozen_reply,
    keep_files,
    spoken_of_files,
    without_file_words,
)
from agent_core.researcher import Context, ReviseRequest
from agent_core.run.view import RunView

SAME_FILES = "These are the data that I have read already; the plan stays as it is."


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
                return await self._follow(reading, words, by)
        except (BadDataset, OutsideGrammar) as error:
            return Revision(reply=f"Read so, it does not work: {error} The plan stays as it is.")

    async def replace_files(self, text: str, by: UserId, files: Sequence[Path]) -> Revision:
        """Read other files in the place of the run's and log that; the plan is kept and follows.

        What was said of the earlier files holds for these too, where they can be read so.
        """
        if self.view.freeze is not None:
            return Revision(reply=frozen_reply(self.view, text))
        named = files_of(Task("", tuple(files)), Path())
        words = await asyncio.to_thread(spoken_of_files, text)
        new, earlier = ((words,) if words else ()), self.view.said
        try:
            try:
                return await self._read_instead(named, (*earlier, *new), text, by)
            except BadDataset:
                if not earlier:
                    raise
                revision = await self._read_instead(named, new, text, by)
                told = f"Not applied, as it was said of the earlier files: {'; '.join(earlier)}."
                return replace(revision, reply=f"{told} {revision.reply}".strip())
        except (BadDataset, OutsideGrammar) as error:
            return Revision(
                reply=f"Not read in place of the data: {error} The plan stays as it is."
            )

    async def _read_instead(
        self, files: Mapping[str, Path], said: tuple[str, ...], text: str, by: UserId
    ) -> Revision:
        """Log other files with the plan that follows from them and from the rest of a reply."""
        async with self.files.open_reading(said, files) as reading:
            return await self._follow(reading, text, by, files) or Revision(reply=SAME_FILES)

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

    async def _follow(
        self, reading: FileReading, said: str, by: UserId, files: Mapping[str, Path] | None = None
    ) -> Revision | None:
        """Log what was read with the plan that follows from it; None where nothing changed.

        `files` are those that were read in the place of the run's own.
        """
        lines = differences(self.view.datasets, reading.datasets)
        if not lines or self.view.plan is None:
            return None
        context = replace(self.context(), datasets=reading.datasets)
        rest = without_file_words(said, reading.datasets)
        revision = await self.revise(ReviseRequest(context, self.view.plan, rest, lines))
        plan = revision.plan or replace(self.view.plan, version=self.view.plan.version + 1)
        change = replace(revision.change, summary=(*lines, *revision.change.summary))
        changed = PlanSet(plan, change, by, said)
        recorder = self.files.recorder
        kept = await keep_files(recorder.journal, recorder.run, files) if files else ()
        given = [FilesDescribed("", by, kept)] if kept else []
        await recorder.add(*given, await self.files.take(reading), changed)
        return Revision(plan, change, revision.reply if revision.plan else "")
