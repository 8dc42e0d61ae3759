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
from sandbox.groups import PREFIX as GROUP
from sandbox.inside.request import WORK
from sandbox.local import UIDS, first_uid
from sandbox.opening import open_sandbox
from sandbox.sandbox import Sandbox
from sandbox.settings import SandboxSettings
from sandbox.warm import WarmSandbox
from sandbox.watch import descendants
from sandbox.workspace import PREFIX

LIMITS = Limits(timeout_s=1.0, cpu_s=5, memory_mib=640, disk_mib=16, inodes=200, processes=64)
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


KILL_EVERY = 120
"""After so many executions a zygote is killed."""


@dataclass(frozen=True, slots=True)
class Left:
    """What there is on this machine that an execution could have left."""

    descriptors: int
    mounts: int
    folders: int
    sleepers: int
    groups: int
    memory_mib: int
    zygotes_mib: int


def count(folder: Path, sandbox: Sandbox) -> Left:
    """Count it."""
    status = Path("/proc/self/status").read_text()
    memory = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    inside = zygotes_of(sandbox)
    ours = ("self", *map(str, inside))
    return Left(
        descriptors=sum(number_of(Path(f"/proc/{pid}/fd")) for pid in ours),
        mounts=sum(mounts_of(pid) for pid in ours),
        folders=sum(1 for p in folder.glob(f"{PREFIX}{os.getpid()}-*") for _ in p.iterdir()),
        sleepers=sum(int(is_script(p)) for p in Path("/proc").glob("[0-9]*/cmdline")),
        groups=sum(
            1 for p in Path("/sys/fs/cgroup").rglob(f"{GROUP}{os.getpid()}-*") if p.is_dir()
        ),
        memory_mib=int(memory.split()[1]) // 1024,
        zygotes_mib=int(sandbox.standing.memory_mib),
    )


def zygotes_of(sandbox: Sandbox) -> list[int]:
    """Return the processes of all zygotes."""
    if not isinstance(sandbox, WarmSandbox):
        return []
    zygotes = [*sandbox.light.zygotes, *sandbox.full.zygotes]
    return descendants([zygote.popen.pid for zygote in zygotes])


def number_of(folder: Path) -> int:
    """Return how many entries a folder has."""
    return len(list(folder.iterdir()))


def mounts_of(pid: int | str) -> int:
    """Return how many working directories of executions a process sees mounted."""
    marks = (f"{PREFIX}{os.getpid()}-", f" {WORK}/")
    lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    return sum(any(mark in line for mark in marks) and "/kept" not in line for line in lines)


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
            if arguments.libraries and isinstance(sandbox, WarmSandbox):
                await sandbox.warm_up()

            async def once() -> None:
                stop_after_s = rng.random() * 0.2 if rng.random() < 0.3 else None
                name = rng.choice(list(SCRIPTS))
                async with free:
                    endings[await one(sandbox, name, Path(into), stop_after_s)] += 1
                if isinstance(sandbox, WarmSandbox) and endings.total() % KILL_EVERY == 0:
                    kill_one(sandbox, rng)

            await asyncio.gather(*(once() for _ in range(arguments.slots * 2)))
            before, began = count(temporary, sandbox), time.monotonic()
            await asyncio.gather(*(once() for _ in range(arguments.executions)))
            seconds = time.monotonic() - began
            if isinstance(sandbox, WarmSandbox):
                await all_back(sandbox)
            after = await settled(temporary, sandbox, before)
            level = sandbox.level.value
    print(f"{arguments.executions} executions, level {level}, {seconds:.0f} s: {dict(endings)}")
    print(f"before {before}\nafter  {after}")
    return is_clean(before, after)


def kill_one(sandbox: WarmSandbox, rng: random.Random) -> None:
    """Kill a zygote, with all the scripts that it has."""
    rng.choice([*sandbox.light.zygotes, *sandbox.full.zygotes]).popen.kill()


async def all_back(sandbox: WarmSandbox) -> None:
    """Wait until every zygote that was killed has been replaced."""
    await sandbox.light.zygote()
    if sandbox.wants_libraries:
        await sandbox.warm_up()
        await asyncio.gather(*(zygote.ready for zygote in sandbox.full.zygotes))


async def settled(folder: Path, sandbox: Sandbox, before: Left) -> Left:
    """Count once the last measuring threads have ended, a second at most."""
    for _ in range(20):
        after = count(folder, sandbox)
        if is_clean(before, after):
            break
        await asyncio.sleep(0.05)
    return after


def is_clean(before: Left, after: Left) -> bool:
    """Whether nothing has grown; memory may by a little."""
    counted = ("descriptors", "mounts", "folders", "sleepers", "groups")
    grown = any(getattr(before, name) < getattr(after, name) for name in counted)
    memory = after.memory_mib - before.memory_mib, after.zygotes_mib - before.zygotes_mib
    return not grown and max(memory) <= 16


def main() -> None:
    """Parse the arguments and soak; exit 1 when something is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--level", choices=("warm", "cold"), default="warm")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--libraries",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="at the warm level, fork from an interpreter that has imported all libraries",
    )
    sys.exit(0 if asyncio.run(soak(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
