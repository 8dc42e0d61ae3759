"""Whether clauses of a task say the same: by their words, whatever their marks."""

from __future__ import annotations

import re

MOST = 0.6
"""Share of a clause's words that what answers it has too."""


def same_words(a: str, b: str) -> bool:
    """Whether one of two texts holds the other, whatever their marks."""
    one, other = plain_words(a), plain_words(b)
    return bool(one and other) and (one in other or other in one)


def has_most_words(text: str, clause: str) -> bool:
    """Whether a text has most words of a clause."""
    wanted, said = set(plain_words(clause).split()), set(plain_words(text).split())
    return bool(wanted) and len(wanted & said) >= MOST * len(wanted)


def plain_words(text: str) -> str:
    """Return the words and numbers of a text without its marks."""
    return " ".join(re.findall(r"[\w%@.]+", text.lower())).strip(" .")
