"""Reads the folders of cells of contract version 2: the same evidence as that of version 1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from agent_core.data.parquet_reader import read_table
from agent_core.domain import Cell
from agent_core.evidence import result_files
from agent_core.evidence.cells import Cells, Run, Source
from agent_core.evidence.result_files import Reading
from agent_core.evidence.run_tables import COLUMNS, run_table

CELL_FILE = re.compile(r"cells/([^/]+)/([^/]+)")
TEST, VALIDATION = "test", "validation"
"""What a cell is evaluated on: cells of a grid on the part that is chosen by."""
RECORD, ROWS, USERS = "cell.json", "rows.json", "per_user.parquet"
AUDIT = "audit.parquet"
"""Test lists of a cell of a grid: what the test would have chosen."""
CUT_SHORT = ("timeout", "skipped")
"""How cells end that have no results."""
MUST = (RECORD, ROWS)
"""What every cell has; which of the other files it has its record says."""


@dataclass(slots=True, eq=False)
class CellFolders:
    """What the cells of one execution left."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """As in `results.json` of version 1, with the cell and the place where each stands."""
    per_user: list[pd.DataFrame] = field(default_factory=list)
    tables: dict[str, dict[Run, tuple[Source, ...]]] = field(default_factory=dict)
    """`lists` and `predictions`, each run to its file."""
    records: dict[Run, Mapping[str, Any]] = field(default_factory=dict)
    """What `cell.json` says of each."""
    cells_of: dict[Run, Cell] = field(default_factory=dict)
    """The cell of the design that each is."""
    cut_short: dict[Run, Mapping[str, Any]] = field(default_factory=dict)
    """What `cell.json` says of those that ended without results."""

    def tables_of(self, kind: str, on: str = TEST) -> Cells:
        """Return the lists, or the predictions, of the cells that are evaluated on a part."""
        return Cells(self.tables.get(kind, {})).select(lambda run: self.part_of(run) == on)

    def part_of(self, run: Run) -> str:
        """Return what a cell is evaluated on."""
        return str(self.records[run].get("on") or TEST)

    @property
    def of_test(self) -> list[dict[str, Any]]:
        """The rows of what is tested."""
        return [row for row in self.rows if row.get("on") != VALIDATION]

    @property
    def of_validation(self) -> list[dict[str, Any]]:
        """The rows of what is chosen by; what a final cell has on that part decides nothing."""
        grid = {
            c.id for run, c in self.cells_of.items() if self._said(run).get("on") == VALIDATION
        }
        return [r for r in self.rows if r.get("on") == VALIDATION and r["cell"] in grid]

    def _said(self, run: Run) -> Mapping[str, Any]:
        return self.records.get(run, {})

    @property
    def run(self) -> dict[str, Any]:
        """What `run.json` of version 1 has: dataset, split, classes and configurations."""
        found: dict[str, dict[str, Any]] = {"algorithms": {}, "split": {"parts": {}}}
        for run, said in self.records.items():
            block = self.cells_of[run].block
            found.setdefault("dataset", {"file": block.dataset})
            about = {"class": said.get("class"), "config": said.get("config")}
            found["algorithms"].setdefault(run[0], about)
            kind = {"kind": block.split.kind.value, "seed": block.split.seed}
            found["split"]["parts"].setdefault(run[1], {**kind, "file": block.dataset})
        sampled = [s for said in self.records.values() if (s := said.get("list_sample"))]
        more = {"list_sample": sampled[0]} if sampled else {}
        return {**found, **more} if self.records else {}


def has_cells(files: Iterable[str]) -> bool:
    """Whether files are those of version 2."""
    return any(CELL_FILE.fullmatch(name) for name in files)


def run_of(cell: Cell) -> Run:
    """Return under which algorithm, fold and seed evidence has a cell."""
    return cell.algorithm.name, cell.block.name, result_files.key_text(cell.seed)


def read_cells(
    design: Iterable[Cell], files: Mapping[str, Path], columns: tuple[str, ...], reading: Reading
) -> CellFolders:
    """Read every cell's folder; one that is none of the design, or not whole, is a problem.

    Parameters
    ----------
    design
        The cells that the plan comes to.
    files
        Delivered files by name.
    columns
        Of values per user.
    reading
        Takes what was wrong.
    """
    found, folders = CellFolders(), _folders(files)
    known = {cell.id: cell for cell in design if cell.id in folders}
    for name in sorted(set(folders) - set(known)):
        reading.problems.add(f"cells/{name} is no cell of the design")
    for name, cell in known.items():
        if _is_whole(name, folders[name], reading):
            _read_cell(cell, folders[name], found, columns, reading)
    return found


def read_documents(
    files: Mapping[str, Path], found: CellFolders, reading: Reading
) -> tuple[Any, Any, Mapping[str, Any]]:
    """Return `results.json` as it is, and it and `run.json` as those of version 1.

    Both are optional beside cells, which have all that matters. Rows that are of no cell are
    summaries that scripts make.
    """
    problems = reading.problems
    if not has_cells(files):
        content = result_files.read_json("results.json", files, problems)
        return content, content, result_files.read_json("run.json", files, problems) or {}
    content, run = (
        result_files.read_json(name, files, problems) if name in files else None
        for name in ("results.json", "run.json")
    )
    for fault in differing_rows(content, found):
        problems.add(fault)
    rows = content.get("rows") if isinstance(content, dict) else None
    beside = (
        [r for r in rows if not (isinstance(r, dict) and "cell" in r)]
        if isinstance(rows, list)
        else []
    )
    return content, {"rows": [*found.of_test, *beside]}, {**found.run, **_told(run or {}, found)}


def noted_hashes(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield the files of cells with the hash that the record of their cell has of them."""
    for name, own in _folders(files).items():
        try:
            said = json.loads(own[RECORD].read_text(encoding="utf-8"))
        except (KeyError, OSError, ValueError, RecursionError):
            continue
        hashes = result_files.table_of(said, "files") if isinstance(said, dict) else {}
        yield from ((f"cells/{name}/{file}", str(sha)) for file, sha in hashes.items())


