"""The protocol that sentences name: its kind, folds and shares, candidates and what is masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_core.domain import Candidates, Masked, Order, SplitKind
from agent_core.prose import number_words
from agent_core.prose.given_words import PATTERNS as GIVEN, says_given
from agent_core.rules.plan_texts import clauses_of, number_of, planned_clauses, planned_sentences
from agent_core.rules.split_words import (
    NAMING,
    PATTERNS,
    asks_about_leaks,
    chooses_users,
    counts_held_out,
    keeps_users_to_choose_on,
    ratios,
    sentences_said,
    shares_of_users,
    test_users,
)

_KINDS = (SplitKind.LEAVE_LAST, SplitKind.LEAVE_ONE_OUT, SplitKind.GLOBAL_TIME)
"""Kinds that have a name of their own."""
SPOKEN = (*(PATTERNS[name] for name in NAMING), GIVEN["given_split"])
"""What tasks say of the split, from which a clause is quoted."""
_FOLDS = {
    "over_records": SplitKind.CROSSFOLD_RECORDS,
    "over_users": SplitKind.CROSSFOLD_USERS,
}
_CANDIDATES = {
    "full_training_candidates": Candidates.FULL_TRAINING,
    "sampled_candidates": Candidates.SAMPLED,
    "training_candidates": Candidates.TRAINING,
}
_MASKS = {
    "full_training_masked": Masked.FULL_TRAINING,
    "nothing_masked": Masked.NOTHING,
    "training_masked": Masked.TRAINING,
}
"""Patterns, the first that is found goes."""


def split_fields(texts: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a split that texts name; of two values the first."""
    found: dict[str, Any] = {}
    for sentence in (s for text in texts for s in planned_sentences(text)):
        rest = ", ".join(map(_without_lists, clauses_of(sentence)))
        protocols = [dict(_protocol(s)) for s in sentences_said(rest)]
        for fields in (list_fields([sentence]), *protocols):
            found = fields | found
    are_some = {"test_users", "test_user_share"} & {*found}
    if are_some and found.get("kind") is SplitKind.USER_FRACTION:
        del found["kind"]  # it tests all users
    return found


def list_fields(texts: Iterable[str]) -> dict[str, Any]:
    """Return which items are ranked for a user, and which of them are masked, as texts say."""
    clauses = [c for text in texts for c in planned_clauses(text)]
    return {k: v for c in reversed(clauses) for k, v in _list_fields(c)}


def kinds_named(text: str) -> frozenset[SplitKind]:
    """Return all hold-out protocols that a text names."""
    named = {k for k in _KINDS if _has(text, k.value)}
    named |= {SplitKind.GIVEN} if says_given(text) else set()
    if _has(text, "newest_share") or _has(text, "newest_of_each"):
        kind, _ = _kind_and_share(text)
        return frozenset({k for k in named if not k.is_timed} | ({kind} if kind else set()))
    # A share beside a cut in time is its own.
    is_own = SplitKind.GLOBAL_TIME in named or _share_of(text) is None
    return frozenset(named if is_own else {*named, SplitKind.USER_FRACTION})


def _without_lists(clause: str) -> str:
    """Return what a clause says beside the lists that are ranked."""
    is_named = any(_has(clause, kind.value) for kind in _KINDS) or _has(clause, "crossfold")
    if not dict(_list_fields(clause)):
        return clause
    number = PATTERNS["sampled_candidates"].search(clause)
    return clause[: number.start(number.lastindex or 0)] if number and is_named else ""


def _list_fields(sentence: str) -> Iterator[tuple[str, Any]]:
    """Yield which items are ranked for a user, and which of them are masked."""
    masked = next((m for name, m in _MASKS.items() if _has(sentence, name)), None)
    if masked:
        yield "masked", masked
    ranked = next((c for name, c in _CANDIDATES.items() if _has(sentence, name)), None)
    if masked or ranked is None or _has(sentence, "refused") or _has(sentence, "learns"):
        return
    yield "candidates", ranked
    if ranked is Candidates.SAMPLED:
        yield "candidate_count", _number(sentence, "sampled_candidates")


