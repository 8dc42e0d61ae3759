"""Counts a table of interactions with DuckDB, each column once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from agent_core.data.table import quoted_text, run
from agent_core.data.times import FIRST_YEAR, LAST_YEAR
from agent_core.domain.histograms import Bars, Histograms
from agent_core.domain.recipe import ORDER, Recipe

FEW = 20
"""Different ratings up to which they are listed."""
RANGES = 10
COUNTED = 1_000_000
"""Rows from which different times are estimated, to about 3 %: counting takes as long as reading
them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted in a table of interactions."""

    rows: int
    users: int
    items: int
    fewest_per_user: int
    repeated: int
    ratings: tuple[float, ...] = ()
    """Different ratings, where they are few."""
    rating_range: tuple[float, float] | None = None
    different_ratings: int = 0
    unrated: int = 0
    different_times: int = 0
    untimed: int = 0
    first_day: str | None = None
    last_day: str | None = None
    strange_years: int = 0
    histograms: Histograms = field(default_factory=Histograms)
    sha256: str = ""
    """Hash of all rows in their order."""


@dataclass(frozen=True, slots=True)
class _Groups:
    """How many interactions users, or items, have."""

    count: int
    rows: int
    fewest: int
    bars: Bars


def count_table(opened: duckdb.DuckDBPyConnection, path: Path, recipe: Recipe) -> Counts:
    """Return what is in a table of interactions.

    Parameters
    ----------
    opened
        A connection.
    path
        The table, as Parquet.
    recipe
        What columns it has, and the form of its times.

    Raises
    ------
    Trouble
        When the table cannot be counted.
    """
    table = f"read_parquet({quoted_text(path)})"
    users, items = (_groups(opened, table, key) for key in ("user_id", "item_id"))
    counts = Counts(
        users.rows,
        users.count,
        items.count,
        users.fewest,
        _repeated(opened, table),
        histograms=Histograms(per_user=users.bars, per_item=items.bars),
        sha256=rows_sha256(opened, path),
    )
    if "rating" in recipe.roles:
        counts = _with_ratings(counts, opened, table)
    return _with_times(counts, opened, table, recipe) if "timestamp" in recipe.roles else counts


def rows_sha256(opened: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return a hash of the rows, their places and types.

    That of the file would tell apart what is the same: which rows are written together goes by
    which thread is ready first.
    """
    table = f"read_parquet({quoted_text(path)}, file_row_number = true)"
    columns = [f"{name} {kind}" for name, kind, *_ in run(opened, f"DESCRIBE FROM {table}")]
    hashes = run(opened, f"SELECT count(*), sum(CAST(hash(*COLUMNS(*)) AS HUGEINT)) FROM {table}")
    return hashlib.sha256(str((columns, hashes)).encode()).hexdigest()


def _repeated(opened: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return how many rows repeat a pair of user and item.

    Where all hashes differ, so do the pairs; to sort them takes a fourth of grouping pairs.
    """
    found = opened.execute(f"SELECT hash(user_id, item_id) AS hash FROM {table}").fetchnumpy()
    hashes = found["hash"]
    hashes.sort()
    if (hashes[1:] != hashes[:-1]).all():
        return 0
    (pairs,) = _numbers(opened, "count(*)", f"(SELECT DISTINCT user_id, item_id FROM {table})")
    return len(hashes) - pairs


def _groups(opened: duckdb.DuckDBPyConnection, table: str, key: str) -> _Groups:
    """Return how many users or items have 1, 2 to 3, 4 to 7, ... interactions."""
    found = run(
        opened,
        "SELECT CAST(floor(log2(n)) AS INTEGER), count(*), CAST(sum(n) AS BIGINT), min(n) FROM "
        f"(SELECT count(*) AS n FROM {table} GROUP BY {key}) GROUP BY 1 ORDER BY 1",
    )
    rows = [[int(str(v)) for v in row] for row in found]
    return _Groups(
        sum(count for _, count, _, _ in rows),
        sum(total for _, _, total, _ in rows),
        min((fewest for *_, fewest in rows), default=0),
        tuple((_range(power), count) for power, count, _, _ in rows),
    )


def _with_ratings(counts: Counts, opened: duckdb.DuckDBPyConnection, table: str) -> Counts:
    ((low, high, different, known),) = run(
        opened,
        f"SELECT min(rating), max(rating), count(DISTINCT rating), count(rating) FROM {table}",
    )
    unrated = counts.rows - int(str(known))
    if not known:
        return replace(counts, unrated=unrated)
    ends = float(str(low)), float(str(high))
    is_few = int(str(different)) <= FEW
    width = (ends[1] - ends[0]) / RANGES
    place = (
        "rating" if is_few else f"least(floor((rating - {ends[0]!r}) / {width!r}), {RANGES - 1})"
    )
    found = run(
        opened,
        f"SELECT {place}, count(*) FROM {table} WHERE rating IS NOT NULL GROUP BY 1 ORDER BY 1",
    )
    values = [(float(str(value)), int(str(n))) for value, n in found]
    starts = [(ends[0] + width * value, n) for value, n in values]
    bars = (
        tuple((f"{value:g}", n) for value, n in values)
        if is_few
        else tuple((f"{start:.4g} to {start + width:.4g}", n) for start, n in starts)
    )
    return replace(
        counts,
        ratings=tuple(value for value, _ in values) if is_few else (),
        rating_range=ends,
        different_ratings=int(str(different)),
        unrated=unrated,
        histograms=replace(counts.histograms, ratings=bars),
    )


def _with_times(
    counts: Counts, opened: duckdb.DuckDBPyConnection, table: str, recipe: Recipe
) -> Counts:
    distinct = "count(DISTINCT" if counts.rows <= COUNTED else "approx_count_distinct("
    different, known = _numbers(opened, f"{distinct} timestamp), count(timestamp)", table)
    counts = replace(counts, different_times=different, untimed=counts.rows - known)
    if recipe.time_format == ORDER or not known:
        return counts
    ((first, last, strange),) = run(
        opened,
        "SELECT CAST(CAST(min(timestamp) AS DATE) AS VARCHAR), "
        "CAST(CAST(max(timestamp) AS DATE) AS VARCHAR), "
        f"(SELECT count(*) FROM {table} WHERE timestamp < TIMESTAMP '{FIRST_YEAR}-01-01' "
        f"OR timestamp >= TIMESTAMP '{LAST_YEAR + 1}-01-01') FROM {table}",
    )
    return replace(
        counts, first_day=str(first), last_day=str(last), strange_years=int(str(strange))
    )


def _numbers(opened: duckdb.DuckDBPyConnection, fields: str, source: str) -> list[int]:
    return [int(str(v or 0)) for v in run(opened, f"SELECT {fields} FROM {source}")[0]]


def _range(power: int) -> str:
    low, high = 2**power, 2 ** (power + 1) - 1
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