def differing_rows(content: Any, found: CellFolders) -> Iterator[str]:
    """Say where the derived `results.json` has another value than a cell."""
    known = {(r["cell"], *_place_of(r)): r.get("value") for r in found.rows}
    rows = content.get("rows") if isinstance(content, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("cell"), str):
            continue
        own = known.get((row["cell"], *_place_of(row)), row.get("value"))
        if own != row.get("value"):
            yield (
                f"results.json has {row.get('value')} as {row.get('metric')} of cell "
                f"{row['cell'][:40]}, the cell itself {own}"
            )


def _told(run: Mapping[str, Any], found: CellFolders) -> dict[str, Any]:
    """Return what a script says of its run, with the algorithms that its cells have beside."""
    own = result_files.table_of(run, "algorithms")
    known = {**result_files.table_of(found.run, "algorithms"), **own}
    return {**run, "algorithms": known} if known else dict(run)


def _place_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what a row measures, and on which part, as text."""
    return str(row.get("metric")), str(row.get("k")), str(row.get("on") or TEST)


def _folders(files: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Return each cell's files by their names in its folder."""
    found: dict[str, dict[str, Path]] = {}
    for name, path in files.items():
        if place := CELL_FILE.fullmatch(name):
            found.setdefault(place[1], {})[place[2]] = path
    return found


def _is_whole(name: str, own: Mapping[str, Path], reading: Reading) -> bool:
    """Whether a cell has its record and rows; what else is missing is said."""
    if missing := [file for file in MUST if file not in own]:
        reading.problems.add(f"cells/{name} lacks {' and '.join(missing)}")
    return not missing


def _read_cell(
    cell: Cell,
    own: Mapping[str, Path],
    found: CellFolders,
    columns: tuple[str, ...],
    reading: Reading,
) -> None:
    """Read one cell."""
    place, run = f"cells/{cell.id}", run_of(cell)
    said = result_files.read_json(f"{place}/{RECORD}", {f"{place}/{RECORD}": own[RECORD]},
                                  reading.problems) or {}  # fmt: skip
    if said.get("id", cell.id) != cell.id:
        reading.problems.add(f"{place}/{RECORD} is that of cell {str(said['id'])[:40]}")
        return
    for file in sorted(set(result_files.table_of(said, "files")) - set(own)):
        reading.problems.add(f"{place} lacks {str(file)[:80]}, which its record names")
    found.cells_of[run] = cell
    if said.get("ended") in CUT_SHORT:
        found.cut_short[run] = said
        return
    found.records[run] = said
    found.rows += _rows_of(cell, own[ROWS], reading)
    for kind in COLUMNS:
        if path := own.get(f"{kind}.parquet"):
            source = run_table(kind, f"{place}/{kind}.parquet", path, reading)
            if source and source.lines:
                found.tables.setdefault(kind, {})[run] = (source,)
    if (path := own.get(AUDIT)) and found.part_of(run) == VALIDATION:
        source = run_table("lists", f"{place}/{AUDIT}", path, reading)
        if source and source.lines:
            found.tables.setdefault("audit", {})[run] = (source,)
    if (path := own.get(USERS)) and found.part_of(run) == TEST:
        found.per_user += _users_of(cell, path, columns, reading)


def _rows_of(cell: Cell, path: Path, reading: Reading) -> list[dict[str, Any]]:
    """Return the rows of a cell with what they are of."""
    name = f"cells/{cell.id}/{ROWS}"
    content = result_files.read_json(name, {name: path}, reading.problems, kind=list) or []
    algorithm, fold, seed = run_of(cell)
    place = {"algorithm": algorithm, "fold": fold, "seed": seed or None, "cell": cell.id}
    found = []
    for number, row in enumerate(content):
        if isinstance(row, dict):
            found.append({**row, **place, "where": f"{name}, row {number}"})
        else:
            reading.problems.add(f"{name}, row {number} is no object")
    return found


def _users_of(
    cell: Cell, path: Path, columns: tuple[str, ...], reading: Reading
) -> Iterator[pd.DataFrame]:
    """Yield the values per user of a cell with what they are of."""
    name = f"cells/{cell.id}/{USERS}"
    wanted = ("user_id", "metric", "value")
    table = read_table(name, path, wanted, ("k",), reading.problems, reading.ids.encode)
    if table is not None and len(table):
        place = dict(zip(("algorithm", "fold", "seed"), run_of(cell), strict=True))
        yield result_files.typed_users(table.assign(**place).reindex(columns=list(columns)))
