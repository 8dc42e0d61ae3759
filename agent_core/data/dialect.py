"""How the lines of a file are made: layout, delimiter, quotation, header; from its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_core.data.choices import Doubt, header_choice
from agent_core.data.columns import by_place, numbered_names, role_of
from agent_core.data.lines import QUOTE, Dialect, fields_of, quotes_of
from agent_core.data.objects import objects_form
from agent_core.data.odd_layouts import (
    form_of,
    is_matrix,
    is_square,
    lists_of,
    odd_layout,
    wide_of,
)
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

DELIMITERS = ("\t", "::", ";", ",", "|")
RARE_DELIMITERS = ("^", "~", "\x01", "\x1f", "\x02", "¦", "§")
PENALTY = 0.1
"""What blanks and rare marks must part more lines than others do, to be the delimiter."""
COMMENT = ("#", "%")
MAX_COLUMNS = 2_000
"""The widest published table of ratings, Jester's, has 101."""
WIDE_FROM = 20
"""Columns from which a table of numbers without names is one line a user."""
SEEN_LINES = 2_000
"""Lines that the form is decided from; all are held against it afterwards."""
SAME_WIDTH = 0.5
"""Share of the lines that must have one width; of several forms the one with the most is taken."""
REGULAR = 0.9
"""Share of the lines with one width from which they are no lists of items."""
COUNTED_FROM = 3
MOST_TITLES = 20
RULE = re.compile(r"[|+:-][-+|:= ]*[-=][-+|:= ]*")
"""A line between names and rows: `|---|---|`, `+-----+`."""
SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
ATTRIBUTE = re.compile(r"\s*@attribute\s+(?:['\"]([^'\"]+)['\"]|(\S+))", re.IGNORECASE)
FEATURES = re.compile(r"[-+.\d]+(?:\s+\d+:\d+:[-+.\de]+)+\s*")
"""A line of libffm."""
AROUND = re.compile(r"((?:[A-Za-z]\w*)?\().*[^)](\)[,;]?)")
TYPED = re.compile(r"(\w+):(token_seq|float_seq|token|float)")
"""A column of a RecBole atomic file."""


@dataclass(frozen=True, slots=True)
class _Form:
    """Lines of a table under one delimiter and quotation mark."""

    delimiter: str
    quote: str
    width: int
    share: float
    """Of the lines, those that have this width."""
    rows: list[list[str]]

    @property
    def merit(self) -> float:
        """Return by how much it is better than others."""
        return self.share - PENALTY * (self.delimiter in (" ", *RARE_DELIMITERS))

    @property
    def is_doubled(self) -> bool:
        """Whether nothing ever stands between two marks."""
        between = [f for r in self.rows if len(r) == self.width for f in r[1::2]]
        is_odd = self.width % 2 == 1 and self.width > 1 and len(self.delimiter) == 1
        return is_odd and not self.quote and not any(between)

    def begins(self, line: str, row: Sequence[str]) -> bool:
        """Whether a row stands in a line, or begins there."""
        fields = fields_of(line, self.delimiter, self.quote)
        return fields == list(row) or (bool(self.quote) and line.count(self.quote) % 2 == 1)

    def is_row(self, line: str) -> bool:
        """Whether a line has the width, or begins a field that goes on below."""
        is_open = bool(self.quote) and line.count(self.quote) % 2 == 1
        fields = fields_of(line, self.delimiter, self.quote)
        return bool(line.strip()) and (is_open or len(fields) == self.width)


def dialect_of(
    head: str, name: str, *, has_header: bool | None = None, is_table: bool = False
) -> Dialect:
    """Return the form of a text.

    Parameters
    ----------
    head
        Its first lines.
    name
        The file, for messages.
    has_header
        Whether the first line names columns; None where nobody said it.
    is_table
        Whether a line is a row of its own whatever it holds, as in files of people or of things.

    Raises
    ------
    BadDataset
        When it has none that is known.
    """
    lines = re.split(r"\r\n|\r|\n", head)[:SEEN_LINES]
    skip, asked = _preamble(lines)
    body = lines[skip:]
    if not body:
        raise BadDataset(f"{name} holds only comments or blank lines. Attach the file again.")
    if body[0].lstrip().startswith(("{", "[")):
        return objects_form(head.lstrip("\ufeff \r\n"), name, is_table=is_table)
    told = None if is_table else _told_table(lines, skip, asked, name, has_header)
    odd = None if is_table else told or odd_layout(body, skip)
    return odd or _table(lines, skip, asked, name, has_header, is_table=is_table)


