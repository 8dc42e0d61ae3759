"""Turns plain text into the table of interactions that everybody reads: by DuckDB, in one pass.

What a recipe means is written twice: here in SQL, which streams a file of any size, and in the
helper of scripts with pandas, which goes where DuckDB is not. Tests hold them to the same rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from agent_core.data.helper import labbook
from agent_core.data.plain_file import MAX_LINE, PlainFile
from agent_core.domain.recipe import EPOCHS, ORDER, Drop, Layout, Recipe, When

MEMORY = "640MB"
"""Of DuckDB; with Python and its libraries the process stays below 1 GiB."""
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
COMPARED = {When.BELOW: "<", When.ABOVE: ">", When.AT_MOST: "<=", When.AT_LEAST: ">="}
NO_DIGITS = ("nan", "inf")
"""What numbers without digits begin with."""
NOTHING = "\x01"
"""Stands for no field: an empty one is empty text."""


class Trouble(Exception):
    """What DuckDB says of a file that it cannot read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@contextmanager
def connection(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that keeps to its memory, its folder and the file system."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=options) as opened:
        opened.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        yield opened


def source_of(
    opened: duckdb.DuckDBPyConnection, plain: PlainFile, recipe: Recipe, folder: Path
) -> str:
    """Return the SQL that gives the fields of a file as text, trimmed of blanks, in file order."""
    source = _untrimmed(opened, plain, recipe, folder)
    if recipe.layout is Layout.DELIMITED and not plain.has_blanks:
        return source
    fields = (f"trim({name}) AS {name}" for name in map(quoted_name, recipe.columns))
    return f"(SELECT {', '.join(fields)} FROM {source})"


def _untrimmed(
    opened: duckdb.DuckDBPyConnection, plain: PlainFile, recipe: Recipe, folder: Path
) -> str:
    if recipe.layout is Layout.PARQUET:
        kinds = parquet_kinds(opened, plain.path, has_lists=recipe.keeps_lists)
        fields = ", ".join(_typed_text(c, kinds[c]) for c in recipe.columns)
        return f"(SELECT {fields} FROM read_parquet({quoted_text(plain.path)}))"
    texts = dict.fromkeys(recipe.columns, "VARCHAR")
    if recipe.layout is not Layout.DELIMITED:
        staged = _delimited(_staged(plain, recipe, folder), texts, ",", '"', 0)
        return _peeled(staged, recipe)
    path = _without(plain.path, recipe, folder) if recipe.bad_lines else plain.path
    skip = 0 if recipe.bad_lines else recipe.skip
    source = _delimited(path, texts, recipe.delimiter, recipe.quote, skip)
    return _peeled(source, recipe)


def parquet_kinds(
    opened: duckdb.DuckDBPyConnection, path: Path, *, has_lists: bool = False
) -> dict[str, str]:
    """Return the columns of a Parquet file with their types, lists and structures left out."""
    described = run(opened, f"DESCRIBE SELECT * FROM read_parquet({quoted_text(path)})")
    kinds = {str(row[0]): str(row[1]) for row in described}
    plain = {c: k for c, k in kinds.items() if "(" not in k}
    return {c: k for c, k in plain.items() if has_lists or not k.endswith("]")}


def number_source(plain: PlainFile, recipe: Recipe) -> str:
    """Return the SQL that gives the fields of a file of plain numbers as what they are."""
    kinds = {recipe.user: "BIGINT", recipe.item: "BIGINT", recipe.rating: "DOUBLE"}
    kinds[recipe.timestamp] = "BIGINT" if recipe.time_format == "ns" else "DOUBLE"
    columns = {c: kinds.get(c, "VARCHAR") for c in recipe.columns}
    return _delimited(plain.path, columns, recipe.delimiter, "", recipe.skip)


def write_table(
    opened: duckdb.DuckDBPyConnection,
    source: str,
    recipe: Recipe,
    target: Path,
    *,
    has_numbers: bool = False,
) -> None:
    """Write the table of a recipe as Parquet, rows in file order.

    Parameters
    ----------
    opened
        A connection.
    source
        The SQL of the file's fields.
    recipe
        What they are.
    target
        The file that is written.
    has_numbers
        Whether the source has numbers, each line an interaction; else it has texts.

    Raises
    ------
    Trouble
        When the file is not as the recipe says.
    """
    roles = recipe.roles
    lines = source if has_numbers else interactions_of(source, recipe)
    fields = [
        f"{_id(column, is_number=is_number and not has_numbers)} AS {role}"
        for role, column, is_number in (
            ("user_id", recipe.user, recipe.is_user_number),
            ("item_id", recipe.item, recipe.is_item_number),
        )
    ]
    if "rating" in roles:
        fields.append(f"{_rating(recipe)} AS rating")
    if "timestamp" in roles:
        fields.append(f"{_time(recipe)} AS timestamp")
    run(
        opened,
        f"COPY (SELECT {', '.join(fields)} FROM {lines}) "
        f"TO {quoted_text(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)",
    )


def interactions_of(source: str, recipe: Recipe) -> str:
    """Return the SQL of the lines of a file that are interactions."""
    wanted = [f"{quoted_name(c)} <> ''" for c in (recipe.user, recipe.item)]
    wanted += [f"NOT {is_dropped(d)}" for d in recipe.drops]
    return f"{source} WHERE {' AND '.join(wanted)}"


def run(opened: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    """Return what a query gives.

    Raises
    ------
    Trouble
        When a file is not as the query has it.
    """
    try:
        rows: list[tuple[object, ...]] = opened.execute(sql).fetchall()
    except duckdb.Error as error:
        raise Trouble(str(error)) from error
    return rows


def is_missing(recipe: Recipe, column: str) -> str:
    """Return the SQL that tells where a rating or a time is left open."""
    return f"{quoted_name(column)} IN ({', '.join(map(quoted_text, recipe.missing))})"


def is_dropped(drop: Drop) -> str:
    """Return the SQL that tells which lines a rule leaves out."""
    text = quoted_name(drop.column)
    values = ", ".join(map(quoted_text, drop.values))
    match drop.when:
        case When.IS:
            return f"({text} IN ({values}))"
        case When.IS_NOT:
            return f"({text} NOT IN ({values}))"
        case When.STARTS:
            starts = " OR ".join(f"starts_with({text}, {quoted_text(v)})" for v in drop.values)
            return f"({starts})"
        case _:
            number = f"TRY_CAST({text} AS DOUBLE)"
            return f"coalesce({number} {COMPARED[drop.when]} {float(drop.values[0])!r}, false)"


def number_text(recipe: Recipe, column: str) -> str:
    """Return the SQL of a field as a number, open where it is none."""
    text = quoted_name(column)
    if recipe.ending:
        text = f"regexp_replace({text}, {quoted_text(re.escape(recipe.ending) + '$')}, '')"
    if recipe.thousands:
        text = f"replace({text}, {quoted_text(recipe.thousands)}, '')"
    if recipe.decimal != ".":
        text = f"replace({text}, {quoted_text(recipe.decimal)}, '.')"
    return f"TRY_CAST({text} AS DOUBLE)"


def quoted_name(column: str) -> str:
    """Return a column's name for SQL."""
    return '"' + column.replace('"', '""') + '"'


def quoted_text(value: object) -> str:
    """Return a value as text for SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _peeled(source: str, recipe: Recipe) -> str:
    """Return the SQL of lines without what each begins and ends with."""
    if not recipe.around or recipe.layout is Layout.LISTS:
        return source
    first, last = (quoted_name(recipe.columns[n]) for n in (0, -1))
    begins, ends = recipe.around
    fields = {
        first: f"substr({first}, {len(begins) + 1})",
        last: f"substr({last}, 1, length({last}) - {len(ends)})",
    }
    told = ", ".join(f"{sql} AS {name}" for name, sql in fields.items())
    return f"(SELECT * REPLACE ({told}) FROM {source})"


def _delimited(
    path: Path, columns: Mapping[str, str], delimiter: str, quote: str, skip: int
) -> str:
    """Return the SQL that reads columns of these types from a table of lines."""
    named = ", ".join(f"{quoted_text(c)}: '{kind}'" for c, kind in columns.items())
    options = {
        "columns": f"{{{named}}}",
        "delim": quoted_text(delimiter),
        "quote": quoted_text(quote),
        "escape": quoted_text(quote),
        "skip": skip,
        "nullstr": quoted_text(NOTHING),
        "max_line_size": MAX_LINE,
        "header": False,
        "auto_detect": False,
        "strict_mode": True,
        "null_padding": False,
        "compression": "'none'",
    }
    told = ", ".join(f"{k} = {v}" for k, v in options.items())
    return f"read_csv({quoted_text(path)}, {told})"


def _staged(plain: PlainFile, recipe: Recipe, folder: Path) -> Path:
    """Write the interactions of a layout that is no table as one."""
    target = folder / "staged"
    try:
        with (
            plain.path.open(encoding="utf-8-sig", newline="") as lines,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for row in labbook.odd_rows(lines, recipe.as_json()):
                if len(row) != len(recipe.columns):
                    raise Trouble(f"expected {len(recipe.columns)} fields, found {row[:8]}")
                writer.writerow(row)
    except (ValueError, SyntaxError, TypeError, RecursionError) as error:
        raise Trouble(str(error)) from error
    return target


def _without(path: Path, recipe: Recipe, folder: Path) -> Path:
    """Write a file without the lines that the recipe leaves out."""
    target, left_out = folder / "without", {*range(recipe.skip), *recipe.bad_lines}
    with path.open("rb") as lines, target.open("wb") as out:
        out.writelines(line for n, line in enumerate(lines) if n not in left_out)
    return target


def _id(column: str, *, is_number: bool) -> str:
    text = quoted_name(column)
    if not is_number:
        return text
    number = f"TRY_CAST({text} AS BIGINT)"
    return f"CASE WHEN CAST({number} AS VARCHAR) = {text} THEN {number} END"


def _rating(recipe: Recipe) -> str:
    number = number_text(recipe, recipe.rating)
    is_plain = recipe.decimal == "." and not (recipe.ending or recipe.thousands)
    return _unless_missing(recipe, recipe.rating, number, is_number=is_plain)


def _time(recipe: Recipe) -> str:
    text, form = quoted_name(recipe.timestamp), recipe.time_format
    if form == ORDER:
        time = f"TRY_CAST({text} AS DOUBLE)"
    elif form == "ns":
        time = f"make_timestamp_ns(TRY_CAST({text} AS BIGINT))"
    elif form in EPOCHS:
        micro = f"round(TRY_CAST({text} AS DOUBLE) * {10**6 // PER_SECOND[form]})"
        time = f"make_timestamp(CAST({micro} AS BIGINT))"
    elif form == "iso":
        is_day = f"regexp_full_match({text}, {quoted_text(labbook.ISO)})"
        time = f"CASE WHEN {is_day} THEN CAST(TRY_CAST({text} AS TIMESTAMPTZ) AS TIMESTAMP) END"
    else:
        time = f"CAST(try_strptime({text}, {quoted_text(form)}) AS TIMESTAMP)"
    is_number = form in (ORDER, *EPOCHS)
    return _unless_missing(recipe, recipe.timestamp, time, is_number=is_number)


def _unless_missing(recipe: Recipe, column: str, value: str, *, is_number: bool) -> str:
    """Return the SQL of a value, open where it is missing; words are no numbers anyway."""
    words = [w for w in recipe.missing if not is_number or _may_be_number(w)]
    missing = is_missing(replace(recipe, missing=tuple(words)), column)
    return f"CASE WHEN NOT {missing} THEN {value} END" if words else value


def _may_be_number(text: str) -> bool:
    """Whether DuckDB may read a text as a number."""
    return any(c.isdigit() for c in text) or text.strip().lower().lstrip("+-")[:3] in NO_DIGITS


def _typed_text(column: str, kind: str) -> str:
    """Return the SQL that gives a column of any type as the text that the helper gives."""
    name = quoted_name(column)
    text = f"CAST({name} AS VARCHAR)"
    if kind.endswith("]"):
        text = f"CAST(to_json({name}) AS VARCHAR)"
    if kind in ("FLOAT", "DOUBLE"):
        is_whole = f"isfinite({name}) AND {name} = round({name}) AND abs({name}) < {1 << 53}"
        text = f"CASE WHEN {is_whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE {text} END"
    return f"coalesce({text}, '') AS {name}"
