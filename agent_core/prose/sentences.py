"""Texts in plain letters, and their sentences; no fragment stands alone."""

from __future__ import annotations

import re
import unicodedata

_GAP = re.compile(r"(?<=[.!?])([\"”)]*)\s+|\n+()")
_GAP_OR_SEMICOLON = re.compile(r"(?<=[.;!?])([\"”)]*)\s+|\n+()")
_SHORTENED = re.compile(
    r"(?:\b(?:[a-z]|e\.?g|i\.?e|cf|vs|etc|ca|approx|resp|incl|excl|signif|stat|fig|tab|sec|eq|no|"
    r"al|est|max|min|avg|viz|sc|seq|ff|pp?|vol|dept|prof|dr|mr|ms|st))\.[\"”)]*$",
    re.IGNORECASE,
)
_STARTS_SMALL = re.compile(r"[\"“(]*[a-z]")
_LEANING = re.compile(
    r"(?:it|its|this|they|their|these|that|those|he|she|both|so|then|thus|such|neither|either|"
    r"the (?:former|latter|opposite|contrary|other))\b",
    re.IGNORECASE,
)
_MARKS = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'") | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)


def sentences(text: str, *, at_semicolons: bool = False) -> list[str]:
    """Split a text; a piece that may be a fragment stays with the one before it.

    Parameters
    ----------
    text
        Lines end sentences too.
    at_semicolons
        Whether a semicolon ends one.
    """
    return [text[a:b] for a, b in spans(text, at_semicolons=at_semicolons)]


def spans(text: str, *, at_semicolons: bool = False) -> list[tuple[int, int]]:
    """Return where the sentences of a text start and end."""
    found: list[tuple[int, int]] = []
    start = 0
    for gap in [*(_GAP_OR_SEMICOLON if at_semicolons else _GAP).finditer(text), None]:
        end = gap.end(gap.lastindex or 0) if gap else len(text)
        piece = text[start:end]
        if found and _is_fragment(text[slice(*found[-1])], piece):
            found[-1] = (found[-1][0], end)
        elif piece.strip():
            found.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
        start = gap.end() if gap else end
    return found


def leans(text: str) -> bool:
    """Whether a sentence speaks of the one before it."""
    return _LEANING.match(text) is not None


def plain(text: str) -> str:
    """Return a text in compatibility form without invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        c for c in folded if unicodedata.category(c) not in ("Cf", "Co", "Cs") or c == "\n"
    )


def ascii_marks(text: str) -> str:
    """Return a text with straight quotes and hyphens."""
    return text.translate(_MARKS)


def _is_fragment(before: str, piece: str) -> bool:
    """Whether a piece goes on with what ended in an abbreviation, or starts small."""
    goes_on = _STARTS_SMALL.match(piece) is not None and not before.endswith(";")
    return bool(piece.strip()) and (goes_on or _SHORTENED.search(before) is not None)
