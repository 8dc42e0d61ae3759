"""What a column can hold, by its values: times, coordinates, counters, ids, grades."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from agent_core.data.times import TimeFormat, time_format

COORDINATE = re.compile(r"-?\d{1,3}\.\d{3,}")
"""Degrees are written with at least three digits after the point; grades are not."""
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*(?:/\d+|\s?%)?")
ENDED = re.compile(r"(-?\d+(?:\.\d+)?)(?:/\d+|\s?%|\s?stars?)")
SEVERAL = re.compile(r"\(\S+,\s?\S+\)|\d+(?: \d+)+")
PERSON = re.compile(r"u(?:ser)?[_-]?\d+", re.IGNORECASE)
PRODUCT = re.compile(r"B0[0-9A-Z]{8}|\d{9}[\dX]")
MOST_GRADES = 30
"""Different values up to which numbers can be grades; Jester's have more and no names."""
HIGHEST_GRADE = 100
EVENTS = re.compile(
    r"(?:page)?view(?:ed|s)?|pv|click(?:ed|s)?|(?:add(?:_?to)?_?)?carts?|fav(?:ou?rite)?s?|buys?"
    r"|bought|purchase[ds]?|transactions?|order(?:ed|s)?|impressions?|likes?|saves?|plays?"
    r"|library-add|remove_from_cart",
    re.IGNORECASE,
)
"""What a line of a log of events can say happened."""
MOST_EVENTS = 12
FEWEST_UNIQUE = 5
"""Lines from which no value twice says that a column is of people or things."""
FEWEST_COUNTED = 10
"""Lines from which numbers that go up by one are a counter; a few users can come so."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the values of one column show."""

    count: int
    """Values that are not empty."""
    distinct: int
    time: TimeFormat | None = None
    is_day: bool = False
    """Times that are whole days."""
    is_number: bool = False
    """Most values begin as numbers do: `4`, `3,5`, `13/20`."""
    is_grouped: bool = False
    """Equal values stand together."""
    is_sorted: bool = False
    """Whole numbers that never go down."""
    is_person: bool = False
    """`u12`, `user_12`."""
    is_product: bool = False
    """Amazon's codes, which start with B0, or are a book's."""
    is_constant: bool = False
    is_counter: bool = False
    """Whole numbers, each one more than the one above: a row number, no id."""
    is_coordinate: bool = False
    is_grade: bool = False
    """Few different numbers, none large."""
    is_several: bool = False
    """Pairs (`(0,25)`) or lists (`18 13 14`) of ids."""
    is_decimal: bool = False
    """Numbers with something behind the point."""
    events: tuple[str, ...] = ()
    """What happened, where each value says that."""

    @property
    def is_unique(self) -> bool:
        """Whether each value comes once, of enough lines for that to say something."""
        return self.distinct == self.count >= FEWEST_UNIQUE

    @property
    def can_be_id(self) -> bool:
        """Whether users or items may be named so."""
        strange = (
            not self.count,
            self.is_constant,
            self.is_counter,
            self.is_coordinate,
            self.is_decimal,
        )
        is_number = self.time is not None and self.time.form == "s" and self.is_grouped
        # Seconds that stand together, come again and go down are numbers of people.
        is_person = is_number and not self.is_sorted and 2 * self.distinct <= self.count
        return (
            (self.time is None or is_person)
            and not any(strange)
            and not self.events
            and not self.is_several
        )


def signs_of_all(columns: Mapping[str, Sequence[str]]) -> dict[str, Signs]:
    """Return what columns show; degrees of latitude and longitude come in two columns."""
    found = {c: signs_of(v) for c, v in columns.items()}
    if sum(s.is_coordinate for s in found.values()) > 1:
        return found
    return {c: replace(s, is_coordinate=False) for c, s in found.items()}


def signs_of(values: Sequence[str]) -> Signs:
    """Return what the values of a column show."""
    some = [v.strip() for v in values if v.strip()]
    unique = dict.fromkeys(some)
    numbers = [n for n in map(_number, unique) if n is not None]
    is_numeric = bool(unique) and len(numbers) >= 0.9 * len(unique)
    is_counter = len(some) >= FEWEST_COUNTED and _is_counter(some)
    time = None if is_counter else time_format(values)
    return Signs(
        count=len(some),
        distinct=len(unique),
        time=time,
        is_day=time is not None and _are_days(time, some),
        is_number=_share(unique, NUMBER) > 0.5,
        is_grouped=1 + sum(a != b for a, b in pairwise(some)) == len(unique),
        is_sorted=all(v.isdigit() for v in some)
        and all(int(a) <= int(b) for a, b in pairwise(some)),
        is_person=bool(unique) and _share(unique, PERSON) == 1,
        is_product=_share(unique, PRODUCT) == 1 and any(v.startswith("B0") for v in unique),
        is_constant=len(unique) == 1 and len(some) > 1,
        is_counter=is_counter,
        is_coordinate=_share(unique, COORDINATE) > 0.8 and all(abs(n) <= 180 for n in numbers),
        is_grade=is_numeric
        and len(unique) <= MOST_GRADES
        and all(abs(n) <= HIGHEST_GRADE for n in numbers),
        is_decimal=is_numeric and any(n != int(n) for n in numbers if abs(n) < 1e15),
        is_several=_share(unique, SEVERAL) == 1 and bool(unique),
        events=events_in(some),
    )


def _are_days(time: TimeFormat, values: list[str]) -> bool:
    if time.form == "iso":
        return max(map(len, values)) <= len("2020-01-01")
    return "%d" in time.form and "%H" not in time.form and "%I" not in time.form


def events_in(values: Sequence[str]) -> tuple[str, ...]:
    """Return what happened by a column of events; nothing where it holds something else."""
    unique = dict.fromkeys(v.strip() for v in values if v.strip())
    if not unique or len(unique) > MOST_EVENTS:
        return ()
    return tuple(unique) if all(EVENTS.fullmatch(v) for v in unique) else ()


def _is_counter(values: Sequence[str]) -> bool:
    if not all(v.isdigit() for v in values):
        return False
    numbers = [int(v) for v in values]
    return all(b - a == 1 for a, b in pairwise(numbers))


def _share(values: Iterable[str], pattern: re.Pattern[str]) -> float:
    found = [bool(pattern.fullmatch(v)) for v in values]
    return sum(found) / len(found) if found else 0.0


def _number(text: str) -> float | None:
    """Return the number that a value begins with; endings such as `%` and `/5` say its scale."""
    ended = ENDED.fullmatch(text)
    try:
        return float(ended[1] if ended else text)
    except ValueError:
        return None
