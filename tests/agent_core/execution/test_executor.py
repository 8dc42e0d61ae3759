"""A pilot shows early that a script fails; what it made of a design's cells is not made again."""

import json
from dataclasses import replace

import pytest
import pytest_asyncio
from builders import plan_of

from agent_core.domain import Algorithm, Factor, Script, cells_of
from agent_core.execution import pilot
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.execution.executor import Executor, rerun_of
from agent_core.execution.experiment import Experiment
from agent_core.execution.pilot import PILOT_CELL_S, PILOT_FROM_S, pilot_cells
from agent_core.execution.slots import FairSlots
from sandbox.execution import Ended, Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

in_sandbox = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(memory_mib=512, disk_mib=64, inodes=500, processes=64)
BY_CELLS = """
import json, os, time
from pathlib import Path
# As labbook.cells() does it, without its imports.
if False:
    import labbook
    labbook.cells()
named = os.environ.get("LABBOOK_CELLS")
known = [c["id"] for c in json.loads(Path("design.json").read_text())["cells"]]
mine = known if named is None else [n for n in named.split(",") if n]
for cell in mine:
    folder = Path("cells") / cell
    if folder.exists():
        continue
    BEFORE
    folder.mkdir(parents=True)
    (folder / "cell.json").write_text(json.dumps({"id": cell, "by": named or "whole"}))
if not named:
    AT_LAST
"""
BY_SEEDS = """
import os, time
from pathlib import Path
# As labbook.seeds() does it.
is_pilot = os.environ.get("AUTORECLAB_PILOT")
Path("results.json").write_text("50 users" if is_pilot else "all users")
if is_pilot:
    IN_PILOT
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox(SandboxSettings(level="unconfined")) as opened:
        yield opened


@pytest.fixture
def executor(sandbox):
    return Executor(sandbox, FairSlots(1), LIMITS)


def plan():
    found = plan_of()
    small = replace(found.algorithms[0], name="MF 8", base="MF", config={"embedding_size": 8})
    large = replace(small, name="MF 64", config={"embedding_size": 64})
    shares = Factor("train_share", (1.0, 0.25))
    return replace(
        found,
        algorithms=(large, small, Algorithm("Popularity", "PopScorer")),
        factors=(Factor("algorithm", ("MF", "Popularity")), shares),
        seeds=(0,),
    )


def experiment(tmp_path, source, **more):
    design = tmp_path / DESIGN
    write_design(design, plan(), ())
    given = {"expected_s": PILOT_FROM_S, "cells": cells_of(plan()), "timeout_s": 60.0} | more
    return Experiment(
        "run", "user", 1, Script("", source), {DESIGN: design}, tmp_path / "artifacts", **given
    )


def by_cells(before="pass", at_last="pass"):
    return BY_CELLS.replace("BEFORE", before).replace("AT_LAST", at_last)


def made_by(execution):
    found = [json.loads(a.path.read_text()) for a in execution.artifacts if "cell.json" in a.name]
    return {cell["id"]: cell["by"] for cell in found}


def test_a_pilot_has_the_cheapest_cell_of_each_algorithm():
    cells = {c.id: c for c in cells_of(plan())}

    chosen = [cells[number] for number in pilot_cells(tuple(cells.values()))]

    assert {c.algorithm.name for c in chosen} == {"MF 8", "Popularity"}
    assert {c.block.train_share for c in chosen} == {0.25}


def test_a_cell_that_waits_for_a_grid_is_no_pilot():
    waiting = Algorithm("MF chosen", "ImplicitMFScorer", {}, levels={"epochs": "chosen"})

    assert pilot_cells(cells_of(replace(plan(), algorithms=(waiting,)))) == ()


@in_sandbox
async def test_the_cells_of_a_pilot_count_in_the_result(executor, tmp_path):
    asked = experiment(tmp_path, by_cells())

    execution = await executor.execute(asked, lambda _: None)

    tried = pilot_cells(asked.cells)
    assert execution.is_ok
    expected = {c.id: ",".join(tried) if c.id in tried else "whole" for c in asked.cells}
    assert made_by(execution) == expected
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", DESIGN]


@in_sandbox
async def test_cells_that_take_longer_than_a_pilot_have_none(executor, tmp_path):
    longer = PILOT_CELL_S * len(cells_of(plan())) + 1
    asked = experiment(tmp_path, by_cells(), expected_s=longer)

    execution = await executor.execute(asked, lambda _: None)

    assert ",".join(pilot_cells(asked.cells)) not in made_by(execution).values()
    assert set(made_by(execution)) == {c.id for c in asked.cells}


@in_sandbox
async def test_a_repetition_makes_all_cells_anew(executor, tmp_path):
    asked = rerun_of(experiment(tmp_path, by_cells()))

    execution = await executor.execute(asked, lambda _: None)

    assert set(made_by(execution).values()) == {"whole"}


@in_sandbox
@pytest.mark.parametrize(
    "source", [by_cells(before="raise ValueError"), by_cells(at_last="raise ValueError")]
)
async def test_a_script_that_fails_in_its_pilot_is_not_run_whole(executor, tmp_path, source):
    execution = await executor.execute(experiment(tmp_path, source), lambda _: None)

    assert execution.exit_code == 1
    assert "ValueError" in execution.output
    assert "whole" not in made_by(execution).values()


@in_sandbox
async def test_a_pilot_whose_time_is_over_says_nothing(executor, tmp_path, monkeypatch):
    monkeypatch.setattr(pilot, "PILOT_TIMEOUT_S", 1.0)
    asked = experiment(tmp_path, by_cells(before="time.sleep(60 if named else 0)"))

    execution = await executor.execute(asked, lambda _: None)

    assert execution.is_ok
    assert made_by(execution) == {c.id: "whole" for c in asked.cells}


@in_sandbox
@pytest.mark.parametrize(
    ("in_pilot", "exit_code", "left"),
    [
        ("time.sleep(60)", 0, ["all users"]),
        ("pass", 0, ["all users"]),
        ("raise ValueError", 1, []),
    ],
)
async def test_few_users_of_a_pilot_are_never_a_result(
    executor, tmp_path, monkeypatch, in_pilot, exit_code, left
):
    monkeypatch.setattr(pilot, "PILOT_TIMEOUT_S", 1.0)
    source = BY_SEEDS.replace("IN_PILOT", in_pilot)

    execution = await executor.execute(experiment(tmp_path, source), lambda _: None)

    assert execution.exit_code == exit_code
    assert [a.path.read_text() for a in execution.artifacts] == left


@in_sandbox
async def test_the_whole_script_has_all_the_time_that_scripts_have(
    executor, tmp_path, monkeypatch
):
    monkeypatch.setattr(pilot, "PILOT_TIMEOUT_S", 1.0)
    source = by_cells(before="time.sleep(60)")

    execution = await executor.execute(experiment(tmp_path, source, timeout_s=2.0), lambda _: None)

    assert execution.ended is Ended.TIMEOUT
    assert execution.duration_s >= 2.0
