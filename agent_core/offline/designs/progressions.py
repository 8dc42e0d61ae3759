"""Ranges and progressions of a text written out as lists: `5 to 20 in steps of 5`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_name("progression_patterns.toml"))
MOST = 40
"""Numbers of a progression; a longer one is left as it stands."""
CLOSE = 1e-9


def written_out(text: str) -> str:
    """Return a text in which progressions are lists; texts are in digits and percent.

    Examples
    --------
    >>> written_out("cores from 5 to 20 in steps of 5; 8 to 64, doubling; 10, 20, ..., 50")
    'cores 5, 10, 15, 20; 8, 16, 32, 64; 10, 20, 30, 40, 50'
    """
    text = PATTERNS["stepped"].compiled.sub(_stepped, text)
    text = PATTERNS["counted"].compiled.sub(_counted, text)
    text = PATTERNS["doubled"].compiled.sub(_doubled, text)
    return PATTERNS["dotted"].compiled.sub(_dotted, text)


def _stepped(match: re.Match[str]) -> str:
    low, high, step = (float(match[n]) for n in (1, 2, 4))
    listed = _list(match, _sum_up(low, high, step), high)
    return listed if listed == match[0] else f"{listed}{match[3]}"


def _counted(match: re.Match[str]) -> str:
    low, high = float(match[2]), float(match[3])
    listed = _list(match, _sum_up(low, high, 1.0), high)
    return listed if listed == match[0] else f"{match[1]} = {listed}"


def _doubled(match: re.Match[str]) -> str:
    low, high = float(match[1]), float(match[2])
    return _list(match, _multiplied(low, high, 10.0 if match[3] else 2.0), high)


def _dotted(match: re.Match[str]) -> str:
    known = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", match[1])]
    last = float(match[2])
    first, second = known[-2:]
    return _list(match, iter([*known[:-2], *_sum(first, last, second, known)]), last)


def _sum(first: float, last: float, second: float, known: list[float]) -> Iterator[float]:
    """Yield a progression from its first two numbers: by sums, else by products."""
    is_even = second - first == known[1] - known[0]
    sums = list(_sum_up(first, last, second - first)) if is_even else []
    yield from sums if _reaches(sums, last) else _multiplied(first, last, second / (first or 1))


def _reaches(numbers: list[float], last: float) -> bool:
    return bool(numbers) and abs(numbers[-1] - last) < CLOSE


def _sum_up(low: float, high: float, step: float) -> Iterator[float]:
    count = round((high - low) / step) if step else 0
    if 0 < count <= MOST:
        yield from (round(low + n * step, 9) for n in range(count + 1))


def _multiplied(low: float, high: float, by: float) -> Iterator[float]:
    if by <= 1 or low <= 0:
        return
    number = low
    for _ in range(MOST):
        if number > high * (1 + CLOSE):
            return
        yield round(number, 9)
        number *= by


def _list(match: re.Match[str], numbers: Iterator[float], last: float) -> str:
    """Return numbers as a list, each with the unit of the match; the match where they miss."""
    found = list(numbers)
    if not _reaches(found, last):
        return match[0]
    unit = "%" if "%" in match[0] else ""
    return ", ".join(f"{n:g}{unit}" for n in found)