def _protocol(sentence: str) -> Iterator[tuple[str, Any]]:
    """Yield what a sentence says of the split."""
    kind, share = _kind_and_share(sentence)
    count = next(iter(counts_held_out([sentence])), None)
    fields = {
        "kind": kind,
        "folds": _number(sentence, "folds"),
        "holdout": share,
        "order": _order(sentence, kind),
        "test_users": next(iter(test_users([sentence])), None),
        "test_user_share": next(iter(shares_of_users([sentence])), None),
        "are_users_chosen": chooses_users([sentence]) or None,
        "has_validation": keeps_users_to_choose_on([sentence]) or None,
        "is_leak_study": asks_about_leaks(sentence) or None,
        "seed": _number(sentence, "seed") if _has(sentence, "split_word") else None,
    }
    if count and kind and kind.has_share and not share:
        fields |= {"held_out": count, "is_share_planned": False}
    if kind is SplitKind.GLOBAL_TIME and _has(sentence, "period"):
        fields |= {"is_share_planned": False}
    yield from ((name, value) for name, value in fields.items() if value is not None)


def _kind_and_share(sentence: str) -> tuple[SplitKind | None, float | None]:
    """Return the kind of split that a sentence names, and the share that it holds out."""
    if says_given(sentence):
        return SplitKind.GIVEN, None
    of_each, counts = _share(sentence, "share_of_each"), counts_held_out([sentence])
    newest, said, is_newest = _newest_share(sentence), _share_of(sentence), _is_newest(sentence)
    if _has(sentence, "folds") or _has(sentence, "crossfold"):
        named = (k for name, k in _FOLDS.items() if _has(sentence, name))
        kind = next(named, SplitKind.CROSSFOLD_USERS if of_each else None)
        return kind, of_each or newest or said
    is_single = _has(sentence, SplitKind.LEAVE_ONE_OUT.value) or counts == {1}
    is_last = _has(sentence, SplitKind.LEAVE_LAST.value) and _has(sentence, "split_word")
    if (is_single or is_last) and not newest:
        is_last = is_last or is_newest
        return SplitKind.LEAVE_LAST if is_last else SplitKind.LEAVE_ONE_OUT, None
    if _has(sentence, "newest_of_each"):
        return SplitKind.USER_FRACTION, newest or said
    if newest:
        return SplitKind.GLOBAL_TIME, newest
    is_period = _has(sentence, "test") and _has(sentence, "period")
    if is_period or _has(sentence, SplitKind.GLOBAL_TIME.value):
        return SplitKind.GLOBAL_TIME, None if is_period else said
    records = _share(sentence, "share_of_records")
    if records and not of_each and _has(sentence, "test"):
        return SplitKind.RANDOM_RECORDS, records
    is_of_each = of_each or said or (counts and _has(sentence, "per_user"))
    return (SplitKind.USER_FRACTION, of_each or said) if is_of_each else (None, None)


def _newest_share(sentence: str) -> float | None:
    """Return the share of all interactions that is the newest, told by it or by the rest."""
    if newest := PATTERNS["newest_share"].search(sentence):
        return number_of(newest[1])
    if oldest := _share(sentence, "oldest_share"):
        return round(1 - oldest, 4)
    return _share(sentence, "share_of_all") if _is_newest(sentence) else None


def _order(sentence: str, kind: SplitKind | None) -> Order | None:
    """Return which interactions of a user a sentence holds out, where it says so."""
    if _has(sentence, "either"):
        return Order.EITHER
    if kind is SplitKind.LEAVE_LAST:
        return Order.NEWEST
    is_of_all = kind is not None and (kind is SplitKind.GLOBAL_TIME or kind.is_of_records)
    if is_of_all or (kind is None and not _has(sentence, "holds_out")):
        return None
    if _is_newest(sentence) or _has(sentence, "oldest_share"):
        return Order.NEWEST
    return Order.RANDOM if _has(sentence, "random") else None


def _is_newest(sentence: str) -> bool:
    return bool(PATTERNS["newest"].search(PATTERNS["not_newest"].sub(" ; ", sentence)))


def _share_of(text: str) -> float | None:
    """Return the held-out share, 0 to 1."""
    held = PATTERNS["held_share"].search(text)
    parts = [numbers[-1] for numbers in ratios(text)]
    found = parts or [float(g) for g in (held.groups() if held else ()) if g]
    shares = [n if n < 1 else n / 100 for n in found]
    return next((s for s in shares if 0.01 <= s <= 0.9), None)


def _share(sentence: str, name: str) -> float | None:
    """Return the share that a pattern finds."""
    match = PATTERNS[name].search(sentence)
    return number_of(next(g for g in match.groups() if g)) if match else None


def _number(sentence: str, name: str) -> int | None:
    """Return the number, or number word, that a pattern finds."""
    match = PATTERNS[name].search(sentence)
    found = next((g for g in match.groups() if g), None) if match else None
    return int(number_words.number_of(found)) if found else None


def _has(sentence: str, name: str) -> bool:
    return PATTERNS[name].search(sentence) is not None
