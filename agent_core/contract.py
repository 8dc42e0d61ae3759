"""Parses the files of the result contract; whatever was written ends as rows or problems."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pyarrow import ArrowException

from agent_core.domain import Dataset

MAX_JSON_BYTES = 64 << 20
MAX_CELLS = 40_000_000
"""Rows times columns of one table that are read."""
MAX_PROBLEMS = 50
ROW_NUMBERS = re.compile(r"split/([^/]+)\.(train|test)_rows\.csv")
PAIRS = re.compile(r"split/([^/]+)\.(train|test)\.parquet")
RUN_FILE = re.compile(r"(lists|predictions)/([^/]+)/([^/]+)-([^/-]+)\.parquet")
UNSAFE = re.compile(r"[^A-Za-z0-9._+ @=,()\[\]-]")
ROW_FIELDS = ("metric", "value")


@dataclass(slots=True)
class Problems:
    """What could not be parsed; bounded."""

    found: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note a problem."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(text)


def read_json(name: str, files: Mapping[str, Path], problems: Problems) -> Any:
    """Return the content of a JSON artifact, None where it is missing or broken."""
    path = files.get(name)
    if path is None:
        problems.add(f"{name} is missing")
        return None
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            problems.add(f"{name} is larger than {MAX_JSON_BYTES >> 20} MiB")
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problems.add(f"{name} is not valid JSON: {error}")
        return None


def result_rows(content: Any, columns: tuple[str, ...], problems: Problems) -> pd.DataFrame:
    """Return the rows of `results.json`, one line each, typed."""
    rows = content.get("rows") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        if content is not None:
            problems.add("results.json has no list `rows`")
        return pd.DataFrame(columns=list(columns))
    good = []
    for number, row in enumerate(rows):
        fault = row_fault(row)
        if fault:
            problems.add(f"results.json, row {number}: {fault}")
        else:
            good.append(typed_row(row, columns))
    frame = pd.DataFrame(good, columns=list(columns))
    return frame.astype({"k": "Int64", "value": "float64"}) if len(frame) else frame


def row_fault(row: Any) -> str:
    """Return what is wrong with a row; empty when nothing is."""
    if not isinstance(row, dict):
        return f"expected an object, found {type(row).__name__}"
    missing = [f for f in ROW_FIELDS if f not in row]
    if missing:
        return f"without {', '.join(missing)}"
    if not isinstance(row["metric"], str):
        return f"metric is {row['metric']!r}, expected text"
    value = row["value"]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"value is {value!r}, expected a number"
    k = row.get("k")
    if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
        return f"k is {k!r}, expected a positive whole number"
    return ""


def typed_row(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a row with text keys as text; absent fold and seed as empty text."""
    typed = {c: row.get(c) for c in columns}
    typed["metric"] = row["metric"].lower()
    typed["value"] = math.nan if row["value"] is None else float(row["value"])
    typed["aggregate"] = bool(row.get("aggregate", False))
    typed["algorithm"] = "" if row.get("algorithm") is None else str(row["algorithm"])
    for key in ("fold", "seed"):
        typed[key] = key_text(row.get(key))
    for key in ("n", "ci_low", "ci_high"):
        number = row.get(key)
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        typed[key] = float(number) if is_number and number is not None else math.nan
    return typed


def key_text(value: Any) -> str:
    """Return a fold or seed as text, so that they join; empty where absent."""
    if value is None or value == "none":
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def ids(values: pd.Series[Any]) -> pd.Series[str]:
    """Return user or item ids as text; `7`, `7.0` and `007` are one, as for the helper."""
    codes, unique = pd.factorize(values)
    text = pd.Series(unique).astype(str).str.strip()
    text = text.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    text = text.str.replace(r"^0+(\d+)$", r"\1", regex=True)
    known = np.append(text.to_numpy(dtype=object), "")
    return pd.Series(known[codes], index=values.index, dtype=object)


def read_table(
    name: str, path: Path, required: tuple[str, ...], problems: Problems
) -> pd.DataFrame | None:
    """Return a Parquet artifact with at least the `required` columns; None where it is broken."""
    try:
        shape = pq.ParquetFile(path).metadata
        if shape.num_rows * max(1, shape.num_columns) > MAX_CELLS:
            problems.add(f"{name} has {shape.num_rows:,} rows, more than are read")
            return None
        frame = pd.read_parquet(path)
    except (ArrowException, OSError, ValueError, MemoryError) as error:
        problems.add(f"{name} is not a readable Parquet table: {str(error)[:200]}")
        return None
    missing = [c for c in required if c not in frame.columns]
    if missing:
        problems.add(f"{name} lacks the columns {', '.join(missing)}")
        return None
    for column in ("user_id", "item_id"):
        if column in frame:
            frame[column] = ids(frame[column])
    return frame


