"""What a name that nobody knows was meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

LEAST = 0.72
"""Share of two names that must agree."""
LEAST_STEM = 4
"""Letters of a name that may stand for a longer one."""


def plain(text: str) -> str:
    """Return a name in small letters without punctuation.

    Examples
    --------
    >>> plain("Leave-One_Out")
    'leaveoneout'
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Return the known name that a text most likely means; None where none is like it.

    Examples
    --------
    >>> nearest("Leave one ot", ["leave_one_out", "given"])
    'leave_one_out'
    >>> nearest("seeds", ["fold", "model_seed"])
    'model_seed'
    """
    options = list(dict.fromkeys(known))
    wanted = plain(text)
    if not wanted:
        return None
    same = [name for name in options if plain(name) == wanted]
    if same:
        return same[0]
    likes = {name: _likeness(wanted, plain(name)) for name in options}
    best = max(options, key=likes.__getitem__, default=None)
    return best if best is not None and likes[best] >= LEAST else None


def is_same(one: str, other: str) -> bool:
    """Whether two names differ in case and punctuation at most."""
    return plain(one) == plain(other)


def _likeness(wanted: str, known: str) -> float:
    """Return the share in which two plain names agree; one that holds the other is like it."""
    stem, whole = sorted((wanted.removesuffix("s"), known), key=len)
    if len(stem) >= LEAST_STEM and stem in whole:
        return max(LEAST, len(stem) / len(whole))
    return SequenceMatcher(None, wanted, known).ratio()
