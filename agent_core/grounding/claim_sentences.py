"""Sentences about differences, with the verb that their test allows."""

from __future__ import annotations

from agent_core.domain import Direction
from agent_core.prose.number_format import p_text, shown
from agent_core.statistics.facts import Comparison


def comparison_sentence(
    comparison: Comparison, a: str, b: str, direction: Direction = Direction.DIFFERENT
) -> str:
    """Word a comparison of a with b: higher, lower, or not distinguishable; no full stop.

    Equivalence is spoken of only where the plan has a margin for it. Intervals have the sign of
    the difference that is told: "lower by 0.1 (0.09 to 0.11)".

    Parameters
    ----------
    comparison
        What was found; in either order.
    a, b
        The order in which to tell it.
    direction
        What was expected; a contrary finding is said to be so.
    """
    sign = _told_sign(comparison, a)
    return f"{_difference_text(comparison, a, b, direction)}{_equivalence_text(comparison, sign)}"


def _told_sign(comparison: Comparison, a: str) -> int:
    """Return 1 where the recorded difference has the sign of the told one, else -1.

    Told is a minus b, or what "lower by" names: its size.
    """
    sign = 1 if comparison.a == a else -1
    is_size = comparison.is_distinguishable and sign * comparison.difference < 0
    return -sign if is_size else sign


def _difference_text(comparison: Comparison, a: str, b: str, direction: Direction) -> str:
    """Word the difference of a and b."""
    sign = 1 if comparison.a == a else -1
    difference = sign * comparison.difference
    half = comparison.interval.half_width
    label = comparison.metric.label
    tested = _tested_text(comparison, _told_sign(comparison, a))
    if comparison.difference == 0 and not (comparison.higher or comparison.lower):
        return f"{a} and {b} have the same {label} for each of {comparison.users:,} users"
    if not comparison.is_distinguishable:
        gap = shown(difference, half)
        return f"{a} and {b} are not distinguishable in {label} (difference {gap}, {tested})"
    verb = "higher" if difference > 0 else "lower"
    note = ", against the expectation" if direction is _opposite(verb) else ""
    gap = shown(abs(difference), half)
    return f"{a} is {verb} than {b} in {label} by {gap} ({tested}){note}"


def _equivalence_text(comparison: Comparison, sign: int) -> str:
    """Say whether the difference lies within the plan's margin; empty without one."""
    found = comparison.equivalence
    if found is None or not found.interval.is_known:
        return ""
    within = f"within ±{found.margin:g}"
    if comparison.is_distinguishable and not found.is_shown:
        return f"; equivalence {within} is not shown"
    half = found.interval.half_width
    low, high = sorted((sign * found.interval.low, sign * found.interval.high))
    family = f", Holm over {comparison.family}" if comparison.family > 1 else ""
    late = "; margin set after the start: exploratory" if found.is_exploratory else ""
    tested = (
        f"TOST: 90 % interval over users {shown(low, half)} to {shown(high, half)}, "
        f"p {p_text(found.adjusted_p)}{family}{late}"
    )
    if not found.is_shown:
        return f"; equivalence {within} is not shown ({tested})"
    return f"; {'yet ' * comparison.is_distinguishable}equivalent {within} ({tested})"


def _tested_text(comparison: Comparison, sign: int) -> str:
    """Return interval, unit, n and adjusted p-value."""
    half = comparison.interval.half_width
    ends = sorted((sign * comparison.interval.low, sign * comparison.interval.high))
    if comparison.interval.is_known:
        between = f"95 % interval over users {shown(ends[0], half)} to {shown(ends[1], half)}"
    else:
        between = "too few users for an interval"
    family = f", Holm over {comparison.family}" if comparison.family > 1 else ""
    outside = "" if comparison.is_declared else "; not the primary metric"
    return (
        f"{between}; n = {comparison.users:,} users, p {p_text(comparison.adjusted_p)}"
        f"{family}{outside}"
    )


def _opposite(verb: str) -> Direction:
    """Return the direction that contradicts a verb."""
    return Direction.LOWER if verb == "higher" else Direction.HIGHER
