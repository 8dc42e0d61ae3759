"""A text in a usual form: its sentences and clauses, numbers as digits, shares in percent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent_core.offline.designs.progressions import written_out
from agent_core.prose.number_words import with_digits
from agent_core.prose.patterns import read_patterns
from agent_core.prose.sentences import ascii_marks

PATTERNS = read_patterns(Path(__file__).with_name("text_patterns.toml"))
MASK = "\u00a7"
PARTS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0}
REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: as it was said, and in usual form."""

    said: str
    text: str
    topic: str = ""
    """What the numbers of a list are levels of, where only the sentence before says so."""


@lru_cache(REMEMBERED)
def sentences_of(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text; an item of a list is one, too."""
    lines = PATTERNS["bullet"].sub("\n", ascii_marks(text)).split("\n")
    pieces = (p for line in lines for p in PATTERNS["end"].compiled.split(line))
    said = (re.sub(r"\s+", " ", p).strip() for p in pieces)
    return tuple(Sentence(s, usual_form(s)) for s in said if re.search(r"\w", s))


def usual_form(text: str) -> str:
    """Return a text with digits for number words, plain thousands, and shares in percent.

    Examples
    --------
    >>> usual_form("a quarter, half and three quarters of 2,000 users; the newest tenth of each")
    '25%, 50% and 75% of 2000 users; the newest 10% of each'
    """
    text = with_digits(re.sub(r"\s+", " ", ascii_marks(text)))
    text = PATTERNS["thousands"].compiled.sub(lambda m: m[0].replace(",", ""), text)
    text = re.sub(r"(?<=\d)\s*(?:%|per ?cent\b)", "%", text)
    text = re.sub(r"\bhalf an? (?:%|per ?cent\b)", "0.5%", text)
    text = re.sub(r"(?<![\d.])\.(?=\d)", "0.", text)
    text = PATTERNS["fraction"].compiled.sub(lambda m: _percent(100 / int(m[1])), text)
    text = PATTERNS["shared_unit"].compiled.sub(_with_units, text)
    text = PATTERNS["parts"].compiled.sub(_shares_of_parts, text)
    return written_out(PATTERNS["part"].compiled.sub(_share_of_part, text))


def clauses_of(sentence: str) -> list[str]:
    """Return the parts of a sentence that ask or order something of their own."""
    return [c.strip() for c in PATTERNS["joint"].compiled.split(sentence) if re.search(r"\w", c)]


def says(name: str, text: str) -> bool:
    """Whether a text says what a pattern of the table stands for."""
    return PATTERNS[name].search(text) is not None


def blotted(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text of the same length without some spans, so that nothing is read twice."""
    for start, end in spans:
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


def _with_units(match: re.Match[str]) -> str:
    """Return `25, 50 or 75%` with the unit at each number."""
    return re.sub(r"(\d)(?=\s*(?:,|/|or\b|and\b)|\s+(?:or|and)\b)", r"\1%", match[0])


def _shares_of_parts(match: re.Match[str]) -> str:
    """Return `one, 3 and 10 tenths` in percent."""
    part = PARTS[match[2].rstrip("s").lower()]
    return re.sub(r"\d+|\bone\b", lambda n: _percent(_count(n[0]) * part), match[1], flags=re.I)


def _share_of_part(match: re.Match[str]) -> str:
    """Return `a random fifth` in percent, with the words between."""
    said, part = match[1] or match[3] or "", match[2] or match[4]
    before = re.sub(r"^(?:an?|one)\b\s*", "", said, flags=re.I)
    article = "a " if before and before != said else ""
    return f"{article}{before}{_percent(PARTS[part.lower()])}"


def _count(word: str) -> float:
    return 1.0 if word.lower() == "one" else float(word)


def _percent(share: float) -> str:
    return f"{share:.6g}%"
