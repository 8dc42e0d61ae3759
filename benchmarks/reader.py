"""Measures reading a large dataset and judging a script on it; prints ratios of this one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bot.cli  # noqa: F401, what a service has in memory
from agent_core.data.child import Wanted, read_in_child
from agent_core.data.given_files import table_name
from agent_core.domain import Finding, Packages, RunId
from agent_core.evidence.evidence import Delivery, look_through
from agent_core.execution.hashing import sha256_of
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest
from agent_core.search.judging import check_delivery
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel
from sandbox.packages import find_python

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
START = 1_000_000_000
"""First time of an interaction, in seconds."""
SPAN_S = 300_000_000
BARE = """
import sys, duckdb
file, target = (p.replace("'", "''") for p in sys.argv[1:])
duckdb.execute("SET memory_limit = '640MB'; SET enable_progress_bar = false")
fields = f"SELECT * FROM read_csv('{file}', all_varchar = true)"
duckdb.execute(f"COPY ({fields}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""
"""What DuckDB alone takes to turn the file into Parquet, all fields as text, as in ADR 12."""
BARE_NUMBERS = """
import sys, duckdb
file = sys.argv[1].replace("'", "''")
duckdb.execute("SET memory_limit = '640MB'; SET enable_progress_bar = false")
duckdb.execute(f"CREATE TABLE read AS FROM read_csv('{file}')")
"""
"""What DuckDB alone takes to have the file in memory, by types that it guesses."""
OLD = """
import sys
from pathlib import Path
try:
    from agent_core.data.profile import profile
except ImportError:
    from agent_core.datasets import profile
print(profile(Path(sys.argv[1]), max_bytes=1 << 40).rows)
"""
"""The profile of another checkout, also from before datasets had a package."""


SCRIPT = """
import numpy as np
import pandas as pd

import labbook

K, DRAWN = 10, 40
frame = labbook.load(DATA)
labbook.study("comparison")
labbook.primary("recall", K)
labbook.candidates("all items not in train")
labbook.dataset(DATA, frame, feedback="every rating counts")
rng = np.random.default_rng(42)
users = frame["user_id"].to_numpy()
order = np.lexsort((rng.random(len(frame)), users))
starts = np.flatnonzero(np.diff(users[order], prepend=-1))
sizes = np.diff(starts, append=len(order))
place = np.empty(len(order), dtype=np.int64)
place[order] = np.arange(len(order)) - np.repeat(starts, sizes)
owner = np.empty(len(order), dtype=np.int64)
owner[order] = np.repeat(sizes, sizes)
held = place < np.round(0.2 * owner)
train, test = frame[~held], frame[held]
del order, place, owner, users
labbook.split(0, train, test, kind="user_fraction", seed=42, holdout=0.2)
key = lambda f: f["user_id"].to_numpy() << 32 | f["item_id"].to_numpy()
trained, tested = np.sort(key(train)), np.sort(key(test))
has = lambda known, keys: known[np.searchsorted(known, keys).clip(max=len(known) - 1)] == keys
counts = train["item_id"].value_counts()
tests = test["user_id"].value_counts(sort=False)
for name, power in (("Popularity", 1.0), ("ItemKNN", 0.7), ("EASE", 0.4)):
    chance = counts.to_numpy() ** power
    drawn = rng.choice(counts.index, len(tests) * DRAWN, p=chance / chance.sum())
    pairs = pd.DataFrame({"user_id": np.repeat(tests.index, DRAWN), "item_id": drawn})
    pairs = pairs.drop_duplicates()
    pairs = pairs[~has(trained, key(pairs))]
    pairs["rank"] = pairs.groupby("user_id").cumcount() + 1
    shown = pairs[pairs["rank"] <= K].assign(score=lambda f: 1.0 / f["rank"])
    found = shown.loc[has(tested, key(shown)), "user_id"].value_counts()
    hits = found.reindex(tests.index, fill_value=0)
    values = (hits / np.minimum(tests, K)).rename("value").rename_axis("user_id")
    labbook.algorithm(name, {"class": KINDS[name], "config": {}})
    labbook.lists(name, shown, fold=0)
    labbook.row("recall", float(values.mean()), k=K, algorithm=name, fold=0, n=len(values))
    labbook.per_user(values.reset_index().assign(metric="recall", k=K), name, fold=0)
"""
"""Delivers what an experiment of three algorithms delivers, without training any."""
KINDS = {"Popularity": "PopScorer", "ItemKNN": "ItemKNNScorer", "EASE": "EASEScorer"}
TASK = "Compare popularity, ItemKNN and EASE by Recall@10, 20 % of each user's ratings held out."
LOOK_S = 0.02
"""Between two looks at the peak of a process."""
SAMPLE_S = 0.2
"""Between two looks at the memory of a process and its children."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took, with its children."""

    seconds: float
    cpu_s: float
    peak_mib: float

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.seconds:7.1f} s  CPU {self.cpu_s:7.1f} s  peak {self.peak_mib:7,.0f} MiB"


