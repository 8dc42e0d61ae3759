"""A script in the sandbox: a fair slot, a cheap pilot, progress as it comes, one execution."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_core.domain import NodeId, RunId, Script
from agent_core.domain.events import NodeProgress
from agent_core.execution.slots import FairSlots
from sandbox.errors import SandboxError
from sandbox.execution import Ended, Execution, Input, Job, Limits
from sandbox.sandbox import Sandbox

PILOT = {"AUTORECLAB_PILOT": "1"}
PILOT_FROM_S = 90.0
"""Expected seconds from which a pilot pays."""
PILOT_TIMEOUT_S = 300.0
STEP = re.compile(r"\[labbook\] (\d+)/(\d+)")
OnProgress = Callable[[NodeProgress], None]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One script to run for one node."""

    run: RunId
    user: str
    node: NodeId
    script: Script
    files: Mapping[str, Path]
    """Dataset name to the file on this machine."""
    folder: Path
    """Where the artifacts go; emptied first."""
    timeout_s: float
    expected_s: float = 0.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends the script when set; what it left is kept."""
    has_slot: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from when the script may run."""


@dataclass(slots=True)
class Ticker:
    """Turns output lines into progress, at most one a second."""

    node: NodeId
    tell: OnProgress
    interval_s: float = 1.0
    last: float = field(default=-1e9)

    def line(self, text: str) -> None:
        """Take one line of output."""
        now = time.monotonic()
        if now - self.last < self.interval_s or not text.strip():
            return
        self.last = now
        step = STEP.search(text)
        done, total = (int(step[1]), int(step[2])) if step else (0, 0)
        self.tell(NodeProgress(self.node, text.strip()[:200], done, total))


class Executor:
    """Executes experiments of all runs on the slots of one sandbox."""

    def __init__(self, sandbox: Sandbox, slots: FairSlots, limits: Limits) -> None:
        self.sandbox = sandbox
        self.slots = slots
        self.limits = limits

    async def execute(self, experiment: Experiment, tell: OnProgress) -> Execution:
        """Run the script, a pilot of it first where that pays; a failed pilot is the result.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed twice.
        """
        async with self.slots.slot(experiment.user, experiment.run):
            experiment.has_slot.set()
            if _is_pilotable(experiment):
                pilot = await self.attempt(experiment, tell, PILOT)
                if not pilot.is_ok:
                    return pilot
            return await self.attempt(experiment, tell, {})

    async def attempt(
        self, experiment: Experiment, tell: OnProgress, environment: Mapping[str, str]
    ) -> Execution:
        """Execute once; what the machinery lost is repeated once."""
        try:
            execution = await self.once(experiment, tell, environment)
        except SandboxError:
            return await self.once(experiment, tell, environment)
        if execution.ended is Ended.LOST:
            return await self.once(experiment, tell, environment)
        return execution

    async def once(
        self, experiment: Experiment, tell: OnProgress, environment: Mapping[str, str]
    ) -> Execution:
        """Execute into an empty folder."""
        shutil.rmtree(experiment.folder, ignore_errors=True)
        experiment.folder.mkdir(parents=True)
        timeout_s = min(experiment.timeout_s, PILOT_TIMEOUT_S) if environment else None
        limits = replace(self.limits, timeout_s=timeout_s or experiment.timeout_s)
        inputs = tuple(Input(name, path) for name, path in experiment.files.items())
        job = Job(experiment.script.source, inputs, limits, environment)
        ticker = Ticker(experiment.node, tell)
        return await self.sandbox.execute(job, experiment.folder, ticker.line, experiment.stop)


def rerun_of(experiment: Experiment, folder: Path) -> Experiment:
    """Return the same experiment with its artifacts elsewhere and without a pilot."""
    return replace(experiment, folder=folder, expected_s=0.0, stop=asyncio.Event())


def _is_pilotable(experiment: Experiment) -> bool:
    """Whether the script knows pilots and is long enough for one to pay."""
    return "labbook.seeds(" in experiment.script.source and experiment.expected_s >= PILOT_FROM_S
