"""Profiles a dataset: what is in it, without its rows; and clear words when it is bad."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agent_core.data.columns import by_position, numbered_names, role_of, roles_of
from agent_core.domain import Column, Dataset
from agent_core.errors import BadDataset

MAX_BYTES = 2 << 30
SAMPLE_BYTES = 64 << 10
SEPARATORS = ("\t", "::", ";", ",", "|", " ")
MAGIC = {
    b"\x89PNG": "a PNG image",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\xff\xd8\xff": "a JPEG image",
    b"SQLite": "an SQLite database",
}
KNOWN_HASHES = {
    "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490": "MovieLens 100K",
}
SYNTHETIC = "SYNTHETIC DATA"
SYNTHETIC_HEADER = "synthetic_user_id"
"""First column of the product's own catalogue; see `synthetic.py`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the lines of a file are made."""

    separator: str
    has_header: bool
    names: tuple[str, ...]


def profile(
    path: Path, name: str | None = None, max_bytes: int = MAX_BYTES, task: str = ""
) -> Dataset:
    """Read a dataset and describe it.

    Parameters
    ----------
    path
        The file.
    name
        The name it is known by; None: its own.
    max_bytes
        Larger files are refused.
    task
        The user's words; they may say which column holds what.

    Raises
    ------
    BadDataset
        When it cannot be used: what is wrong, on which line, and what to do.
    """
    name = name or path.name
    sample = _read_sample(path, name, max_bytes)
    shape = _shape_of(sample, name)
    roles = roles_of(shape.names, name, task)
    frame = _read_frame(path, shape, name)
    return _describe(path, name, shape, roles, frame)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_sample(path: Path, name: str, max_bytes: int) -> str:
    """Return the first lines as text; refuse what is empty, too large or not text."""
    size = path.stat().st_size
    if size == 0:
        raise BadDataset(f"{name} is empty (0 bytes). Attach the file again.")
    if size > max_bytes:
        raise BadDataset(
            f"{name} has {size / 2**20:,.0f} MiB, the limit is {max_bytes / 2**20:,.0f} MiB. "
            "Attach a sample, or ask the admin to put it on the server."
        )
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise BadDataset(
                f"{name} is {kind}, not a text table. Attach it unpacked, as CSV or TSV."
            )
    text = _decode(head, name)
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise BadDataset(f"{name} is a web page, not a table. Attach the data file itself.")
    if text.lstrip().startswith(("{", "[")):
        raise BadDataset(f"{name} is JSON. Attach a table: CSV or TSV, one interaction a line.")
    if not text.strip():
        raise BadDataset(f"{name} holds only blank lines. Attach the file again.")
    return text


