"""Split rules that sentences name: how many users, how much and which of each, leaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent_core.domain import Order, SplitKind
from agent_core.prose.number_words import number_of
from agent_core.prose.patterns import read_patterns
from agent_core.rules.plan_texts import sentences_of

PATTERNS = read_patterns(Path(__file__).with_name("split_patterns.toml"))
PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)")
WHOLE = 100
_KINDS = (SplitKind.LEAVE_LAST, SplitKind.LEAVE_ONE_OUT, SplitKind.GLOBAL_TIME)
"""Kinds that have a name of their own."""
_SAID = ("said_of_split", "newest_share", "newest_of_each", "held_share")
SPOKEN = tuple(PATTERNS[name] for name in (*_SAID, *(kind.value for kind in _KINDS)))
"""What tasks say of the split, from which a clause is quoted."""


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
    found.update(*_ratios(text))
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


def folds_of(text: str) -> int | None:
    """Return the folds of a cross-validation; 5 where no number is said."""
    match = PATTERNS["folds"].search(text)
    if match:
        return int(number_of(match[1]))
    return 5 if PATTERNS["crossfold"].search(text) else None


def split_of(text: str) -> tuple[SplitKind | None, float | None]:
    """Return the hold-out protocol that a task names, and the held-out share."""
    newest = newest_of(text)
    if newest:
        return newest
    share = _share_of(text)
    for kind in _KINDS:
        if PATTERNS[kind.value].search(text):
            return kind, share if kind is SplitKind.GLOBAL_TIME else None
    return (SplitKind.USER_FRACTION, share) if share else (None, None)


def newest_of(text: str) -> tuple[SplitKind, float | None] | None:
    """Return the split that holds out a newest share: of each user, or of all interactions."""
    match = PATTERNS["newest_share"].search(text)
    share = int(match[1]) / 100 if match else _share_of(text)
    if PATTERNS["newest_of_each"].search(text):
        return SplitKind.USER_FRACTION, share
    return (SplitKind.GLOBAL_TIME, share) if match else None


def split_kinds(text: str) -> tuple[SplitKind, ...]:
    """Return all hold-out protocols that a task names."""
    named = tuple(k for k in _KINDS if PATTERNS[k.value].search(text))
    newest = newest_of(text)
    if newest:
        return tuple(dict.fromkeys([newest[0], *(k for k in named if not k.is_timed)]))
    # A share beside a cut in time is its own.
    is_own = SplitKind.GLOBAL_TIME in named or _share_of(text) is None
    return named if is_own else (*named, SplitKind.USER_FRACTION)


def _share_of(text: str) -> float | None:
    """Return the held-out share, 0 to 1."""
    held = PATTERNS["held_share"].search(text)
    ratios = [numbers[-1] for numbers in _ratios(text)]
    found = ratios or [float(g) for g in (held.groups() if held else ()) if g]
    shares = [n if n < 1 else n / 100 for n in found]
    return next((s for s in shares if 0.01 <= s <= 0.9), None)


def _ratios(text: str) -> list[list[float]]:
    """Return the parts of ratios such as 80/20, in percent."""
    found = [m.groups() for m in PATTERNS["ratio"].compiled.finditer(text)]
    parts = [[float(n) for n in numbers if n] for numbers in found]
    return [numbers for numbers in parts if sum(numbers) == WHOLE]


def _tests_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield what texts say of a test, sentence by sentence."""
    return (s for text in texts for s in sentences_of(text) if PATTERNS["test"].search(s))


def _is_of_newest(text: str) -> bool:
    """Whether a text speaks of the newest interactions, and does not refuse them."""
    return bool(PATTERNS["newest"].search(PATTERNS["not_newest"].sub(" ; ", text)))
