"""Parses the files of the result contract; whatever was written ends as rows or problems."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from agent_core.data.given_files import table_name
from agent_core.data.parquet_reader import PAIR, Problems, Unreadable, read_table
from agent_core.domain import Dataset
from agent_core.domain.metric import usual_name
from agent_core.domain.parts import given_column
from agent_core.evidence.cells import INTERACTION, Room, RowsOf, SplitPart
from agent_core.evidence.id_codes import IdCodes

GIVEN = given_column(0).rstrip("0")
"""Begins the columns of a table that say whose part of a given split a row is."""
MAX_JSON_BYTES = 64 << 20
"""A row takes 130 bytes: room for twice the rows that are read."""
MAX_ROWS = 200_000
"""Twelve algorithms, ten metrics, 30 seeds and ten folds have 36,000; reading takes 6 s per
100,000."""
MAX_K = 1_000_000
"""A larger cut-off is a mistake: ranks are looked at up to 1,000."""
MAX_KEY = 200
"""Characters of a name: with its ending it must fit into the 255 bytes of a file name."""
PART_NAMES = ("train", "test", "validation", "query", "validation_query")
_PART = f"split/([^/]+)\\.({'|'.join(PART_NAMES)})"
ROW_NUMBERS = re.compile(rf"{_PART}_rows\.csv")
PAIRS = re.compile(rf"{_PART}\.parquet")
HALF_WRITTEN = re.compile(r"\.\d+\.tmp(?:\.\w+)?$")
"""What the helper was writing when its process was killed."""
UNSAFE = re.compile(r"[^A-Za-z0-9._+ @=,()\[\]-]")
LABEL = re.compile(r"\s*([A-Za-z][\w .-]*?)\s*(?:@\s*(\d{1,6}))?\s*")


def read_json(name: str, files: Mapping[str, Path], problems: Problems, kind: type = dict) -> Any:
    """Return the content of a JSON artifact, None where it is missing or broken."""
    path = files.get(name)
    if path is None:
        problems.add(f"{name} is missing")
        return None
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            problems.add(f"{name} is larger than {MAX_JSON_BYTES >> 20} MiB")
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        problems.add(f"{name} is not valid JSON: {str(error)[:200]}")
        return None
    if not isinstance(content, kind):
        wanted = "object" if kind is dict else "list"
        problems.add(f"{name} holds no {wanted}, but {type(content).__name__}")
        return None
    return content


def result_rows(content: Any, columns: tuple[str, ...], problems: Problems) -> pd.DataFrame:
    """Return the rows of `results.json`, one line each, typed."""
    rows = content.get("rows") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        if content is not None:
            problems.add("results.json has no list `rows`")
        rows = []
    if len(rows) > MAX_ROWS:
        problems.add(f"results.json has {len(rows):,} rows; the first {MAX_ROWS:,} are read")
    good = []
    for number, row in enumerate(rows[:MAX_ROWS]):
        fault = _row_fault(row)
        if fault:
            place = row.get("where") if isinstance(row, dict) else None
            problems.add(f"{str(place or f'results.json, row {number}')[:MAX_KEY]}: {fault}")
        else:
            good.append(_typed_row(row, columns))
    frame = pd.DataFrame(good, columns=list(columns))
    return frame.astype({"k": "Int64", "value": "float64", "n": "float64"})


def metric_of(label: str, k: Any = None) -> tuple[str, int | None]:
    """Split `NDCG@10` into (`ndcg`, 10); other names become the usual ones."""
    match = LABEL.fullmatch(label)
    name = usual_name(match[1] if match else label)
    cut = int(match[2]) if match and match[2] else None
    return name, int(k) if k is not None else cut


def fold_text(value: Any) -> str:
    """Return a fold as the names of its files spell it."""
    text = key_text(value)
    return folder_of(text) if text else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one execution are read: what was wrong, what stays, which ids."""

    problems: Problems = field(default_factory=Problems)
    room: Room = field(default_factory=Room)
    ids: IdCodes = field(default_factory=IdCodes)


def folder_of(name: str) -> str:
    """Return the file name of an algorithm or a fold, as the helper makes it."""
    cleaned = UNSAFE.sub("_", name).strip()
    return cleaned if cleaned and cleaned[0].isalnum() else f"_{cleaned}"


