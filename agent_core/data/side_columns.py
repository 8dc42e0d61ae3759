"""What the columns of side data hold: whole numbers, numbers, texts, lists; and their table."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from agent_core.data.given_files import side_entry
from agent_core.data.helper import labbook, pa, pq
from agent_core.data.known_side_files import KnownSide
from agent_core.data.table import quoted_name, quoted_text, run
from agent_core.domain.recipe import Recipe
from agent_core.domain.side_table import SideColumn, SideKind, SideOf, SideTable
from agent_core.prose.clipping import on_one_line

if TYPE_CHECKING:
    import pandas as pd

USUAL_WHOLE = r"-?(0|[1-9]\d{0,14})"
"""Whole numbers in their usual form, as floats hold them: `007` is a text."""
NUMBER = r"-?(0|[1-9]\d*)?(\.\d+)?([eE][-+]?\d+)?"
SEPARATORS = ("|", ";")
"""What parts entries in many files; other marks are told by known files only."""
FEWEST_LISTS = 0.05
"""Share of the values that must have several entries."""
MOST_ENTRIES = 0.5
"""Share of the entries that may be different: entries of lists come back."""
JSON = "["
CHUNK_ROWS = 50_000
MAX_EXAMPLE = 60


class Fields(Protocol):
    """A file of which all fields are read as text."""

    types: tuple[str, ...]
    known_side: KnownSide | None

    @property
    def table(self) -> str:
        """Return the SQL of its fields."""

    def numbers(self, *fields: str, of: str = "") -> list[int]:
        """Return whole numbers that are counted."""


def resolved_kinds(fields: Fields, recipe: Recipe, columns: Container[str]) -> Recipe:
    """Return the recipe with what each of some columns holds, by all of its values."""
    types = fields.types or ("",) * len(recipe.columns)
    told = fields.known_side.lists if fields.known_side else {}
    found = [
        _kind_of(fields, c, told.get(c, ""), is_seq=t.endswith("_seq"))
        if c in columns
        else ("", "")
        for c, t in zip(recipe.columns, types, strict=True)
    ]
    return replace(recipe, kinds=tuple(k for k, _ in found), separators=tuple(p for _, p in found))


def _kind_of(fields: Fields, column: str, part: str, *, is_seq: bool) -> tuple[str, str]:
    """Return what a column holds, and what parts the entries of its lists."""
    if part or is_seq:
        return SideKind.LIST, part or " "
    text = quoted_name(column)
    is_number = f"regexp_full_match({text}, '{NUMBER}') AND TRY_CAST({text} AS DOUBLE) IS NOT NULL"
    rows, filled, whole, numbers, lists = fields.numbers(
        "count(*)",
        f"count_if({text} <> '')",
        f"count_if(regexp_full_match({text}, '{USUAL_WHOLE}'))",
        f"count_if({is_number})",
        f"count_if(starts_with({text}, '[') AND ends_with({text}, ']'))",
    )
    if filled and filled == numbers:
        return (SideKind.INT if whole == rows else SideKind.FLOAT), ""
    if filled and filled == lists:
        return SideKind.LIST, JSON
    found = next((s for s in SEPARATORS if _parts(fields, text, s, filled)), "")
    return (SideKind.LIST if found else SideKind.STR), found


def _parts(fields: Fields, text: str, separator: str, filled: int) -> bool:
    """Whether a mark parts entries that come back in other rows."""
    (several,) = fields.numbers(f"count_if(contains({text}, {quoted_text(separator)}))")
    if not several or several < FEWEST_LISTS * filled:
        return False
    split = f"unnest(string_split({text}, {quoted_text(separator)}))"
    entries, different = fields.numbers(
        "count(*)", "count(DISTINCT e)", of=f"(SELECT {split} AS e FROM {fields.table})"
    )
    return different <= MOST_ENTRIES * entries


def write_side_table(
    fields: duckdb.DuckDBPyRelation, dataset: str, side: SideTable, target: Path
) -> int:
    """Write the table of side data from all fields as text; return its rows."""
    entry, key = side_entry(dataset, side), f"{side.of}_id"
    schema = _schema(side, key, entry)
    seen: set[object] = set()
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for text in _chunks(fields):
            frame = labbook.side_rows(text, entry)
            frame = frame[[k not in seen for k in frame.index]]
            seen.update(frame.index)
            writer.write_table(pa.Table.from_pandas(frame.reset_index(), schema))
    return len(seen)


def _chunks(fields: duckdb.DuckDBPyRelation) -> Iterator[pd.DataFrame]:
    batches: pa.RecordBatchReader = fields.to_arrow_reader(CHUNK_ROWS)
    for batch in batches:
        yield batch.to_pandas().astype(object)


def _type_of(kind: SideKind) -> pa.DataType:
    if kind is SideKind.LIST:
        return pa.list_(pa.string())
    return {SideKind.INT: pa.int64(), SideKind.FLOAT: pa.float64()}.get(kind, pa.string())


def _schema(side: SideTable, key: str, entry: dict[str, Any]) -> pa.Schema:
    recipe = side.recipe
    is_number = recipe.is_item_number if side.of is SideOf.ITEM else recipe.is_user_number
    kinds = zip(recipe.columns, recipe.kinds, strict=True)
    columns = [(labbook.side_column(c, entry), _type_of(SideKind(k))) for c, k in kinds if k]
    return pa.schema([(key, pa.int64() if is_number else pa.string()), *columns])


def described_columns(
    opened: duckdb.DuckDBPyConnection, table: Path, side: SideTable
) -> tuple[SideColumn, ...]:
    """Describe the columns of side data by their table."""
    told = {"name": side.name, "of": side.of.value}
    kinds = zip(side.recipe.columns, side.recipe.kinds, strict=True)
    return tuple(
        _described(opened, table, labbook.side_column(c, told), SideKind(k), side.of)
        for c, k in kinds
        if k
    )


def _described(
    opened: duckdb.DuckDBPyConnection, table: Path, column: str, kind: SideKind, of: SideOf
) -> SideColumn:
    name, source = quoted_name(column), f"read_parquet({quoted_text(table)})"
    value = f"unnest({name})" if kind is SideKind.LIST else name
    ((missing,),) = run(opened, f"SELECT count(*) - count({name}) FROM {source}")
    ((distinct,),) = run(
        opened, f"SELECT count(DISTINCT v) FROM (SELECT {value} AS v FROM {source})"
    )
    first = run(
        opened,
        f"SELECT CAST(v AS VARCHAR) FROM (SELECT {value} AS v FROM {source}) "
        "WHERE v IS NOT NULL LIMIT 50",
    )
    texts = (f"{float(str(v)):g}" if kind is SideKind.FLOAT else str(v) for (v,) in first)
    examples = dict.fromkeys(on_one_line(t, MAX_EXAMPLE) for t in texts)
    told = () if of is SideOf.USER else tuple(examples)[:2]
    return SideColumn(column, kind, int(str(distinct)), int(str(missing)), told)
