"""Numbers in an answer are recorded ones, or they are struck."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping

NUMBER = re.compile(r"(?<![\w.@-])-?\d+(?:[.,]\d+)*(?![\w@])")
REFERENCE = re.compile(r"(\{\{[^{}]*\}\})")
SMALL = 10
"""Whole numbers up to this one may count things."""
STRUCK = "[not recorded]"


def invented(text: str, facts: Mapping[str, float], recorded: str) -> tuple[str, ...]:
    """Return the numbers of a text that nobody recorded; references are left aside.

    Parameters
    ----------
    text
        What a researcher said.
    facts
        Recorded statistics; a number stands for one when the statistic, or a hundred times it,
        rounds to it.
    recorded
        Texts whose numbers may be repeated: question, plan, report, status.
    """
    repeated = set(NUMBER.findall(recorded))
    values = [v for v in facts.values() if math.isfinite(v)]
    bare = REFERENCE.sub(" ", text)
    return tuple(
        n
        for n in dict.fromkeys(NUMBER.findall(bare))
        if n not in repeated and not _is_small(n) and not _is_rounded(n, values)
    )


def without(text: str, numbers: Collection[str]) -> str:
    """Strike numbers from a text; references stay whole."""
    if not numbers:
        return text
    parts = REFERENCE.split(text)
    return "".join(
        p if p.startswith("{{") else NUMBER.sub(lambda m: STRUCK if m[0] in numbers else m[0], p)
        for p in parts
    )


def _is_small(number: str) -> bool:
    """Whether a number only counts a few things."""
    return number.isdigit() and int(number) <= SMALL


def _is_rounded(number: str, values: Iterable[float]) -> bool:
    """Whether one of the values, or a hundred times it, rounds to a number as written."""
    plain = number.replace(",", "")
    decimals = len(plain.partition(".")[2])
    written, half = float(plain), 0.5000001 * 10.0**-decimals
    return any(abs(v - written) <= half or abs(100 * v - written) <= half for v in values)
