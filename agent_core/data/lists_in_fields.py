"""Tables of which a field holds several items: `ann<TAB>a1,a7,a3`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent_core.data.columns import hinted_role, role_of
from agent_core.data.helper import labbook
from agent_core.data.lines import Dialect
from agent_core.data.times import time_format
from agent_core.domain.recipe import Layout

BETWEEN = (",", ";", "|", " ")
NUMBERED = re.compile(r"(?=\S*\d)[\w:/@-]{1,64}")
"""Words part at blanks, so that only codes with a digit are several."""
CODE = re.compile(r"[\w.:/@-]{1,64}")
FEWEST_ROWS = 3
SEVERAL = 0.5
"""Share of the fields that must hold more than one."""
MOST_COLUMNS = 8
FEW_COLUMNS = 3
"""Columns up to which the second one is the item where no names say so."""


def with_lists(dialect: Dialect) -> Dialect:
    """Return a table by its items, where the fields of its item column hold several each."""
    recipe, rows = dialect.recipe, dialect.rows
    is_table = recipe.layout in (Layout.DELIMITED, Layout.SPACED)
    if not is_table or len(rows) < FEWEST_ROWS or len(recipe.columns) > MOST_COLUMNS:
        return dialect
    found = {
        n: mark for n, column in enumerate(zip(*rows, strict=True)) if (mark := _mark(column))
    }
    place = _item_place(recipe.columns, found, has_header=dialect.has_header)
    if place is None:
        return dialect
    unfolded = tuple(
        (*r[:place], item.strip(labbook.LIST_MARKS), *r[place + 1 :])
        for r in rows
        for item in r[place].split(found[place])
    )
    others = [recipe.columns[n] for n in found if n != place]
    told = f"{', '.join(others)}, which hold several values as well, are not used"
    doubt = f"column {place + 1} ({recipe.columns[place]}) holds several items a line"
    return replace(
        dialect,
        recipe=replace(recipe, layout=Layout.LISTS, lead=place, inner=found[place]),
        rows=unfolded,
        doubts=(*dialect.doubts, f"{doubt}; {told}" if others else doubt),
    )


def _mark(values: Sequence[str]) -> str:
    """Return what parts the codes of a column of lists; empty where it has none."""
    if time_format(values):
        return ""
    filled = [v for v in values if v.strip()]
    for mark in BETWEEN:
        if sum(mark in v for v in filled) <= SEVERAL * len(filled):
            continue
        found = (p.strip(labbook.LIST_MARKS) for v in filled for p in v.split(mark))
        parts = [p for p in found if p]
        pattern = NUMBERED if mark == " " else CODE
        if all(map(pattern.fullmatch, parts)) and len({*parts}) < len(parts):
            return mark
    return ""


def _item_place(columns: Sequence[str], found: dict[int, str], *, has_header: bool) -> int | None:
    """Return the column of lists that holds the items; None where another column may."""
    if not has_header:
        return 1 if len(columns) <= FEW_COLUMNS and [*found] == [1] else None
    named = [n for n, c in enumerate(columns) if role_of(c) == "item_id"]
    hinted = [n for n, c in enumerate(columns) if hinted_role(c) == "item_id"]
    able = [n for n in named or hinted if n in found]
    only = able or ([*found] if len(columns) == 2 and not named else [])
    return only[0] if len(only) == 1 and (not named or named == only) else None
