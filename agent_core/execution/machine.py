"""The machine that experiments run on, in words: system, processor, memory."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from pathlib import Path

from agent_core.domain import Environment, Packages

CPU_INFO = Path("/proc/cpuinfo")
MEMORY_INFO = Path("/proc/meminfo")


def environment_of(packages: Packages) -> Environment:
    """Return what a script runs with here and now."""
    return Environment(packages.python, packages.versions, machine())


@cache
def machine() -> str:
    """Return system, processor model, cores that may be used, and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [
        f"{platform.system()} {platform.machine()}",
        processor(_read_kernel_file(CPU_INFO)) or platform.processor(),
        f"{cores} CPUs" if cores != 1 else "1 CPU",
        memory(_read_kernel_file(MEMORY_INFO)),
    ]
    return ", ".join(p for p in parts if p)


def processor(text: str) -> str:
    r"""Return the model named in `/proc/cpuinfo`; empty where none is.

    Examples
    --------
    >>> processor("processor : 0\nmodel name : AMD  EPYC 7763\n")
    'AMD EPYC 7763'
    """
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def memory(text: str) -> str:
    r"""Return the memory named in `/proc/meminfo`; empty where none is.

    Examples
    --------
    >>> memory("MemTotal:       16384000 kB\n")
    '15.6 GiB memory'
    """
    found = re.search(r"^MemTotal:\s*(\d+) kB", text, re.MULTILINE)
    return f"{int(found[1]) / 2**20:.1f} GiB memory" if found else ""


def memory_mib() -> int:
    """Return the memory of this machine in MiB; 0 where it is not known."""
    found = re.search(r"^MemTotal:\s*(\d+) kB", _read_kernel_file(MEMORY_INFO), re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def _read_kernel_file(path: Path) -> str:
    """Return the text of a file of the kernel; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
