"""Measures the sandbox: request to first user line warm, cold and fresh; jobs at once; a stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from numpy import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.execution import IsolationLevel, Job, Limits
from sandbox.local import LocalSandbox
from sandbox.packages import find_python, read_packages
from sandbox.sandbox import Sandbox
from sandbox.warm import LIBRARIES, open_warm

IMPORTS = "\n".join(f"import {name}" for name in LIBRARIES)
FIRST_LINE = f"{IMPORTS}\nprint('first line', flush=True)\n"
TRAINING = """
import numpy as np
import pandas as pd
from lenskit.als import ImplicitMFScorer
from lenskit.batch import recommend
from lenskit.data import from_interactions_df
from lenskit.knn import ItemKNNScorer
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions

rng = np.random.default_rng(1)
frame = pd.DataFrame(
    {"user_id": rng.integers(0, 100, 4000), "item_id": rng.integers(0, 200, 4000)}
).drop_duplicates()
frame["rating"] = 1.0 + (frame.user_id + frame.item_id) % 5
data = from_interactions_df(frame)
for scorer in (ImplicitMFScorer(features=16, epochs=5), ItemKNNScorer(max_nbrs=20)):
    pipeline = topn_pipeline(scorer, n=10)
    pipeline.train(data, TrainingOptions(rng=1))
    recommend(pipeline, list(range(50)), 10, n_jobs=1)
print("trained")
"""
LIMITS = Limits(timeout_s=300, memory_mib=4096)


async def first_line_s(sandbox: Sandbox, folder: Path, source: str = FIRST_LINE) -> float:
    """Return the seconds from the request to the first line of the script."""
    heard: list[float] = []
    began = time.perf_counter()
    job = Job(source, limits=LIMITS)
    execution = await sandbox.execute(job, folder, lambda _: heard.append(time.perf_counter()))
    if not execution.is_ok:
        raise SystemExit(execution.output)
    return heard[0] - began


async def first_lines(sandbox: Sandbox, folder: Path, count: int) -> list[float]:
    """Repeat `first_line_s`, after one that is not counted."""
    await first_line_s(sandbox, folder)
    return [await first_line_s(sandbox, folder) for _ in range(count)]


async def at_once_s(sandbox: Sandbox, folder: Path, jobs: int, slots: int) -> float:
    """Return the seconds that `jobs` small LensKit experiments take, `slots` at a time."""
    free = asyncio.Semaphore(slots)

    async def one(number: int) -> None:
        into = folder / str(number)
        into.mkdir(exist_ok=True)
        async with free:
            execution = await sandbox.execute(Job(TRAINING, limits=LIMITS), into)
        if not execution.is_ok:
            raise SystemExit(execution.output)

    began = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(jobs)))
    return time.perf_counter() - began


async def stop_s(sandbox: Sandbox, folder: Path) -> float:
    """Return the seconds from a stop to its end, of a script with eight busy processes."""
    begun = asyncio.Event()
    source = "import os\nfor _ in range(3): os.fork()\nprint('on', flush=True)\nwhile True: pass"
    work = sandbox.execute(Job(source, limits=LIMITS), folder, lambda _: begun.set())
    running = asyncio.create_task(work)
    await begun.wait()
    began = time.perf_counter()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return time.perf_counter() - began


def say(name: str, seconds: Sequence[float]) -> None:
    """Print median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(
        f"{name:<34} median {median(ordered) * 1000:8.1f} ms   "
        f"p95 {p95 * 1000:8.1f} ms   n={len(ordered)}"
    )


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Measure all and print ratios of this one run."""
    packages = read_packages(find_python())
    cold = LocalSandbox(packages, IsolationLevel.COLD, 2)
    fresh = LocalSandbox(packages, IsolationLevel.UNCONFINED, 2)
    async with open_warm(packages, arguments.slots) as warm:
        began = time.perf_counter()
        await warm.warm_up()
        say("imports of a zygote, once", [time.perf_counter() - began])
        warm_lines = await first_lines(warm, folder, arguments.repeat)
        say("first line, warm", warm_lines)
        cold_lines = await first_lines(cold, folder, arguments.cold)
        say("first line, cold", cold_lines)
        fresh_lines = await first_lines(fresh, folder, arguments.cold)
        say("first line, fresh plain process", fresh_lines)
        ratio = median(fresh_lines) / median(warm_lines)
        print(f"warm is {ratio:.0f} times faster than a fresh process")
        say("stop, warm", [await stop_s(warm, folder) for _ in range(10)])
        print(f"idle zygotes: {warm.full.memory_mib:.0f} MiB")
        warm_s = await at_once_s(warm, folder, arguments.jobs, arguments.slots)
        fresh_s = await at_once_s(fresh, folder, arguments.jobs, arguments.slots)
    print(
        f"{arguments.jobs} LensKit jobs, {arguments.slots} at a time: warm {warm_s:.1f} s, "
        f"fresh {fresh_s:.1f} s, ratio {fresh_s / warm_s:.1f}"
    )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=20, help="warm executions")
    parser.add_argument("--cold", type=int, default=5, help="cold and fresh executions")
    parser.add_argument("--jobs", type=int, default=20, help="LensKit jobs at once")
    parser.add_argument("--slots", type=int, default=20, help="how many of them at a time")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(parser.parse_args(), Path(folder)))


if __name__ == "__main__":
    main()
