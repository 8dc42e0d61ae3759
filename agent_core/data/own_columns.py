"""Columns of an interactions file that say something of its items or users: a name, a country."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from agent_core.data.given_files import side_table_name
from agent_core.data.known_side_files import KnownSide
from agent_core.data.reading import Reading
from agent_core.data.side_columns import described_columns, resolved_kinds, write_side_table
from agent_core.data.table import connection, interactions_of, quoted_name, run
from agent_core.domain.side_table import SideOf, SideTable
from agent_core.execution.hashing import sha256_of

MOST_COLUMNS = 30
SAMPLE_ROWS = 200_000
"""Rows by which a column is looked at; all are read of those that come out."""
LEAST_LAMBDA = 0.9
"""Goodman and Kruskal's lambda: by how much an id lessens the errors of guessing the value."""
FEWEST_IDS = 5
"""Ids with two rows or more; of fewer a column says nothing."""


@dataclass(slots=True)
class _Derived:
    """A table of ids with the most frequent value of each column, all as text."""

    opened: duckdb.DuckDBPyConnection
    table: str
    types: tuple[str, ...] = ()
    known_side: KnownSide | None = None

    def numbers(self, *fields: str, of: str = "") -> list[int]:
        """Return whole numbers that are counted."""
        row = run(self.opened, f"SELECT {', '.join(fields)} FROM {of or self.table}")[0]
        return [int(str(v or 0)) for v in row]


def own_sides(reading: Reading, sha256: str, folder: Path) -> tuple[SideTable, ...]:
    """Return the columns of an interactions file that are about its items or its users.

    Parameters
    ----------
    reading
        The file, whose table is written.
    sha256
        Its hash.
    folder
        Where the tables of side data are written.
    """
    aside = [c for c in reading.recipe.columns if c not in reading.recipe.roles.values()]
    if not aside or len(aside) > MOST_COLUMNS:
        return ()
    with connection(reading.folder) as opened:
        fields = ", ".join(map(quoted_name, reading.recipe.columns))
        rows = f"(SELECT {fields} FROM {interactions_of(reading.source, reading.recipe)})"
        run(opened, f"CREATE TABLE sample AS SELECT * FROM {rows} LIMIT {SAMPLE_ROWS}")
        return tuple(_sides(opened, rows, reading, aside, sha256, folder))


def _sides(
    opened: duckdb.DuckDBPyConnection,
    rows: str,
    reading: Reading,
    aside: Sequence[str],
    sha256: str,
    folder: Path,
) -> Iterator[SideTable]:
    recipe = reading.recipe
    for of, key in ((SideOf.ITEM, recipe.item), (SideOf.USER, recipe.user)):
        likely = [c for c in aside if _lambda(opened, "sample", key, c) >= LEAST_LAMBDA]
        columns = [c for c in likely if _lambda(opened, rows, key, c) >= LEAST_LAMBDA]
        if columns:
            side = SideTable(reading.name, of, recipe, (), 0, 0, 1.0, sha256, is_own=True)
            yield _written(opened, rows, side, columns, folder)


def _written(
    opened: duckdb.DuckDBPyConnection,
    rows: str,
    side: SideTable,
    columns: Sequence[str],
    folder: Path,
) -> SideTable:
    """Write the most frequent values of each id; of equally frequent ones the first."""
    name, key = f"own_{side.of}", quoted_name(side.key)
    numbered = f"(SELECT row_number() OVER () AS row_, * FROM {rows})"
    run(
        opened,
        f"CREATE TABLE {name} AS SELECT {key}, min(row_) AS row_ FROM {numbered} GROUP BY {key}",
    )
    for column in map(quoted_name, columns):
        counts = (
            f"SELECT {key}, {column}, count(*) AS n, min(row_) AS first_ FROM {numbered} "
            f"WHERE {column} <> '' GROUP BY {key}, {column} QUALIFY row_number() OVER "
            f"(PARTITION BY {key} ORDER BY n DESC, first_) = 1"
        )
        run(
            opened,
            f"CREATE OR REPLACE TABLE {name} AS SELECT t.*, coalesce(c.{column}, '') AS {column} "
            f"FROM {name} t LEFT JOIN ({counts}) c USING ({key})",
        )
    recipe = resolved_kinds(_Derived(opened, name), side.recipe, columns)
    side = replace(side, recipe=recipe)
    target = folder / side_table_name(side.file, side)
    texts = opened.sql(f"SELECT * EXCLUDE row_ FROM {name} ORDER BY row_")
    count = write_side_table(texts, side.file, side, target)
    described = described_columns(opened, target, side)
    return replace(
        side, columns=described, rows=count, matched=count, table_sha256=sha256_of(target)
    )


def _lambda(opened: duckdb.DuckDBPyConnection, rows: str, key: str, column: str) -> float:
    """Return by how much the id lessens the errors of guessing a column, 0 to 1.

    Only ids with two rows or more count: one row says nothing of the next.

    References
    ----------
    Goodman and Kruskal (1954), Measures of Association for Cross Classifications, JASA 49(268).
    """
    k, v = quoted_name(key), quoted_name(column)
    ((ids, modal, total, common),) = run(
        opened,
        f"WITH pairs AS (SELECT {k} AS k, {v} AS v, count(*) AS n FROM {rows} WHERE {v} <> '' "
        "GROUP BY ALL), "
        "several AS (SELECT *, sum(n) OVER (PARTITION BY k) AS s FROM pairs QUALIFY s > 1), "
        "modes AS (SELECT max(n) AS m, sum(n) AS s FROM several GROUP BY k) "
        "SELECT count(*), coalesce(sum(m), 0), coalesce(sum(s), 0), "
        "(SELECT coalesce(max(n), 0) FROM (SELECT sum(n) AS n FROM several GROUP BY v)) "
        "FROM modes",
    )
    found, whole, most = (float(str(x)) for x in (modal, total, common))
    if int(str(ids)) < FEWEST_IDS or whole == most:
        return 0.0
    return (found - most) / (whole - most)
