"""Runs many executions that end in every way, and counts what is left: nothing may be."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.execution import Job, Limits
from sandbox.local import UIDS, first_uid
from sandbox.opening import open_sandbox
from sandbox.sandbox import Sandbox
from sandbox.settings import SandboxSettings
from sandbox.workspace import PREFIX

LIMITS = Limits(timeout_s=1.0, cpu_s=5, memory_mib=256, disk_mib=16, inodes=200, processes=64)
SCRIPTS = {
    "finishes": "open('results.json', 'w').write('{}')",
    "fails": "raise ValueError('no ratings')",
    "crashes": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "hangs": "import time\ntime.sleep(600)",
    "ignores signals": "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)",
    "floods": "while True: print('x' * 100_000)",
    "forks": "import os, time\nfor _ in range(5): os.fork()\ntime.sleep(600)",
    "leaves a daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)",
    "fills the disk": "while True: open('x', 'ab').write(b'0' * 1_000_000)",
    "fills memory": "kept = []\nwhile True: kept.append(bytearray(10_000_000))",
}


@dataclass(frozen=True, slots=True)
class Left:
    """What there is on this machine that an execution could have left."""

    descriptors: int
    mounts: int
    folders: int
    sleepers: int
    memory_mib: int


def count(folder: Path) -> Left:
    """Count it."""
    status = Path("/proc/self/status").read_text()
    memory = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return Left(
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        folders=sum(1 for p in folder.glob(f"{PREFIX}{os.getpid()}-*") for _ in p.iterdir()),
        sleepers=sum(is_script(p) for p in Path("/proc").glob("[0-9]*/cmdline")),
        memory_mib=int(memory.split()[1]) // 1024,
    )


def is_script(path: Path) -> bool:
    """Whether a process runs a script of ours, or is the first one of its namespace."""
    try:
        command, owner = path.read_text(), path.parent.stat().st_uid
    except OSError:
        return False
    first = first_uid()
    if os.geteuid() == 0 and not first <= owner < first + UIDS:
        return False
    return "/job/script.py" in command or command.startswith("sleep\x002147483647")


async def one(sandbox: Sandbox, name: str, folder: Path, stop_after_s: float | None) -> str:
    """Execute a script, perhaps stop it; return how it ended."""
    job = Job(SCRIPTS[name], limits=LIMITS)
    running = asyncio.create_task(sandbox.execute(job, folder))
    if stop_after_s is not None:
        await asyncio.wait([running], timeout=stop_after_s)
        running.cancel()
    try:
        return (await running).ended.value
    except asyncio.CancelledError:
        return "cancelled"


async def soak(arguments: argparse.Namespace) -> bool:
    """Execute all, and compare what there was before with what there is afterwards."""
    rng = random.Random(arguments.seed)
    endings: Counter[str] = Counter()
    free = asyncio.Semaphore(arguments.slots)
    temporary = Path(tempfile.gettempdir())
    settings = SandboxSettings(level=arguments.level, preload_after_s=1e9)
    with tempfile.TemporaryDirectory() as into:
        async with open_sandbox(settings) as sandbox:

            async def once() -> None:
                stop_after_s = rng.random() * 0.2 if rng.random() < 0.3 else None
                name = rng.choice(list(SCRIPTS))
                async with free:
                    endings[await one(sandbox, name, Path(into), stop_after_s)] += 1

            await asyncio.gather(*(once() for _ in range(arguments.slots * 2)))
            before, began = count(temporary), time.monotonic()
            await asyncio.gather(*(once() for _ in range(arguments.executions)))
            seconds = time.monotonic() - began
            after = await settled(temporary, before)
            level = sandbox.level.value
    print(f"{arguments.executions} executions, level {level}, {seconds:.0f} s: {dict(endings)}")
    print(f"before {before}\nafter  {after}")
    return is_clean(before, after)


async def settled(folder: Path, before: Left) -> Left:
    """Count once the last measuring threads have ended, a second at most."""
    for _ in range(20):
        after = count(folder)
        if is_clean(before, after):
            break
        await asyncio.sleep(0.05)
    return after


def is_clean(before: Left, after: Left) -> bool:
    """Whether nothing has grown; memory may by a little."""
    pairs = [(getattr(before, n), getattr(after, n)) for n in ("descriptors", "mounts", "folders")]
    grown = any(b < a for b, a in pairs) or after.sleepers > before.sleepers
    return not grown and after.memory_mib <= before.memory_mib + 16


def main() -> None:
    """Parse the arguments and soak; exit 1 when something is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--level", choices=("warm", "cold"), default="warm")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    sys.exit(0 if asyncio.run(soak(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
