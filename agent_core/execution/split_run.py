"""One script in several processes: shares of its cells as slots come free, then what needs all."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_core.domain.cell_samples import covering_sample
from agent_core.domain.cells import CHOSEN
from agent_core.execution.cell_script import Unit
from agent_core.execution.cell_shares import share_size
from agent_core.execution.cells_in_place import CellsInPlace
from agent_core.execution.experiment import Experiment
from agent_core.execution.pilot import pays, pilot_cells, pilot_limit_s
from agent_core.execution.processes import Process, Processes
from agent_core.execution.progress import CellSteps, Ticker
from agent_core.execution.slots import FairSlots
from sandbox.chores import to_end
from sandbox.execution import Artifact, Ended, Execution
from sandbox.output import Output

NAMED = "LABBOOK_CELLS"
"""Names the cells of a process; empty: only what follows when all are there."""
CELL_LIMIT = "LABBOOK_CELL_S"
"""Names the seconds that one cell of a script may take."""
CELL_LEAST_S, CELL_FACTOR = 60.0, 5.0
"""A cell may always take so long, and so many times what all together are expected to take."""
SHORTEST_S = 0.1
"""What a process gets at least of the time that is left."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one process makes."""

    units: tuple[Unit, ...] = ()
    needs_others: bool = False
    """Whether what is in place is laid beside it."""
    is_last: bool = False
    """Whether it makes what needs all cells, too."""
    is_pilot: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """The cells."""
        return tuple(i for unit in self.units for i in unit)

    @property
    def environment(self) -> dict[str, str]:
        """What tells the process its cells; the last one makes whatever is missing."""
        return {} if self.is_last and self.units else {NAMED: ",".join(self.ids)}


@dataclass(slots=True)
class Clock:
    """Counts the seconds in which any process runs."""

    running: int = 0
    since: float = 0.0
    before_s: float = 0.0

    def begin(self) -> None:
        """Count a process."""
        if not self.running:
            self.since = time.monotonic()
        self.running += 1

    def end(self) -> None:
        """Count a process no longer."""
        self.running -= 1
        if not self.running:
            self.before_s += time.monotonic() - self.since

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.before_s + (time.monotonic() - self.since if self.running else 0.0)


