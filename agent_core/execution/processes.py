"""One process of an experiment in the sandbox: what it is given, where it leaves what it makes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agent_core.execution.experiment import Experiment
from sandbox.errors import SandboxError
from sandbox.execution import Ended, Execution, Input, Job, Limits, OnOutput
from sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """What one process of an experiment is given."""

    folder: Path
    """Where its artifacts go; emptied first."""
    environment: Mapping[str, str]
    timeout_s: float
    earlier: Path | None = None
    """What others have left, where it needs that."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Runs processes of experiments."""

    sandbox: Sandbox
    limits: Limits
    """Of each process; the time is its own."""

    async def run(
        self, experiment: Experiment, process: Process, line: OnOutput, stop: asyncio.Event
    ) -> Execution:
        """Run one to its end; what the machinery lost is repeated once."""
        try:
            execution = await self._once(experiment, process, line, stop)
        except SandboxError:
            return await self._once(experiment, process, line, stop)
        if execution.ended is Ended.LOST:
            return await self._once(experiment, process, line, stop)
        return execution

    async def _once(
        self, experiment: Experiment, process: Process, line: OnOutput, stop: asyncio.Event
    ) -> Execution:
        """Run one into an empty folder."""
        shutil.rmtree(process.folder, ignore_errors=True)
        process.folder.mkdir(parents=True)
        earlier = process.earlier if process.earlier and process.earlier.is_dir() else None
        job = Job(
            experiment.script.source,
            tuple(Input(name, path) for name, path in experiment.files.items()),
            replace(self.limits, timeout_s=process.timeout_s),
            process.environment,
            earlier=earlier,
        )
        return await self.sandbox.execute(job, process.folder, line, stop)
