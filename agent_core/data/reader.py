"""Reads a file once: a recipe decided from its first lines, held against all of them."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from itertools import islice
from pathlib import Path

import duckdb

from agent_core.data.asked_lines import take_conditions, take_events, take_ratings, tell_nobody
from agent_core.data.choices import Doubt, event_choice, usual_event_choice
from agent_core.data.dialect import COMMENT, dialect_of
from agent_core.data.file_words import SEVERAL_A_LINE, FileWords
from agent_core.data.helper import labbook
from agent_core.data.known_files import KnownFile, known_file
from agent_core.data.lines import Dialect, width_of
from agent_core.data.lists_in_fields import with_lists
from agent_core.data.members import Member, chosen_member
from agent_core.data.mending import mend_headers, mend_ids, mend_ratings, mend_times
from agent_core.data.objects import document_text
from agent_core.data.plain_file import MAX_BYTES, PlainFile, plain_file, refuse_long
from agent_core.data.reading import Reading
from agent_core.data.roles import with_roles
from agent_core.data.table import (
    Trouble,
    connection,
    is_dropped,
    parquet_kinds,
    quoted_name,
    run,
    source_of,
)
from agent_core.data.text_encoding import is_sure
from agent_core.data.times import time_format
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

DOCUMENTS = (Layout.JSON_ARRAY, Layout.JSON_ROWS, Layout.JSON_COLUMNS, Layout.JSON_MAP)
"""Layouts that are parsed in one piece."""
MAX_BAD_LINES = 100
MOST_BAD = 0.01
"""Share of lines of another width that are left out with a word; with more it is another form."""
BLANK = (b"\n", b"\r\n")
MOST_FOOT = 5
"""Lines below a table that are none of it, as a sum or a count."""
FOOT_PER = 10
"""Lines of a file for each further one below."""
TRIES = 8
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
            reading = _begin(plain, path, name, words, opened, folder, target)
            reading.unused = chosen.others
            if chosen.note:
                _tell_member(reading, chosen.note)
            for _ in range(TRIES):
                write_lines(reading)
                if not _is_mended(reading):
                    break
            _tell_lines(reading)
            _tell_events(reading)
            tell_nobody(reading)
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
    path: Path,
    name: str,
    words: FileWords,
    opened: duckdb.DuckDBPyConnection,
    folder: Path,
    target: Path,
) -> Reading:
    """Return the recipe that the first lines give."""
    dialect = (
        _parquet_dialect(plain, name, opened, folder)
        if plain.is_parquet
        else _text_dialect(plain, name, words)
    )
    if not dialect.rows:
        raise BadDataset(f"{name} has a header but no rows. Attach the whole file.")
    dialect = _without_counts(dialect, plain.lines)
    names = [plain.member] if plain.member else [name, path.name]
    known = known_file(names, dialect.recipe.columns, has_header=dialect.has_header)
    dialect = _unfolded(dialect, known) if known and known.inner else with_lists(dialect)
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
    if not is_sure(plain.head, plain.encoding):
        reading.doubts.append(f"the text is read as {plain.encoding}, as its letters suggest")
    if known and known.remark:
        reading.notes.append(known.remark)
    take_ratings(reading)
    take_events(reading, dialect.rows)
    take_conditions(reading, dialect.rows)
    return reading


def _parquet_dialect(
    plain: PlainFile, name: str, opened: duckdb.DuckDBPyConnection, folder: Path
) -> Dialect:
    """Return the form of a Parquet file, with its first rows."""
    columns = tuple(parquet_kinds(opened, plain.path))
    if not columns:
        raise BadDataset(f"{name} has no plain columns. Attach one interaction a row.")
    recipe = Recipe(Layout.PARQUET, columns=columns, delimiter="")
    source = source_of(opened, plain, recipe, folder)
    rows = run(opened, f"SELECT * FROM {source} LIMIT 2000")
    return Dialect(recipe, tuple(tuple(map(str, r)) for r in rows), has_header=True)


def _text_dialect(plain: PlainFile, name: str, words: FileWords) -> Dialect:
    """Return the form of a text; refuse what is too long to be parsed in one piece."""
    start = plain.head.lstrip("\ufeff \r\n")[:1]
    refuse_long(plain, name, is_array=start == "[", is_object=start == "{")
    dialect = _dialect(plain, name, words)
    is_document = dialect.recipe.layout in DOCUMENTS
    refuse_long(plain, name, is_array=is_document, is_object=start == "{")
    return dialect


def _dialect(plain: PlainFile, name: str, words: FileWords) -> Dialect:
    """Return the form of lines: that of another part, where a line has several interactions."""
    if words.like is None or words.like.layout not in SEVERAL_A_LINE:
        return dialect_of(document_text(plain), name, has_header=words.has_header)
    recipe = replace(words.like, member="", compression="", bad_lines=())
    rows = labbook.odd_rows(StringIO(plain.head), recipe.as_json())
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=True)


def _without_counts(dialect: Dialect, lines: int) -> Dialect:
    """Leave out a first line that counts users, items and lines, as matrices have it."""
    first, *others = dialect.rows
    skip = dialect.recipe.skip
    counts = [int(f) for f in first if f.isdigit()]
    is_count = (
        not dialect.has_header and len(counts) == len(first) > 2 and counts[-1] == lines - skip - 1
    )
    columns = [*zip(*others, strict=True)][:2] if is_count and others else []
    is_most = all(
        v.isdigit() and int(v) <= most for most, c in zip(counts, columns, strict=False) for v in c
    )
    if not (columns and is_most):
        return dialect
    doubt = f"the first line ({' '.join(first)}) counts users, items and lines; it is left out"
    recipe = replace(dialect.recipe, skip=skip + 1)
    return replace(dialect, recipe=recipe, rows=tuple(others), doubts=(*dialect.doubts, doubt))


def _unfolded(dialect: Dialect, known: KnownFile) -> Dialect:
    """Return the form of lines of which one field holds several items."""
    place = known.roles["item_id"]
    lead = place - 1 if isinstance(place, int) else dialect.recipe.columns.index(place)
    columns, labels = dialect.recipe.columns, int(bool(known.label))
    recipe = replace(
        dialect.recipe, layout=Layout.LISTS, lead=lead, inner=known.inner, quote="", labels=labels,
        columns=(*columns[: lead + 1], *[known.label] * labels, *columns[lead + 1 :]),
    )  # fmt: skip
    rows = (
        (*r[:lead], *[*item.rsplit("-", labels), ""][: labels + 1], *r[lead + 1 :])
        for r in dialect.rows
        for item in r[lead].split()
    )
    return replace(dialect, recipe=recipe, rows=tuple(rows))


def write_lines(reading: Reading) -> None:
    """Write the table; correct quotation marks and lines of another width where they stop it."""
    try:
        reading.write()
        return
    except Trouble as error:
        if reading.recipe.layout not in (Layout.DELIMITED, Layout.SPACED):
            raise
        trouble = error
    if reading.recipe.delimiter == " " and not reading.recipe.quote:
        reading.recipe = replace(reading.recipe, layout=Layout.SPACED, delimiter="")
        write_lines(reading)
        return
    for quote in dict.fromkeys((reading.recipe.quote, "")):
        recipe = replace(reading.recipe, quote=quote)
        bad, last = _bad_lines(reading.plain.path, recipe)
        odd = sum(not text.startswith(COMMENT) for n, text, _ in bad if n < last)
        foot = [n for n, _, _ in bad if n > last]
        most_foot = min(MOST_FOOT, 1 + reading.plain.lines // FOOT_PER)
        if odd <= min(MAX_BAD_LINES, MOST_BAD * reading.plain.lines) and len(foot) <= most_foot:
            reading.recipe = replace(recipe, bad_lines=tuple(n for n, _, _ in bad))
            try:
                reading.write()
            except Trouble as error:
                trouble = error
                continue
            return
    bad, _ = _bad_lines(reading.plain.path, reading.recipe)
    raise BadDataset(f"{reading.name} is malformed: {_told(bad, reading.recipe, trouble)}")


def _bad_lines(path: Path, recipe: Recipe) -> tuple[list[tuple[int, str, int]], int]:
    """Return number, text and width of lines that have another number of fields, and the last
    line that has the right one.
    """  # noqa: D205
    width, last = len(recipe.columns), 0
    bad: list[tuple[int, str, int]] = []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for number, line in enumerate(lines):
            text = line.rstrip("\r\n")
            if number < recipe.skip or not text:
                continue
            count = width_of(text, recipe.delimiter or " ", recipe.quote)
            if count == width:
                last = number
            else:
                bad.append((number, text[:80], count))
    return bad, last


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
    checks = (mend_lines, mend_headers, mend_ids, mend_ratings, mend_times)
    return any(check(reading) for check in checks)


def mend_lines(reading: Reading) -> bool:
    """Take quotation marks for letters where they join lines that have the right width."""
    recipe = reading.recipe
    if recipe.layout is not Layout.DELIMITED or not recipe.quote:
        return False
    (kept,) = reading.numbers("count(*)")
    if kept >= reading.plain.lines - recipe.skip - len(recipe.bad_lines):
        return False
    if reading.count("true") >= _lines_below(reading):
        return False
    plain = replace(recipe, quote="")
    if _bad_lines(reading.plain.path, plain)[0]:
        return False
    reading.recipe = plain
    return True


def _lines_below(reading: Reading) -> int:
    """Return how many lines of the file hold fields."""
    recipe = reading.recipe
    with reading.plain.path.open("rb") as lines:
        filled = sum(line not in BLANK for line in islice(lines, recipe.skip, None))
    return filled - len(recipe.bad_lines)


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
        empty = reading.count(f"{quoted_name(column)} = ''")
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
    """Say what counts as interaction although people could ask for less, or for more."""
    known = reading.known
    if known is None or reading.words.event or not known.events:
        return
    if known.usual:
        told = f"lines other than {known.usual}s are left out"
        reading.doubts.append(usual_event_choice(told, known.usual))
        return
    left_out = {
        event: reading.count(" OR ".join(f"coalesce({is_dropped(d)}, false)" for d in drops))
        for event, drops in known.events.items()
        if not {*drops} & {*reading.recipe.drops}
    }
    odd = {event: count for event, count in left_out.items() if count}
    if len(odd) == 1:
        ((event, count),) = odd.items()
        why = " or ".join(d.why for d in known.events[event])
        told = f"{count:,} lines ({why}) count as interactions"
        reading.doubts.append(event_choice(told, [event]))
    elif odd:
        lines = reading.count("true")
        kinds = ", ".join(f"{event} {lines - count:,}" for event, count in odd.items())
        told = f"lines of all kinds count as interactions ({kinds})"
        reading.doubts.append(event_choice(told, [*odd]))