def _told_table(
    lines: Sequence[str], skip: int, asked: str, name: str, has_header: bool | None
) -> Dialect | None:
    """Return the form of a table that its first lines or brackets tell; None without them."""
    body = [line for line in lines[skip:] if line.strip()]
    data = next((n for n, line in enumerate(lines) if line.strip().lower() == "@data"), 0)
    if data:
        return _attributed(lines, data, name)
    if lines[0].startswith("%%MatrixMarket"):
        # Below the comments stands one line of counts: rows, columns, entries.
        bare = ["" for _ in range(skip + 1)] + list(lines[skip + 1 :])
        return _table(bare, skip + 1, "", name, has_header=False, is_table=False)
    if all(map(FEATURES.fullmatch, body)):
        raise BadDataset(
            f"{name} holds features of examples (`{body[0][:40]}`), and nothing tells which are "
            "users and items. Attach one interaction a line."
        )
    around = _around(body)
    if not around:
        return None
    lines = [line[len(around[0]) : len(line) - len(around[1])] for line in lines]
    found = _table(lines, skip, asked, name, has_header, is_table=False)
    return replace(found, recipe=replace(found.recipe, around=around))


def _attributed(lines: Sequence[str], data: int, name: str) -> Dialect:
    """Return the form of a table whose columns are described above it, as Weka has them."""
    names = [m[1] or m[2] for line in lines[:data] if (m := ATTRIBUTE.match(line))]
    found = _table(lines, data + 1, ",", name, has_header=False, is_table=False)
    if len(names) != len(found.recipe.columns):
        raise BadDataset(
            f"{name} describes {len(names)} attributes, its lines have "
            f"{len(found.recipe.columns)} fields. Mend the description and attach it again."
        )
    recipe = replace(found.recipe, columns=numbered_names(names))
    return replace(found, recipe=recipe, has_header=True, doubts=())


def _around(body: Sequence[str]) -> tuple[str, str] | tuple[()]:
    """Return what each line begins and ends with, where that is a bracket: `(1,5,4.0)`."""
    found = {m and (m[1], m[2]) for m in map(AROUND.fullmatch, filter(str.strip, body))}
    only = found.pop() if len(found) == 1 else None
    return only or ()


def _separator_in(line: str) -> str:
    """Return the separator that a line names; nothing where it is no such line."""
    named = SEPARATOR_LINE.fullmatch(line.strip("\ufeff \r\n"))
    return named[1] if named else ""


def _preamble(lines: Sequence[str]) -> tuple[int, str]:
    """Return how many lines stand above the table, and the delimiter that they name."""
    asked = ""
    for number, line in enumerate(lines):
        named = _separator_in(line)
        asked = named or asked
        if line.strip() and not named and not line.startswith(COMMENT):
            return number, asked
    return len(lines), asked


