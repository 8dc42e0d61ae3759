"""Which column of a file holds what: by what people said, a known file, names, and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent_core.data.choices import Doubt, unit_choice
from agent_core.data.columns import (
    existing_column,
    hinted_role,
    names_ids,
    names_kinds,
    names_other_time,
    names_part_of_time,
    names_start,
    rank_of,
    rare_roles,
    role_of,
    without_common_start,
)
from agent_core.data.file_words import FileWords
from agent_core.data.found_roles import (
    NEEDED,
    Roles,
    is_of,
    refuse_missing,
    said_of,
    tell_absent,
    tell_one_kind,
    tell_other_items,
    tell_others,
    tell_scales,
    tell_undecided,
    tell_unique,
)
from agent_core.data.known_files import KnownFile
from agent_core.data.lines import Dialect
from agent_core.data.said_columns import listed_columns, wanted_item, wanted_rating
from agent_core.data.signs import Signs, signs_of_all
from agent_core.data.times import TimeFormat, may_be_days, mixes_units, orders_only, time_format
from agent_core.domain.recipe import ORDER, ROLE_FIELDS, Layout, Recipe
from agent_core.errors import BadDataset

FEW_GRADES = 11
MANY_LINES = 50
FEW_COLUMNS = 8
"""Columns up to which a table without names is taken as user, item and what follows."""


def with_roles(
    dialect: Dialect, words: FileWords, name: str, known: KnownFile | None = None
) -> tuple[Recipe, list[Doubt]]:
    """Return the recipe with its columns' roles, and what was guessed.

    Raises
    ------
    BadDataset
        When user or item are not found, or a column that was named is not there.
    """
    recipe = _named_columns(dialect, words, name)
    rows = [r for r in dialect.rows if len(r) == len(recipe.columns)]
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in recipe.columns]
    values: dict[str, Sequence[str]] = dict(zip(recipe.columns, columns, strict=True))
    roles = Roles(recipe.columns, signs_of_all(values), values, none=words.none)
    _take_words(roles, words, name)
    if known:
        _take_known(roles, words, known)
    if recipe.layout in (Layout.BLOCKS, Layout.RELATIONS, Layout.LIBFM, Layout.WIDE):
        roles.found |= {r: r for r in ROLE_FIELDS if r in recipe.columns}
    if recipe.layout is Layout.WIDE:
        roles.give("user_id", recipe.columns[0])
    if is_named := dialect.has_header or recipe.columns != dialect.recipe.columns:
        _take_names(roles)
    if known is None or not is_named:
        _take_values(roles, words, is_named=is_named or known is not None)
    refuse_missing(roles, name)
    tell_absent(roles, words.likely)
    if recipe.layout in (Layout.DELIMITED, Layout.SPACED):
        tell_unique(roles)
        tell_one_kind(roles)
        if is_named and known is None:
            tell_scales(roles)
        if not is_named and known is None and not words.placed:
            tell_undecided(roles)
            tell_other_items(roles)
    recipe = _with_formats(recipe.with_roles(roles.found), values, roles.doubts, words)
    return (recipe if is_named else _with_role_names(recipe)), roles.doubts


def _take_known(roles: Roles, words: FileWords, known: KnownFile) -> None:
    """Give the roles that a published file has; say which other column could be the item."""
    for role in ROLE_FIELDS:
        if column := known.column_of(role, roles.columns):
            roles.give(role, column)
    others = [roles.columns[place - 1] for place in known.items]
    if others and "item_id" not in {*words.named, *words.placed, *words.likely}:
        tell_others(roles, "item_id", [roles.found["item_id"], *others])


def _named_columns(dialect: Dialect, words: FileWords, name: str) -> Recipe:
    """Return the recipe with the names that people list for its columns."""
    recipe = dialect.recipe
    if dialect.has_header or recipe.layout not in (Layout.DELIMITED, Layout.SPACED):
        return recipe
    told = listed_columns(words.text, [len(recipe.columns)])
    if told and len(words.listed) != len(told):
        return replace(recipe, columns=told)
    if not words.listed:
        return recipe
    if len(words.listed) != len(recipe.columns):
        raise BadDataset(
            f"{name} has {len(recipe.columns)} columns, the task lists {len(words.listed)} "
            f"({', '.join(words.listed)}). Name each of them, in their order."
        )
    return replace(recipe, columns=words.listed)


def _take_words(roles: Roles, words: FileWords, name: str) -> None:
    is_part = words.like is not None
    for role, column in words.named.items():
        if is_part and role not in NEEDED and column not in roles.columns:
            continue  # a test without ratings
        roles.found[role] = existing_column(column, roles.columns, name)
    by_case = {c.lower(): c for c in roles.columns}
    for role, column in words.likely.items():
        if column.lower() in by_case:
            roles.found[role] = by_case[column.lower()]
    for role, place in words.placed.items():
        if is_part and role not in NEEDED and place >= len(roles.columns):
            continue
        if not -1 <= place < len(roles.columns):
            raise BadDataset(
                f"{name} has {len(roles.columns)} columns, the task names the {place + 1}th."
            )
        roles.found[role] = roles.columns[place]
    wanted = wanted_item(words.text, roles.columns)
    if "item_id" not in roles.found and wanted and roles.signs[wanted].can_be_id:
        roles.give("item_id", wanted)
    grades = [c for c in roles.free() if _can_grade(roles.signs[c])]
    if "rating" not in roles.found and (rated := wanted_rating(words.text, grades)):
        roles.give("rating", rated)
        roles.guess(rated, "rating")


def _take_names(roles: Roles) -> None:
    """Give roles by names, but none that the values rule out."""
    bare = without_common_start(roles.columns)
    for role in ROLE_FIELDS:
        free = [c for c in roles.free() if _allows(role, roles.signs[c])]
        named = [c for c in free if role_of(bare[c]) == role]
        if role == "rating":
            free = [c for c in free if c in named or not is_of("user_id", c, roles)]
        hinting = [c for c in free if hinted_role(bare[c]) == role and c not in named]
        if role == "timestamp":
            _take_time(roles, named, [c for c in hinting if roles.signs[c].time])
        elif named:
            named.sort(key=lambda c: (not _suits(role, roles.signs[c]), rank_of(bare[c], role)))
            roles.give(role, named[0])
            tell_others(roles, role, named)
        elif role not in roles.found:
            _take_hint(roles, role, [c for c in hinting if _suits(role, roles.signs[c])])
    _take_rare(roles)


def _allows(role: str, signs: Signs) -> bool:
    """Whether values do not rule out what a name says."""
    if role in NEEDED:
        is_time = signs.time is not None and signs.time.form not in ("s", "%Y%m%d")
        return not (is_time or signs.is_coordinate)
    return True


def _suits(role: str, signs: Signs) -> bool:
    """Whether values are as those of a role are."""
    return signs.is_number if role == "rating" else not signs.is_constant


def _take_time(roles: Roles, named: list[str], hinting: list[str]) -> None:
    """Give the column of times: one that holds some, and rather moments than days."""
    codes = [c for c in named if _is_code(roles.signs[c])]
    for column in codes:
        text = f"{column} has {roles.signs[column].distinct} different values; not taken as times"
        roles.ask_whether(text, "timestamp", [column])
    named = [c for c in named if c not in codes]
    able = [c for c in named if roles.signs[c].time] or hinting
    if able and all(roles.signs[c].is_day for c in able):
        able += [c for c in hinting if not roles.signs[c].is_day]
    able = able or named or _starts(roles)
    if able:
        # Of several the finest; `sorted` keeps the order of names that are as usual.
        chosen = min(able, key=lambda c: _coarseness(c, roles))
        roles.give("timestamp", chosen)
        others = [c for c in named if not roles.signs[c].time and not roles.signs[c].is_number]
        if roles.signs[chosen].is_day and others:
            roles.doubts.append(f"{chosen} has the days; {', '.join(others)} is not used")
    elif len(parts := [c for c in roles.free() if names_part_of_time(c)]) > 1:
        roles.doubts.append(
            f"the columns {', '.join(parts)} hold parts of times, which are not read; put them "
            "into one column (2005-10-31 20:15:00) to have times"
        )


def _starts(roles: Roles) -> list[str]:
    """Return the columns that say when something began, where nothing else says when it was."""
    return [c for c in roles.free() if names_start(c) and roles.signs[c].is_number]


def _coarseness(column: str, roles: Roles) -> tuple[bool, int]:
    return roles.signs[column].is_day, rank_of(column, "timestamp")


def _take_hint(roles: Roles, role: str, hinting: list[str]) -> None:
    """Give a role to the one column whose name hints at it, and say so."""
    exact = [c for c in hinting if names_ids(c)] or hinting
    if len(exact) == 1:
        roles.give(role, exact[0])
        roles.guess(exact[0], role)
    elif role == "rating" and exact:
        text = f"the columns {', '.join(exact)} could be ratings; none is taken"
        roles.ask_whether(text, role, exact)


def _take_rare(roles: Roles) -> None:
    """Give roles to columns of names that now and then say them, where that makes a table."""
    lacking = [role for role in NEEDED if role not in roles.found]
    chosen = {role: only for role in lacking if (only := _rare_column(roles, role))}
    rated = _rare_column(roles, "rating") if "rating" not in roles.found else ""
    if len({*chosen.values()}) == len(lacking):
        for role, column in {**chosen, **({"rating": rated} if rated else {})}.items():
            roles.give(role, column)
            roles.guess(column, role)


def _rare_column(roles: Roles, role: str) -> str:
    """Return the one column whose name now and then says a role; empty: none or several do."""
    able = [c for c in roles.free() if role in rare_roles(c) and not roles.signs[c].is_constant]
    if role in NEEDED:
        able = [c for c in able if roles.signs[c].can_be_id and not roles.signs[c].is_unique]
    else:
        able = [c for c in able if _can_grade(roles.signs[c]) and not is_of("user_id", c, roles)]
    return able[0] if len(able) == 1 else ""


def _take_values(roles: Roles, words: FileWords, *, is_named: bool) -> None:
    """Give the roles that are left by what the columns hold; say what is a guess."""
    if is_named:
        _take_left(roles)
    else:
        _take_places(roles, words)


def _take_left(roles: Roles) -> None:
    """Give a role to the only column that can have it, under names that nobody knows."""
    lacking = [role for role in NEEDED if role not in roles.found]
    able = [c for c in roles.free() if roles.signs[c].can_be_id]
    able = [c for c in able if not roles.signs[c].is_unique]
    able = [c for c in able if not roles.signs[c].is_grade] or able
    able = [c for c in able if not _is_named_other(c, lacking)]
    if len(lacking) == 1 == len(able) and not _is_catalogue(roles):
        roles.give(lacking[0], able[0])
        roles.guess(able[0], lacking[0])
    times = [c for c in roles.free() if roles.signs[c].time and not _is_other_time(c)]
    if "timestamp" not in roles.found and len(times) == 1:
        roles.give("timestamp", times[0])
        roles.guess(times[0], "timestamp")
    elif "timestamp" not in roles.found and times:
        text = f"the columns {', '.join(times)} hold times; none is taken"
        roles.ask_whether(text, "timestamp", times)
    left = roles.free()
    if "rating" not in roles.found and len(left) == 1 and not names_kinds(left[0]):
        signs = roles.signs[left[0]]
        if signs.distinct > 1 and _can_grade(signs):
            roles.give("rating", left[0])
            roles.guess(left[0], "rating")


def _is_named_other(column: str, lacking: Sequence[str]) -> bool:
    """Whether a name says another role than those that lack."""
    said = role_of(column) or hinted_role(column)
    return said is not None and said not in lacking


def _is_other_time(column: str) -> bool:
    """Whether a name says that times are others than those of interactions, or ids."""
    return names_other_time(column) or names_ids(column)


def _is_catalogue(roles: Roles) -> bool:
    """Whether the user or the item that is known comes once: a file of people or of things."""
    known = [roles.signs[c] for role, c in roles.found.items() if role in NEEDED]
    return any(s.is_unique for s in known)


def _take_places(roles: Roles, words: FileWords) -> None:
    """Give roles in a table without names: the user first, the item next, unless values differ."""
    lacking = [role for role in NEEDED if role not in roles.found]
    able = [c for c in roles.free() if roles.signs[c].can_be_id]
    able = [c for c in able if c in roles.columns[:2] or not roles.signs[c].is_grade]
    if len(lacking) == 2 and _has_item_first(roles, able):
        able = [able[1], able[0], *able[2:]]
    for role in lacking:
        if not able:
            break
        column = able[0] if role == "user_id" else _item_of(able, roles)
        roles.give(role, column)
        able = [c for c in able if c != column]
        is_usual = column in roles.columns[:2] and len(roles.columns) <= FEW_COLUMNS
        is_usual = is_usual and not (role == "user_id" and _may_grade(roles.signs[column]))
        if not is_usual or (role == "item_id" and column != roles.columns[1]):
            roles.guess(column, role)
    grades: list[str] = []
    described = [c for c in roles.free() if any(is_of(role, c, roles) for role in NEEDED)]
    for column in roles.free():
        signs = roles.signs[column]
        is_behind = roles.columns.index(column) >= 2 or "item_id" in words.placed
        if signs.time is not None:
            roles.give("timestamp", column)
        elif _can_grade(signs) and is_behind and column not in described:
            roles.give("rating", column)
            grades.append(column)
    others = [c for c in grades if c != roles.found.get("rating")]
    if others and roles.found.get("rating") == grades[0]:
        said = ", ".join(said_of(c, roles) for c in others)
        roles.guess(grades[0], "rating", f"; {said} could be it as well", others)


def _has_item_first(roles: Roles, able: list[str]) -> bool:
    """Whether product codes stand before people, as in some ratings of Amazon."""
    if able[:2] != [*roles.columns[:2]]:
        return False
    first, second = (roles.signs[c] for c in able[:2])
    is_code_first = first.is_product and not second.is_product
    return is_code_first or (second.is_person and not first.is_person)


def _is_code(signs: Signs) -> bool:
    """Whether the values under the name of a time say a part of the day, or nothing."""
    return signs.time is None and (signs.is_constant or _may_grade(signs))


def _may_grade(signs: Signs) -> bool:
    """Whether a first column may hold ratings or labels: few small numbers, all over the file."""
    is_few = signs.distinct <= FEW_GRADES and signs.count >= MANY_LINES
    return signs.is_grade and is_few and not signs.is_grouped


def _can_grade(signs: Signs) -> bool:
    """Whether numbers can be ratings or counts of plays."""
    is_number = signs.is_grade or signs.is_decimal
    return is_number and not (signs.is_counter or signs.is_coordinate or signs.is_constant)


def _item_of(able: list[str], roles: Roles) -> str:
    """Return the likeliest item: the next column, unless a later one has more different values."""
    first = roles.columns[1]
    if len(able) == 1 or roles.found.get("user_id") == first:
        return able[0]
    return first if first in able else max(able, key=lambda c: roles.signs[c].distinct)


def _with_formats(
    recipe: Recipe, values: dict[str, Sequence[str]], doubts: list[Doubt], words: FileWords
) -> Recipe:
    """Return the recipe with the forms of its ids and times, as the first rows have them."""
    if recipe.timestamp:
        found: TimeFormat | None = time_format(values[recipe.timestamp])
        found = found or orders_only(values[recipe.timestamp])
        if found and found.form == ORDER and may_be_days(values[recipe.timestamp]):
            text = (
                f"times of column {recipe.timestamp} may be days since 1900; they only order as is"
            )
            doubts.append(unit_choice(text))
        is_mixed = found and found.form == ORDER and mixes_units(values[recipe.timestamp])
        if is_mixed and not words.only_order:
            text = f"times of column {recipe.timestamp} mix units; they only order as is"
            doubts.append(unit_choice(text))
        recipe = replace(recipe, time_format=found.form if found else "")
        if found is None:
            doubts.append(f"column {recipe.timestamp} holds no times that can be read")
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
    return replace(recipe, columns=columns).with_roles({role: role for role in recipe.roles})


def _are_whole(values: Sequence[str]) -> bool:
    return bool(values) and all(
        v.isascii() and v.isdigit() and str(int(v)) == v for v in values if v
    )
