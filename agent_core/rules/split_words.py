"""Split rules that sentences name: how many users, how much and which of each, leaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent_core.domain import Order
from agent_core.prose.patterns import read_patterns
from agent_core.rules.plan_texts import sentences_of

PATTERNS = read_patterns(Path(__file__).with_name("split_patterns.toml"))
PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)")
RATIO = re.compile(r"\b(\d+)\s*[/:]\s*(\d+)(?:\s*[/:]\s*(\d+))?\b")
WHOLE = 100


def counts_held_out(texts: Iterable[str]) -> set[int]:
    """Return the numbers of interactions per user that texts hold out."""
    found = [
        g
        for s in _tests_in(texts)
        for m in PATTERNS["count"].compiled.finditer(s)
        for g in m.groups()
        if g
    ]
    return {1 if g.lower() == "one" else int(g) for g in found}


def test_users(texts: Iterable[str]) -> set[int]:
    """Return the numbers of test users that texts name."""
    found = [
        m
        for text in texts
        for s in sentences_of(text)
        for m in PATTERNS["tested"].compiled.finditer(s)
    ]
    return {int(g.replace(",", "")) for m in found for g in m.groups() if g}


def shares_of_users(texts: Iterable[str]) -> set[float]:
    """Return the shares of the users that texts test."""
    found = [
        g
        for s in _tests_in(texts)
        for m in PATTERNS["of_users"].compiled.finditer(s)
        for g in m.groups()
        if g
    ]
    return {PARTS[g.lower()] if g.lower() in PARTS else float(g) / 100 for g in found}


def chooses_users(texts: Iterable[str]) -> bool:
    """Whether texts choose test users by what they are."""
    return any(PATTERNS["chosen"].search(s) for s in _tests_in(texts))


def keeps_users_to_choose_on(texts: Iterable[str]) -> bool:
    """Whether texts speak of validation users."""
    return any(PATTERNS["validation"].search(s) for text in texts for s in sentences_of(text))


def shares_of_split(text: str) -> set[float]:
    """Return the held-out shares that the words of a split name, the rest of them too."""
    found = {float(n) for n in PERCENT.findall(text)}
    found |= {100 * float(n) for n in re.findall(r"(?<![\d.])0?\.\d+\b", text)}
    for match in RATIO.finditer(text):
        numbers = [float(n) for n in match.groups() if n]
        found |= set(numbers) if sum(numbers) == WHOLE else set()
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


def _tests_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield what texts say of a test, sentence by sentence."""
    return (s for text in texts for s in sentences_of(text) if PATTERNS["test"].search(s))


def _is_of_newest(text: str) -> bool:
    """Whether a text speaks of the newest interactions, and does not refuse them."""
    return bool(PATTERNS["newest"].search(PATTERNS["not_newest"].sub(" ; ", text)))


def _groups(name: str, sentences: Iterable[str]) -> list[str]:
    """Return what the groups of a pattern find in sentences."""
    found = (m for s in sentences for m in PATTERNS[name].compiled.finditer(s))
    return [group for match in found for group in match.groups() if group]