def run_tables(
    kind: str,
    files: Mapping[str, Path],
    names: Iterable[str],
    columns: tuple[str, ...],
    problems: Problems,
) -> pd.DataFrame:
    """Return all lists or predictions, with algorithm, fold and seed as columns."""
    folders = {folder_of(name): name for name in names}
    required = ("user_id", "item_id", "rank" if kind == "lists" else "prediction")
    tables = []
    for name, path in files.items():
        found = RUN_FILE.fullmatch(name)
        if not found or found[1] != kind:
            continue
        table = read_table(name, path, required, problems)
        if table is not None:
            keys = {
                "algorithm": folders.get(found[2], found[2]),
                "fold": key_text(found[3]),
                "seed": key_text(found[4]),
            }
            tables.append(table.assign(**keys).reindex(columns=list(columns)))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(columns))


def folder_of(name: str) -> str:
    """Return an algorithm's folder name, as the helper makes it."""
    cleaned = UNSAFE.sub("_", name).strip()
    return cleaned if cleaned and cleaned[0].isalnum() else f"_{cleaned}"


def user_table(
    files: Mapping[str, Path], columns: tuple[str, ...], problems: Problems
) -> pd.DataFrame:
    """Return `per_user.parquet` and its parts."""
    tables = []
    for name, path in files.items():
        if name != "per_user.parquet" and PurePosixPath(name).parent.name != "per_user":
            continue
        table = read_table(name, path, ("user_id", "metric", "value"), problems)
        if table is not None:
            tables.append(table.reindex(columns=list(columns)))
    if not tables:
        return pd.DataFrame(columns=list(columns))
    frame = pd.concat(tables, ignore_index=True)
    for key in ("fold", "seed"):
        frame[key] = frame[key].map(lambda v: "" if pd.isna(v) else key_text(v))
    frame["metric"] = frame["metric"].astype(str).str.lower()
    frame["k"] = pd.to_numeric(frame["k"], errors="coerce").astype("Int64")
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce")
    return frame


def read_dataset(profile: Dataset, path: Path) -> pd.DataFrame:
    """Return the interactions of a dataset file: user_id, item_id, rating?, timestamp?."""
    wanted = {
        "user_id": profile.user_column,
        "item_id": profile.item_column,
        "rating": profile.rating_column,
        "timestamp": profile.timestamp_column,
    }
    names = [c.name for c in profile.columns]
    frame = pd.read_csv(
        path,
        sep=profile.separator,
        engine="c" if len(profile.separator) == 1 else "python",
        header=None,
        skiprows=1 if profile.has_header else 0,
        names=names,
        usecols=[n for n in wanted.values() if n],
        encoding_errors="replace",
        skip_blank_lines=False,
        low_memory=False,
    )
    frame = frame.rename(columns={v: k for k, v in wanted.items() if v})
    for column in ("user_id", "item_id"):
        if column in frame:
            frame[column] = ids(frame[column])
    return frame


def split_parts(
    files: Mapping[str, Path], interactions: pd.DataFrame | None, problems: Problems
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return `train` and `test`, each fold to its interactions."""
    parts: dict[str, dict[str, pd.DataFrame]] = {"train": {}, "test": {}}
    for name, path in files.items():
        by_rows, by_pairs = ROW_NUMBERS.fullmatch(name), PAIRS.fullmatch(name)
        if by_rows:
            frame = rows_part(name, path, interactions, problems)
            if frame is not None:
                parts[by_rows[2]][by_rows[1]] = frame
        elif by_pairs:
            frame = read_table(name, path, ("user_id", "item_id"), problems)
            if frame is not None:
                parts[by_pairs[2]][by_pairs[1]] = frame
    return parts


def rows_part(
    name: str, path: Path, interactions: pd.DataFrame | None, problems: Problems
) -> pd.DataFrame | None:
    """Return the interactions that a file of row numbers names."""
    if interactions is None:
        problems.add(f"{name} names rows, but the dataset could not be read")
        return None
    try:
        rows = pd.read_csv(path).iloc[:, 0].astype("int64")
    except (ValueError, OSError, IndexError) as error:
        problems.add(f"{name} is not a list of row numbers: {str(error)[:200]}")
        return None
    if len(rows) and (rows.min() < 0 or rows.max() >= len(interactions)):
        problems.add(f"{name} names rows that the dataset ({len(interactions):,} rows) lacks")
        return None
    return interactions.iloc[rows.to_numpy()].reset_index(drop=True)
