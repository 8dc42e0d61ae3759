"""Reads a file once: a recipe decided from its first lines, held against all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import duckdb

from agent_core.data.choices import Doubt, event_choice
from agent_core.data.dialect import COMMENT, dialect_of
from agent_core.data.file_words import EVENT_WORDS, RETURNS, SEVERAL_A_LINE, FileWords
from agent_core.data.known_files import KnownFile, known_file
from agent_core.data.lines import Dialect, fields_of
from agent_core.data.members import Member, chosen_member
from agent_core.data.mending import mend_ids, mend_ratings, mend_times
from agent_core.data.plain_file import MAX_BYTES, PlainFile, plain_file, refuse_long
from agent_core.data.reading import Reading
from agent_core.data.roles import with_roles
from agent_core.data.signs import events_in
from agent_core.data.table import (
    Trouble,
    connection,
    field_text,
    is_dropped,
    parquet_kinds,
    run,
    source_of,
)
from agent_core.data.times import time_format
from agent_core.domain.recipe import Drop, Layout, Recipe, When
from agent_core.errors import BadDataset
from sandbox import labbook

MAX_BAD_LINES = 100
MOST_BAD = 0.01
"""Share of lines of another width that are left out with a word; with more it is another form."""
TRIES = 6
"""How often a recipe is corrected by what the whole file shows; each mends another thing."""


def read_table(
    path: Path,
    name: str,
    words: FileWords,
    folder: Path,
    target: Path,
    max_bytes: int = MAX_BYTES,
    member: str = "",
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
    member
        The file of an archive that is read; empty: it is chosen.

    Raises
    ------
    BadDataset
        When it cannot be used: what is wrong, on which line, and what to do.
    """
    chosen = Member(member) if member else chosen_member(path, name, words)
    plain = plain_file(path, name, folder, chosen.name, max_bytes)
    with connection(folder) as opened:
        try:
            reading = _begin(plain, name, words, opened, folder, target)
            reading.unused = chosen.others
            if chosen.note:
                _tell_member(reading, chosen.note)
            for _ in range(TRIES):
                write_lines(reading)
                if not _is_mended(reading):
                    break
            _tell_lines(reading)
            _tell_events(reading)
        except Trouble as error:
            raise BadDataset(f"{name} cannot be read: {_first_line(error.text)}") from error
        return reading


def _tell_member(reading: Reading, told: Doubt) -> None:
    """Say which file of an archive is read; ask where it was guessed."""
    if isinstance(told, str):
        reading.notes.append(told)
    else:
        reading.doubts.append(told)


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
        start = plain.head.lstrip("\ufeff \r\n")[:1]
        refuse_long(plain, name, is_array=start == "[", is_object=start == "{")
        dialect = _dialect(plain, name, words)
        is_array = dialect.recipe.layout is Layout.JSON_ARRAY
        refuse_long(plain, name, is_array=is_array, is_object=start == "{")
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
    if recipe.timestamp and words.like and words.like.time_format:
        recipe, found = replace(recipe, time_format=words.like.time_format), None
    reading = Reading(
        name, plain, recipe, opened, folder, target, words, dialect.has_header,
        found.others if found else (), known, [], [*dialect.doubts, *doubts],
    )  # fmt: skip
    _take_ratings(reading)
    _take_events(reading, dialect.rows)
    return reading


def _dialect(plain: PlainFile, name: str, words: FileWords) -> Dialect:
    """Return the form of lines: that of another part, where a line has several interactions."""
    if words.like is None or words.like.layout not in SEVERAL_A_LINE:
        return dialect_of(plain.head, name, has_header=words.has_header)
    recipe = replace(words.like, member="", compression="", bad_lines=())
    rows = labbook.odd_rows(StringIO(plain.head), recipe.as_json())
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=True)


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
    recipe, words = reading.recipe, reading.words
    # What is bought and not returned is a purchase.
    event = words.event or ("purchase" if words.refuses_returns else "")
    known = reading.known.events.get(event, ()) if reading.known else ()
    if known:
        reading.recipe = replace(recipe, drops=(*recipe.drops, *known))
        return
    for place, column in enumerate(recipe.columns):
        events = events_in([r[place] for r in rows if len(r) > place])
        if len(events) < 2 or column in recipe.roles.values():
            continue
        wanted = EVENT_WORDS.get(reading.words.event, "")
        kept = tuple(e for e in events if wanted and re.fullmatch(wanted, e, re.IGNORECASE))
        if wanted and not kept:
            raise BadDataset(
                f"{reading.name} has the events {', '.join(sorted(events))} in column {column}, "
                f"no {reading.words.event}. Say which of them count."
            )
        returned = tuple(e for e in events if re.fullmatch(RETURNS, e, re.IGNORECASE))
        if words.refuses_returns and returned and not kept:
            drop = Drop(column, When.IS, returned, f"{', '.join(returned)} do not count")
            reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        elif kept:
            drop = Drop(column, When.IS_NOT, kept, f"only {', '.join(kept)} counts")
            reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        else:
            _ask_events(reading, column, sorted(events))
        return


def _ask_events(reading: Reading, column: str, events: list[str]) -> None:
    """Ask which events count, unless somebody said that all do."""
    if reading.words.event:
        return
    kinds = [k for e in events for k, w in EVENT_WORDS.items() if re.fullmatch(w, e, re.I)]
    told = f"column {column} says what happened ({', '.join(events)}); all of it counts"
    reading.doubts.append(event_choice(f"{told} as interaction", kinds))


def write_lines(reading: Reading) -> None:
    """Write the table; correct quotation marks and lines of another width where they stop it."""
    try:
        reading.write()
        return
    except Trouble as error:
        if reading.recipe.layout not in (Layout.DELIMITED, Layout.SPACED):
            raise
        trouble = error
    for quote in dict.fromkeys((reading.recipe.quote, "")):
        recipe = replace(reading.recipe, quote=quote)
        bad = list(_bad_lines(reading.plain.path, recipe))
        odd = sum(not text.startswith(COMMENT) for _, text, _ in bad)
        if odd <= min(MAX_BAD_LINES, MOST_BAD * reading.plain.lines):
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
            count = len(fields_of(text, recipe.delimiter or " ", recipe.quote))
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
    checks = (mend_lines, mend_ids, mend_ratings, mend_times)
    return any(check(reading) for check in checks)


def mend_lines(reading: Reading) -> bool:
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
    before = "false"
    for drop in recipe.drops:
        # A line that several rules leave out is told of the first.
        rule = f"coalesce({is_dropped(drop)}, false)"
        if left_out := reading.count(f"{rule} AND NOT ({before})"):
            reading.notes.append(f"{left_out:,} lines are left out: {drop.why or drop.column}")
        before = f"{before} OR {rule}"


def _tell_events(reading: Reading) -> None:
    """Say what counts as interaction although people could ask for less."""
    for event, drops in reading.known.events.items() if reading.known else ():
        if reading.words.event or {*drops} & {*reading.recipe.drops}:
            continue
        rules = " OR ".join(f"coalesce({is_dropped(d)}, false)" for d in drops)
        if strange := reading.count(rules):
            why = " or ".join(d.why for d in drops)
            told = f"{strange:,} lines ({why}) count as interactions"
            reading.doubts.append(event_choice(told, [event]))
