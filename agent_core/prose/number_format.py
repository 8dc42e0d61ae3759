"""Numbers for people: as many digits as their uncertainty bears."""

from __future__ import annotations

import math

from agent_core.domain import Usage

MAX_DECIMALS = 9
NOISE = 1e-9
"""Half widths below are rounding errors of values that do not vary, no uncertainty."""
NOTHING = 1e-12
"""Values below are 0 with a rounding error."""


def shown(value: float, half_width: float = math.nan) -> str:
    """Return a value with digits that fit its half width: two where that begins with 1 or 2.

    Without a half width, or with one that is a rounding error, four decimals, or three significant
    digits of what is smaller.

    Examples
    --------
    >>> shown(0.15534, 0.0172), shown(0.0027123, 0.00075), shown(12.3456, 3.0)
    ('0.155', '0.0027', '12')
    """
    if not math.isfinite(value):
        return "not available"
    value = 0.0 if abs(value) < NOTHING else value
    if not math.isfinite(half_width) or half_width < NOISE:
        decimals = 4 if value == 0 or abs(value) >= 0.01 else 2 - _magnitude(value)
    else:
        lead = half_width / 10.0 ** _magnitude(half_width)
        decimals = (1 if lead < 3 else 0) - _magnitude(half_width)
    text = f"{value:.{min(MAX_DECIMALS, max(0, decimals))}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def percent(share: float) -> str:
    """Return a share as a percentage with two significant digits.

    Examples
    --------
    >>> percent(0.0172), percent(0.25), percent(0.0012), percent(0.0)
    ('1.7 %', '25 %', '0.12 %', '0 %')
    """
    if not math.isfinite(share):
        return "not available"
    decimals = 0 if share >= 0.1 or share == 0 else 1 if share >= 0.01 else 2
    return f"{share * 100:.{decimals}f} %"


def exact_percent(share: float) -> str:
    """Return a share that was stated, not measured, with all its digits.

    Examples
    --------
    >>> exact_percent(0.05), exact_percent(0.125), exact_percent(1.0)
    ('5 %', '12.5 %', '100 %')
    """
    return f"{share * 100:.6g} %" if math.isfinite(share) else "not available"


def p_text(p_value: float) -> str:
    """Return a p-value for people, with its sign of relation."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def cost_text(usage: Usage) -> str:
    """Return what model calls cost; a price that nobody set is said to be unknown."""
    known = f"${usage.cost:.2f}"
    if not usage.unpriced_calls:
        return known
    if usage.unpriced_calls < usage.calls:
        return f"{known} and {usage.unpriced_calls} calls of unknown price"
    return f"{usage.input_tokens + usage.output_tokens:,} tokens (price unknown)"


def duration(seconds: float) -> str:
    """Return a duration for people.

    Examples
    --------
    >>> duration(40), duration(660), duration(7800), duration(7200)
    ('40 s', '11 min', '2 h 10 min', '2 h')
    """
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def _magnitude(value: float) -> int:
    """Return the power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))
