"""Measures a script of cells that sleep, split over slots, against the ideal schedule."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_core.domain import (
    Algorithm,
    DataRules,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    Metric,
    NodeId,
    Plan,
    RunId,
    Script,
    SplitKind,
    SplitRules,
    Study,
    cells_of,
)
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.progress import untold
from agent_core.execution.slots import FairSlots
from sandbox.execution import Limits
from sandbox.packages import find_python, read_packages
from sandbox.warm import open_warm

CELLS = 60
SLEEPING = """
import time
import labbook
for c in labbook.cells():
    with c:
        time.sleep(1)
        c.row("ndcg", 0.5, 10)
"""
ROWS = "user_id,item_id,rating\n" + "".join(f"{u},{i},1\n" for u in range(9) for i in range(9))
LIMITS = Limits(timeout_s=600, memory_mib=4096)
FACTOR, STARTS_S = 1.1, 2.0
"""What is aimed at: so many times the ideal, and so much for the starts."""


def plan() -> Plan:
    """Return a plan of sixty cells: one algorithm under sixty seeds."""
    seeds = tuple(range(CELLS))
    return Plan(
        version=1,
        title="sleep",
        question="",
        feedback="",
        requirements=(),
        study=Study.OTHER,
        algorithms=(Algorithm("Sleeper", "Sleeper", is_random=True),),
        datasets=("data.csv",),
        metrics=(Metric("ndcg", 10),),
        seeds=seeds,
        split_levels=(Level(SplitRules(SplitKind.LEAVE_ONE_OUT)),),
        data_levels=(Level(DataRules()),),
        factors=(Factor(FactorKind.MODEL_SEED.value, seeds, FactorRole.REPEATED),),
    )


async def measure(slots: list[int]) -> None:
    """Print a line for each number of slots."""
    print("| slots | seconds | ceil(60 / slots) | ratio | aim |\n| --- | --- | --- | --- | --- |")
    packages = await asyncio.to_thread(read_packages, find_python(""))
    with tempfile.TemporaryDirectory() as name:
        folder, of = Path(name), plan()
        (folder / "data.csv").write_text(ROWS)
        write_design(folder / DESIGN, of, ())
        files = {n: folder / n for n in (DESIGN, "data.csv")}
        asked = Experiment(
            RunId("sleep"), "", NodeId(1), Script("", SLEEPING), files, folder / "artifacts",
            timeout_s=600.0, expected_s=float(CELLS), has_pilot=False, cells=cells_of(of),
        )  # fmt: skip
        async with open_warm(packages, max(slots)) as sandbox:
            await sandbox.warm_up()
            for count in slots:
                executor = Executor(sandbox, FairSlots(count), LIMITS)
                began = time.perf_counter()
                execution = await executor.execute(replace(asked), untold)
                taken_s, ideal_s = time.perf_counter() - began, ceil(CELLS / count)
                made = sum(a.name.endswith("/cell.json") for a in execution.artifacts)
                if not execution.is_ok or made != CELLS:
                    raise SystemExit(execution.output)
                aim_s = FACTOR * ideal_s + STARTS_S
                print(
                    f"| {count} | {taken_s:.1f} | {ideal_s} | {taken_s / ideal_s:.2f} "
                    f"| {aim_s:.1f} |",
                    flush=True,
                )


def main() -> None:
    """Measure for the numbers of slots that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    asyncio.run(measure(parser.parse_args().slots))


if __name__ == "__main__":
    main()
