"""Reads datasets in a process of its own, with a limit of memory and time.

A file that a stranger attached costs this process at the worst, never the service.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from agent_core.data.profile import profile
from agent_core.domain import Dataset
from agent_core.errors import BadDataset

MEMORY_BYTES = 6 << 30
"""Of address space, of which DuckDB reserves more than it uses; its own limit holds earlier."""
CPU_S = 900
"""25 million interactions take about a minute."""
TIMEOUT_S = 1200.0
MAX_ANSWER = 4 << 20
ANSWER: TypeAdapter[Dataset] = TypeAdapter(Dataset)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One dataset to read."""

    path: Path
    name: str
    task: str = ""
    """What people said, which may say which column holds what."""
    table: Path | None = None
    """Where the table of its interactions is written; None: it is not kept."""


async def read_in_child(wanted: Wanted) -> Dataset:
    """Return the profile of a dataset that a child process has read.

    Raises
    ------
    BadDataset
        When it cannot be used, or takes more memory or time than there is.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    request = {k: None if v is None else str(v) for k, v in _fields(wanted).items()}
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, trouble = await process.communicate(json.dumps(request).encode())
    except TimeoutError as error:
        raise BadDataset(
            f"{wanted.name} took more than {TIMEOUT_S / 60:.0f} minutes to read. Attach a sample."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _answer(wanted.name, out, trouble, process.returncode)


def _fields(wanted: Wanted) -> dict[str, Any]:
    return {f: getattr(wanted, f) for f in ("path", "name", "task", "table")}


def _answer(name: str, out: bytes, trouble: bytes, status: int | None) -> Dataset:
    """Return what the child found, or raise what it says."""
    if status or len(out) > MAX_ANSWER:
        kind = "needs more memory than reading may take" if b"emory" in trouble else "broke off"
        last = trouble.decode(errors="replace").strip().splitlines()[-1:] or [f"status {status}"]
        raise BadDataset(f"{name} cannot be read: reading {kind} ({last[0][:200]}).")
    answer = json.loads(out)
    if "bad" in answer:
        raise BadDataset(answer["bad"])
    return ANSWER.validate_python(answer["dataset"])


def main() -> None:
    """Read one dataset as standard input says; write its profile to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    table = Path(asked["table"]) if asked["table"] else None
    try:
        dataset = profile(Path(asked["path"]), asked["name"], asked["task"], table)
    except BadDataset as error:
        answer: dict[str, Any] = {"bad": str(error)}
    else:
        answer = {"dataset": ANSWER.dump_python(dataset, mode="json")}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
