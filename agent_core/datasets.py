"""Profiles a dataset: what is in it, without its rows; and clear words when it is bad."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from agent_core.domain import Column, Dataset
from agent_core.errors import BadDataset

MAX_BYTES = 2 << 30
SAMPLE_BYTES = 64 << 10
SEPARATORS = ("\t", "::", ";", ",", "|", " ")
ROLES = {
    "user_id": (
        r"user|users|userid|uid|u|customerid|customer|reviewerid|memberid|accountid|visitorid"
    ),
    "item_id": (
        r"item|items|itemid|iid|i|movie|movieid|film|filmid|product|productid|asin|isbn|book|bookid"
        r"|track|trackid|song|songid|artist|artistid|business|businessid|anime|animeid|game|gameid"
    ),
    "rating": r"rating|ratings|score|stars|star|value|r|bookrating|overall|weight|plays|playcount",
    "timestamp": r"timestamp|time|date|datetime|unixtime|unixreviewtime|ts|t|createdat|reviewtime",
}
POSITIONS = ("user_id", "item_id", "rating", "timestamp")
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


def profile(path: Path, name: str | None = None, max_bytes: int = MAX_BYTES) -> Dataset:
    """Read a dataset and describe it.

    Parameters
    ----------
    path
        The file.
    name
        The name it is known by; None: its own.
    max_bytes
        Larger files are refused.

    Raises
    ------
    BadDataset
        When it cannot be used: what is wrong, on which line, and what to do.
    """
    name = name or path.name
    sample = read_sample(path, name, max_bytes)
    shape = shape_of(sample, name)
    roles = roles_of(shape, name)
    frame = read_frame(path, shape, name)
    return describe(path, name, shape, roles, frame)


def read_sample(path: Path, name: str, max_bytes: int) -> str:
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
    text = decode(head, name)
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise BadDataset(f"{name} is a web page, not a table. Attach the data file itself.")
    if text.lstrip().startswith(("{", "[")):
        raise BadDataset(f"{name} is JSON. Attach a table: CSV or TSV, one interaction a line.")
    if not text.strip():
        raise BadDataset(f"{name} holds only blank lines. Attach the file again.")
    return text


def decode(head: bytes, name: str) -> str:
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


def shape_of(sample: str, name: str) -> Shape:
    """Find separator and header from the first lines."""
    lines = [line for line in sample.splitlines()[:200] if line.strip()]
    if len(sample) >= SAMPLE_BYTES // 2 and len(lines) > 1:
        lines = lines[:-1]
    counts = {s: [len(fields(line, s)) for line in lines] for s in SEPARATORS}
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
    first = fields(lines[0], separator)
    has_header = not any(is_number(f) for f in first) and bool(
        any(role_of(f) for f in first) or any(map(is_number, fields(lines[-1], separator)))
    )
    names = unique(first) if has_header else by_position(len(first))
    return Shape(separator, has_header, names)


def fields(line: str, separator: str) -> list[str]:
    """Split one line, quoted fields kept whole."""
    if len(separator) > 1:
        return [f.strip() for f in line.split(separator)]
    if separator == " ":
        return line.split()
    return [f.strip() for f in next(csv.reader([line], delimiter=separator), [])]


def is_number(text: str) -> bool:
    """Whether a field is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names, repeated or empty ones numbered."""
    seen: list[str] = []
    for number, name in enumerate(names):
        label = name or f"column_{number}"
        seen.append(f"{label}_{number}" if label in seen else label)
    return tuple(seen)


def by_position(count: int) -> tuple[str, ...]:
    """Name the columns of a file without a header as MovieLens orders them."""
    return tuple(POSITIONS[i] if i < len(POSITIONS) else f"column_{i}" for i in range(count))


def role_of(column: str) -> str | None:
    """Return what a column holds, by its name."""
    plain = re.sub(r"[^a-z]", "", column.lower().removeprefix("synthetic_"))
    for role, pattern in ROLES.items():
        if re.fullmatch(f"(?:{pattern})(?:id)?", plain):
            return role
    return None


def roles_of(shape: Shape, name: str) -> dict[str, str]:
    """Return which column holds what; user and item are needed."""
    found: dict[str, str] = {}
    for column in shape.names:
        role = role_of(column)
        if role and role not in found:
            found[role] = column
    missing = [role for role in ("user_id", "item_id") if role not in found]
    if missing:
        wanted = " and ".join({"user_id": "a user", "item_id": "an item"}[m] for m in missing)
        raise BadDataset(
            f"{name} has the columns {', '.join(shape.names)}; I find no column for {wanted}. "
            "Name them user_id and item_id (rating and timestamp are optional), or remove the "
            "header so that the order user, item, rating, timestamp counts."
        )
    return found


def read_frame(path: Path, shape: Shape, name: str) -> pd.DataFrame:
    """Read the whole table as text; refuse lines of another width."""
    options = {
        "sep": r"\s+" if shape.separator == " " else shape.separator,
        "header": None,
        "names": list(shape.names),
        "index_col": False,
        "skiprows": 1 if shape.has_header else 0,
        "dtype": str,
        "keep_default_na": False,
        "encoding": "utf-8-sig",
        "encoding_errors": "replace",
    }
    engine = "c" if len(shape.separator) == 1 else "python"
    try:
        frame = pd.read_csv(path, engine=engine, **options)
    except (pd.errors.ParserError, ValueError) as error:
        raise BadDataset(f"{name} is malformed: {first_bad_line(path, shape) or error}") from error
    bad = first_bad_line(path, shape) if len(frame) and frame.iloc[:, -1].isna().any() else ""
    if bad:
        raise BadDataset(f"{name} is malformed: {bad}")
    if frame.empty:
        raise BadDataset(f"{name} has a header but no rows. Attach the whole file.")
    return frame


def first_bad_line(path: Path, shape: Shape) -> str:
    """Say which line first has another number of fields, and how many do."""
    bad: list[tuple[int, str, int]] = []
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            count = len(fields(line.rstrip("\r\n"), shape.separator)) if line.strip() else 0
            if count != len(shape.names) and line.strip():
                bad.append((number, line.rstrip()[:80], count))
    if not bad:
        return ""
    number, text, count = bad[0]
    return (
        f"line {number:,} has {count} fields where {len(shape.names)} are expected: {text!r} "
        f"({len(bad):,} such lines). Mend or remove them and attach the file again."
    )


def describe(
    path: Path, name: str, shape: Shape, roles: dict[str, str], frame: pd.DataFrame
) -> Dataset:
    """Count what is in the table."""
    notes: list[str] = []
    users, items = frame[roles["user_id"]], frame[roles["item_id"]]
    refuse_empty_ids(name, roles, frame)
    if users.nunique() < 2:
        raise BadDataset(f"{name} has {users.nunique()} user; an evaluation needs several.")
    ratings = numbers(frame, roles.get("rating"), name, "rating")
    times = numbers(frame, roles.get("timestamp"), name, "timestamp")
    duplicates = int(frame.duplicated([roles["user_id"], roles["item_id"]]).sum())
    if duplicates:
        notes.append(f"{duplicates:,} rows repeat a (user, item) pair")
    if ratings is None:
        notes.append("no ratings: every row is a positive signal")
    if not shape.has_header:
        notes.append("no header: columns taken as user, item, rating, timestamp")
    digest = hash_of(path)
    span = time_range(times)
    return Dataset(
        name=name,
        sha256=digest,
        size=path.stat().st_size,
        separator=r"\s+" if shape.separator == " " else shape.separator,
        has_header=shape.has_header,
        columns=tuple(column_of(frame, c, roles) for c in shape.names),
        user_column=roles["user_id"],
        item_column=roles["item_id"],
        rating_column=roles.get("rating"),
        timestamp_column=roles.get("timestamp") if span else None,
        rows=len(frame),
        users=int(users.nunique()),
        items=int(items.nunique()),
        duplicates=duplicates,
        rating_values=rating_values(ratings),
        first_time=span[0] if span else None,
        last_time=span[1] if span else None,
        min_user_interactions=int(users.value_counts().min()),
        notes=tuple(notes),
        known_as=known_as(digest, shape, frame),
    )


def refuse_empty_ids(name: str, roles: dict[str, str], frame: pd.DataFrame) -> None:
    """Refuse rows without user or item."""
    for role in ("user_id", "item_id"):
        empty = frame[roles[role]].str.strip() == ""
        if empty.any():
            line = int(empty.to_numpy().argmax()) + 1
            raise BadDataset(
                f"{name}: column {roles[role]} is empty in {int(empty.sum()):,} rows "
                f"(first in row {line:,}). Remove these rows and attach the file again."
            )


def numbers(
    frame: pd.DataFrame, column: str | None, name: str, role: str
) -> pd.Series[float] | None:
    """Return a column as numbers; refuse ratings that are none, leave odd times out."""
    if column is None:
        return None
    values = pd.to_numeric(frame[column], errors="coerce")
    bad = values.isna()
    if not bad.any():
        return values
    if role == "timestamp":
        parsed = pd.to_datetime(frame[column], errors="coerce", utc=True, format="mixed")
        return None if parsed.isna().any() else parsed.astype("int64") / 1e9
    line = int(bad.to_numpy().argmax())
    examples = frame.loc[bad, column].value_counts()
    raise BadDataset(
        f"{name}: column {column} has {int(bad.sum()):,} values that are no ratings, most often "
        f"{examples.index[0]!r} (first in row {line + 1:,}). Remove these rows, or the column if "
        "every row is a positive signal, and attach the file again."
    )


def rating_values(ratings: pd.Series[float] | None) -> tuple[float, ...]:
    """Return the distinct ratings when they are few."""
    if ratings is None or ratings.nunique() > 20:
        return ()
    return tuple(float(v) for v in sorted(ratings.unique()))


def time_range(times: pd.Series[float] | None) -> tuple[str, str] | None:
    """Return the first and last day, where the numbers can be times."""
    if times is None:
        return None
    scale = 1000 if times.max() > 1e11 else 1
    low, high = times.min() / scale, times.max() / scale
    if low < 0 or high > 4e9 or high < 1e8:
        return None
    first, last = (datetime.fromtimestamp(t, UTC).date().isoformat() for t in (low, high))
    return first, last


def column_of(frame: pd.DataFrame, name: str, roles: dict[str, str]) -> Column:
    """Describe one column."""
    values = frame[name]
    missing = int((values == "").sum())
    parsed = pd.to_numeric(values, errors="coerce")
    if roles.get("timestamp") == name:
        kind = "timestamp"
    elif parsed.isna().sum() > missing:
        kind = "str"
    else:
        kind = "int" if (parsed.dropna() % 1 == 0).all() else "float"
    return Column(name, kind, int(values.nunique()), missing)


def known_as(digest: str, shape: Shape, frame: pd.DataFrame) -> str | None:
    """Return the name of a dataset that is recognised."""
    if shape.names[0] == SYNTHETIC_HEADER:
        return SYNTHETIC
    if digest in KNOWN_HASHES:
        return KNOWN_HASHES[digest]
    movielens = ("userId", "movieId", "rating", "timestamp")
    if shape.names == movielens and len(frame) in (100_836, 100_004):
        return "MovieLens latest small"
    return None


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