def _table(
    lines: Sequence[str],
    skip: int,
    asked: str,
    name: str,
    has_header: bool | None,
    *,
    is_table: bool,
) -> Dialect:
    """Return the form of lines with one width, or of lists of items."""
    body = [line for line in lines[skip:] if line.strip()]
    found = _best_form(body, asked)
    is_regular = is_table or (found is not None and found.share >= REGULAR)
    lists = None if is_regular else lists_of(body, skip)
    if lists:
        return lists
    if found is None:
        _refuse_open_quote(lines, name)
        raise BadDataset(
            f"{name} is no table: the first line is {body[0][:80]!r}. I need lines like "
            "`user,item,rating` with one separator (tab, comma, semicolon, |, :: or space)."
        )
    if found.width > MAX_COLUMNS:
        raise BadDataset(f"{name} has {found.width:,} columns, more than {MAX_COLUMNS:,}.")
    top = _top_of(lines, skip, found, has_header)
    types = tuple(m[2] if (m := TYPED.fullmatch(f)) else "" for f in top.names)
    names = tuple(TYPED.sub(r"\1", f) for f in top.names)
    # Single blanks part fields as other marks do, so that no line has to be taken apart here.
    is_single = all(line == " ".join(line.split()) for line in body)
    is_spaced = found.delimiter == " " and not found.quote and not is_single
    recipe = Recipe(
        Layout.SPACED if is_spaced else Layout.DELIMITED,
        delimiter="" if is_spaced else found.delimiter,
        quote=found.quote,
        skip=top.line,
        columns=numbered_names(names) if top.is_named else by_place(found.width),
    )
    rows = tuple(map(tuple, top.rows))
    if is_table:
        return Dialect(recipe, rows, has_header=top.is_named, types=types)
    matrix = _matrix(recipe, top.rows, names, name)
    return matrix or Dialect(recipe, rows, has_header=top.is_named, doubts=top.doubts)


@dataclass(frozen=True, slots=True)
class _Top:
    """Where a table begins, and its names."""

    names: tuple[str, ...]
    rows: list[list[str]]
    """Those below the names."""
    line: int
    """The first line of the rows."""
    is_named: bool
    doubts: tuple[Doubt, ...]


def _top_of(lines: Sequence[str], skip: int, form: _Form, has_header: bool | None) -> _Top:
    """Return where a table begins: below titles, comments, names and a rule."""
    rows = [r for r in form.rows if len(r) == form.width]
    rows = rows[_first_named(rows) :]
    tops = [n for n, line in enumerate(lines) if n >= skip and form.is_row(line)]
    top = next((n for n in tops if form.begins(lines[n], rows[0])), tops[0])
    above = [line for line in lines[:top] if line.strip()]
    below = [r for r in rows[1:] if r != rows[0]]
    is_own = _names_columns([rows[0], *below]) if has_header is None else has_header
    names = () if has_header or _has_pair(rows[0]) else _names_above(above, form, rows)
    is_named, titles = bool(names), [] if names else above[-1:]
    if not is_named and is_own:
        is_named = not _counts_columns(rows[0])
        names, rows, top = tuple(rows[0]) if is_named else (), below, top + 1
        while rows and top < len(lines) and RULE.fullmatch(lines[top].strip()):
            rows, top = rows[1:] if form.is_row(lines[top]) else rows, top + 1
    titles = [t for t in titles if not (t.startswith(COMMENT) or _separator_in(t))]
    doubts: list[Doubt] = [f"the line {t[:60]!r} above the table is left out" for t in titles]
    if has_header is None and not is_named and rows and _counts_columns(rows[0]):
        text = f"the first line ({', '.join(rows[0][:4])}) may number the columns; it is read"
        doubts.append(header_choice(text))
    return _Top(names, rows, top, is_named, tuple(doubts))


def _matrix(
    recipe: Recipe, rows: list[list[str]], names: tuple[str, ...], name: str
) -> Dialect | None:
    """Return the form of a matrix; None where a table is none."""
    if len(recipe.columns) >= WIDE_FROM and not any(map(role_of, names)) and _are_numbers(rows):
        return wide_of(recipe, rows, names)
    if names and is_square(names, rows):
        raise BadDataset(
            f"{name} is a matrix of {rows[0][0][:40]} and others by the same: it relates people "
            "or things of one kind, and has no users with items. Attach the interactions."
        )
    return wide_of(recipe, rows, names) if names and is_matrix(names, rows) else None


def _has_pair(row: Sequence[str]) -> bool:
    """Whether fields are names of a user and an item."""
    return {"user_id", "item_id"} <= {role_of(f) for f in row} and not any(map(_is_number, row))


def _first_named(rows: list[list[str]]) -> int:
    """Return where the names of columns stand, below titles that leave most fields empty."""
    for number, row in enumerate(rows[:MOST_TITLES]):
        if _has_pair(row):
            return number
        if 2 * sum(map(bool, row)) > len(row):
            return 0
    return 0


