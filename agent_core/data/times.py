"""How times are written: seconds to nanoseconds since 1970, days as numbers, dates as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar

from agent_core.domain.recipe import ORDER

T = TypeVar("T")
DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%Y", "%m-%d-%Y", "%m-%d-%y",
    "%d-%m-%y", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
DATE_FORMATS = (
    *(day + clock for day in DAYS for clock in CLOCKS),
    "%m %d, %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y",
    "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H", "%Y-%m-%d-%H", "%Y-%m-%d-%H-%M-%S",
    "%Y-%m-%d_%H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", "%Y-%b-%d",
    "%Y%m%d %H:%M:%S", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H时%M分", "%Y/%m/%d %H时", "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p",
    "%d %b %Y %H:%M:%S", "%d %b %Y, %H:%M", "%d %B %Y %H:%M", "%d-%b-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M", "%d. %m. %Y", "%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y", "%d/%b/%Y %H:%M:%S", "%A, %B %d, %Y", "%Y-%m-%dT%H",
    "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y",
)  # fmt: skip
"""Of published datasets; a first part over 12 decides between day and month."""
ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d.*)?")
NO_ISO = re.compile(r"UTC$|[AP]M$|[T ]\d{1,2}$", re.IGNORECASE)
"""Ends of dates and times that begin as ISO has them and are none."""
WHOLE = re.compile(r"\d+(?:\.0+)?")
DECIMAL = re.compile(r"\d{9,10}\.\d+")
FIRST_YEAR, LAST_YEAR = 1971, 2100
"""Of interactions: no system logged any before."""
PACKED_DAYS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M"}
EPOCH_RANGES = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
FIRST_SECOND, LAST_SECOND = 31_536_000 * 8, 4_102_444_800
"""1978 to 2100: eight digits before could be days (`19970131`)."""
SERIAL_DAYS = (30_000, 60_000)
"""1982 to 2064."""
LOOKS = {
    "%Y": r"\d{4}", "%f": r"\d{1,6}", "%p": "[ap]m", "%z": r"(?:[+-]\d\d:?\d\d.*|Z)", " ": r"\s+",
    **dict.fromkeys(("%d", "%m", "%y", "%H", "%I", "%M", "%S"), r"\d{1,2}"),
    **dict.fromkeys(("%a", "%A", "%b", "%B"), r"[^\W\d]+"),
}  # fmt: skip
"""Part of a format to the pattern of all that it reads."""
SEEN = 500
"""Values of a column that its format is taken from; all are held against it afterwards."""
TRIED = 10
MOST = 0.9
"""Share of the values that must be times; what is left is told."""


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column of times is written."""

    form: str
    others: tuple[str, ...] = ()
    """Formats that fit as well: the file decides, and it is asked."""


def time_format(values: Sequence[str]) -> TimeFormat | None:
    """Return how a column of times is written; None where it holds none."""
    some = [v for v in (v.strip() for v in values) if v and v not in ("0", "-1")]
    some = some[:: 1 + len(some) // SEEN]
    if not some:
        return None
    if _share(some, lambda v: bool(WHOLE.fullmatch(v) or DECIMAL.fullmatch(v))) >= MOST:
        return _of_numbers([v for v in some if WHOLE.fullmatch(v) or DECIMAL.fullmatch(v)])
    if _share(some, lambda v: bool(ISO.fullmatch(v) and not NO_ISO.search(v))) >= MOST:
        return TimeFormat("iso")
    # A format that none of the first values has is not that of nine in ten.
    tried = [f for f in DATE_FORMATS if any(_fits(v, f) for v in some[:TRIED])]
    shares = {f: _fit(some, f) for f in tried}
    best = max(shares.values(), default=0)
    fitting = [f for f, share in shares.items() if share == best >= MOST]
    return TimeFormat(fitting[0], tuple(fitting[1:2])) if fitting else None


def orders_only(values: Sequence[str]) -> TimeFormat | None:
    """Return the format of numbers that only order; None where they are none."""
    some = [v.strip() for v in values if v.strip()]
    is_whole = some and all(re.fullmatch(r"-?\d+(?:\.\d+)?", v) for v in some)
    return TimeFormat(ORDER) if is_whole else None


def may_be_days(values: Sequence[str]) -> bool:
    """Whether numbers may count days since 1900, as spreadsheets do."""
    numbers = [float(v) for v in values if v.strip()]
    has_parts = any(n != int(n) for n in numbers)
    return has_parts and all(SERIAL_DAYS[0] <= n <= SERIAL_DAYS[1] for n in numbers)


def mixes_units(values: Sequence[str]) -> bool:
    """Whether some numbers count seconds since 1970 and others smaller parts of them."""
    numbers = [float(v) for v in values if WHOLE.fullmatch(v.strip())]
    fitting = [
        any(FIRST_SECOND <= n / per_second <= LAST_SECOND for n in numbers)
        for per_second in EPOCH_RANGES.values()
    ]
    return sum(fitting) > 1


def _of_numbers(values: list[str]) -> TimeFormat | None:
    numbers = [float(v) for v in values]
    for length, form in PACKED_DAYS.items():
        if _fit([v if len(v) == length else "" for v in values], form) >= MOST:
            return TimeFormat(form)
    for unit, per_second in EPOCH_RANGES.items():
        seconds = [n / per_second for n in numbers]
        if _share(seconds, lambda s: FIRST_SECOND <= s <= LAST_SECOND) >= MOST:
            return TimeFormat(unit)
    return None


def _fit(values: Sequence[str], form: str) -> float:
    return _share(values, lambda v: _fits(v, form))


def _fits(text: str, form: str) -> bool:
    if not _look_of(form).fullmatch(text):
        return False
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - only whether it is one
    except ValueError:
        return False
    return FIRST_YEAR <= moment.year <= LAST_YEAR


@cache
def _look_of(form: str) -> re.Pattern[str]:
    """Return what all texts of a format look like; parsing one takes forty times as long."""
    parts = re.split(r"(%.|\s+)", form)
    return re.compile("".join(LOOKS.get(p, re.escape(p)) for p in parts), re.IGNORECASE)


def _share(values: Sequence[T], holds: Callable[[T], bool]) -> float:
    return sum(map(holds, values)) / len(values)
