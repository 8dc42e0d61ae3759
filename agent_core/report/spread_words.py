"""How far repetitions move a metric, in words that the interval of the spread bears."""

from __future__ import annotations

from agent_core.statistics.inference import Interval

LIMITS = (0.01, 0.05, 0.15)
"""Coefficients of variation up to which a metric is moved that much; then strongly."""
AMOUNTS = ("hardly", "little", "noticeably", "strongly")


def amount_of(sd: float, limits: Interval, cv: float, repetitions: str) -> str:
    """Return how far a metric is moved: one word, two, or that it is open.

    Parameters
    ----------
    sd
        Standard deviation, above 0.
    limits
        Its interval.
    cv
        Coefficient of variation.
    repetitions
        What it is over: `5 seeds`.
    """
    share = cv / sd
    ends = [v * share for v in (limits.low, limits.high)] if limits.is_known else [cv] * 2
    first, last = (_step_of(end) for end in ends)
    if last - first > 1:
        return f"by an amount that {repetitions} leave open"
    return " to ".join(dict.fromkeys((AMOUNTS[first], AMOUNTS[last])))


def _step_of(cv: float) -> int:
    """Return the place of a coefficient of variation among the words for it."""
    return sum(cv > limit for limit in LIMITS)
