"""The sandbox protocol, and how one is opened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.execution import Execution, IsolationLevel, Job, OnOutput


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sandbox costs while nothing runs, and what it stands on."""

    interpreters: int = 0
    """Warm interpreters that wait."""
    memory_mib: float = 0.0
    """Their memory, shared libraries left out."""
    has_groups: bool = False
    """Whether the kernel holds the sum of an execution by control groups."""

    def __str__(self) -> str:
        """Say it in a line."""
        holder = "control groups and the watchdog" if self.has_groups else "the watchdog"
        limits = f"limits held by {holder}"
        if not self.interpreters:
            return limits
        return f"{self.memory_mib:.0f} MiB in {self.interpreters} warm interpreters, {limits}"


class Sandbox(Protocol):
    """Runs scripts in isolation."""

    @property
    def level(self) -> IsolationLevel:
        """The isolation level that executions really get."""
        ...

    @property
    def slots(self) -> int:
        """How many executions may run at once on this machine."""
        ...

    @property
    def standing(self) -> Standing:
        """What it takes while it waits, and who holds executions to their limits."""
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
