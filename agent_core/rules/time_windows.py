"""Stretches of time that sentences keep or drop, as ISO dates."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from pathlib import Path

from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_name("data_patterns.toml"))
_MONTHS = [name[:3].lower() for name in calendar.month_name]
_DAY = timedelta(days=1)


def window_of(sentence: str, *, is_dropped: bool) -> tuple[str, str] | None:
    """Return the first and the last day that are kept; empty where there is no end.

    Parameters
    ----------
    sentence
        A sentence with a year, a month or a day.
    is_dropped
        Whether it tells what goes, not what stays.
    """
    both = PATTERNS["between"].search(sentence)
    if both and not is_dropped:
        return _days(both[1])[0].isoformat(), _days(both[2])[1].isoformat()
    for name in ("since", "until"):
        match = PATTERNS[name].search(sentence)
        if match:
            return _half_open(match, is_dropped=is_dropped, is_since=name == "since")
    year = PATTERNS["in_year"].search(sentence)
    if year and not is_dropped:
        first, last = _days(year[1])
        return first.isoformat(), last.isoformat()
    return None


def _half_open(match: re.Match[str], *, is_dropped: bool, is_since: bool) -> tuple[str, str]:
    """Return the window with one end that a preposition and a date name."""
    start, end = _days(match[2])
    is_exclusive = PATTERNS["exclusive"].search(match[1]) is not None
    is_day = start == end
    if is_since is not is_dropped:  # the window begins there
        first = end + _DAY if is_exclusive is is_since and not is_day else start
        return first.isoformat(), ""
    last = start - _DAY if is_exclusive is not is_since and not is_day else end
    return "", last.isoformat()


def _days(text: str) -> tuple[date, date]:
    """Return the first and the last day of a year, a month or a day."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return (day := date.fromisoformat(text)), day
    if numbers := re.fullmatch(r"(\d{1,2})/(\d{4})", text):
        text = f"{calendar.month_name[int(numbers[1])]} {numbers[2]}"
    year = int(re.findall(r"\d{4}", text)[0])
    name = re.search(r"[a-z]{3}", text.lower())
    if name is None:
        return date(year, 1, 1), date(year, 12, 31)
    month = _MONTHS.index(name[0])
    number = re.search(r"\b(\d{1,2})(?:st|nd|rd|th|,|\b)(?!\d)", text.replace(str(year), ""))
    if number:
        return (day := date(year, month, int(number[1]))), day
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