def _decode(head: bytes, name: str) -> str:
    """Return bytes as text; refuse binary data."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadDataset(f"{name} is UTF-16. Save it as UTF-8 and attach it again.")
    if b"\x00" in head:
        at = head.index(b"\x00")
        raise BadDataset(f"{name} is binary (a zero byte at {at}), not a text table.")
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    if text.count("\ufffd") > len(text) // 20:
        raise BadDataset(f"{name} is binary or in an unknown encoding. Save it as UTF-8.")
    return text.lstrip("\ufeff")


def _shape_of(sample: str, name: str) -> Shape:
    """Find separator and header from the first lines."""
    lines = [line for line in sample.splitlines()[:200] if line.strip()]
    if len(sample) >= SAMPLE_BYTES // 2 and len(lines) > 1:
        lines = lines[:-1]
    counts = {s: [len(_fields(line, s)) for line in lines] for s in SEPARATORS}
    fitting = {
        s: c[0]
        for s, c in counts.items()
        if c[0] >= 2 and sum(n == c[0] for n in c) >= 0.9 * len(c)
    }
    if not fitting:
        raise BadDataset(
            f"{name} is no table: the first line is {lines[0][:80]!r}. I need lines like "
            "`user,item,rating` with one separator (tab, comma, semicolon, |, :: or space)."
        )
    separator = next(s for s in SEPARATORS if s in fitting)
    rows = [
        r for r in (_fields(line, separator) for line in lines) if len(r) == fitting[separator]
    ]
    has_header = _names_columns(rows)
    names = numbered_names(rows[0]) if has_header else by_position(rows)
    return Shape(separator, has_header, names)


def _names_columns(rows: list[list[str]]) -> bool:
    """Whether the first line names columns: words that are known, or that no line repeats."""
    first, rest = rows[0], rows[1:]
    if any(_is_number(f) for f in first):
        return False
    if any(role_of(f) for f in first) or any(_is_number(f) for r in rest for f in r):
        return True
    return not any(a == b for row in rest for a, b in zip(first, row, strict=True))


def _fields(line: str, separator: str) -> list[str]:
    """Split one line, quoted fields kept whole."""
    if len(separator) > 1:
        return [f.strip() for f in line.split(separator)]
    if separator == " ":
        return line.split()
    return [f.strip() for f in next(csv.reader([line], delimiter=separator), [])]


def _is_number(text: str) -> bool:
    """Whether a field is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_frame(path: Path, shape: Shape, name: str) -> pd.DataFrame:
    """Read the whole table, numbers as numbers; refuse lines of another width."""
    is_plain = len(shape.separator) == 1
    options: dict[str, Any] = {"low_memory": False} if is_plain else {}
    try:
        frame = pd.read_csv(
            path,
            engine="c" if is_plain else "python",
            sep=r"\s+" if shape.separator == " " else shape.separator,
            header=None,
            names=list(shape.names),
            index_col=False,
            skiprows=1 if shape.has_header else 0,
            keep_default_na=False,
            encoding="utf-8-sig",
            encoding_errors="replace",
            **options,
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise BadDataset(
            f"{name} is malformed: {_first_bad_line(path, shape) or error}"
        ) from error
    if frame.empty:
        raise BadDataset(f"{name} has a header but no rows. Attach the whole file.")
    last = frame.iloc[:, -1]
    bad = _first_bad_line(path, shape) if (last.isna() | (last == "")).any() else ""
    if bad:
        raise BadDataset(f"{name} is malformed: {bad}")
    return frame


def _first_bad_line(path: Path, shape: Shape) -> str:
    """Say which line first has another number of fields, and how many do."""
    bad: list[tuple[int, str, int]] = []
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            count = len(_fields(line.rstrip("\r\n"), shape.separator)) if line.strip() else 0
            if count != len(shape.names) and line.strip():
                bad.append((number, line.rstrip()[:80], count))
    if not bad:
        return ""
    number, text, count = bad[0]
    return (
        f"line {number:,} has {count} fields where {len(shape.names)} are expected: {text!r} "
        f"({len(bad):,} such lines). Mend or remove them and attach the file again."
    )


def _describe(
    path: Path, name: str, shape: Shape, roles: dict[str, str], frame: pd.DataFrame
) -> Dataset:
    """Count what is in the table."""
    notes: list[str] = []
    users, items = frame[roles["user_id"]], frame[roles["item_id"]]
    _refuse_empty_ids(name, shape, roles, frame)
    if users.nunique() < 2:
        raise BadDataset(f"{name} has {users.nunique()} user; an evaluation needs several.")
    ratings = _numbers(frame, roles.get("rating"), name, shape, "rating")
    times = _numbers(frame, roles.get("timestamp"), name, shape, "timestamp")
    duplicates = int(frame.duplicated([roles["user_id"], roles["item_id"]]).sum())
    if duplicates:
        notes.append(f"{duplicates:,} rows repeat a (user, item) pair")
    if ratings is not None and (ratings == 0).any() and ratings.max() > 1:
        zeros = int((ratings == 0).sum())
        notes.append(f"{zeros:,} ratings are 0, which often means not rated")
    if ratings is None:
        notes.append("no ratings: every row is a positive signal")
    if not shape.has_header:
        notes.append(f"no header: columns taken as {', '.join(shape.names[:4])}")
    digest = sha256_of(path)
    span = _time_range(times)
    return Dataset(
        name=name,
        sha256=digest,
        size=path.stat().st_size,
        separator=r"\s+" if shape.separator == " " else shape.separator,
        has_header=shape.has_header,
        columns=tuple(_column_of(frame, c, roles) for c in shape.names),
        user_column=roles["user_id"],
        item_column=roles["item_id"],
        rating_column=roles.get("rating"),
        timestamp_column=roles.get("timestamp") if span else None,
        rows=len(frame),
        users=int(users.nunique()),
        items=int(items.nunique()),
        duplicates=duplicates,
        rating_values=_rating_values(ratings),
        first_time=span[0] if span else None,
        last_time=span[1] if span else None,
        min_user_interactions=int(users.value_counts().min()),
        notes=tuple(notes),
        known_as=_known_as(digest, shape, frame),
        is_synthetic=shape.names[0] == SYNTHETIC_HEADER,
    )


def _refuse_empty_ids(name: str, shape: Shape, roles: dict[str, str], frame: pd.DataFrame) -> None:
    """Refuse rows without user or item."""
    for role in ("user_id", "item_id"):
        values = frame[roles[role]]
        is_text = not pd.api.types.is_numeric_dtype(values)
        empty = values.astype(str).str.strip() == "" if is_text else values.isna()
        if empty.any():
            raise BadDataset(
                f"{name}: column {roles[role]} is empty in {int(empty.sum()):,} lines "
                f"(first in line {_line_of(empty, shape):,}). Remove these lines and attach the "
                "file again."
            )


def _line_of(mask: pd.Series[bool], shape: Shape) -> int:
    """Return the line of the file, from 1, where a mask is first true."""
    return int(mask.to_numpy().argmax()) + 1 + shape.has_header


def _numbers(
    frame: pd.DataFrame, column: str | None, name: str, shape: Shape, role: str
) -> pd.Series[float] | None:
    """Return a column as numbers; refuse ratings that are none, leave odd times out."""
    if column is None:
        return None
    values = pd.to_numeric(frame[column], errors="coerce")
    bad = ~np.isfinite(values)
    if not bad.any():
        return values
    if role == "timestamp":
        return _seconds(frame[column])
    examples = frame.loc[bad, column].astype(str).value_counts()
    shown = repr(examples.index[0]) if examples.index[0] else "nothing"
    share = bad.mean()
    raise BadDataset(
        f"{name}: column {column} has {int(bad.sum()):,} values that are no ratings "
        f"({share:.1%}), most often {shown} (first in line {_line_of(bad, shape):,}). Remove "
        "these lines, or the column if every line is a positive signal, and attach the file again."
    )


def _seconds(values: pd.Series[Any]) -> pd.Series[float] | None:
    """Return dates as seconds since 1970; None where some are no dates."""
    for form in ("ISO8601", "mixed"):
        parsed = pd.to_datetime(values, errors="coerce", utc=True, format=form)
        if not parsed.isna().any():
            return parsed.astype("datetime64[s, UTC]").astype("int64").astype(float)
        if parsed.notna().mean() > 0.5:
            return None
    return None


def _rating_values(ratings: pd.Series[float] | None) -> tuple[float, ...]:
    """Return the distinct ratings when they are few."""
    if ratings is None or ratings.nunique() > 20:
        return ()
    return tuple(float(v) for v in sorted(ratings.unique()))


def _time_range(times: pd.Series[float] | None) -> tuple[str, str] | None:
    """Return the first and last day, where the numbers can be times."""
    if times is None:
        return None
    scale = 1000 if times.max() > 1e11 else 1
    low, high = times.min() / scale, times.max() / scale
    if low < 0 or high > 4e9 or high < 1e8:
        return None
    first, last = (datetime.fromtimestamp(t, UTC).date().isoformat() for t in (low, high))
    return first, last


def _column_of(frame: pd.DataFrame, name: str, roles: dict[str, str]) -> Column:
    """Describe one column; `float` are also whole numbers written with a point."""
    values = frame[name]
    kind = "str"
    missing = int((values.isna() | (values == "")).sum())
    if roles.get("timestamp") == name:
        kind = "timestamp"
    elif pd.api.types.is_integer_dtype(values):
        kind = "int"
    elif pd.api.types.is_float_dtype(values):
        kind = "float"
    return Column(name, kind, int(values.nunique()), missing)


def _known_as(digest: str, shape: Shape, frame: pd.DataFrame) -> str | None:
    """Return the name of a dataset that is recognised."""
    if shape.names[0] == SYNTHETIC_HEADER:
        return SYNTHETIC
    if digest in KNOWN_HASHES:
        return KNOWN_HASHES[digest]
    movielens = ("userId", "movieId", "rating", "timestamp")
    if shape.names == movielens and len(frame) in (100_836, 100_004):
        return "MovieLens latest small"
    return None
