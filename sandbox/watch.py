"""What the processes of an execution use, read from /proc; see proc(5)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """The use of processes and all their descendants at one moment."""

    tasks: int = 0
    """Threads of all processes."""
    memory_kib: int = 0
    """Anonymous and shared memory; pages shared between processes count once."""
    cpu_s: float = 0.0


def descendants(roots: Iterable[int]) -> list[int]:
    """Return `roots` and all processes below them; what ends meanwhile is left out."""
    found = list(roots)
    for known in found:
        try:
            threads = list((PROC / str(known) / "task").iterdir())
            for thread in threads:
                found.extend(int(p) for p in (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def sample(roots: Iterable[int], memory_limit_kib: int) -> ProcessUse:
    """Read what `roots` and their descendants use.

    Resident sizes are cheap and an upper bound; the exact proportional sizes are read only where
    the bound passes `memory_limit_kib`.
    """
    pids = descendants(roots)
    tasks = resident = 0
    cpu_s = 0.0
    for pid in pids:
        status = _fields_of(PROC / str(pid) / "status")
        tasks += int(status.get("Threads", "0"))
        resident += _kib(status.get("RssAnon")) + _kib(status.get("RssShmem"))
        cpu_s += _cpu_of(pid)
    if resident > memory_limit_kib:
        resident = sum(_proportional_kib(pid) for pid in pids)
    return ProcessUse(tasks, resident, cpu_s)


def _proportional_kib(pid: int) -> int:
    """Return the anonymous and shared memory of a process, shared pages by their share."""
    rollup = _fields_of(PROC / str(pid) / "smaps_rollup")
    return _kib(rollup.get("Pss_Anon")) + _kib(rollup.get("Pss_Shmem"))


def _fields_of(path: Path) -> dict[str, str]:
    """Return the `Name: value` lines of a file under /proc; empty when the process is gone."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _kib(value: str | None) -> int:
    """Return a size given as `123 kB`."""
    return int(value.split()[0]) if value else 0


def _cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process and of its children that have ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(int(f) for f in fields[11:15]) / TICKS
