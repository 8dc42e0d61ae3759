"""Reads datasets in a process of its own, with a limit of memory and time.

A file that a stranger attached costs this process at the worst, never the service.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from agent_core.data.file_groups import group_files
from agent_core.data.given_split import WantedPart
from agent_core.data.profile import profile
from agent_core.data.side_files import SideWanted, side_file
from agent_core.data.sorting import Grouping
from agent_core.domain import Dataset
from agent_core.domain.side_table import SideFile
from agent_core.errors import BadDataset

MEMORY_BYTES = 6 << 30
"""Of address space, of which DuckDB reserves more than it uses; its own limit holds earlier."""
CPU_S = 900
"""25 million interactions take about a minute."""
TIMEOUT_S = 1200.0
MAX_ANSWER = 4 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """One dataset to read."""

    path: Path
    name: str
    task: str = ""
    """What people said, which may say which column holds what."""
    table: Path | None = None
    """Where the table of its interactions is written; None: it is not kept."""
    member: str = ""
    """The file of an archive that is read; empty: it is chosen."""
    parts: tuple[WantedPart, ...] = ()
    """The files of its given split; empty: the file is all of it."""


DATASET: TypeAdapter[Dataset] = TypeAdapter(Dataset)
GROUPING: TypeAdapter[Grouping] = TypeAdapter(Grouping)
WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)
SIDES: TypeAdapter[tuple[SideFile, ...]] = TypeAdapter(tuple[SideFile, ...])
SIDES_WANTED: TypeAdapter[tuple[SideWanted, ...]] = TypeAdapter(tuple[SideWanted, ...])


async def group_in_child(files: Mapping[str, Path], task: str = "") -> Grouping:
    """Return what the files are, as a child process has seen.

    Raises
    ------
    BadDataset
        When one cannot be looked at, or takes more memory or time than there is.
    """
    asked = {"files": {n: str(p) for n, p in files.items()}, "task": task}
    names = ", ".join(files)
    return GROUPING.validate_python(await _asked_of_child(names, asked))


async def read_in_child(wanted: Wanted) -> Dataset:
    """Return the profile of a dataset that a child process has read.

    Raises
    ------
    BadDataset
        When it cannot be used, or takes more memory or time than there is.
    """
    asked = WANTED.dump_python(wanted, mode="json")
    return DATASET.validate_python(await _asked_of_child(wanted.name, asked))


async def read_sides_in_child(wanted: Sequence[SideWanted]) -> tuple[SideFile, ...]:
    """Return what a child process found of files beside a dataset, as `side_file` does.

    A file that takes more memory or time than there is, is one that is not used: where the
    process ends at one of several, each is read in a process of its own.
    """
    asked = {"sides": SIDES_WANTED.dump_python(tuple(wanted), mode="json")}
    try:
        return SIDES.validate_python(
            await _asked_of_child(", ".join(w.label for w in wanted), asked)
        )
    except BadDataset as error:
        if len(wanted) == 1:
            return (SideFile(wanted[0].label, reason=str(error)),)
    return tuple([(await read_sides_in_child([w]))[0] for w in wanted])


async def _asked_of_child(name: str, asked: Mapping[str, Any]) -> Any:
    """Return what a child process answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, trouble = await process.communicate(json.dumps(asked).encode())
    except TimeoutError as error:
        raise BadDataset(
            f"{name} took more than {TIMEOUT_S / 60:.0f} minutes to read. Attach a sample."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _answer(name, out, trouble, process.returncode)


def _answer(name: str, out: bytes, trouble: bytes, status: int | None) -> Any:
    """Return what the child found, or raise what it says."""
    if status or len(out) > MAX_ANSWER:
        kind = "needs more memory than reading may take" if b"emory" in trouble else "broke off"
        last = trouble.decode(errors="replace").strip().splitlines()[-1:] or [f"status {status}"]
        raise BadDataset(f"{name} cannot be read: reading {kind} ({last[0][:200]}).")
    answer: dict[str, Any] = json.loads(out)
    if "bad" in answer:
        raise BadDataset(answer["bad"])
    return answer["found"]


def main() -> None:
    """Do as standard input says: read a dataset, look at files, read side data."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    try:
        answer = {"found": _found(asked)}
    except BadDataset as error:
        answer = {"bad": str(error)}
    sys.stdout.write(json.dumps(answer))


def _found(asked: Mapping[str, Any]) -> Any:
    if "sides" in asked:
        found = tuple(map(side_file, SIDES_WANTED.validate_python(asked["sides"])))
        return SIDES.dump_python(found, mode="json")
    return _grouped(asked) if "files" in asked else _profiled(asked)


def _grouped(asked: Mapping[str, Any]) -> Any:
    files = {name: Path(path) for name, path in asked["files"].items()}
    return GROUPING.dump_python(group_files(files, asked["task"]), mode="json")


def _profiled(asked: Mapping[str, Any]) -> Any:
    wanted = WANTED.validate_python(asked)
    dataset = profile(
        wanted.path, wanted.name, wanted.task, wanted.table,
        member=wanted.member, parts=wanted.parts,
    )  # fmt: skip
    return DATASET.dump_python(dataset, mode="json")


if __name__ == "__main__":
    main()
