"""Files with several interactions a line, or one over several lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from agent_core.data.columns import role_of
from agent_core.data.helper import labbook
from agent_core.data.lines import Dialect
from agent_core.data.times import TimeFormat, time_format
from agent_core.domain.recipe import ORDER, Layout, Recipe

BLOCK = re.compile(r"\d+:")
COUNTED_BLOCK = re.compile(r"\w+\|\d+")
RELATION = re.compile(r"[\w.]+\t\d+\t-?\d+\t\{.*\}\t\{\s*\"subjects\".*\"objects\".*\}")
LIBFM = re.compile(r"-?\d+(?:\.\d+)?(?: \d+:1(?:\.0+)?){2}(?: \d+:-?\d+(?:\.\d+)?)*")
"""The first two features are the user and the item, which are there or not."""
RECORD = re.compile(r"([A-Za-z][\w/ .-]{0,40}):(?: .*)?")
"""A line of a record: a key and its value; a blank line ends the record."""
FEWEST_KEYS = 3
FEWEST_ITEMS = 3
MOST_MARKS = 21
"""Different marks of a matrix: 0 to 10 in halves."""
MOST_OPEN, LONGEST_OPEN = 3, 12
"""Different texts, and their length, that cells without a rating may have: `NR`, `-`."""
SAME_NAMES = 0.8
MARK = re.compile(r"-?\d{1,2}(?:\.\d{1,2})?")
SAME_FORM = 0.95
"""Share of the items of lists that are written alike."""


def odd_layout(body: Sequence[str], skip: int) -> Dialect | None:
    """Return the form of lines that are no rows of a table; None where they may be.

    Parameters
    ----------
    body
        The lines without what stands above them.
    skip
        How many stand above.
    """
    first = body[0].strip()
    if BLOCK.fullmatch(first):
        return _blocks(body)
    if COUNTED_BLOCK.fullmatch(first):
        return _blocks_of_users(body)
    if RELATION.fullmatch(first):
        return _relations(body)
    filled = [line for line in body if line.strip()]
    if all(LIBFM.fullmatch(line.strip()) for line in filled):
        return _libfm(filled, skip)
    return _records(body, skip) if RECORD.fullmatch(first) else None


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
    if width == 2 and time_format([r[2] for r in rows]):
        columns = ("item_id", "user_id", "timestamp")
    rating, time = (c if c in columns else "" for c in ("rating", "timestamp"))
    recipe = Recipe(Layout.BLOCKS, columns=columns, rating=rating, timestamp=time)
    return Dialect(recipe, tuple(rows))


def _blocks_of_users(body: Sequence[str]) -> Dialect | None:
    """Return the form of users, each with a number, and their items below."""
    recipe = Recipe(Layout.BLOCKS, delimiter="\t", inner="|")
    rows = tuple(map(tuple, labbook.odd_rows(body, recipe.as_json())))
    widths = {*map(len, rows)}
    if len(widths) != 1 or not widths <= {2, 3, 4, 5}:
        return None
    columns = ("user_id", "item_id", "rating", "timestamp", "clock")[: widths.pop()]
    rating, time = (c if c in columns else "" for c in ("rating", "timestamp"))
    form = (time_format([r[3] for r in rows]) or TimeFormat(ORDER)).form if time else ""
    recipe = replace(recipe, columns=columns, rating=rating, timestamp=time, time_format=form)
    return Dialect(recipe, rows)


def _relations(body: Sequence[str]) -> Dialect | None:
    """Return the form of events that name their users and items in JSON; None for others."""
    columns = ("user_id", "item_id", "timestamp", "event")
    recipe = Recipe(Layout.RELATIONS, delimiter="\t", columns=columns, timestamp="timestamp")
    try:
        rows = tuple(map(tuple, labbook.odd_rows(body, recipe.as_json())))
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    found = time_format([r[2] for r in rows]) or TimeFormat(ORDER)
    return Dialect(replace(recipe, time_format=found.form), rows)


def _libfm(body: Sequence[str], skip: int) -> Dialect:
    """Return the form of `rating user:1 item:1`."""
    recipe = Recipe(
        Layout.LIBFM, delimiter=" ", skip=skip, columns=("user_id", "item_id", "rating")
    )
    rows = tuple((*(f.split(":")[0] for f in x.split()[1:3]), x.split()[0]) for x in body)
    return Dialect(replace(recipe, rating="rating"), rows)


def _records(body: Sequence[str], skip: int) -> Dialect | None:
    """Return the form of records of `key: value` lines; None where there are none."""
    keys: dict[str, None] = {}
    repeated = 0
    for line in body:
        match = RECORD.fullmatch(line.rstrip("\r"))
        if line.strip() and not match:
            return None
        repeated += bool(match and match[1] in keys)
        keys |= {match[1]: None} if match else {}
    if len(keys) < FEWEST_KEYS or not repeated:
        return None
    recipe = Recipe(Layout.RECORDS, delimiter=":", skip=skip, columns=tuple(keys))
    rows = labbook.odd_rows(body, {**recipe.as_json(), "skip": 0})
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=True)


def lists_of(body: Sequence[str], skip: int) -> Dialect | None:
    """Return the form of a user and the user's items a line; None where lines are no such lists.

    Where the first number of a line counts the others, the line itself is the user.
    """
    for delimiter in ("\t", ",", " "):
        rows = [line.split(None if delimiter == " " else delimiter) for line in body]
        if sum(len(r) > 2 for r in rows) <= len(rows) // 2 or len({*map(len, rows)}) < 2:
            continue
        is_count = all(r[0].isdigit() and int(r[0]) == len(r) - 1 for r in rows)
        is_user = len({r[0] for r in rows}) == len(rows)
        has_colon = all(r[0].endswith(":") for r in rows)
        if not (is_count or is_user) or not _are_alike([i.strip() for r in rows for i in r[1:]]):
            continue
        recipe = Recipe(
            Layout.LISTS,
            delimiter=delimiter.strip(" "),
            lead=1,
            skip=skip,
            has_user=not is_count,
            around=(":",) if has_colon else (),
            columns=("user_id", "item_id"),
        )
        pairs = labbook.odd_rows(body, {**recipe.as_json(), "skip": 0})
        return Dialect(recipe, tuple(map(tuple, pairs)))
    return None


def _are_alike(items: Sequence[str]) -> bool:
    """Whether items are written alike, and are no measures."""
    forms = Counter(form_of(i) for i in items if i)
    most = max(forms.values(), default=0)
    return most >= SAME_FORM * forms.total() and not any("." in f for f in forms)


def form_of(text: str) -> str:
    """Return a field with one letter and one digit in place of all."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))


