"""Numbers in a sentence, as digits or words, one or several in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent_core.prose.number_words import NUMBER_WORDS, number_of

OTHER_WORDS = {"single": 1.0, "both": 2.0}
WORDS = "|".join(sorted({**NUMBER_WORDS, **OTHER_WORDS}, key=len, reverse=True))
ONE = rf"(?:\d[\d,]*\d(?:\.\d+)?|\d+(?:\.\d+)?|{WORDS})"
NUMBER = rf"(?P<numbers>{ONE}(?:(?:,? (?:and|or|to|through) |, ){ONE})*)"
FILLERS = (
    r"(?:[\s-]+(?:random|training|model|test|tested|different|fixed|independent|distinct|single|"
    r"swept|planned|whole|held-out|individual|trained|chosen|other|personali[sz]ed|latent))*"
)
NUMBER_MARK = "\ue014"
"""Stands where a number of the plan stood."""
_PERCENT_IN_ROW = re.compile(r"(?<=\d) ?%(?=(?:,? (?:and|or|to)|,) \d[\d.]* ?%)")


def numbers_in(text: str) -> frozenset[float]:
    """Return the numbers of a row."""
    found = re.findall(rf"\b{ONE}\b", text, re.IGNORECASE)
    return frozenset(map(count_of, found))


def count_of(word: str) -> float:
    """Return the value of what counts: digits, a number word, `single`, `both`."""
    return OTHER_WORDS.get(word.lower()) or number_of(word)


def rows_of_percent(text: str) -> str:
    """Return a text in which a row of percentages has one sign: `10, 30 and 100 %`."""
    return _PERCENT_IN_ROW.sub("", text)


def without(pattern: str, text: str, allowed: Iterable[float]) -> str:
    """Return a text with a mark in place of the rows whose numbers are all allowed."""
    known = set(allowed)

    def kept(match: re.Match[str]) -> str:
        found = numbers_in(match["numbers"])
        start, end = (match.start(1) - match.start(), match.end(1) - match.start())
        is_known = bool(found) and found <= known
        return match[0][:start] + NUMBER_MARK + match[0][end:] if is_known else match[0]

    return re.sub(pattern, kept, text, flags=re.IGNORECASE)
