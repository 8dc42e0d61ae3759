"""How the lines of a file are made: layout, delimiter, quotation, header; from its first lines."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent_core.data.columns import by_place, numbered_names, role_of
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset
from sandbox import labbook

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
BLOCK = re.compile(r"\d+:")
LIBFM = re.compile(r"-?\d+(?:\.\d+)?(?: \d+:-?\d+(?:\.\d+)?){2,}")
SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
TYPED = re.compile(r"(\w+):(?:token|float|token_seq|float_seq)")
"""A column of a RecBole atomic file."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A recipe as far as the form of the lines goes, with the first rows."""

    recipe: Recipe
    rows: tuple[tuple[str, ...], ...]
    has_header: bool = False
    notes: tuple[str, ...] = ()


def dialect_of(head: str, name: str, *, has_header: bool | None = None) -> Dialect:
    """Return the form of a text.

    Parameters
    ----------
    head
        Its first lines.
    name
        The file, for messages.
    has_header
        Whether the first line names columns; None where nobody said it.

    Raises
    ------
    BadDataset
        When it has none that is known.
    """
    lines = head.splitlines()[:SEEN_LINES]
    skip, asked = _preamble(lines)
    body = lines[skip:]
    if not body:
        raise BadDataset(f"{name} holds only comments or blank lines. Attach the file again.")
    start = body[0].lstrip()
    if start.startswith(("{", "[")):
        return _of_objects(head.lstrip("\ufeff \r\n"), name)
    if BLOCK.fullmatch(body[0].strip()):
        return _blocks(body)
    if all(LIBFM.fullmatch(line.strip()) for line in body if line.strip()):
        recipe = Recipe(
            Layout.LIBFM, delimiter=" ", skip=skip, columns=("user_id", "item_id", "rating")
        )
        rows = tuple((*(f.split(":")[0] for f in x.split()[1:3]), x.split()[0]) for x in body)
        return Dialect(replace(recipe, rating="rating"), rows)
    return _table(lines, skip, asked, name, has_header)


def fields_of(line: str, delimiter: str, quote: str) -> list[str]:
    """Return the fields of one line."""
    if delimiter == " ":
        return line.split()
    if len(delimiter) > 1 or not quote:
        return [f.strip() for f in line.split(delimiter)]
    reader = csv.reader([line], delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    return [f.strip() for f in next(reader, [])]


def _preamble(lines: Sequence[str]) -> tuple[int, str]:
    """Return how many lines stand above the table, and the delimiter that they name."""
    asked = ""
    for number, line in enumerate(lines):
        named = SEPARATOR_LINE.fullmatch(line.strip("\ufeff \r\n"))
        asked = named[1] if named else asked
        if line.strip() and not named and not line.startswith(COMMENT):
            return number, asked
    return len(lines), asked


def _of_objects(head: str, name: str) -> Dialect:
    """Return the form of JSON lines, a JSON array, or an object with a list inside."""
    first = head.splitlines()[0]
    found: list[object]
    if head.startswith("["):
        found, layout = _first_objects(head), Layout.JSON_ARRAY
    elif _is_object(first):
        layout = Layout.JSON_LINES
        found = [labbook._object(x) for x in head.splitlines()[:SEEN_LINES] if _is_object(x)]
    else:
        raise BadDataset(f"{name} is one JSON object, not a list. Attach one object a line.")
    if not found:
        raise BadDataset(f"{name} is JSON without objects. Attach one object a line.")
    keys = dict.fromkeys(k for entry in found for k in _paths(entry))
    recipe = Recipe(layout, delimiter="", columns=tuple(keys))
    rows = tuple(tuple(r) for r in labbook._objects(found, recipe.as_json()))
    return Dialect(recipe, rows, has_header=True)


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{") and line.rstrip().endswith("}")


def _first_objects(head: str) -> list[object]:
    """Return the objects at the start of an array that may be cut."""
    decoder, at = json.JSONDecoder(), 1
    found: list[object] = []
    while (start := head.find("{", at)) >= 0 and len(found) < SEEN_LINES:
        try:
            entry, at = decoder.raw_decode(head, start)
        except ValueError:
            break
        found.append(entry)
    return found


def _paths(entry: object, before: str = "") -> Iterator[str]:
    """Yield where plain values lie in an object."""
    for key, value in entry.items() if isinstance(entry, dict) else ():
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{key}.")
        elif not isinstance(value, list):
            yield f"{before}{key}"


def _blocks(body: Sequence[str]) -> Dialect:
    """Return the form of items with their users below."""
    width = max((len(line.split(",")) for line in body), default=1)
    columns = ("item_id", "user_id", "rating", "timestamp")[: width + 1]
    item = ""
    rows: list[tuple[str, ...]] = []
    for line in body:
        item = line.strip()[:-1] if line.strip().endswith(":") else item
        if not line.strip().endswith(":") and line.strip():
            rows.append((item, *line.strip().split(",")))
    rating, time = (c if c in columns else "" for c in ("rating", "timestamp"))
    recipe = Recipe(Layout.BLOCKS, columns=columns, rating=rating, timestamp=time)
    return Dialect(recipe, tuple(rows))


def _table(
    lines: Sequence[str], skip: int, asked: str, name: str, has_header: bool | None
) -> Dialect:
    """Return the form of lines with one width, or of lists of items."""
    body = [line for line in lines[skip:] if line.strip()]
    found = _best_form(body, asked)
    if found is None:
        return _lists(body, skip, name)
    delimiter, quote, rows = found
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if width > MAX_COLUMNS:
        raise BadDataset(f"{name} has {width:,} columns, more than {MAX_COLUMNS:,}.")
    comment = fields_of(lines[skip - 1].lstrip("#% "), delimiter, quote) if skip else []
    rows = [r for r in rows if len(r) == width]
    if not has_header and len(comment) == width and any(map(role_of, comment)):
        rows, is_named, above = [comment, *rows], True, 0
    else:
        is_named = _names_columns(rows) if has_header is None else has_header
        above = int(is_named)
    names = tuple(TYPED.sub(r"\1", f) for f in rows[0]) if is_named else ()
    rows = rows[int(is_named) :]
    layout = Layout.SPACED if delimiter == " " else Layout.DELIMITED
    recipe = Recipe(layout, delimiter="" if delimiter == " " else delimiter, quote=quote)
    recipe = replace(recipe, skip=skip + above, columns=numbered_names(names))
    if width >= WIDE_FROM and not any(map(role_of, names)) and _are_numbers(rows):
        return _wide(recipe, rows, names)
    if not is_named:
        recipe = replace(recipe, columns=by_place(width))
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=is_named)


