"""The sandbox protocol, and how one is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from sandbox.execution import Execution, Job, Level, OnOutput


class Sandbox(Protocol):
    """Runs scripts in isolation."""

    @property
    def level(self) -> Level:
        """The isolation level that executions really get."""
        ...

    @property
    def slots(self) -> int:
        """How many executions may run at once on this machine."""
        ...

    async def execute(
        self,
        job: Job,
        collect_into: Path,
        on_output: OnOutput | None = None,
        stop: asyncio.Event | None = None,
    ) -> Execution:
        """Run `job`; stream complete output lines to `on_output`; collect artifacts.

        Once `stop` is set the script is killed and what it left is collected: it ended `stopped`.
        Cancelling the awaiting task kills the script and everything it started before the
        cancellation is passed on.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed.
        """
        ...
