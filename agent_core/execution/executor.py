"""A script in the sandbox: a fair slot, a cheap pilot, progress as it comes, one execution."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_core.domain import NodeId, Room, RunId, Script
from agent_core.domain.cells import Cell
from agent_core.execution.machine import memory_mib
from agent_core.execution.pilot import pilot_cells
from agent_core.execution.progress import OnProgress, Ticker
from agent_core.execution.slots import FairSlots
from sandbox.errors import SandboxError
from sandbox.execution import Ended, Execution, Input, Job, Limits
from sandbox.sandbox import Sandbox

PILOT = {"AUTORECLAB_PILOT": "1"}
CELLS = "LABBOOK_CELLS"
"""Names the cells of a process; empty: only what follows when all are there."""
CELL_LIMIT = "LABBOOK_CELL_S"
"""Names the seconds that one cell of a script may take."""
CELL_LEAST_S, CELL_FACTOR = 60.0, 5.0
"""A cell may always take so long, and so many times what all together are expected to take."""
KEPT = ("cells", "split", "run.json", "labbook.sha256")
"""What a pilot leaves that belongs to the result: its cells, their splits with what was recorded
of them, the hashes."""
PILOT_FROM_S = 90.0
"""Expected seconds from which a pilot pays."""
PILOT_TIMEOUT_S = 300.0
PILOT_CELL_S = 300.0
"""Expected seconds of a cell from which a pilot would hardly end one."""


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
    cells: tuple[Cell, ...] = ()
    """Of the design, where its file is among `files`."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends the script when set; what it left is kept."""
    has_slot: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from when the script may run."""


class Executor:
    """Executes experiments of all runs on the slots of one sandbox."""

    def __init__(self, sandbox: Sandbox, slots: FairSlots, limits: Limits) -> None:
        self.sandbox = sandbox
        self.slots = slots
        self.limits = limits

    def room(self, timeout_s: float) -> Room:
        """Return what a script may use."""
        return Room(self.limits.memory_mib, memory_mib(), timeout_s)

    async def execute(self, experiment: Experiment, tell: OnProgress) -> Execution:
        """Run the script, a pilot of it first where that pays; a failed pilot is the result.

        A pilot whose time is over says nothing: the script runs with all the time that it has.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed twice.
        """
        async with self.slots.slot(experiment.user, experiment.run):
            experiment.has_slot.set()
            try:
                if failed := await self.tried(experiment, tell):
                    return failed
                return await self.attempt(experiment, tell, {})
            finally:
                shutil.rmtree(_place_of_earlier(experiment), ignore_errors=True)

    async def tried(self, experiment: Experiment, tell: OnProgress) -> Execution | None:
        """Run a pilot where one pays; return it where it shows that the script fails."""
        if experiment.expected_s < PILOT_FROM_S or _takes_longer_than_a_pilot(experiment):
            return None
        if _has_cells(experiment):
            named = ",".join(pilot_cells(experiment.cells))
            # First the cells, then what follows behind the last, with these alone.
            trials = [{CELLS: named}, {CELLS: ""}] if named else []
        elif "labbook.seeds(" in experiment.script.source:
            trials = [PILOT]
        else:
            trials = []
        for environment in trials:
            pilot = await self.attempt(experiment, tell, environment)
            if pilot.ended is Ended.TIMEOUT:
                _keep_cells(experiment)
                return None
            if not pilot.is_ok:
                return pilot if _has_cells(experiment) else _without_results(pilot)
            _keep_cells(experiment)
        return None

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
        """Execute into an empty folder, with the cells that a pilot has made."""
        shutil.rmtree(experiment.folder, ignore_errors=True)
        experiment.folder.mkdir(parents=True)
        timeout_s = min(experiment.timeout_s, PILOT_TIMEOUT_S) if environment else None
        limits = replace(self.limits, timeout_s=timeout_s or experiment.timeout_s)
        inputs = tuple(Input(name, path) for name, path in experiment.files.items())
        earlier = _place_of_earlier(experiment)
        limit = {CELL_LIMIT: f"{_cell_limit_s(experiment)}"} if _has_cells(experiment) else {}
        job = Job(
            experiment.script.source,
            inputs,
            limits,
            {**environment, **limit},
            earlier=earlier if earlier.is_dir() else None,
        )
        ticker = Ticker(experiment.node, tell)
        try:
            return await self.sandbox.execute(job, experiment.folder, ticker.line, experiment.stop)
        finally:
            ticker.close()


def rerun_of(experiment: Experiment, folder: Path) -> Experiment:
    """Return the same experiment with its artifacts elsewhere and without a pilot."""
    return replace(experiment, folder=folder, expected_s=0.0, stop=asyncio.Event())


def _takes_longer_than_a_pilot(experiment: Experiment) -> bool:
    """Whether a pilot would hardly end one of the cells, as of very large data."""
    most = PILOT_CELL_S * len(experiment.cells)
    return _has_cells(experiment) and experiment.expected_s > most


def _has_cells(experiment: Experiment) -> bool:
    """Whether a design tells the cells of the script, and it asks for those of a process."""
    return bool(experiment.cells) and "labbook.cells(" in experiment.script.source


def _cell_limit_s(experiment: Experiment) -> float:
    """Return how long one cell may take: beyond an even part of the time, and what is expected."""
    even_s = experiment.timeout_s / len(experiment.cells)
    return max(CELL_LEAST_S, CELL_FACTOR * experiment.expected_s, even_s)


def _place_of_earlier(experiment: Experiment) -> Path:
    """Return where the cells of a pilot wait for the script to run whole."""
    return experiment.folder.with_name(f"{experiment.folder.name}-earlier")


def _keep_cells(experiment: Experiment) -> None:
    """Put aside what a pilot made of the result: its whole cells and their splits."""
    if not _has_cells(experiment):
        return
    for name in KEPT:
        made, kept = experiment.folder / name, _place_of_earlier(experiment) / name
        if made.exists():
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            made.rename(kept)


def _without_results(pilot: Execution) -> Execution:
    """Return a pilot of few users without what it delivered: users left out are no zeros."""
    return replace(pilot, artifacts=())
