"""Corrects a recipe by what the whole table shows: ids, ratings, times."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from agent_core.data.asked_lines import asked_drops
from agent_core.data.choices import date_choice, mark_choice, unit_choice
from agent_core.data.reading import Reading
from agent_core.data.table import (
    is_missing,
    number_text,
    quoted_name,
    quoted_text,
)
from agent_core.domain.recipe import EPOCHS, ORDER, Drop, Layout, Recipe, When
from agent_core.errors import BadDataset

ENDED = re.compile(r"-?\d+(?:[.,]\d+)?(/\d+|\s?%|\s?stars?)")
COMMA = re.compile(r"-?\d+,\d+")
THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")
THOUSAND = 1_000
EARLIEST = 1990
MOST_ODD_TIMES = 0.1
"""Share of times that may be unreadable before the column is taken for none."""


def mend_headers(reading: Reading) -> bool:
    """Leave out lines that name the columns again, as files put together have them."""
    recipe = reading.recipe
    if not reading.has_header or any(d.column == recipe.user for d in recipe.drops):
        return False
    total, ids = reading.numbers("count(*)", "count(user_id)")
    if recipe.is_user_number and ids == total:
        return False
    name = quoted_text(recipe.user)
    if not reading.numbers(f"count_if(CAST(user_id AS VARCHAR) = {name})")[0] and ids == total:
        return False
    is_named = " AND ".join(f"{quoted_name(c)} = {quoted_text(c)}" for c in recipe.columns)
    again = reading.count(is_named)
    if not again or again != reading.count(f"{quoted_name(recipe.user)} = {name}"):
        return False
    drop = Drop(recipe.user, When.IS, (recipe.user,), "the names of the columns again")
    reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
    return True


def mend_ids(reading: Reading) -> bool:
    """Take ids for text where some are no whole numbers in their usual form."""
    total, users, items = reading.numbers("count(*)", "count(user_id)", "count(item_id)")
    if total == 0:
        raise BadDataset(
            f"{reading.name}: no line is left with a user and an item. "
            f"{' '.join(d.why for d in reading.recipe.drops)}".strip()
        )
    recipe = replace(
        reading.recipe,
        is_user_number=reading.recipe.is_user_number and users == total,
        is_item_number=reading.recipe.is_item_number and items == total,
    )
    is_other = recipe != reading.recipe
    reading.recipe = recipe
    return is_other


def mend_ratings(reading: Reading) -> bool:
    """Refuse ratings that are none; leave out the values that stand for none."""
    recipe = reading.recipe
    if not recipe.rating:
        return False
    text = quoted_name(recipe.rating)
    is_open = is_missing(recipe, recipe.rating)
    total, known, infinite = reading.numbers(
        "count(*)", "count(rating)", "count_if(NOT isfinite(rating))"
    )
    if known < total or infinite:
        number = number_text(recipe, recipe.rating)
        odd = reading.query(
            f"SELECT {text}, count(*) FROM {reading.source} WHERE NOT {is_open} AND "
            f"({number} IS NULL OR NOT isfinite({number})) GROUP BY 1 ORDER BY 2 DESC, 1 "
            "LIMIT 1000"
        )
        written = _as_written(reading, [str(v) for v, _ in odd])
        if written:
            reading.recipe = written
            return True
        if odd:
            _refuse_ratings(reading, odd, total)
    return _mend_sentinels(reading)


def _as_written(reading: Reading, odd: list[str]) -> Recipe | None:
    """Return the recipe under which odd ratings are numbers: `3,5`, `1,204`, `13/20`, `80 %`."""
    recipe = reading.recipe
    endings = {m[1] for v in odd if (m := ENDED.fullmatch(v))}
    if odd and not recipe.ending and len(endings) == 1 and all(map(ENDED.fullmatch, odd)):
        return replace(recipe, ending=endings.pop())
    if not odd or recipe.thousands or recipe.decimal != ".":
        return None
    others = reading.numbers(
        "count_if(rating <> round(rating))", f"count_if(abs(rating) >= {THOUSAND})"
    )
    if all(map(THOUSANDS.fullmatch, odd)) and not any(others):
        reading.doubts.append(f"values of {recipe.rating} such as {odd[0]!r} are whole thousands")
        return replace(recipe, thousands=",")
    if all(map(COMMA.fullmatch, odd)):
        return replace(recipe, decimal=",")
    return None


def mend_times(reading: Reading) -> bool:
    """Choose between formats that fit, leave zeros open, give up a column of no times."""
    recipe = reading.recipe
    if not recipe.timestamp:
        return False
    is_open = is_missing(recipe, recipe.timestamp)
    total, known = reading.numbers("count(*)", "count(timestamp)")
    open_count = reading.count(is_open) if known < total else 0
    odd = max(0, total - known - open_count)
    if reading.others:
        other, reading.others = reading.others[0], reading.others[1:]
        return _is_other_format(reading, other, odd)
    if recipe.time_format in EPOCHS and "0" not in recipe.missing and _has_first_moment(reading):
        zeros = reading.count(f"{quoted_name(recipe.timestamp)} IN ('0', '0.0', '-1')")
        if zeros:
            reading.notes.append(f"{zeros:,} times are 0 or -1 and left open")
            reading.recipe = replace(recipe, missing=(*recipe.missing, "0", "0.0", "-1"))
            return True
    if recipe.time_format in EPOCHS and _are_early(reading):
        text = f"times of column {recipe.timestamp} would lie before {EARLIEST}; they only order"
        reading.doubts.append(unit_choice(text))
        reading.recipe = replace(recipe, time_format=ORDER)
        return True
    if odd > MOST_ODD_TIMES * total:
        reading.notes.append(f"column {recipe.timestamp} holds no times that can be read")
        reading.recipe = replace(recipe, timestamp="", time_format="")
        return True
    return False


def _are_early(reading: Reading) -> bool:
    """Whether all times lie before people rated things online: they count from another moment."""
    years = reading.numbers(f"count_if(year(timestamp) >= {EARLIEST})", "count(timestamp)")
    return years[0] == 0 < years[1]


def _has_first_moment(reading: Reading) -> bool:
    """Whether a time of the table is the one that all count from, or a step before it."""
    first = "BETWEEN TIMESTAMP '1969-12-31 23:59:59' AND TIMESTAMP '1970-01-01'"
    return bool(reading.numbers(f"count_if(timestamp {first})")[0])


def _refuse_ratings(reading: Reading, odd: list[tuple[object, ...]], total: int) -> NoReturn:
    count = sum(int(str(n)) for _, n in odd)
    column, most = reading.recipe.rating, str(odd[0][0])
    share = count / total
    at = reading.numbers(
        "min(n)",
        of=f"(SELECT row_number() OVER () AS n, {quoted_name(column)} AS v "
        f"FROM {reading.source}) WHERE v = {quoted_text(most)}",
    )[0]
    raise BadDataset(
        f"{reading.name}: column {column} has {count:,} values that are no ratings "
        f"({share:.1%}), most often {most[:40]!r} (first in line {at + reading.recipe.skip:,}). "
        f"Say “drop the {most[:40]} rows”, “{most[:40]} means not rated”, or name the column of "
        "the rating."
    )


def _mend_sentinels(reading: Reading) -> bool:
    """Leave values out of ratings that stand far from all others, as 99 among -10 to 10."""
    recipe = reading.recipe
    values = [
        float(str(v))
        for (v,) in reading.query(
            f"SELECT DISTINCT rating FROM {reading.table} "
            "WHERE rating IS NOT NULL ORDER BY 1 LIMIT 5000"
        )
    ]
    if _spell_marks(reading, values):
        return True
    strange = _strange([v for v in values if f"{v:g}" not in reading.words.rated])
    if strange is None:
        _ask_zero(reading, values)
        return False
    spelled, count = _spelled(reading, strange)
    others = [v for v in values if v != strange]
    if recipe.layout is Layout.WIDE or reading.words.only_rated:
        # A cell of a matrix that is not rated is no interaction.
        drop = Drop(recipe.rating, When.IS, spelled, f"{strange:g} stands for not rated")
        reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        return True
    text = (
        f"{count:,} ratings are {strange:g} among {others[0]:g} to {others[-1]:g}; taken as not "
        "rated, left out of ratings"
    )
    reading.doubts.append(mark_choice(text, f"{strange:g}", is_rating=False))
    reading.recipe = replace(recipe, missing=(*recipe.missing, *spelled))
    return True


def _spelled(reading: Reading, value: float) -> tuple[tuple[str, ...], int]:
    """Return how a rating is written in the file, and how often it is there."""
    recipe = reading.recipe
    forms = reading.query(
        f"SELECT {quoted_name(recipe.rating)}, count(*) FROM {reading.source} "
        f"WHERE {number_text(recipe, recipe.rating)} = {value!r} GROUP BY 1"
    )
    return tuple(sorted(str(f) for f, _ in forms)), sum(int(str(n)) for _, n in forms)


def _spell_marks(reading: Reading, values: list[float]) -> bool:
    """Leave numbers that people say are no ratings out, however the file writes them."""
    recipe, known = reading.recipe, reading.known.not_rated if reading.known else ()
    unrated, dropped = (
        [form for v in values if f"{v:g}" in said for form in _spelled(reading, v)[0]]
        for said in ((*reading.words.not_rated, *known), reading.words.dropped)
    )
    drops = asked_drops(recipe.rating, dropped)
    reading.recipe = replace(
        recipe, missing=(*recipe.missing, *unrated), drops=(*recipe.drops, *drops)
    )
    return bool(unrated or dropped)


def _ask_zero(reading: Reading, values: list[float]) -> None:
    """Ask whether 0 among ratings that else begin at 1 is one."""
    is_odd = len(values) > 2 and values[0] == 0 and values[1] >= 1 and values[-1] > 1
    if is_odd and "0" not in reading.words.rated:
        _, count = _spelled(reading, 0.0)
        text = f"{count:,} ratings are 0, which often means not rated; taken as ratings"
        reading.doubts.append(mark_choice(text, "0", is_rating=True))


def _strange(values: list[float]) -> float | None:
    """Return a value that stands for none: a usual mark, beyond what the others span."""
    if len(values) < 3:
        return None
    low, high = values[0], values[-1]
    if low in (-1.0, -99.0, -999.0) and values[1] >= 0 and values[1] - low >= 1:
        return low
    rest = values[-2] - values[0]
    return high if high in (99.0, 999.0, 9999.0) and high - values[-2] > rest else None


def _is_other_format(reading: Reading, other: str, odd: int) -> bool:
    """Whether another format of dates fits the file better: by failures, then by order."""
    recipe = reading.recipe
    text = quoted_name(recipe.timestamp)

    def failures(form: str) -> int:
        return reading.count(
            f"NOT {is_missing(recipe, recipe.timestamp)} AND "
            f"try_strptime({text}, {quoted_text(form)}) IS NULL"
        )

    def steps_back(form: str) -> int:
        moments = f"try_strptime({text}, {quoted_text(form)})"
        both = f"SELECT {moments} AS t, lag({moments}) OVER () AS before FROM {reading.source}"
        return reading.numbers("count_if(t < before)", of=f"({both})")[0]

    mine, theirs = odd, failures(other)
    said = reading.words.day_first
    if mine == theirs and said is not None:
        mine, theirs = (0, 1) if _is_day_first(recipe.time_format) == said else (1, 0)
    elif mine == theirs:
        mine, theirs = steps_back(recipe.time_format), steps_back(other)
        chosen = other if theirs < mine else recipe.time_format
        text = (
            f"dates in column {recipe.timestamp} fit {recipe.time_format} and {other}; "
            f"{chosen} is taken, under which the file is "
            f"{'in order' if mine != theirs else 'in order as under the other'}"
        )
        reading.doubts.append(date_choice(text, is_day_first=_is_day_first(chosen)))
    if theirs < mine:
        reading.recipe = replace(recipe, time_format=other)
        return True
    return False


def _is_day_first(form: str) -> bool:
    """Whether the day stands before the month in a format of dates."""
    return form.find("%d") < form.find("%m")
