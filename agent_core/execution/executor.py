"""A script in the sandbox: fair slots, a cheap pilot, in one piece or split by its cells."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from agent_core.domain import Room
from agent_core.execution.cell_script import together_in, units_of
from agent_core.execution.experiment import Experiment
from agent_core.execution.machine import memory_mib
from agent_core.execution.pilot import pays, pilot_limit_s
from agent_core.execution.processes import Process, Processes
from agent_core.execution.progress import OnProgress, Ticker
from agent_core.execution.slots import FairSlots
from agent_core.execution.split_run import SplitRun
from sandbox.execution import Ended, Execution, Limits
from sandbox.sandbox import Sandbox

PILOT = {"AUTORECLAB_PILOT": "1"}


class Executor:
    """Executes experiments of all runs on the slots of one sandbox."""

    def __init__(self, sandbox: Sandbox, slots: FairSlots, limits: Limits) -> None:
        self.processes = Processes(sandbox, limits)
        self.slots = slots

    def room(self, timeout_s: float) -> Room:
        """Return what a script may use."""
        return Room(self.processes.limits.memory_mib, memory_mib(), timeout_s)

    async def execute(self, experiment: Experiment, tell: OnProgress) -> Execution:
        """Run the script, a pilot of it first where that pays; a failed pilot is the result.

        A script that iterates over its cells is split over slots. A pilot whose time is over says
        nothing: the script runs with all the time that it has.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed twice.
        """
        ticker = Ticker(experiment.node, tell)
        together = together_in(experiment.script.source) if experiment.cells else None
        try:
            if together is None:
                return await self._in_one_piece(experiment, ticker)
            units = units_of(experiment.cells, together)
            return await SplitRun(experiment, units, self.processes, self.slots, ticker).execute()
        finally:
            ticker.close()

    async def _in_one_piece(self, experiment: Experiment, ticker: Ticker) -> Execution:
        """Run a script that cannot be split."""
        whole = Process(experiment.folder, {}, experiment.timeout_s)
        async with self.slots.slot(experiment.user, experiment.run):
            experiment.has_slot.set()
            if pays(experiment) and "labbook.seeds(" in experiment.script.source:
                limit_s = pilot_limit_s(experiment.timeout_s)
                few = replace(whole, environment=PILOT, timeout_s=limit_s)
                pilot = await self._run(experiment, few, ticker)
                if not pilot.is_ok and pilot.ended is not Ended.TIMEOUT:
                    # Users left out are no zeros: nothing of it is a result.
                    return replace(pilot, artifacts=())
            return await self._run(experiment, whole, ticker)

    async def _run(self, experiment: Experiment, process: Process, ticker: Ticker) -> Execution:
        return await self.processes.run(experiment, process, ticker.line, experiment.stop)


def rerun_of(experiment: Experiment) -> Experiment:
    """Return the same experiment in a folder beside, without a pilot."""
    folder = experiment.folder.parent / "rerun"
    return replace(
        experiment,
        folder=folder,
        has_pilot=False,
        stop=asyncio.Event(),
        is_enough=asyncio.Event(),
    )
