"""Roles of columns while they are found, and what is said of those that were guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from agent_core.data.choices import Doubt, column_choice, no_column_choice, text_of
from agent_core.data.columns import names_kinds
from agent_core.data.networks import are_one_kind
from agent_core.data.signs import Signs
from agent_core.errors import BadDataset

NEEDED = {"user_id": "a user", "item_id": "an item"}
MANY_PAIRS = 10
FLAG = 2
"""Different values of a column that says whether something is so."""
TELLING = re.compile(r"\w*(?:_|[a-z](?=[A-Z]))\w+")
"""What no word is: `customer_no`, `userKey`."""


@dataclass(slots=True)
class Roles:
    """Roles of the columns of one file, being found."""

    columns: tuple[str, ...]
    signs: dict[str, Signs]
    values: dict[str, Sequence[str]] = field(default_factory=dict)
    """The first ones."""
    found: dict[str, str] = field(default_factory=dict)
    """Role to column."""
    doubts: list[Doubt] = field(default_factory=list)
    """Guesses, for people to correct."""
    none: frozenset[str] = frozenset()
    """Roles that no column has."""

    def give(self, role: str, column: str) -> None:
        """Give a role to a column unless one of them is taken."""
        is_free = role not in self.found and column not in self.found.values()
        if is_free and role not in self.none:
            self.found[role] = column

    def guess(self, column: str, role: str, more: str = "", others: Sequence[str] = ()) -> None:
        """Say that a column is taken for what it may not be, and ask which one is."""
        if self.found.get(role) != column:
            return
        said = NEEDED.get(role) or f"the {role}"
        text = f"{said_of(column, self)} is taken as {said}{more}"
        able = [c for c in self.columns if role in NEEDED and self.signs[c].can_be_id]
        able.sort(key=lambda c: (self.signs[c].is_grade, -self.signs[c].distinct))
        others = [*others] or able
        self.ask(text, role, [column, *(c for c in others if c != column)])

    def ask(self, text: str, role: str, columns: Sequence[str]) -> None:
        """Ask which of some columns has a role; the first is taken."""
        self.doubts.append(column_choice(text, role, [said_of(c, self) for c in columns]))

    def ask_whether(self, text: str, role: str, columns: Sequence[str]) -> None:
        """Ask whether one of some columns has a role, unless somebody said that none has."""
        if role not in self.none:
            named = [said_of(c, self) for c in columns]
            self.doubts.append(no_column_choice(text, role, named))

    def free(self) -> list[str]:
        """Return the columns without a role."""
        return [c for c in self.columns if c not in self.found.values()]


def tell_others(roles: Roles, role: str, named: list[str]) -> None:
    """Say which other columns have a usual name of a user or an item."""
    is_taken = roles.found.get(role) == named[0]
    able = [c for c in named if roles.signs[c].can_be_id and is_taken]
    others = [c for c in able if c != named[0] and roles.signs[c].distinct > 1]
    if role in NEEDED and others:
        text = f"{said_of(named[0], roles)} is taken as {NEEDED[role]}, not {', '.join(others)}"
        roles.ask(text, role, [named[0], *others])


def refuse_missing(roles: Roles, name: str) -> None:
    """Refuse a file of which no column is the user, or the item."""
    missing = [role for role in NEEDED if role not in roles.found]
    if not missing:
        return
    wanted = " and ".join(NEEDED[m] for m in missing)
    raise BadDataset(
        f"{name} has the columns {', '.join(roles.columns)}; I find no column for {wanted}. Say "
        f"it (“the user column is {roles.columns[0]}”, “the second column is the item”, or "
        "“columns: user, item, rating, timestamp”), or name them user_id and item_id (rating and "
        "timestamp are optional)."
    )


def tell_unique(roles: Roles) -> None:
    """Say that users or items come once only, as in files of people or of things."""
    for role, word in (("user_id", "user"), ("item_id", "item")):
        if roles.signs[roles.found[role]].is_unique:
            column = said_of(roles.found[role], roles)
            roles.doubts.append(f"no {word} of {column} comes twice in the first lines")


def tell_one_kind(roles: Roles) -> None:
    """Say that users and items, or users and others, are people or things of one kind."""
    user, item = roles.found["user_id"], roles.found["item_id"]
    free = [c for c in roles.free() if not roles.signs[c].is_grade]
    others = [c for c in (item, *free) if roles.signs[c].can_be_id]
    same = [c for c in others if are_one_kind(roles.values[user], roles.values[c])]
    if same:
        said = ", ".join(said_of(c, roles) for c in same)
        more = f"; {said} has the same ids: both may be users, as in a network"
        roles.guess(user, "user_id", more)


def tell_undecided(roles: Roles) -> None:
    """Say that nothing tells which of two columns of numbers is the user."""
    signs = [roles.signs[c] for c in roles.columns]
    is_plain = len(signs) == 2 and all(s.is_number and s.count >= MANY_PAIRS for s in signs)
    if is_plain and not signs[0].is_sorted and not signs[0].is_grouped:
        roles.guess(roles.found["user_id"], "user_id")
        roles.guess(roles.found["item_id"], "item_id")


def tell_other_items(roles: Roles) -> None:
    """Say which other columns of a table without names could be the item."""
    item = roles.found["item_id"]
    others = [
        c
        for c in roles.free()
        if roles.signs[c].can_be_id
        and not (roles.signs[c].is_grade or roles.signs[c].is_unique)
        and not any(is_of(role, c, roles) for role in NEEDED)
    ]
    is_told = any(text_of(d).startswith(said_of(item, roles)) for d in roles.doubts)
    if others and not is_told:
        said = ", ".join(said_of(c, roles) for c in others)
        roles.guess(item, "item_id", f"; {said} could be it as well", others)


def tell_absent(roles: Roles, likely: Mapping[str, str]) -> None:
    """Say which columns people name that are not there, where the name can be nothing else."""
    there = {c.lower() for c in roles.columns}
    for role, column in likely.items():
        if column.lower() in there or not TELLING.fullmatch(column):
            continue
        if role in roles.found:
            roles.guess(roles.found[role], role, f"; {column}, which the task names, is not there")
        else:
            roles.doubts.append(f"the task names {column} for the {role}, which is not there")


def tell_scales(roles: Roles) -> None:
    """Ask which of several columns on one scale is the rating, where none is taken."""
    able = [c for c in roles.free() if roles.signs[c].is_grade and not names_kinds(c)]
    able = [c for c in able if not any(is_of(role, c, roles) for role in NEEDED)]
    scales = {c: {*roles.values[c]} - {""} for c in able if roles.signs[c].distinct > FLAG}
    span = {*chain.from_iterable(scales.values())}
    if (
        "rating" not in roles.found
        and len(scales) > 1
        and all(2 * len(s) > len(span) for s in scales.values())
    ):
        text = f"the columns {', '.join(scales)} could be ratings; none is taken"
        roles.ask_whether(text, "rating", [*scales])


def is_of(role: str, column: str, roles: Roles) -> bool:
    """Whether a column says one thing of each user or item, as an age or a price does."""
    seen: dict[str, set[str]] = {}
    ids = roles.values[roles.found[role]] if role in roles.found else ()
    for one, value in zip(ids, roles.values[column], strict=False):
        seen.setdefault(one, set()).add(value)
    is_several = len(ids) > 2 * len(seen)
    return is_several and len(seen) > 1 and all(len(v) == 1 for v in seen.values())


def said_of(column: str, roles: Roles) -> str:
    """Return a column as people find it."""
    return f"column {roles.columns.index(column) + 1} ({column})"