def user_table(
    files: Mapping[str, Path], columns: tuple[str, ...], reading: Reading
) -> pd.DataFrame:
    """Return `per_user.parquet` and its parts; a line that is in both counts once."""
    tables = []
    for name, path in files.items():
        is_part = PurePosixPath(name).parent.name == "per_user" and name.endswith(".parquet")
        if name != "per_user.parquet" and not is_part:
            continue
        table = read_table(
            name,
            path,
            ("user_id", "metric", "value"),
            ("algorithm", "fold", "seed", "k"),
            reading.problems,
            reading.ids.encode,
        )
        if table is not None:
            tables.append(typed_users(table.reindex(columns=list(columns))))
    if not tables:
        return pd.DataFrame(columns=list(columns)).astype({"k": "Int64", "value": "float64"})
    if len(tables) == 1:
        return tables[0]
    keys = [c for c in columns if c != "value"]
    return pd.concat(tables, ignore_index=True).drop_duplicates(keys, keep="last")


def read_dataset(profile: Dataset, files: Mapping[str, Path], ids: IdCodes) -> pd.DataFrame:
    """Return the interactions of a dataset: user_id, item_id, rating?, timestamp?.

    Parameters
    ----------
    profile
        Of the dataset.
    files
        Its file by name, and the table that was read from it.
    ids
        What its ids become.
    """
    table = files.get(table_name(profile.name))
    if table is None:
        frame = _read_by_columns(profile, files[profile.name])
        return frame.assign(**{c: ids.encode(frame[c]) for c in PAIR if c in frame})
    names = pq.read_schema(table).names
    told = [c for c in names if c.startswith(GIVEN)]
    columns = [c for c in (*INTERACTION, *told) if c in names]
    with pq.ParquetFile(table, read_dictionary=[*PAIR, *told]) as opened:
        # One column at a time: ids take 4 bytes each before the next is read.
        frame = pd.DataFrame({c: _dataset_column(opened, c, ids) for c in columns}, copy=False)
    pa.default_memory_pool().release_unused()
    return frame


def _dataset_column(opened: pq.ParquetFile, column: str, ids: IdCodes) -> pd.Series[Any]:
    """Return one column of a dataset."""
    values = opened.read([column]).to_pandas()[column]
    return ids.encode(values) if column in PAIR else values


def _read_by_columns(profile: Dataset, path: Path) -> pd.DataFrame:
    """Return the interactions of a run from before files were read by recipes."""
    wanted = {
        "user_id": profile.user_column,
        "item_id": profile.item_column,
        "rating": profile.rating_column,
        "timestamp": profile.timestamp_column,
    }
    frame = pd.read_csv(
        path,
        sep=profile.separator,
        engine="c" if len(profile.separator) == 1 else "python",
        header=None,
        index_col=False,
        skiprows=1 if profile.has_header else 0,
        names=[c.name for c in profile.columns],
        usecols=[n for n in wanted.values() if n],
        encoding="utf-8-sig",
        encoding_errors="replace",
        **({"low_memory": False} if len(profile.separator) == 1 else {}),
    )
    frame = frame.rename(columns={v: k for k, v in wanted.items() if v})
    if "timestamp" in frame and not pd.api.types.is_numeric_dtype(frame["timestamp"]):
        times = pd.to_datetime(frame["timestamp"], errors="coerce", utc=True, format="mixed")
        frame["timestamp"] = times
    return frame


