"""Reads lists and predictions, each run from a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from agent_core.data.parquet_reader import PAIR, Problems, read_table
from agent_core.evidence.cells import Cells, Run, Source
from agent_core.evidence.id_codes import IdCodes
from agent_core.evidence.result_files import Reading, fold_text, folder_of, key_text

COLUMNS = {
    "lists": ("user_id", "item_id", "rank", "score"),
    "predictions": ("user_id", "item_id", "prediction", "rating"),
}
"""What a line of a run has; the last may be missing."""
RUN_FILE = re.compile(r"(lists|predictions)/([^/]+)/([^/]+)-([^/-]+)\.parquet")


def run_cells(
    kind: str, files: Mapping[str, Path], names: Iterable[str], reading: Reading
) -> Cells:
    """Return all `lists` or `predictions`, each run by itself; each file was looked through."""
    folders = {folder_of(name): name for name in names}
    found: dict[Run, tuple[Source, ...]] = {}
    for name, path in files.items():
        place = RUN_FILE.fullmatch(name)
        source = run_table(kind, name, path, reading) if place and place[1] == kind else None
        if place and source and source.lines:
            run = (folders.get(place[2], place[2]), fold_text(place[3]), key_text(place[4]))
            found[run] = (*found.get(run, ()), source)
    return Cells(found)


def run_table(kind: str, name: str, path: Path, reading: Reading) -> Source | None:
    """Return the file of one run, read once; None, and a problem, where it is none."""
    problems = reading.problems
    first = _table_of(kind, name, path, problems, reading.ids)
    if first is None:
        return None
    if not _numeric(first, ("rank", "score", "prediction", "rating")):
        problems.add(f"{name} has text where numbers are expected")
        return None
    kept = first if reading.room.take(len(first)) else None
    ids = {c: first[c].unique() for c in PAIR}
    return Source(partial(_read_again, kind, name, path, reading.ids), len(first), kept, ids)


def _read_again(kind: str, name: str, path: Path, ids: IdCodes) -> pd.DataFrame:
    """Return the lists or predictions of a file that was read before."""
    table = _table_of(kind, name, path, Problems(), ids)
    if table is None:
        raise ValueError(f"{name} is not as it was a moment ago")
    return table


def _table_of(
    kind: str, name: str, path: Path, problems: Problems, ids: IdCodes
) -> pd.DataFrame | None:
    """Return the lists or predictions of one file."""
    columns = COLUMNS[kind]
    table = read_table(name, path, columns[:3], columns[3:], problems, ids.encode)
    return None if table is None else table.reindex(columns=list(columns))


def _numeric(table: pd.DataFrame, columns: Iterable[str]) -> bool:
    """Whether these columns, where they are there, hold numbers."""
    return all(pd.api.types.is_numeric_dtype(table[c]) for c in columns if c in table)
