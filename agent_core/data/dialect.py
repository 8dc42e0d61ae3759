"""How the lines of a file are made: layout, delimiter, quotation, header; from its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent_core.data.choices import Doubt, header_choice
from agent_core.data.columns import by_place, numbered_names, role_of
from agent_core.data.lines import Dialect, fields_of
from agent_core.data.objects import objects_form
from agent_core.data.odd_layouts import form_of, is_matrix, lists_of, odd_layout, wide_of
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

DELIMITERS = ("\t", "::", ";", ",", "|")
QUOTE = '"'
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
SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
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
    odd = None if is_table else odd_layout(body, skip)
    return odd or _table(lines, skip, asked, name, has_header, is_table=is_table)


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
    top = next(n for n, line in enumerate(lines) if n >= skip and found.is_row(line))
    rows = [r for r in found.rows if len(r) == found.width]
    above = [line for line in lines[:top] if line.strip()]
    names = () if has_header else _names_above(above, found, rows)
    is_named, titles = bool(names), [] if names else above[-1:]
    if not is_named and (_names_columns(rows) if has_header is None else has_header):
        is_named = not _counts_columns(rows[0])
        names, rows, top = tuple(rows[0]) if is_named else (), rows[1:], top + 1
    titles = [t for t in titles if not (t.startswith(COMMENT) or _separator_in(t))]
    types = tuple(m[2] if (m := TYPED.fullmatch(f)) else "" for f in names)
    names = tuple(TYPED.sub(r"\1", f) for f in names)
    is_spaced = found.delimiter == " " and not found.quote
    recipe = Recipe(
        Layout.SPACED if is_spaced else Layout.DELIMITED,
        delimiter="" if is_spaced else found.delimiter,
        quote=found.quote,
        skip=top,
        columns=numbered_names(names) if is_named else by_place(found.width),
    )
    if is_table:
        return Dialect(recipe, tuple(map(tuple, rows)), has_header=is_named, types=types)
    if found.width >= WIDE_FROM and not any(map(role_of, names)) and _are_numbers(rows):
        return wide_of(recipe, rows, names)
    if names and is_matrix(names, rows) and not found.quote:
        return wide_of(recipe, rows, names)
    doubts: list[Doubt] = [
        f"the line {line[:60]!r} above the table is left out" for line in titles
    ]
    if has_header is None and not is_named and _counts_columns(rows[0]):
        first = ", ".join(rows[0][:4])
        doubts.append(
            header_choice(f"the first line ({first}) may number the columns; it is read")
        )
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=is_named, doubts=tuple(doubts))


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
    names = fields_of(above[-1].lstrip("#% "), form.delimiter, form.quote)
    if not any(map(role_of, names)) or any(map(_is_number, names)):
        return ()
    if len(names) == form.width - 1:
        is_empty_last = all(not r[-1] for r in rows)
        names = [*names, ""] if is_empty_last else ["", *names]
    return tuple(names) if len(names) == form.width else ()


def _best_form(body: Sequence[str], asked: str) -> _Form | None:
    """Return the form under which most lines have one width."""
    found: list[_Form] = []
    has_quotes = any(QUOTE in line for line in body)
    for delimiter in (asked,) if asked else (*DELIMITERS, " "):
        can_quote = has_quotes and len(delimiter) == 1
        for quote in (QUOTE, "") if can_quote else ("",):
            try:
                rows = _rows_of(body, delimiter, quote)
            except csv.Error:  # a field as long as no field is: the quotation mark is none
                continue
            width, count = Counter(map(len, rows)).most_common(1)[0]
            if width >= 2 and count > SAME_WIDTH * len(rows):
                found.append(_Form(delimiter, quote, width, count / len(rows), rows))
    return max(found, key=lambda f: f.share, default=None)


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
