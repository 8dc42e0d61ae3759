"""What the bot needs of a lab; `agent_core.lab.lab.Lab` has it all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from agent_core.domain import Answer, Revision, RunId, Task, UserId
from agent_core.domain.events import Logged, Rechecked, Rerun
from agent_core.run.view import RunView


class LabLike(Protocol):
    """Submits, steers, follows and questions runs."""

    @property
    def storage_trouble(self) -> str:
        """Why nothing can be stored now, while runs wait; empty where all is well."""
        ...

    async def submit(self, task: Task) -> RunId:
        """Take a task on; the same origin gives the same run."""
        ...

    def events(self, run: RunId, after: int = 0) -> AsyncIterator[Logged]:
        """Yield what happened, from the log, then live, until the run has ended."""
        ...

    async def view(self, run: RunId) -> RunView:
        """Return how a run stands."""
        ...

    async def revise(self, run: RunId, text: str, by: UserId) -> Revision:
        """Read a reply to the plan."""
        ...

    async def names_shelf(self, run: RunId, text: str) -> bool:
        """Whether a reply names a dataset of the shelf that its run may go on with."""
        ...

    async def describe_files(
        self, run: RunId, text: str, by: UserId, files: Sequence[Path] = ()
    ) -> None:
        """Read the files of a run that was refused for them again, or others in their place."""
        ...

    async def replace_files(
        self, run: RunId, text: str, by: UserId, files: Sequence[Path]
    ) -> Revision:
        """Read other files in the place of a waiting run's; its plan follows."""
        ...

    async def undo(self, run: RunId, by: UserId) -> Revision:
        """Take the last change of the plan back."""
        ...

    async def start(self, run: RunId, by: UserId, *, accepts_unanswered: bool = False) -> None:
        """Freeze the protocol and begin; idempotent."""
        ...

    async def stop(self, run: RunId, by: UserId) -> None:
        """Stop in whatever phase; idempotent."""
        ...

    async def answer(self, run: RunId, question: str, by: UserId) -> Answer:
        """Answer a question from recorded results."""
        ...

    async def resume(self, run: RunId, by: UserId) -> None:
        """Take a failed run up again."""
        ...

    async def rerun(self, run: RunId, by: UserId) -> Rerun:
        """Execute the best script again and compare."""
        ...

    async def improve(self, run: RunId, wish: str, by: UserId) -> Revision:
        """Open a new round of an ended run; the reply says why where none was opened."""
        ...

    async def dispute(self, run: RunId, text: str, by: UserId) -> Rechecked:
        """Note that something is wrong with the report, and check the recorded files again."""
        ...
