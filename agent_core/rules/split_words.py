"""Split rules that sentences name: how many users, how much and which of each, leaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from agent_core.domain import Order
from agent_core.prose.patterns import read_patterns
from agent_core.rules.data_words import is_of_data
from agent_core.rules.plan_texts import REMEMBERED, clauses_of, number_of, planned_sentences

PATTERNS = read_patterns(Path(__file__).with_name("split_patterns.toml"))
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)")
WHOLE = 100
NAMING = (
    *("said_of_split", "newest_share", "newest_of_each", "held_share"),
    *("leave_last", "leave_one_out", "global_time"),
)
"""What names the split itself."""


def counts_held_out(texts: Iterable[str]) -> set[int]:
    """Return the numbers of interactions per user that texts hold out."""
    found = _groups("count", _tests_in(texts))
    return {int(g) if g.isdigit() else 1 for g in found}


def test_users(texts: Iterable[str]) -> set[int]:
    """Return the numbers of test users that texts name."""
    return {int(g.replace(",", "")) for g in _groups("tested", _tests_in(texts))}


def shares_of_users(texts: Iterable[str]) -> set[float]:
    """Return the shares of the users that texts test."""
    return {number_of(g) for g in _groups("of_users", _tests_in(texts))}


def chooses_users(texts: Iterable[str]) -> bool:
    """Whether texts choose test users by what they are."""
    clauses = _tests_in(part for text in texts for part in text.split(","))
    return any(PATTERNS["chosen"].search(clause) for clause in clauses)


def keeps_users_to_choose_on(texts: Iterable[str]) -> bool:
    """Whether texts keep a part apart for validation."""
    return any(PATTERNS["validation"].search(s) for text in texts for s in sentences_said(text))


def shares_of_split(text: str) -> set[float]:
    """Return the held-out shares that the words of a split name, the rest of them too."""
    found = {float(n) for n in PERCENT.findall(text)}
    found |= {100 * float(n) for n in re.findall(r"(?<![\d.])0?\.\d+\b", text)}
    found.update(*ratios(text))
    shares = {round(part / 100, 4) for n in found for part in (n, WHOLE - n)}
    return {share for share in shares if 0 < share < 1}


def order_of(split: str, texts: Iterable[str]) -> Order:
    """Return which interactions of a user are held out.

    Parameters
    ----------
    split
        What is said of the split itself.
    texts
        Everything that is said, the split among it.
    """
    if _is_of_newest(split) and not PATTERNS["random"].search(split):
        return Order.NEWEST
    return Order.EITHER if any(map(_is_of_newest, texts)) else Order.RANDOM


def asks_about_leaks(text: str) -> bool:
    """Whether a sentence has leaks as its subject."""
    if PATTERNS["with_and_without"].search(text):
        return True
    return bool(PATTERNS["about"].search(PATTERNS["unwanted"].sub(" ; ", text)))


def ratios(text: str) -> list[list[float]]:
    """Return the parts of ratios such as 80/20 or 8:1:1, in percent."""
    found = [m.groups() for m in PATTERNS["ratio"].compiled.finditer(text)]
    parts = [[float(n) for n in numbers if n] for numbers in found]
    tens = [[n * 10 for n in numbers] for numbers in parts if len(numbers) > 2]
    return [numbers for numbers in (*parts, *tens) if sum(numbers) == WHOLE]


@lru_cache(REMEMBERED)
def sentences_said(text: str) -> tuple[str, ...]:
    """Return the sentences of a text that plan something of the test.

    Clauses that refuse something, or that name rules of the data, are left out.
    """
    said = (", ".join(_parts_of_split(clauses_of(s))) for s in planned_sentences(text))
    return tuple(s for s in said if s)


def _parts_of_split(clauses: Iterable[str]) -> Iterator[str]:
    """Yield what can name a rule of the split; of a clause about the data what names one."""
    for clause in clauses:
        if PATTERNS["refused"].search(clause):
            continue
        if not is_of_data(clause):
            yield clause
        elif len(parts := clause.split(", ")) > 1:
            yield from (p for p in parts if names_split(p) and not is_of_data(p))


def names_split(part: str) -> bool:
    """Whether a part of a sentence names a hold-out protocol."""
    return any(PATTERNS[name].search(part) for name in NAMING)


def _tests_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield what texts say of a test, sentence by sentence."""
    return (s for text in texts for s in sentences_said(text) if PATTERNS["test"].search(s))


def _is_of_newest(text: str) -> bool:
    """Whether a text speaks of the newest interactions, and does not refuse them."""
    planned = " ; ".join(planned_sentences(text))
    return bool(PATTERNS["newest"].search(PATTERNS["not_newest"].sub(" ; ", planned)))


def _groups(name: str, sentences: Iterable[str]) -> list[str]:
    """Return what the groups of a pattern find in sentences."""
    found = (m for s in sentences for m in PATTERNS[name].compiled.finditer(s))
    return [group for match in found for group in match.groups() if group]
