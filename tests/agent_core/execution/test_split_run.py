"""A script is split over slots by its cells: all are made, none twice, nothing is left behind."""

import asyncio
import json
import random
from dataclasses import replace

import pandas as pd
import pytest
from builders import plan_of
from laid_designs import SCORED, designed, interactions
from patience import PATIENCE_S

from agent_core.domain import Algorithm, Script, cells_of
from agent_core.domain.cell_samples import covering_sample
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.slots import FairSlots
from sandbox.errors import SandboxUnavailable
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel, Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

BY_CELLS = "import labbook\nfor c in labbook.cells(): ..."
LIMITS = Limits(memory_mib=2048, disk_mib=64, inodes=2000, processes=64)


def plan(seeds=10):
    drawing = Algorithm("ImplicitMF", "ImplicitMFScorer", is_random=True)
    algorithms = (Algorithm("Popularity", "PopScorer"), drawing)
    return replace(plan_of(), algorithms=algorithms, seeds=tuple(range(seeds)))


def experiment(folder, of=None, source=BY_CELLS, **more):
    given = {"cells": cells_of(of or plan()), "timeout_s": 60.0, "has_pilot": False} | more
    return Experiment("run", "user", 1, Script("", source), {}, folder / "artifacts", **given)


class Scripted:
    """Stands for a sandbox: makes the cells that a process is to make, and ends as it is told."""

    level = IsolationLevel.UNCONFINED

    def __init__(self, cells, end_of=lambda cell, alone: None, cell_s=0.001):
        self.all = [c.id for c in cells]
        self.end_of, self.cell_s = end_of, cell_s
        self.made, self.processes, self.running, self.most = [], [], 0, 0

    async def execute(self, job, collect_into, on_output=None, stop=None):
        named = job.environment.get("LABBOOK_CELLS")
        there = {p.name for p in job.earlier.glob("cells/*")} if job.earlier else set()
        given = self.all if named is None else [n for n in named.split(",") if n]
        mine = [i for i in given if i not in there]
        self.processes.append(named)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            ended = await self.make(mine, collect_into, stop, on_output)
        finally:
            self.running -= 1
        for name in there:
            self.leave(collect_into, name)
        paths = sorted(p for p in collect_into.rglob("*") if p.is_file())
        left = tuple(Artifact(str(p.relative_to(collect_into)), p, 1) for p in paths)
        status = {Ended.FINISHED: 0, Ended.SIGNAL: None}.get(ended)
        return Execution(status, ended, f"{named}\n", 0.1, self.level, artifacts=left)

    async def make(self, mine, folder, stop, tell):
        for number, cell in enumerate(mine):
            tell(f"[labbook] cell {number + 1} of {len(mine)}: {cell}")
            await asyncio.sleep(self.cell_s)
            if stop.is_set():
                return Ended.STOPPED
            if end := self.end_of(cell, len(mine) == 1):
                return end
            self.made.append(cell)
            self.leave(folder, cell)
        return Ended.FINISHED

    def leave(self, folder, cell):
        place = folder / "cells" / cell
        place.mkdir(parents=True, exist_ok=True)
        (place / "cell.json").write_text(json.dumps({"id": cell, "seconds": 1.0}))


def executor_of(sandbox, slots):
    return Executor(sandbox, FairSlots(slots), LIMITS)


def cells_in(execution):
    return sorted(a.name.split("/")[1] for a in execution.artifacts if "cell.json" in a.name)


@pytest.mark.parametrize("slots", [1, 2, 5, 32])
async def test_all_cells_are_made_once_on_as_many_slots_as_there_are(tmp_path, slots):
    asked, told = experiment(tmp_path), []
    sandbox = Scripted(asked.cells, cell_s=0.03)
    executor = executor_of(sandbox, slots)

    execution = await executor.execute(asked, told.append)

    assert execution.is_ok
    assert cells_in(execution) == sorted(sandbox.made) == sorted(sandbox.all)
    assert sandbox.most == min(slots, len(sandbox.all))
    assert sum(not named for named in sandbox.processes) == 1
    assert executor.slots.free == slots
    assert {p.total for p in told} == {len(sandbox.all)}
    assert [p.name for p in tmp_path.iterdir()] == ["artifacts"]


async def test_a_later_process_makes_what_is_missing(tmp_path):
    asked = experiment(tmp_path)
    is_half_way = asyncio.Event()

    def halt(cell, alone):
        """From the fifth cell on, what is begun does not end."""
        if cell == first.all[4]:
            first.cell_s = PATIENCE_S
            is_half_way.set()

    first = Scripted(asked.cells, halt)
    killed = asyncio.create_task(executor_of(first, 2).execute(asked, lambda _: None))
    await is_half_way.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    there = {p.name for p in tmp_path.glob("artifacts-cells/[!p]*/cells/*")}
    second, other = Scripted(asked.cells), Scripted(asked.cells)

    execution = await executor_of(second, 2).execute(asked, lambda _: None)
    await executor_of(other, 2).execute(replace(asked, lock="other"), lambda _: None)

    assert 0 < len(there) < len(asked.cells)
    assert set(second.made) == set(second.all) - there
    assert cells_in(execution) == sorted(other.made) == sorted(second.all)