def wide_of(recipe: Recipe, rows: list[list[str]], names: tuple[str, ...]) -> Dialect:
    """Return the form of a matrix; whole numbers in its first column, all different, are users.

    Where the first column is named for items, its lines are items and its columns users.
    """
    first = [r[0] for r in rows]
    has_user = len(set(first)) == len(first) and bool(names or all("." not in f for f in first))
    lead = int(has_user or _is_count(rows))
    has_items = bool(names) and has_user and role_of(names[0]) == "item_id"
    ids = ("item_id", "user_id") if has_items else ("user_id", "item_id")
    columns = (names[0] if names and has_user and not has_items else ids[0], ids[1], "rating")
    cells = tuple(
        (r[0] if has_user else str(n), names[lead + i] if names else str(i + 1), v)
        for n, r in enumerate(rows)
        for i, v in enumerate(r[lead:])
    )
    marks = tuple(sorted({v for *_, v in cells if v and not _is_number(v)}))
    recipe = replace(
        recipe,
        layout=Layout.WIDE,
        lead=lead,
        has_user=has_user,
        items=tuple(names[lead:]),
        columns=columns,
        rating="rating",
        missing=("", *marks),
    )
    kind = "a user" if has_items else "an item"
    doubts = (f"each column from {names[lead]} on is taken as {kind}",) if names else ()
    return Dialect(recipe, cells, has_header=bool(names), doubts=doubts)


def is_square(names: Sequence[str], rows: list[list[str]]) -> bool:
    """Whether lines and columns of a table are of the same people or things."""
    first = {r[0] for r in rows if r[0]}
    return len(first) >= FEWEST_ITEMS and len(first & {*names[1:]}) > SAME_NAMES * len(first)


def is_matrix(names: Sequence[str], rows: list[list[str]]) -> bool:
    """Whether a table with names has a line a user and a column an item, all on one scale."""
    if len(names) <= FEWEST_ITEMS or any(role_of(n) for n in names[1:] if n.isalpha()):
        return False
    first = [r[0] for r in rows]
    cells = [[r[n] for r in rows if r[n]] for n in range(1, len(names))]
    others = {v for column in cells for v in column if not _is_number(v)}
    marks = [{v for v in column if _is_number(v)} for column in cells]
    scale = set[str]().union(*marks)
    alike = sum(2 * len(m) >= len(scale) or len(m) > 2 for m in marks)
    return (
        len({*first}) == len(first) > FEWEST_ITEMS
        and alike > 0.7 * len(marks)
        and 1 < len(scale) <= MOST_MARKS
        and all(MARK.fullmatch(m) for m in scale)
        and len(others) <= MOST_OPEN
        and all(len(o) <= LONGEST_OPEN for o in others)
    )


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)  # `nan` is none
    except ValueError:
        return False


def _is_count(rows: list[list[str]]) -> bool:
    """Whether the first field counts others: how many of a line are rated, as Jester has it."""
    common = Counter(v for r in rows for v in r[1:]).most_common(1)[0][0]
    return all(r[0].isdigit() and int(r[0]) == sum(v != common for v in r[1:]) for r in rows)
