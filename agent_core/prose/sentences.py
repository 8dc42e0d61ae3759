"""Texts in plain letters, and their sentences; no fragment stands alone."""

from __future__ import annotations

import itertools
import re
import unicodedata

ENDS = re.compile(r"(?<=[.!?])[\"”)]*\s+|\n+")
SHORTENED = re.compile(
    r"(?:\b(?:[a-z]|e\.?g|i\.?e|cf|vs|etc|ca|approx|resp|incl|excl|signif|stat|fig|tab|sec|eq|no|"
    r"al|est|max|min|avg|viz|sc|seq|ff|pp?|vol|dept|prof|dr|mr|ms|st))\.[\"”)]*$",
    re.IGNORECASE,
)
STARTS_SMALL = re.compile(r"[\"“(]*[a-z]")
LEANING = re.compile(
    r"(?:it|its|this|they|their|these|that|those|he|she|both|so|then|thus|such|neither|either|"
    r"the (?:former|latter|opposite|contrary|other))\b",
    re.IGNORECASE,
)
MARKS = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'") | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)


def plain(text: str) -> str:
    """Return a text in compatibility form without invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        c for c in folded if unicodedata.category(c) not in ("Cf", "Co", "Cs") or c == "\n"
    )


def sentences(text: str) -> list[str]:
    """Split a text; where a piece may be a fragment of another the text stays whole."""
    pieces = [s.strip() for s in ENDS.split(text) if s and s.strip()]
    for before, after in itertools.pairwise(pieces):
        if SHORTENED.search(before) or STARTS_SMALL.match(after):
            return [" ".join(pieces)]
    return pieces


def leans(text: str) -> bool:
    """Whether a sentence speaks of the one before it."""
    return LEANING.match(text) is not None


def ascii_marks(text: str) -> str:
    """Return a text with straight quotes and hyphens."""
    return text.translate(MARKS)
