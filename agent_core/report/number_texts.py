"""Means and intervals of a report, with as many digits as their uncertainty bears."""

from __future__ import annotations

import math
from collections.abc import Iterable

from agent_core.domain import Algorithm
from agent_core.prose.number_format import NOISE, shown
from agent_core.prose.quotation import short
from agent_core.statistics.facts import Summary
from agent_core.statistics.inference import Interval

NONE = "–"  # noqa: RUF001  the dash of an empty cell
T_INTERVAL = "Student's t (normal approximation, over 5,000 users)"


def names_of(algorithms: Iterable[Algorithm]) -> set[str]:
    """Return the names of algorithms."""
    return {a.name for a in algorithms}


def resolution_of(summary: Summary) -> float:
    """Return the half width that digits of a mean have to fit; NaN where none is known."""
    return summary.user_interval.half_width


def shared_half_width(summaries: Iterable[Summary | None]) -> float | None:
    """Return the half width that gives all values of one metric the same digits."""
    halves = [resolution_of(s) for s in summaries if s is not None]
    return min((h for h in halves if math.isfinite(h) and h >= NOISE), default=None)


def mean_text(summary: Summary, half: float | None = None) -> str:
    """Return a mean with digits that fit its interval, or the half width that a list shares."""
    return shown(summary.mean, resolution_of(summary) if half is None else half)


def sd_text(summary: Summary) -> str:
    """Return a standard deviation with digits that fit its interval; 0 where runs are alike."""
    return _amount_text(summary.sd, summary.sd_interval.half_width) if summary.sd else "0"


def gap_text(summary: Summary) -> str:
    """Return the gap of two single runs with digits that fit the interval of the SD."""
    share = summary.gap / summary.sd if summary.sd else math.nan
    return _amount_text(summary.gap, share * summary.sd_interval.half_width)


def _amount_text(value: float, half_width: float) -> str:
    """Return an amount that is above 0 as one that is, however wide its interval."""
    return shown(value, min(half_width, abs(value)) if value else half_width)


def sd_limits_text(summary: Summary) -> str:
    """Return the ends of the interval of a standard deviation."""
    interval = summary.sd_interval
    return " to ".join(_amount_text(v, interval.half_width) for v in (interval.low, interval.high))


def interval_text(interval: Interval, half: float | None = None) -> str:
    """Return an interval with digits that fit it, or the half width that a column shares."""
    if not interval.is_known:
        return NONE
    half = interval.half_width if half is None else half
    return f"[{shown(interval.low, half)}, {shown(interval.high, half)}]"


def methods_of(intervals: Iterable[Interval]) -> list[str]:
    """Return how intervals were made, each way once, in words."""
    used = dict.fromkeys(i.method for i in intervals if i.is_known)
    return [T_INTERVAL if m == "t" else m for m in used]


def count_text(value: object) -> str:
    """Return a count for people; what is none as a script recorded it."""
    return f"{value:,}" if isinstance(value, int) else short(value)
