"""Tables that a script wrote, read within bounds: shape and types are looked at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PAIR = ["user_id", "item_id"]
"""What identifies an interaction."""
RUN = ["algorithm", "fold", "seed"]
"""What identifies a run."""
MAX_PROBLEMS = 50
MAX_CELLS = 60_000_000
"""Rows times columns of all tables of one execution together."""
MAX_FILE_BYTES = 512 << 20
MAX_UNPACKED_BYTES = 2 << 30
MAX_COLUMNS = 200
MAX_TEXT = 400
"""Characters of one id; longer ones are no ids."""
THRIFT_LIMIT = 16 << 20


class Unreadable(Exception):
    """A table that is not read; says why."""


@dataclass(slots=True)
class Problems:
    """What could not be parsed, and how much more may be read; both bounded."""

    found: list[str] = field(default_factory=list)
    cells: int = MAX_CELLS

    def add(self, text: str) -> None:
        """Note a problem."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(text)

    def spend(self, rows: int, columns: int) -> None:
        """Take a table out of what may be read.

        Raises
        ------
        Unreadable
            When it is more than is left.
        """
        cells = rows * max(1, columns)
        if rows < 0 or cells > self.cells:
            raise Unreadable(f"has {rows:,} rows, more than are read")
        self.cells -= cells


def ids(values: pd.Series[Any]) -> pd.Series[str]:
    """Return user or item ids as text, as the helper does: `7` and `7.0` as numbers are one.

    Text stays as it is: `007`, `7` and `7.0` are three.
    """
    codes, unique = pd.factorize(values)
    known = np.array([*id_texts(unique), ""], dtype=object)
    return pd.Series(known[codes], index=values.index, dtype=object)


def id_texts(values: Iterable[Any]) -> list[str]:
    """Return single ids as text."""
    return [_id_text(v) for v in values]


def _id_text(value: Any) -> str:
    is_whole = isinstance(value, float | np.floating) and value.is_integer()
    return str(int(value)) if is_whole else str(value).strip()


def read_table(
    name: str,
    path: Path,
    required: Iterable[str],
    optional: Iterable[str],
    problems: Problems,
    as_ids: Callable[[pd.Series[Any]], pd.Series[Any]] = ids,
) -> pd.DataFrame | None:
    """Return the wanted columns of a Parquet artifact; None, and a problem, where it is broken."""
    try:
        frame = _bounded_table(path, tuple(required), tuple(optional), problems)
    except Unreadable as error:
        problems.add(f"{name} {error}")
        return None
    except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
        problems.add(f"{name} is not a readable Parquet table: {str(error)[:200]}")
        return None
    for column in ("user_id", "item_id"):
        if column in frame:
            frame[column] = as_ids(frame[column])
    return frame


def _bounded_table(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...], problems: Problems
) -> pd.DataFrame:
    """Read the wanted columns of a Parquet file after a look at its shape and types."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Unreadable(f"is larger than {MAX_FILE_BYTES >> 20} MiB")
    limits = {
        "thrift_string_size_limit": THRIFT_LIMIT,
        "thrift_container_size_limit": THRIFT_LIMIT,
    }
    with pq.ParquetFile(path, **limits) as file:
        schema = file.schema_arrow
        missing = [c for c in required if c not in schema.names]
        if missing:
            raise Unreadable(f"lacks the columns {', '.join(missing)}")
        wanted = [c for c in (*required, *optional) if c in schema.names]
        strange = [c for c in wanted if not _is_plain(schema.field(c).type)]
        if strange:
            raise Unreadable(f"has no plain values in the columns {', '.join(strange)}")
        shape = file.metadata
        if shape.num_columns > MAX_COLUMNS:
            raise Unreadable(f"has {shape.num_columns:,} columns")
        problems.spend(shape.num_rows, len(wanted))
        packed = sum(shape.row_group(i).total_byte_size for i in range(shape.num_row_groups))
        if packed > MAX_UNPACKED_BYTES:
            raise Unreadable(f"unpacks to {packed >> 20:,} MiB, more than are read")
    texts = [c for c in wanted if _is_text(schema.field(c).type)]
    # Text stays a dictionary: a repeated long one would fill the memory else.
    table = pq.read_table(path, columns=wanted, read_dictionary=texts, partitioning=None, **limits)
    return pd.DataFrame({c: _column_of(table.column(c)) for c in wanted})


def _column_of(column: pa.ChunkedArray) -> pd.Series[Any]:
    """Return a column as pandas has it, text shared between equal lines."""
    if not pa.types.is_dictionary(column.type):
        return pd.Series(column.to_pandas().to_numpy())
    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    texts = [None if t is None else str(t) for t in whole.dictionary.to_pylist()]
    if any(t is not None and len(t) > MAX_TEXT for t in texts):
        raise Unreadable(f"holds text of more than {MAX_TEXT} characters")
    codes = whole.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return pd.Series(np.array([*texts, None], dtype=object)[codes], dtype=object)


def _is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, text or times."""
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    checks = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    timed = (pa.types.is_timestamp, pa.types.is_date, pa.types.is_null)
    return _is_text(kind) or any(c(kind) for c in (*checks, *timed))