def _best_form(body: Sequence[str], asked: str) -> tuple[str, str, list[list[str]]] | None:
    """Return delimiter, quotation mark and rows under which most lines have one width."""
    found: list[tuple[float, str, str, list[list[str]]]] = []
    has_quotes = any(QUOTE in line for line in body)
    for delimiter in (asked,) if asked else (*DELIMITERS, " "):
        can_quote = has_quotes and len(delimiter) == 1 and delimiter != " "
        for quote in (QUOTE, "") if can_quote else ("",):
            try:
                rows = _rows_of(body, delimiter, quote)
            except csv.Error:  # a field as long as no field is: the quotation mark is none
                continue
            width, count = Counter(map(len, rows)).most_common(1)[0]
            if width >= 2 and count > SAME_WIDTH * len(rows):
                found.append((count / len(rows), delimiter, quote, rows))
    best = max(found, key=lambda f: f[0], default=None)
    return best and best[1:]


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


def _lists(body: Sequence[str], skip: int, name: str) -> Dialect:
    """Return the form of a user and the user's items a line."""
    for delimiter in ("\t", ",", " "):
        rows = [line.split(None if delimiter == " " else delimiter) for line in body]
        if sum(len(r) > 2 for r in rows) > len(rows) // 2 and len({r[0] for r in rows}) == len(
            rows
        ):
            recipe = Recipe(Layout.LISTS, delimiter=delimiter.strip(" "), lead=1, skip=skip)
            pairs = tuple((r[0].strip(), i.strip()) for r in rows for i in r[1:])
            return Dialect(replace(recipe, columns=("user_id", "item_id")), pairs)
    raise BadDataset(
        f"{name} is no table: the first line is {body[0][:80]!r}. I need lines like "
        "`user,item,rating` with one separator (tab, comma, semicolon, |, :: or space)."
    )


def _wide(recipe: Recipe, rows: list[list[str]], names: tuple[str, ...]) -> Dialect:
    """Return the form of a matrix; whole numbers in its first column, all different, are users."""
    first = [r[0] for r in rows]
    has_user = len(set(first)) == len(first) and bool(names or all("." not in f for f in first))
    lead = int(has_user or _is_count(rows))
    recipe = replace(
        recipe,
        layout=Layout.WIDE,
        lead=lead,
        has_user=has_user,
        columns=("user_id", "item_id", "rating"),
        rating="rating",
    )
    cells = (
        (r[0] if has_user else str(n), str(i), v)
        for n, r in enumerate(rows)
        for i, v in enumerate(r[lead:], start=1)
    )
    return Dialect(recipe, tuple(cells), has_header=bool(names))


def _is_count(rows: list[list[str]]) -> bool:
    """Whether the first field counts others: how many of a line are rated, as Jester has it."""
    common = Counter(v for r in rows for v in r[1:]).most_common(1)[0][0]
    return all(r[0].isdigit() and int(r[0]) == sum(v != common for v in r[1:]) for r in rows)


def _are_numbers(rows: list[list[str]]) -> bool:
    return all(_is_number(f) or not f for r in rows for f in r[1:])


def _names_columns(rows: list[list[str]]) -> bool:
    """Whether the first line names columns: known or typed names, or words above other things."""
    first, rest = rows[0], rows[1:]
    if any(_is_number(f) for f in first) or not all(first):
        return False
    names = [TYPED.sub(r"\1", f) for f in first]
    if any(role_of(n) for n in names if not re.search(r"\d", n)):
        return True
    # `u1` above `u2` has the form of what is below it, `person` above `u2` has not.
    columns = list(zip(first, zip(*rest, strict=True), strict=True)) if rest else []
    if any(all(_form(f) != _form(name) for f in column) for name, column in columns):
        return True
    # Words above words: names come back in no line, people and things do.
    are_words = not any(re.search(r"\d", f) for f in first)
    return are_words and any(
        all(name not in column for name, column in columns) and 2 * len(set(column)) <= len(column)
        for _, column in columns
    )


def _form(text: str) -> str:
    """Return a field with one letter and one digit in place of all."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
