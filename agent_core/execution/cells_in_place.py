"""What the processes of a script have left so far: whole cells, splits, and what they told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_core.execution.hashing import sha256_of
from sandbox.execution import Artifact

CELLS, RECORD, RUN, LEDGER = "cells", "cell.json", "run.json", "labbook.sha256"
OF_THE_RESULT = (CELLS, "split", RUN, LEDGER)
"""What belongs to the result, whichever cells there were when it was written."""
FINISHED = "finished"


def read_record(path: Path) -> dict[str, Any]:
    """Return a table of JSON; an empty one where there is none, or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class CellsInPlace:
    """A folder that outlives the processes, and the service: cells lie in it by their ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, Mapping[str, Any]] = {}
        self._read_records()

    @property
    def seconds_of_cell(self) -> float:
        """Mean seconds that a finished cell took; 0 where none has told."""
        told = [float(s) for r in self.records.values() if (s := r.get("seconds")) is not None]
        return sum(told) / len(told) if told else 0.0

    @property
    def has_cut_short(self) -> bool:
        """Whether a cell ended without results: another start would try it again."""
        return any(r.get("ended", FINISHED) != FINISHED for r in self.records.values())

    def take(self, left: Path, *, is_whole: bool = True) -> None:
        """Move what a process left here; of one that has not all cells only what is of cells."""
        for cell in sorted(left.glob(f"{CELLS}/*")):
            self._put_cell(cell)
        for path in sorted(p for p in left.rglob("*") if p.is_file()):
            name = path.relative_to(left)
            if name.parts[0] != CELLS and (is_whole or name.parts[0] in OF_THE_RESULT):
                self._put(path, self.folder / name)
        self._read_records()

    def artifacts_in(self, folder: Path) -> tuple[Artifact, ...]:
        """Move all of it to an empty place; return what there is."""
        shutil.rmtree(folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.rename(folder)
        paths = sorted(p for p in folder.rglob("*") if p.is_file())
        return tuple(
            Artifact(p.relative_to(folder).as_posix(), p, p.stat().st_size, sha256_of(p))
            for p in paths
        )

    def _put_cell(self, made: Path) -> None:
        """Put a cell in place by one rename, so that it is there wholly or not at all."""
        place = self.folder / CELLS / made.name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            made.rename(place)

    def _put(self, path: Path, place: Path) -> None:
        """Put one file in place; the ledger and what is told of the run are joined."""
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and place.name == LEDGER:
            lines = [*place.read_text().splitlines(), *path.read_text().splitlines()]
            path.write_text("".join(f"{line}\n" for line in dict.fromkeys(lines)))
        if place.exists() and place.name == RUN:
            joined = _joined(read_record(place), read_record(path))
            path.write_text(json.dumps(joined, indent=1), encoding="utf-8")
        path.replace(place)

    def _read_records(self) -> None:
        """Read the records of cells that came since."""
        for path in self.folder.glob(f"{CELLS}/*/{RECORD}"):
            if path.parent.name not in self.records:
                self.records[path.parent.name] = read_record(path)


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return two tables as one: of what both have the second, tables within them joined."""
    both = {
        key: _joined(one[key], value) if _are_tables(one.get(key), value) else value
        for key, value in other.items()
    }
    return {**one, **both}


def _are_tables(one: object, other: object) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)