def _counts_columns(first: list[str]) -> bool:
    """Whether a line numbers columns from 0 or 1, as tables without names are often written."""
    counts = [[str(n + start) for n in range(len(first))] for start in (0, 1)]
    return len(first) >= COUNTED_FROM and first in counts


def _refuse_open_quote(lines: Sequence[str], name: str) -> None:
    """Refuse a text of which the most is in one quoted field."""
    odd = [n for n, line in enumerate(lines, start=1) if line.count(QUOTE) % 2]
    if len(odd) == 1:
        raise BadDataset(
            f"{name} is no table of interactions: the quotation mark in line {odd[0]:,} opens a "
            "field of many lines. Close it, or attach the file without that field."
        )


def _names_above(above: Sequence[str], form: _Form, rows: list[list[str]]) -> tuple[str, ...]:
    """Return the names of columns in the last line above a table, in a comment or without one.

    A line of names may have one field less: row numbers and empty last fields often have no name.
    """
    if not above:
        return ()
    line = above[-1].lstrip("#% ")
    names = fields_of(line, form.delimiter, form.quote)
    if len(names) == 1:  # names are sometimes parted by another mark than rows are
        forms = (fields_of(line, d, form.quote if len(d) == 1 else "") for d in (*DELIMITERS, " "))
        names = next((f for f in forms if len(f) == form.width), names)
    roles = {*map(role_of, names)} - {None}
    if not roles or any(map(_is_number, names)):
        return ()
    if len(names) == form.width - 1 and roles & {"user_id", "item_id"}:
        is_empty_last = all(not r[-1] for r in rows)
        names = [*names, ""] if is_empty_last else ["", *names]
    return tuple(names) if len(names) == form.width else ()


def _best_form(body: Sequence[str], asked: str) -> _Form | None:
    """Return the form under which most lines have one width."""
    found: list[_Form] = []
    for delimiter in (asked,) if asked else (*DELIMITERS, *RARE_DELIMITERS, " "):
        for quote in quotes_of(body, delimiter):
            form = _form(body, delimiter, quote)
            if form and form.is_doubled:
                form = _form(body, delimiter * 2, "")
            found += [form] if form else []
    return max(found, key=lambda f: f.merit, default=None)


def _form(body: Sequence[str], delimiter: str, quote: str) -> _Form | None:
    """Return the form of lines under a delimiter; None where most have no common width."""
    try:
        rows = _rows_of(body, delimiter, quote)
    except csv.Error:  # a field as long as no field is: the quotation mark is none
        return None
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or count <= SAME_WIDTH * len(rows):
        return None
    return _Form(delimiter, quote, width, count / len(rows), rows)


def _rows_of(body: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the fields of lines; a quoted field may go on over several."""
    if not quote:
        return [fields_of(line, delimiter, quote) for line in body]
    reader = csv.reader(
        (f"{line}\n" for line in body),
        delimiter=delimiter,
        quotechar=quote,
        skipinitialspace=True,
    )
    return [[f.strip() for f in row] for row in reader if row]


def _are_numbers(rows: list[list[str]]) -> bool:
    return all(_is_number(f) or not f for r in rows for f in r[1:])


def _names_columns(rows: list[list[str]]) -> bool:
    """Whether the first line names columns: known or typed names, or words above other things."""
    named = [(TYPED.sub(r"\1", f), column) for f, *column in zip(*rows, strict=True) if f]
    if 2 * len(named) <= len(rows[0]) or any(_is_number(f) for f, _ in named):
        return False
    if any(role_of(n) and n not in column for n, column in named if not re.search(r"\d", n)):
        return True
    if len(named) < len(rows[0]) or len(rows) < 2:
        return False
    # `u1` above `u2` has the form of what is below it, `person` above `u2` has not.
    if any(all(form_of(f) != form_of(name) for f in column) for name, column in named):
        return True
    # Words above words: names come back in no line, people and things do.
    are_words = not any(re.search(r"\d", f) for f in rows[0])
    return are_words and any(
        all(name not in column for name, column in named) and 2 * len(set(column)) <= len(column)
        for _, column in named
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