def table_of(described: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a table of run.json; empty where it is missing, or none."""
    found = described.get(key)
    return found if isinstance(found, dict) else {}


def fold_files(run: Mapping[str, Any]) -> dict[str, str]:
    """Return the data file of each fold, as far as run.json names them."""
    parts = table_of(table_of(run, "split"), "parts")
    named = {str(fold): table_of(parts, fold).get("file") for fold in parts}
    return {fold: file for fold, file in named.items() if isinstance(file, str)}


def split_parts(
    files: Mapping[str, Path],
    interactions: Callable[[str], pd.DataFrame | None],
    reading: Reading,
) -> dict[str, dict[str, SplitPart]]:
    """Return each part, its folds to their interactions, or to the rows that were saved.

    `interactions`: the dataset of a fold.
    """
    parts: dict[str, dict[str, SplitPart]] = {part: {} for part in PART_NAMES}
    problems = reading.problems
    for name, path in sorted(files.items(), key=lambda f: bool(ROW_NUMBERS.fullmatch(f[0]))):
        by_rows, by_pairs = ROW_NUMBERS.fullmatch(name), PAIRS.fullmatch(name)
        if by_rows:
            if f"split/{by_rows[1]}.{by_rows[2]}.parquet" in files:
                problems.add(f"{name} is there, and the same part as pairs")
            rows = _rows_part(name, path, interactions(by_rows[1]), problems)
            if rows is not None:
                parts[by_rows[2]][by_rows[1]] = rows
        elif by_pairs:
            more, ids = ("rating", "timestamp"), reading.ids
            frame = read_table(name, path, tuple(PAIR), more, problems, ids.encode)
            if frame is not None:
                parts[by_pairs[2]][by_pairs[1]] = frame
    return parts


def _row_fault(row: Any) -> str:
    """Return what is wrong with a row; empty when nothing is."""
    if not isinstance(row, dict):
        return f"expected an object, found {type(row).__name__}"
    missing = [f for f in ("metric", "value") if f not in row]
    if missing:
        return f"without {', '.join(missing)}"
    metric, k = row["metric"], row.get("k")
    if not isinstance(metric, str) or not LABEL.fullmatch(metric) or len(metric) > MAX_KEY:
        return f"metric is {str(metric)[:50]!r}, expected a name"
    if row["value"] is not None and not _is_number(row["value"]):
        return f"value is {str(row['value'])[:50]!r}, expected a number"
    if k is not None and not (_is_number(k) and k == int(k) and 1 <= k <= MAX_K):
        return f"k is {str(k)[:50]!r}, expected a positive whole number"
    return ""


def _is_number(value: Any) -> bool:
    """Whether a JSON value is a number that a float can hold; also one that is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 1 << 1000


def _typed_row(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a row with text keys as text; absent fold and seed as empty text."""
    typed: dict[str, Any] = dict.fromkeys(columns)
    typed["metric"], typed["k"] = metric_of(row["metric"], row.get("k"))
    typed["value"] = math.nan if row["value"] is None else float(row["value"])
    typed["aggregate"] = row.get("aggregate") is True
    for key in ("algorithm", "dataset", "ci_over"):
        typed[key] = "" if row.get(key) is None else str(row[key])[:MAX_KEY]
    typed["fold"], typed["seed"] = fold_text(row.get("fold")), key_text(row.get("seed"))
    for key in ("n", "ci_low", "ci_high"):
        typed[key] = float(row[key]) if _is_number(row.get(key)) else math.nan
    return typed


def key_text(value: Any) -> str:
    """Return a fold or seed as text, so that they join; empty where absent."""
    if value is None or value == "none" or value != value or value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:MAX_KEY]


def typed_users(frame: pd.DataFrame) -> pd.DataFrame:
    """Return per-user values with text keys as text and metrics under their usual names."""
    for key, as_text in (("fold", fold_text), ("seed", key_text), ("algorithm", key_text)):
        known = {v: as_text(v) for v in frame[key].unique()}
        frame[key] = frame[key].map(known) if len(known) else frame[key]
        frame[key] = frame[key].fillna("")
    labels = {v: metric_of(str(v)) for v in frame["metric"].unique()}
    cuts = frame["metric"].map({v: k for v, (_, k) in labels.items()})
    numbers = pd.to_numeric(frame["k"], errors="coerce")
    numbers = numbers.where(numbers.between(1, MAX_K))
    frame["k"] = numbers.fillna(pd.to_numeric(cuts)).round().astype("Int64")
    frame["metric"] = frame["metric"].map({v: name for v, (name, _) in labels.items()})
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce").astype("float64")
    return frame


def _rows_part(
    name: str, path: Path, interactions: pd.DataFrame | None, problems: Problems
) -> RowsOf | None:
    """Return the interactions that a file of row numbers names, with or without a header."""
    if interactions is None:
        problems.add(f"{name} names rows, but the dataset could not be read")
        return None
    try:
        rows = _row_numbers(path, len(interactions))
        problems.spend(len(rows), 1)
    except Unreadable as error:
        problems.add(f"{name} {error}")
        return None
    except (ValueError, OSError, IndexError, OverflowError, MemoryError) as error:
        problems.add(f"{name} is not a list of row numbers: {str(error)[:200]}")
        return None
    return RowsOf(interactions, rows)


def _row_numbers(path: Path, count: int) -> NDArray[np.int32]:
    """Return the numbers of a file, one a line.

    Raises
    ------
    Unreadable
        When there are more than `count`, or others than 0 to `count` - 1.
    """
    if path.stat().st_size > 24 * (count + 10):
        raise Unreadable(f"is larger than the row numbers of {count:,} rows can be")
    with path.open("rb") as stream:
        first = stream.readline().partition(b",")[0].strip(b'"\r\n ')
    if not first:
        raise ValueError("its first line is empty")
    options = {"usecols": [0], "index_col": False, "keep_default_na": False}
    skipped = int(not first.isdigit())
    lines = pd.read_csv(path, header=None, names=["row"], skiprows=skipped, **options)
    rows = pd.to_numeric(lines["row"]).astype("int64")
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise Unreadable(f"names rows that the dataset ({count:,} rows) lacks")
    return np.asarray(rows, dtype=np.int32)
