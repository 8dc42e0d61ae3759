"""Reads a file once: a recipe decided from its first lines, held against all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import duckdb

from agent_core.data.dialect import Dialect, dialect_of, fields_of
from agent_core.data.file_words import EVENT_WORDS, FileWords
from agent_core.data.known_files import KnownFile, known_file
from agent_core.data.plain_file import MAX_BYTES, PlainFile, plain_file
from agent_core.data.roles import with_roles
from agent_core.data.signs import signs_of
from agent_core.data.table import (
    Trouble,
    connection,
    field_text,
    is_dropped,
    is_missing,
    parquet_kinds,
    quoted_text,
    run,
    source_of,
    write_table,
)
from agent_core.data.times import time_format
from agent_core.domain.recipe import EPOCHS, Drop, Layout, Recipe, When
from agent_core.errors import BadDataset

MAX_BAD_LINES = 100
MOST_BAD = 0.01
"""Share of lines of another width that are left out with a word; with more it is another form."""
MOST_ODD_TIMES = 0.1
"""Share of times that may be unreadable before the column is taken for none."""
MOST_ODD_RATINGS = 0.5
"""Share of ratings that are no numbers up to which a column is a rating at all."""
TRIES = 6
"""How often a recipe is corrected by what the whole file shows; each mends another thing."""


@dataclass(slots=True)
class Reading:
    """A file on its way to a table."""

    name: str
    plain: PlainFile
    recipe: Recipe
    opened: duckdb.DuckDBPyConnection
    folder: Path
    target: Path
    words: FileWords
    has_header: bool = True
    others: tuple[str, ...] = ()
    """Time formats that fit the first lines as well."""
    known: KnownFile | None = None
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What was guessed, for people to correct."""
    source: str = ""

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Return what a query on the file or the table gives."""
        return run(self.opened, sql)

    def numbers(self, *fields: str, of: str = "") -> list[int]:
        """Return whole numbers that are counted over the table, or over something else."""
        source = of or f"read_parquet({quoted_text(self.target)})"
        row = self.query(f"SELECT {', '.join(fields)} FROM {source}")[0]
        return [int(str(v or 0)) for v in row]

    def count(self, condition: str) -> int:
        """Return how many lines of the file meet a condition."""
        return self.numbers("count(*)", of=f"{self.source} WHERE {condition}")[0]

    def write(self) -> None:
        """Write the table by the recipe."""
        self.source = source_of(self.opened, self.plain, self.recipe, self.folder)
        write_table(self.opened, self.source, self.recipe, self.target)


def read_table(
    path: Path,
    name: str,
    words: FileWords,
    folder: Path,
    target: Path,
    max_bytes: int = MAX_BYTES,
) -> Reading:
    """Read a file into the table of its interactions.

    Parameters
    ----------
    path
        The file as it was attached.
    name
        The name it is known by.
    words
        What people said of it.
    folder
        Where temporary files go.
    target
        The Parquet file that is written.
    max_bytes
        Larger files are refused.

    Raises
    ------
    BadDataset
        When it cannot be used: what is wrong, on which line, and what to do.
    """
    plain = plain_file(path, name, folder, max_bytes=max_bytes)
    with connection(folder) as opened:
        try:
            reading = _begin(plain, name, words, opened, folder, target)
            for _ in range(TRIES):
                _write(reading)
                if not _is_mended(reading):
                    break
            _tell_lines(reading)
        except Trouble as error:
            raise BadDataset(f"{name} cannot be read: {_first_line(error.text)}") from error
        return reading


def _begin(
    plain: PlainFile,
    name: str,
    words: FileWords,
    opened: duckdb.DuckDBPyConnection,
    folder: Path,
    target: Path,
) -> Reading:
    """Return the recipe that the first lines give."""
    if plain.is_parquet:
        columns = tuple(parquet_kinds(opened, plain.path))
        if not columns:
            raise BadDataset(f"{name} has no plain columns. Attach one interaction a row.")
        recipe = Recipe(Layout.PARQUET, columns=columns, delimiter="")
        source = source_of(opened, plain, recipe, folder)
        rows = run(opened, f"SELECT * FROM {source} LIMIT 2000")
        dialect = Dialect(recipe, tuple(tuple(map(str, r)) for r in rows), has_header=True)
    else:
        dialect = dialect_of(plain.head, name, has_header=words.has_header)
    if not dialect.rows:
        raise BadDataset(f"{name} has a header but no rows. Attach the whole file.")
    known = known_file(plain.member or name, dialect.recipe.columns, has_header=dialect.has_header)
    if known and known.inner:
        dialect = _unfolded(dialect, known)
    recipe, doubts = with_roles(dialect, words, name, known)
    recipe = replace(
        recipe, compression=plain.compression, member=plain.member, encoding=plain.encoding
    )
    values = (
        [r[recipe.columns.index(recipe.timestamp)] for r in dialect.rows]
        if recipe.timestamp
        else []
    )
    found = time_format(values)
    reading = Reading(
        name, plain, recipe, opened, folder, target, words, dialect.has_header,
        found.others if found else (), known, list(dialect.notes), doubts,
    )  # fmt: skip
    _take_ratings(reading)
    _take_events(reading, dialect.rows)
    return reading


def _unfolded(dialect: Dialect, known: KnownFile) -> Dialect:
    """Return the form of lines of which one field holds several items."""
    place = known.roles["item_id"]
    lead = place - 1 if isinstance(place, int) else dialect.recipe.columns.index(place)
    recipe = replace(dialect.recipe, layout=Layout.LISTS, lead=lead, inner=known.inner, quote="")
    rows = ((*r[:lead], item, *r[lead + 1 :]) for r in dialect.rows for item in r[lead].split())
    return replace(dialect, recipe=recipe, rows=tuple(rows))


def _take_ratings(reading: Reading) -> None:
    """Leave out of ratings, or out of the file, what people say is none."""
    recipe, words = reading.recipe, reading.words
    if not recipe.rating:
        return
    missing = (*recipe.missing, *words.not_rated)
    missing += reading.known.not_rated if reading.known else ()
    drops = (Drop(recipe.rating, When.IS, words.dropped, "as asked"),) if words.dropped else ()
    if recipe.layout is Layout.WIDE:
        drops = (*drops, Drop(recipe.rating, When.IS, tuple(dict.fromkeys(missing)), "not rated"))
    reading.recipe = replace(
        recipe, missing=tuple(dict.fromkeys(missing)), drops=(*recipe.drops, *drops)
    )


def _take_events(reading: Reading, rows: tuple[tuple[str, ...], ...]) -> None:
    """Keep the events that people ask for, of a log that has several kinds."""
    recipe = reading.recipe
    known = reading.known.events.get(reading.words.event, ()) if reading.known else ()
    if known:
        reading.recipe = replace(recipe, drops=(*recipe.drops, *known))
        return
    for place, column in enumerate(recipe.columns):
        events = signs_of([r[place] for r in rows if len(r) > place]).events
        if len(events) < 2 or column in recipe.roles.values():
            continue
        wanted = EVENT_WORDS.get(reading.words.event, "")
        kept = tuple(e for e in events if wanted and re.fullmatch(wanted, e, re.IGNORECASE))
        if reading.words.event and not kept:
            raise BadDataset(
                f"{reading.name} has the events {', '.join(sorted(events))} in column {column}, "
                f"no {reading.words.event}. Say which of them count."
            )
        if kept:
            drop = Drop(column, When.IS_NOT, kept, f"only {', '.join(kept)} counts")
            reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        else:
            reading.doubts.append(
                f"column {column} says what happened ({', '.join(sorted(events))}); all of it "
                "counts as interaction"
            )
        return


def _write(reading: Reading) -> None:
    """Write the table; correct quotation marks and lines of another width where they stop it."""
    try:
        reading.write()
        return
    except Trouble as error:
        if reading.recipe.layout is not Layout.DELIMITED:
            raise
        trouble = error
    for quote in dict.fromkeys((reading.recipe.quote, "")):
        recipe = replace(reading.recipe, quote=quote)
        bad = list(_bad_lines(reading.plain.path, recipe))
        if len(bad) <= min(MAX_BAD_LINES, MOST_BAD * reading.plain.lines):
            reading.recipe = replace(recipe, bad_lines=tuple(n for n, _, _ in bad))
            try:
                reading.write()
            except Trouble as error:
                trouble = error
                continue
            return
    bad = list(_bad_lines(reading.plain.path, reading.recipe))
    raise BadDataset(f"{reading.name} is malformed: {_told(bad, reading.recipe, trouble)}")


def _bad_lines(path: Path, recipe: Recipe) -> Iterator[tuple[int, str, int]]:
    """Yield number, text and width of lines that have another number of fields."""
    width = len(recipe.columns)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for number, line in enumerate(lines):
            text = line.rstrip("\r\n")
            if number < recipe.skip or not text:
                continue
            count = len(fields_of(text, recipe.delimiter, recipe.quote))
            if count != width:
                yield number, text[:80], count


def _told(bad: list[tuple[int, str, int]], recipe: Recipe, trouble: Trouble) -> str:
    """Say which line first has another number of fields, and how many do."""
    if not bad:
        return _first_line(trouble.text)
    number, text, count = bad[0]
    return (
        f"line {number + 1:,} has {count} fields where {len(recipe.columns)} are expected: "
        f"{text!r} ({len(bad):,} such lines). Mend or remove them and attach the file again."
    )


def _first_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _is_mended(reading: Reading) -> bool:
    """Correct the recipe by what the whole table shows; whether it has to be written again."""
    checks = (_mend_lines, _mend_ids, _mend_ratings, _mend_times)
    return any(check(reading) for check in checks)


def _table(reading: Reading) -> str:
    return f"read_parquet({quoted_text(reading.target)})"


def _mend_lines(reading: Reading) -> bool:
    """Take quotation marks for letters where they join lines that have the right width."""
    recipe = reading.recipe
    if recipe.layout is not Layout.DELIMITED or not recipe.quote:
        return False
    rows = reading.count("true")
    if rows >= _lines_below(reading):
        return False
    plain = replace(recipe, quote="")
    if any(True for _ in _bad_lines(reading.plain.path, plain)):
        return False
    reading.recipe = plain
    return True


def _lines_below(reading: Reading) -> int:
    """Return how many lines of the file hold fields."""
    recipe = reading.recipe
    with reading.plain.path.open("rb") as lines:
        return sum(
            1
            for n, line in enumerate(lines)
            if n >= recipe.skip and line.strip(b"\r\n") and n not in recipe.bad_lines
        )


def _mend_ids(reading: Reading) -> bool:
    """Take ids for text where some are no whole numbers in their usual form."""
    total, users, items = reading.numbers("count(*)", "count(user_id)", "count(item_id)")
    if total == 0:
        raise BadDataset(
            f"{reading.name}: no line is left with a user and an item. "
            f"{' '.join(d.why for d in reading.recipe.drops)}".strip()
        )
    recipe = replace(
        reading.recipe,
        is_user_number=reading.recipe.is_user_number and users == total,
        is_item_number=reading.recipe.is_item_number and items == total,
    )
    is_other = recipe != reading.recipe
    reading.recipe = recipe
    return is_other


def _mend_ratings(reading: Reading) -> bool:
    """Refuse ratings that are none; leave out the values that stand for none."""
    recipe = reading.recipe
    if not recipe.rating:
        return False
    text = field_text(recipe.rating)
    is_open = is_missing(recipe, recipe.rating)
    total, known, infinite = reading.numbers(
        "count(*)", "count(rating)", "count_if(NOT isfinite(rating))"
    )
    if known < total or infinite:
        point = text if recipe.decimal == "." else f"replace({text}, ',', '.')"
        number = f"TRY_CAST({point} AS DOUBLE)"
        odd = reading.query(
            f"SELECT {text}, count(*) FROM {reading.source} WHERE NOT {is_open} AND "
            f"({number} IS NULL OR NOT isfinite({number})) GROUP BY 1 ORDER BY 2 DESC, 1 "
            "LIMIT 1000"
        )
        commas = [v for v, _ in odd if re.fullmatch(r"-?\d+,\d+", str(v))]
        if odd and len(commas) == len(odd) and recipe.decimal == ".":
            reading.recipe = replace(recipe, decimal=",")
            return True
        if odd:
            _refuse_ratings(reading, odd, total)
    return _mend_sentinels(reading)


def _refuse_ratings(reading: Reading, odd: list[tuple[object, ...]], total: int) -> NoReturn:
    count = sum(int(str(n)) for _, n in odd)
    column, most = reading.recipe.rating, str(odd[0][0])
    share = count / total
    at = reading.numbers(
        "min(n)",
        of=f"(SELECT row_number() OVER () AS n, {field_text(column)} AS v "
        f"FROM {reading.source}) WHERE v = {quoted_text(most)}",
    )[0]
    raise BadDataset(
        f"{reading.name}: column {column} has {count:,} values that are no ratings "
        f"({share:.1%}), most often {most[:40]!r} (first in line {at + reading.recipe.skip:,}). "
        f"Say “drop the {most[:40]} rows”, “{most[:40]} means not rated”, or name the column of "
        "the rating."
    )


def _mend_sentinels(reading: Reading) -> bool:
    """Leave values out of ratings that stand far from all others, as 99 among -10 to 10."""
    recipe = reading.recipe
    values = [
        float(str(v))
        for (v,) in reading.query(
            f"SELECT DISTINCT rating FROM {_table(reading)} WHERE rating IS NOT NULL "
            "ORDER BY 1 LIMIT 5000"
        )
    ]
    strange = _strange(values)
    if strange is None:
        return False
    text = field_text(recipe.rating)
    forms = reading.query(
        f"SELECT {text}, count(*) FROM {reading.source} "
        f"WHERE TRY_CAST({text} AS DOUBLE) = {strange!r} GROUP BY 1"
    )
    spelled = tuple(sorted(str(f) for f, _ in forms))
    count = sum(int(str(n)) for _, n in forms)
    others = [v for v in values if v != strange]
    if recipe.layout is Layout.WIDE:
        # A cell of a matrix that is not rated is no interaction.
        drop = Drop(recipe.rating, When.IS, spelled, f"{strange:g} stands for not rated")
        reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        return True
    reading.doubts.append(
        f"{count:,} ratings are {strange:g} among {others[0]:g} to {others[-1]:g}: taken as not "
        f"rated, left out of ratings (say “drop the {strange:g} rows” to leave the lines out)"
    )
    reading.recipe = replace(recipe, missing=(*recipe.missing, *spelled))
    return True


def _strange(values: list[float]) -> float | None:
    """Return a value that stands for none: a usual mark, beyond what the others span."""
    if len(values) < 3:
        return None
    low, high = values[0], values[-1]
    if low in (-1.0, -99.0, -999.0) and values[1] >= 0 and values[1] - low >= 1:
        return low
    rest = values[-2] - values[0]
    return high if high in (99.0, 999.0, 9999.0) and high - values[-2] > rest else None


def _mend_times(reading: Reading) -> bool:
    """Choose between formats that fit, leave zeros open, give up a column of no times."""
    recipe = reading.recipe
    if not recipe.timestamp:
        return False
    is_open = is_missing(recipe, recipe.timestamp)
    total, known = reading.numbers("count(*)", "count(timestamp)")
    open_count = reading.count(is_open) if known < total else 0
    odd = max(0, total - known - open_count)
    if reading.others:
        other, reading.others = reading.others[0], reading.others[1:]
        return _is_other_format(reading, other, odd)
    if recipe.time_format in EPOCHS and "0" not in recipe.missing:
        zeros = reading.count(f"{field_text(recipe.timestamp)} IN ('0', '0.0', '-1')")
        if zeros:
            reading.notes.append(f"{zeros:,} times are 0 and left open")
            reading.recipe = replace(recipe, missing=(*recipe.missing, "0", "0.0", "-1"))
            return True
    if odd > MOST_ODD_TIMES * total:
        reading.notes.append(f"column {recipe.timestamp} holds no times that can be read")
        reading.recipe = replace(recipe, timestamp="", time_format="")
        return True
    return False


def _is_other_format(reading: Reading, other: str, odd: int) -> bool:
    """Whether another format of dates fits the file better: by failures, then by order."""
    recipe = reading.recipe
    text = field_text(recipe.timestamp)

    def failures(form: str) -> int:
        return reading.count(
            f"NOT {is_missing(recipe, recipe.timestamp)} AND "
            f"try_strptime({text}, {quoted_text(form)}) IS NULL"
        )

    def steps_back(form: str) -> int:
        moments = f"try_strptime({text}, {quoted_text(form)})"
        both = f"SELECT {moments} AS t, lag({moments}) OVER () AS before FROM {reading.source}"
        return reading.numbers("count_if(t < before)", of=f"({both})")[0]

    mine, theirs = odd, failures(other)
    if mine == theirs:
        mine, theirs = steps_back(recipe.time_format), steps_back(other)
        chosen = other if theirs < mine else recipe.time_format
        reading.doubts.append(
            f"dates in column {recipe.timestamp} fit {recipe.time_format} and {other}; "
            f"{chosen} is taken, under which the file is "
            f"{'in order' if mine != theirs else 'in order as under the other'}"
        )
    if theirs < mine:
        reading.recipe = replace(recipe, time_format=other)
        return True
    return False


def _tell_lines(reading: Reading) -> None:
    """Say which lines of the file are no rows of the table, and why."""
    recipe = reading.recipe
    if recipe.bad_lines:
        numbers = ", ".join(f"{n + 1:,}" for n in recipe.bad_lines[:5])
        reading.notes.append(
            f"{len(recipe.bad_lines):,} lines have another number of fields and are left out "
            f"(line {numbers})"
        )
    (kept,) = reading.numbers("count(*)")
    if recipe.layout is Layout.DELIMITED and kept == reading.plain.lines - recipe.skip - len(
        recipe.bad_lines
    ):
        return
    if kept == reading.count("true"):
        return
    for role, column in (("user", recipe.user), ("item", recipe.item)):
        empty = reading.count(f"{field_text(column)} = ''")
        if empty:
            reading.notes.append(f"{empty:,} lines without {role} are left out")
    for drop in recipe.drops:
        left_out = reading.count(is_dropped(drop))
        reading.notes.append(f"{left_out:,} lines are left out: {drop.why or drop.column}")
