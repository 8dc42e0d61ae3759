"""Which of several files a sentence speaks of: `ratings.csv: dates are day first`, or all.

What is said of one file leaves the others as they are; what names none of them is said of all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from agent_core.data.file_words import file_words
from agent_core.data.mark_words import QUOTES

BEFORE = rf"(?:\b(?:in|of|for|from|with)\s+)?(?:the\s+)?(?:file\s+)?[{QUOTES}]?"
AFTER = rf"[{QUOTES}]?(?:['\u2019]s)?(?:\s*[:,](?=\s))?\s*"
"""What stands around the name of a file."""


def scoped(name: str, words: str) -> str:
    """Return what is said of one file."""
    return f"{name}: {words}"


def words_of_file(text: str, own: Collection[str], others: Collection[str]) -> str:
    """Return a text without the sentences that speak of other files alone."""
    names = (*own, *others)
    kept = (s for s in _sentences(text, names) if _names_in(s, own) or not _names_in(s, others))
    return "".join(kept)


def with_scopes(text: str, names: Collection[str]) -> str:
    """Return a text in which what is said of one file begins with its name."""
    found = ((s, _names_in(s, names)) for s in _sentences(text, names))
    return "".join(_begun(s, *said) if len(said) == 1 else s for s, said in found)


def without_scopes(text: str, names: Iterable[str]) -> str:
    """Return a text without what sentences begin with to tell their file."""
    return _begins(names).sub("", text)


def _begins(names: Iterable[str]) -> re.Pattern[str]:
    quoted = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
    return re.compile(rf"(?<![\w.+-])[{QUOTES}]?(?:{quoted})[{QUOTES}]?:(?=\s)\s*", re.IGNORECASE)


def _sentences(text: str, names: Iterable[str]) -> list[str]:
    """Return the sentences of a text with the white space behind them."""
    begins = _begins(names).pattern
    ends = re.compile(rf"(?<=[.!?])\s+|\n+|[;,]\s*(?:and\s+)?(?={begins})", re.IGNORECASE)
    places = [0, *(m.end() for m in ends.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


def _names_in(sentence: str, names: Iterable[str]) -> list[str]:
    return [
        name
        for name in dict.fromkeys(names)
        if re.search(rf"(?<![\w.+-]){re.escape(name)}(?![\w-])", sentence, re.IGNORECASE)
    ]


def _begun(sentence: str, name: str) -> str:
    """Return a sentence that begins with the file of which it says something."""
    pattern = rf"\s*{BEFORE}(?<![\w.+-]){re.escape(name)}(?![\w-]){AFTER}"
    words = re.sub(pattern, " ", sentence, flags=re.IGNORECASE).lstrip()
    return sentence if file_words(words).is_empty else scoped(name, words)