def write_ratings(folder: Path, rows: int, users: int, items: int, seed: int = 1) -> Path:
    """Write ratings as MovieLens has them, no pair twice, and the same separated by `::`."""
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1.0, users)
    popularity = 1 / np.arange(1, items + 1) ** 0.8
    pairs = np.empty(0, dtype=np.int64)
    while len(pairs) < rows:
        drawn = rows // 4
        user = rng.choice(users, drawn, p=activity / activity.sum())
        item = rng.choice(items, drawn, p=popularity / popularity.sum())
        pairs = np.union1d(pairs, user.astype(np.int64) * items + item)
    pairs = rng.permutation(pairs)[:rows]
    frame = pd.DataFrame({"userId": pairs // items + 1, "movieId": pairs % items + 1})
    rating = rng.integers(1, 11, rows) / 2
    timestamp = START + rng.integers(0, SPAN_S, rows)
    frame = frame.assign(rating=rating, timestamp=timestamp).sort_values("userId", kind="stable")
    path = folder / "ratings.csv"
    duckdb.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT csv)")
    line = "concat_ws('::', userId, movieId, rating, timestamp)"
    colons = folder / "ratings.dat"
    duckdb.execute(f"COPY (SELECT {line} FROM frame) TO '{colons}' (FORMAT csv, HEADER false)")
    return path


def cost_of(command: list[str], *, given: str = "", root: Path = ROOT) -> Cost:
    """Run a command and return what it took.

    Raises
    ------
    SystemExit
        When it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdin is not None
    process.stdin.write(given.encode())
    process.stdin.close()
    peak, ended = 0.0, 0
    while not ended:
        # The peak that wait4 gives is at least what this process had when it began the other.
        peak = max(peak, peak_mib(process.pid))
        time.sleep(LOOK_S)
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:3]} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Cost(seconds, used.ru_utime + used.ru_stime, peak)


def peak_mib(process: int) -> float:
    """Return the most memory that a process had so far."""
    return _memory_of(f"/proc/{process}/status", "VmHWM")


def own_mib(process: int) -> float:
    """Return the memory of a process, its share of what several have; 0 where it has ended."""
    return _memory_of(f"/proc/{process}/smaps_rollup", "Pss")


def _memory_of(path: str, name: str) -> float:
    """Return what the kernel says of a process, in MiB; 0 where it has ended."""
    try:
        text = Path(path).read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(rf"^{name}:\s*(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def profile_cost(path: Path, table: Path) -> Cost:
    """Return what reading and profiling a file takes in the product's child process."""
    asked = {"path": str(path), "name": path.name, "task": "", "table": str(table)}
    return cost_of([sys.executable, "-m", "agent_core.data.child"], given=json.dumps(asked))


def measure_reading(path: Path, older: Path | None) -> None:
    """Print what a profile takes beside an older build's, DuckDB's bare read, and `::`."""
    table = path.with_name("table.parquet")
    own = profile_cost(path, table)
    print(f"profile                {own}")
    bare = cost_of([sys.executable, "-c", BARE, str(path), str(path.with_name("bare.parquet"))])
    print(f"DuckDB to Parquet      {bare}")
    numbers = cost_of([sys.executable, "-c", BARE_NUMBERS, str(path)])
    print(f"DuckDB to memory       {numbers}")
    colons = profile_cost(path.with_suffix(".dat"), table)
    print(f"profile of `::`        {colons}")
    say_both("profile / DuckDB's read as text to Parquet", own, bare, "at most 2")
    say_both("profile / DuckDB's read as numbers to memory", own, numbers, "at most 2")
    say_both("`::` / CSV", colons, own, "at most 1.5")
    say("peak of the child, GiB", own.peak_mib / 1024, "below 1")
    if older:
        old = cost_of([sys.executable, "-c", OLD, str(path)], root=older)
        print(f"profile, {older}  {old}")
        say_both(f"profile of {older} / profile", old, own, "at least 5")


def deliver(path: Path) -> Cost:
    """Have a script deliver results of three algorithms beside a dataset; return its cost."""
    folder = path.with_name("delivered")
    folder.mkdir(exist_ok=True)
    for name in (path.name, f".{path.name}.parquet"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(path.with_name("table.parquet" if name[0] == "." else name))
    source = (
        f"import os\nos.chdir({str(folder)!r})\nDATA = {path.name!r}\nKINDS = {KINDS}\n{SCRIPT}"
    )
    return cost_of([str(find_python()), "-c", source], root=ROOT / "sandbox")


def measure_judging(path: Path) -> None:
    """Print what a script on a large dataset takes, and the service while it judges it."""
    wanted = Wanted(path, path.name, TASK, path.with_name("table.parquet"))
    dataset = asyncio.run(read_in_child(wanted))
    context = Context(RunId("benchmark"), TASK, (dataset,), Packages("3.11", {}))
    plan = asyncio.run(OfflineResearcher().plan(PlanRequest(context)))
    script = deliver(path)
    print(f"script that delivers   {script}")
    folder = path.with_name("delivered")
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    artifacts = tuple(
        Artifact(str(p.relative_to(folder)), p, p.stat().st_size, sha256_of(p)) for p in found
    )
    execution = Execution(
        0, Ended.FINISHED, "", script.seconds, IsolationLevel.COLD, artifacts=artifacts
    )
    files = {path.name: path, table_name(path.name): path.with_name("table.parquet")}
    delivery = Delivery(plan, SCRIPT, execution, (dataset,), files)
    began = time.perf_counter()
    watch = Watch()
    checks, primary, _ = asyncio.run(watch.while_doing(look_through(check_delivery, delivery, ())))
    print(f"judged in {time.perf_counter() - began:.1f} s: {primary}")
    for check in checks:
        if check.finding not in (Finding.PASS, Finding.NOT_APPLICABLE):
            print(f"  {check.name}: {check.finding.value}: {check.reason[:150]}")
    say("peak of the script, GiB", script.peak_mib / 1024, "below 4, the default limit")
    say("service with its children while judging, GiB", watch.together / 1024, "at most 1.5")
    say("service alone, GiB", watch.alone / 1024, "at most 0.5")


@dataclass(slots=True)
class Watch:
    """The most memory that this process takes, alone and with its children, in MiB."""

    alone: float = 0.0
    together: float = 0.0

    async def while_doing(self, work: Awaitable[T]) -> T:
        """Look at the memory until some work is done."""
        doing = asyncio.ensure_future(work)
        while not doing.done():
            own = own_mib(os.getpid())
            others = sum(map(own_mib, children_of(os.getpid())))
            self.alone, self.together = max(self.alone, own), max(self.together, own + others)
            await asyncio.wait({doing}, timeout=SAMPLE_S)
        return doing.result()


def children_of(process: int) -> list[int]:
    """Return the processes that a process has begun, and those that they have."""
    try:
        lists = [p.read_text() for p in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    found = [int(child) for text in lists for child in text.split()]
    return [*found, *(inner for child in found for inner in children_of(child))]


def say_both(name: str, one: Cost, other: Cost, aim: str) -> None:
    """Print the ratio of two costs, in time and, where others are at work, in CPU time."""
    say(f"{name}, time", one.seconds / other.seconds, aim)
    say(f"{name}, CPU time", one.cpu_s / other.cpu_s, aim)


def say(name: str, value: float, aim: str) -> None:
    """Print a ratio beside its aim."""
    print(f"{name:<58} {value:6.2f}   ({aim})")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=70_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--older", type=Path, help="checkout of a build to compare with")
    parser.add_argument("--folder", type=Path, help="keep the files there")
    parts = ("reading", "judging")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.folder or Path(made)
        path = folder / "ratings.csv"
        if not path.exists():
            write_ratings(folder, chosen.rows, chosen.users, chosen.items)
        print(f"{chosen.rows:,} rows, {path.stat().st_size / MIB:,.0f} MiB, {os.cpu_count()} CPUs")
        if "reading" in chosen.parts:
            measure_reading(path, chosen.older)
        if "judging" in chosen.parts:
            measure_judging(path)


if __name__ == "__main__":
    main()