@dataclass(slots=True, eq=False)
class SplitRun:
    """Drives the processes of one script."""

    experiment: Experiment
    units: tuple[Unit, ...]
    processes: Processes
    slots: FairSlots
    ticker: Ticker
    place: CellsInPlace = field(init=False)
    due: list[Unit] = field(init=False)
    """What no process makes yet."""
    alone: set[str] = field(init=False)
    """Cells that have a process of their own."""
    steps: CellSteps = field(init=False)
    clock: Clock = field(default_factory=Clock)
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends all processes: one has failed, or somebody stopped the script."""
    ended: list[Execution] = field(default_factory=list)
    failed: Execution | None = None
    last: tuple[Execution, Path] | None = None
    """How the last part ended, and where it left the result."""
    repeated: set[Unit] = field(default_factory=set)
    """What was made again, alone, after a process had been over its memory."""
    is_sample: bool = False
    """Whether only some cells are wanted, and nothing behind them."""
    number: int = 0

    def __post_init__(self) -> None:
        """Look what is in place already."""
        self.place = CellsInPlace(self.root / self.experiment.print)
        wanted = self.experiment.wanted
        self.is_sample = wanted is not None
        self.due = [u for u in self.units if wanted is None or not wanted.isdisjoint(u)]
        total = sum(map(len, self.due))
        self.due = [u for u in self.due if not self._is_in_place(u)]
        self.alone = set(self.experiment.alone)
        self.steps = CellSteps(self.ticker, total, total - sum(map(len, self.due)))

    @property
    def root(self) -> Path:
        """Where processes and what is in place lie: beside the artifacts, as long as it runs."""
        return self.experiment.folder.with_name(f"{self.experiment.folder.name}-cells")

    async def execute(self) -> Execution:
        """Make all cells and what follows; a process that failed is the result.

        What is in place stays where this is cancelled, or the machinery fails: the same script
        goes on from there.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed twice.
        """
        watching = asyncio.create_task(self._pass_on_stop())
        try:
            await self._try_out()
            await self._work_off()
        finally:
            watching.cancel()
        result = await asyncio.to_thread(self._result)
        await asyncio.to_thread(shutil.rmtree, self.root, ignore_errors=True)
        return result

    async def _pass_on_stop(self) -> None:
        await self.experiment.stop.wait()
        self.halt.set()

    async def _try_out(self) -> None:
        """Make the cheapest cell of each algorithm, and what follows with these, where it pays."""
        named = set(pilot_cells(self.experiment.cells))
        units = tuple(u for u in self.due if not named.isdisjoint(u))
        if self.is_sample or not units or not pays(self.experiment):
            return
        for share in (
            Share(units, is_pilot=True),
            Share(needs_others=True, is_pilot=True),
        ):
            async with self.slots.slot(self.experiment.user, self.experiment.run):
                pilot = await self._run(share)
            if not pilot.is_ok:
                self._end_badly(pilot, may_be_late=True)
                break
        self.due = [u for u in self.due if not self._is_in_place(u)]
        self.clock = Clock()

    async def _work_off(self) -> None:
        """Begin a process for each slot that is given, as long as there is something to make."""
        running: dict[asyncio.Task[Execution], Share] = {}
        turn: asyncio.Task[None] | None = None
        halted = asyncio.create_task(self.halt.wait())
        try:
            while not self.halt.is_set() and (running or self._next(running) is not None):
                if turn is None and self._next(running) is not None:
                    asked = self.slots.enter(self.experiment.user, self.experiment.run)
                    turn = asyncio.create_task(asked)
                await asyncio.wait(
                    {*running, halted, *([turn] if turn else [])},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                self._note_ended(running)
                if turn is not None and turn.done():
                    turn.result()
                    turn = None
                    self._begin(running)
            while running:
                await asyncio.wait(running)
                self._note_ended(running)
        finally:
            await self._let_go(running, turn)
            halted.cancel()

    def _begin(self, running: dict[asyncio.Task[Execution], Share]) -> None:
        """Use the slot that was given, or give it back."""
        share = None if self.halt.is_set() else self._next(running)
        if share is None:
            self.slots.leave()
            return
        self.due = [u for u in self.due if u not in share.units]
        task = asyncio.create_task(self._run(share))
        # Also where it is cancelled before it has begun.
        task.add_done_callback(lambda _: self.slots.leave())
        running[task] = share

    async def _let_go(
        self, running: dict[asyncio.Task[Execution], Share], turn: asyncio.Task[None] | None
    ) -> None:
        """End what is still under way, and give back a slot that came too late."""
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if turn is not None:
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)
            if not turn.cancelled():
                self.slots.leave()

    def _next(self, running: dict[asyncio.Task[Execution], Share]) -> Share | None:
        """Return what a process would make now; None where there is nothing just now."""
        self._reduce()
        waiting = {c.id for c in self.experiment.cells if CHOSEN in c.levels.values()}
        ready = [u for u in self.due if waiting.isdisjoint(u)]
        if not ready and running:
            return None
        if not ready and not self.due:
            is_over = self.is_sample or self.last is not None
            return None if is_over else Share(needs_others=True, is_last=True)
        units = self._share_of(ready or self.due)
        is_rest = len(units) == len(self.due) and not running and not self.place.has_cut_short
        is_last = (
            is_rest and not self.is_sample and self.alone.isdisjoint(i for u in units for i in u)
        )
        return Share(units, needs_others=is_last or not ready, is_last=is_last)

    def _share_of(self, ready: Sequence[Unit]) -> tuple[Unit, ...]:
        """Return the first units that make a share; one that has to be alone is one."""
        if self.experiment.is_one_process:
            return tuple(ready)
        workers = min(int(self.slots.limit), len(ready))
        cells = sum(map(len, ready))
        expected_s = self.experiment.expected_s / len(self.experiment.cells)
        wanted = share_size(cells, workers, self.place.seconds_of_cell or expected_s)
        found: list[Unit] = []
        for unit in ready:
            is_alone = not self.alone.isdisjoint(unit)
            if found and (is_alone or sum(map(len, found)) + len(unit) > wanted):
                break
            found.append(unit)
            if is_alone:
                break
        return tuple(found)

    def _reduce(self) -> None:
        """Leave out what is wanted no longer, once a sample is enough."""
        if self.experiment.is_enough.is_set() and not self.is_sample:
            sample = covering_sample(self.experiment.cells)
            self.is_sample = True
            self.due = [u for u in self.due if not sample.isdisjoint(u)]

    async def _run(self, share: Share) -> Execution:
        """Run one process; what it leaves of cells is put in place, however it ends."""
        self.experiment.has_slot.set()
        self.number += 1
        number, folder = self.number, self.root / f"process-{self.number}"
        left_s = self.experiment.timeout_s - self.clock.seconds
        limit_s = pilot_limit_s(left_s) if share.is_pilot else left_s
        environment = {**share.environment, CELL_LIMIT: f"{self._cell_limit_s()}"}
        earlier = self.place.folder if share.needs_others else None
        process = Process(folder, environment, max(SHORTEST_S, limit_s), earlier)
        given = len(self.place.records) if NAMED not in environment else 0
        line = self.steps.line_of(number, given)
        self.clock.begin()
        try:
            execution = await self.processes.run(self.experiment, process, line, self.halt)
        finally:
            self.clock.end()
        if share.is_last and execution.is_ok:
            self.last = execution, folder
        else:
            await to_end(lambda: self._put_in_place(folder, is_whole=bool(share.units)))
        self.steps.end(number, len(self.place.records))
        self.ended.append(execution)
        return execution

    def _put_in_place(self, folder: Path, *, is_whole: bool) -> None:
        """Keep what a process left."""
        self.place.take(folder, is_whole=is_whole)
        shutil.rmtree(folder, ignore_errors=True)

    def _note_ended(self, running: dict[asyncio.Task[Execution], Share]) -> None:
        """Take all processes that have ended out of those that run."""
        for task in [t for t in running if t.done()]:
            self._note(running.pop(task), task.result())

    def _note(self, share: Share, execution: Execution) -> None:
        """Take how a process ended."""
        if execution.is_ok:
            return
        missing = [u for u in share.units if not self._is_in_place(u)]
        if execution.ended is Ended.MEMORY and missing and missing[0] not in self.repeated:
            self.repeated.add(missing[0])
            self.alone.update(missing[0])
            self.due = [*missing, *self.due]
            return
        self._end_badly(execution)

    def _end_badly(self, execution: Execution, *, may_be_late: bool = False) -> None:
        """Have the others end too; a pilot whose time is over says nothing."""
        if execution.ended is Ended.TIMEOUT and may_be_late:
            return
        if self.failed is None and not self.halt.is_set():
            self.failed = execution
        self.halt.set()

    def _is_in_place(self, unit: Unit) -> bool:
        return all(i in self.place.records for i in unit)

    def _cell_limit_s(self) -> float:
        """Return how long a cell may take: beyond an even part of the time, and the expected."""
        even_s = self.experiment.timeout_s / len(self.experiment.cells)
        return max(CELL_LEAST_S, CELL_FACTOR * self.experiment.expected_s, even_s)

    def _result(self) -> Execution:
        """Return all processes as one execution, with what there is in the folder of artifacts."""
        folder = self.experiment.folder
        if self.last is not None:
            execution, made = self.last
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
            left = tuple(replace(a, path=folder / a.name) for a in execution.artifacts)
            return self._together(execution, left)
        left = self.place.artifacts_in(folder)
        if self.failed is not None:
            return self._together(self.failed, left)
        if self.halt.is_set():
            level = self.processes.sandbox.level
            return self._together(Execution(None, Ended.STOPPED, "", 0.0, level), left)
        return self._together(self.ended[-1] if self.ended else self._nothing(), left)

    def _nothing(self) -> Execution:
        """Return the execution of a script of which all that is wanted was in place."""
        return Execution(0, Ended.FINISHED, "", 0.0, self.processes.sandbox.level)

    def _together(self, decisive: Execution, left: tuple[Artifact, ...]) -> Execution:
        """Return one execution that ended as the decisive one, and used what all have used."""
        output = Output(None)
        for execution in self.ended:
            output.feed(execution.output.encode())
        output.finish()
        return replace(
            decisive,
            output=output.text,
            duration_s=self.clock.seconds,
            cpu_s=sum(e.cpu_s for e in self.ended),
            peak_memory_mib=max((e.peak_memory_mib for e in self.ended), default=0.0),
            output_bytes=sum(e.output_bytes for e in self.ended),
            artifacts=left,
            skipped=tuple(dict.fromkeys(s for e in self.ended for s in e.skipped)),
        )
