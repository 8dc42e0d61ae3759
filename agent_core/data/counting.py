"""Histograms of a table of interactions, counted by DuckDB."""

from __future__ import annotations

import duckdb

from agent_core.data.table import run
from agent_core.domain.histograms import Bars, Histograms

MOST_BARS = 20
RANGES = 10


def histograms(opened: duckdb.DuckDBPyConnection, table: str, *, has_ratings: bool) -> Histograms:
    """Return the histograms of a table.

    Parameters
    ----------
    opened
        A connection.
    table
        The SQL of the table.
    has_ratings
        Whether it has a column of ratings.
    """
    return Histograms(
        ratings=_ratings(opened, table) if has_ratings else (),
        per_user=_doubling(opened, table, "user_id"),
        per_item=_doubling(opened, table, "item_id"),
    )


def _ratings(opened: duckdb.DuckDBPyConnection, table: str) -> Bars:
    rated = f"(SELECT rating AS r FROM {table} WHERE rating IS NOT NULL)"
    ((low, high, different),) = run(
        opened, f"SELECT min(r), max(r), count(DISTINCT r) FROM {rated}"
    )
    if not different:
        return ()
    if int(str(different)) <= MOST_BARS:
        found = run(opened, f"SELECT r, count(*) FROM {rated} GROUP BY 1 ORDER BY 1")
        return tuple((f"{float(str(r)):g}", int(str(n))) for r, n in found)
    first, width = float(str(low)), (float(str(high)) - float(str(low))) / RANGES
    place = f"least(floor((r - {first!r}) / {width!r}), {RANGES - 1})"
    found = run(opened, f"SELECT {place}, count(*) FROM {rated} GROUP BY 1 ORDER BY 1")
    starts = ((first + width * float(str(b)), int(str(n))) for b, n in found)
    return tuple((f"{start:.4g} to {start + width:.4g}", n) for start, n in starts)


def _doubling(opened: duckdb.DuckDBPyConnection, table: str, key: str) -> Bars:
    """Return how many users or items have 1, 2 to 3, 4 to 7, ... interactions."""
    counts = f"(SELECT count(*) AS n FROM {table} GROUP BY {key})"
    found = run(
        opened,
        f"SELECT CAST(floor(log2(n)) AS INTEGER), count(*) FROM {counts} GROUP BY 1 ORDER BY 1",
    )
    return tuple((_range(int(str(b))), int(str(n))) for b, n in found)


def _range(power: int) -> str:
    low, high = 2**power, 2 ** (power + 1) - 1
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