@pytest.mark.parametrize("ended", [Ended.SIGNAL, Ended.TIMEOUT, Ended.DISK])
async def test_a_process_that_fails_ends_the_script_with_what_there_is(tmp_path, ended):
    asked = experiment(tmp_path)
    bad = asked.cells[4].id
    sandbox = Scripted(asked.cells, lambda cell, _: ended if cell == bad else None)

    execution = await executor_of(sandbox, 3).execute(asked, lambda _: None)

    assert execution.ended is ended
    assert cells_in(execution) == sorted(set(sandbox.made))
    assert bad not in sandbox.made
    assert "" not in sandbox.processes


@pytest.mark.parametrize(("fits_alone", "ended"), [(True, "finished"), (False, "memory")])
async def test_what_is_over_its_memory_is_made_once_more_alone(tmp_path, fits_alone, ended):
    asked = experiment(tmp_path)
    large = asked.cells[2].id

    def end_of(cell, is_alone):
        return Ended.MEMORY if cell == large and not (is_alone and fits_alone) else None

    sandbox = Scripted(asked.cells, end_of)

    execution = await executor_of(sandbox, 2).execute(asked, lambda _: None)

    assert execution.ended == ended
    assert sandbox.processes.count(large) == 1
    assert len(sandbox.made) == len(set(sandbox.made))


async def test_a_sample_is_all_once_that_is_enough(tmp_path):
    asked = experiment(tmp_path)
    sandbox = Scripted(asked.cells)
    asked.is_enough.set()

    execution = await executor_of(sandbox, 2).execute(asked, lambda _: None)

    assert execution.is_ok
    assert cells_in(execution) == sorted(covering_sample(asked.cells))
    assert len(sandbox.made) == 2


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_lost_doubled_or_leaked_whatever_ends_when(tmp_path, seed):
    """Scripts of two runs, killed, stopped, cancelled and failing at random, share five slots."""
    chance, slots = random.Random(seed), FairSlots(5)
    faults = [None] * 60 + [Ended.SIGNAL, Ended.MEMORY]

    async def one(number):
        asked = replace(experiment(tmp_path / str(number)), run=f"run {number % 2}")
        made = set()
        while True:
            sandbox = Scripted(asked.cells, lambda *_: chance.choice(faults))
            executing = asyncio.create_task(
                Executor(sandbox, slots, LIMITS).execute(asked, lambda _: None)
            )
            await asyncio.sleep(0.03 * chance.random())
            if chance.random() < 0.1:
                asked.stop.set()
            if chance.random() < 0.3:
                executing.cancel()
            (ended,) = await asyncio.gather(executing, return_exceptions=True)
            assert sandbox.running == 0
            assert len(sandbox.made) == len(set(sandbox.made))
            assert not made.intersection(sandbox.made), "what is in place was made again"
            if isinstance(ended, asyncio.CancelledError | SandboxUnavailable):
                made = {
                    p.name for p in (tmp_path / str(number)).glob("artifacts-cells/[!p]*/cells/*")
                }
                continue
            assert set(cells_in(ended)) >= set(sandbox.made) | made
            if ended.is_ok:
                assert cells_in(ended) == sorted(sandbox.all)
            return

    await asyncio.gather(*(one(n) for n in range(5)))

    assert slots.free == 5


def lists_in(execution):
    """Return the lists of each cell, bit for bit."""
    found = {a.name: pd.read_parquet(a.path) for a in execution.artifacts if "lists." in a.name}
    return {name: frame.to_csv() for name, frame in found.items()}


@pytest.mark.wide
@pytest.mark.parametrize("slots", [2, 5])
async def test_results_are_the_same_bit_for_bit_however_a_script_is_split(tmp_path, slots):
    data, of = tmp_path / "data.csv", designed(seeds=(0, 1))
    interactions().to_csv(data, index=False)
    write_design(tmp_path / DESIGN, of, ())
    files = {DESIGN: tmp_path / DESIGN, "data.csv": data}
    source = f"import pandas as pd\nimport labbook\n{SCORED}"
    whole = replace(experiment(tmp_path / "one", of, source), files=files)
    backwards = tuple(reversed(whole.cells))
    split = replace(experiment(tmp_path / "many", of, source), files=files, cells=backwards)
    async with open_sandbox(SandboxSettings(level="unconfined")) as sandbox:
        one = await executor_of(sandbox, 1).execute(whole, lambda _: None)
        many = await executor_of(sandbox, slots).execute(split, lambda _: None)

    assert one.is_ok, one.output
    assert many.is_ok, many.output
    assert lists_in(one) == lists_in(many)
    assert len(lists_in(many)) == len(whole.cells)
    results = [
        {a.name: a.path for a in e.artifacts}["results.json"].read_text() for e in (one, many)
    ]
    assert results[0] == results[1]
