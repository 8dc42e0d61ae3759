"""Which column of a file holds what: by what people said, a known file, names, and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent_core.data.columns import existing_column, role_of
from agent_core.data.dialect import Dialect
from agent_core.data.file_words import FileWords
from agent_core.data.known_files import KnownFile
from agent_core.data.signs import Signs, signs_of
from agent_core.data.times import TimeFormat, orders_only, time_format
from agent_core.domain.recipe import ROLE_FIELDS, Layout, Recipe
from agent_core.errors import BadDataset

NEEDED = {"user_id": "a user", "item_id": "an item"}


@dataclass(slots=True)
class Roles:
    """Roles of the columns of one file, being found."""

    columns: tuple[str, ...]
    signs: dict[str, Signs]
    found: dict[str, str] = field(default_factory=dict)
    """Role to column."""
    doubts: list[str] = field(default_factory=list)
    """Guesses, for people to correct."""

    def give(self, role: str, column: str) -> None:
        """Give a role to a column unless one of them is taken."""
        if role not in self.found and column not in self.found.values():
            self.found[role] = column

    def free(self) -> list[str]:
        """Return the columns without a role."""
        return [c for c in self.columns if c not in self.found.values()]


def with_roles(
    dialect: Dialect, words: FileWords, name: str, known: KnownFile | None = None
) -> tuple[Recipe, list[str]]:
    """Return the recipe with its columns' roles, and what was guessed.

    Raises
    ------
    BadDataset
        When user or item are not found, or a column that was named is not there.
    """
    recipe = _named_columns(dialect, words, name)
    rows = [r for r in dialect.rows if len(r) == len(recipe.columns)]
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in recipe.columns]
    signs = {c: signs_of(v) for c, v in zip(recipe.columns, columns, strict=True)}
    roles = Roles(recipe.columns, signs)
    _take_words(roles, words, name)
    for role in ROLE_FIELDS if known else ():
        if known and (column := known.column_of(role, recipe.columns)):
            roles.give(role, column)
    if recipe.layout in (Layout.BLOCKS, Layout.LIBFM, Layout.WIDE):
        roles.found |= {r: r for r in ROLE_FIELDS if r in recipe.columns}
    is_named = dialect.has_header or bool(words.listed)
    if is_named:
        _take_names(roles)
    _take_values(roles, is_named=is_named or known is not None)
    _refuse_missing(roles, name)
    fields = {ROLE_FIELDS[role]: column for role, column in roles.found.items()}
    values: dict[str, Sequence[str]] = dict(zip(recipe.columns, columns, strict=True))
    recipe = replace(recipe, **{**dict.fromkeys(ROLE_FIELDS.values(), ""), **fields})  # type: ignore[arg-type]
    recipe = _with_formats(recipe, values)
    return (recipe if is_named else _with_role_names(recipe)), roles.doubts


def _named_columns(dialect: Dialect, words: FileWords, name: str) -> Recipe:
    """Return the recipe with the names that people list for its columns."""
    recipe = dialect.recipe
    if not words.listed or dialect.has_header:
        return recipe
    if len(words.listed) != len(recipe.columns):
        raise BadDataset(
            f"{name} has {len(recipe.columns)} columns, the task lists {len(words.listed)} "
            f"({', '.join(words.listed)}). Name each of them, in their order."
        )
    return replace(recipe, columns=words.listed)


def _take_words(roles: Roles, words: FileWords, name: str) -> None:
    for role, column in words.named.items():
        roles.found[role] = existing_column(column, roles.columns, name)
    for role, place in words.placed.items():
        if not 0 <= place < len(roles.columns):
            raise BadDataset(
                f"{name} has {len(roles.columns)} columns, the task names the {place + 1}th."
            )
        roles.found[role] = roles.columns[place]


def _take_names(roles: Roles) -> None:
    """Give roles by names, but none that the values rule out."""
    for column in roles.columns:
        role, signs = role_of(column), roles.signs[column]
        if role in NEEDED and (signs.time is not None and signs.time.form not in ("s", "%Y%m%d")):
            continue
        if role in NEEDED and signs.is_coordinate:
            continue
        if role:
            roles.give(role, column)


def _take_values(roles: Roles, *, is_named: bool) -> None:
    """Give the roles that are left by what the columns hold; say what is a guess."""
    lacking = [role for role in NEEDED if role not in roles.found]
    able = [c for c in roles.free() if roles.signs[c].can_be_id]
    if not is_named:
        able = [c for c in able if c in roles.columns[:2] or not roles.signs[c].is_grade]
    if is_named and not (len(lacking) == 1 and len(able) == 1):
        able = []  # names that nobody knows are asked about; a guess between several is none
    for role in lacking:
        if not able:
            break
        column = able[0] if role == "user_id" else _item_of(able, roles, is_named=is_named)
        roles.give(role, column)
        able = [c for c in able if c != column]
        if is_named or (role == "item_id" and column != roles.columns[1]):
            roles.doubts.append(f"{_said(column, roles)} is taken as {NEEDED[role]}")
    if is_named:
        return
    for column in roles.free():
        signs = roles.signs[column]
        if signs.time is not None:
            roles.give("timestamp", column)
        elif _can_grade(signs) and roles.columns.index(column) >= 2:
            roles.give("rating", column)


def _can_grade(signs: Signs) -> bool:
    """Whether numbers can be ratings or counts of plays."""
    is_number = signs.is_grade or signs.is_decimal
    return is_number and not (signs.is_counter or signs.is_coordinate)


def _item_of(able: list[str], roles: Roles, *, is_named: bool) -> str:
    """Return the likeliest item: the next column, unless a later one has more different values."""
    if is_named or len(able) == 1:
        return able[0]
    first = roles.columns[1]
    return first if first in able else max(able, key=lambda c: roles.signs[c].distinct)


def _refuse_missing(roles: Roles, name: str) -> None:
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


def _said(column: str, roles: Roles) -> str:
    """Return a column as people find it."""
    return f"column {roles.columns.index(column) + 1} ({column})"


def _with_formats(recipe: Recipe, values: dict[str, Sequence[str]]) -> Recipe:
    """Return the recipe with the forms of its ids and times, as the first rows have them."""
    if recipe.timestamp:
        found: TimeFormat | None = time_format(values[recipe.timestamp])
        found = found or orders_only(values[recipe.timestamp])
        recipe = replace(recipe, time_format=found.form if found else "")
        if found is None:
            recipe = replace(recipe, timestamp="")
    return replace(
        recipe,
        is_user_number=_are_whole(values[recipe.user]),
        is_item_number=_are_whole(values[recipe.item]),
    )


def _with_role_names(recipe: Recipe) -> Recipe:
    """Return the recipe of a file without a header, its columns named by what they hold."""
    names = {column: role for role, column in recipe.roles.items()}
    columns = tuple(names.get(c, c) for c in recipe.columns)
    roles = {ROLE_FIELDS[role]: role for role in recipe.roles}
    return replace(recipe, columns=columns, **roles)  # type: ignore[arg-type]


def _are_whole(values: Sequence[str]) -> bool:
    return bool(values) and all(
        v.isascii() and v.isdigit() and str(int(v)) == v for v in values if v
    )
