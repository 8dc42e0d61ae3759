"""The protocol that sentences name: its kind, folds and shares, candidates and what is masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_core.domain import Candidates, Masked, Order, SplitKind
from agent_core.prose import number_words
from agent_core.rules.plan_texts import number_of, planned_sentences
from agent_core.rules.split_words import (
    PATTERNS,
    asks_about_leaks,
    chooses_users,
    counts_held_out,
    keeps_users_to_choose_on,
    ratios,
    shares_of_users,
    test_users,
)

_KINDS = (SplitKind.LEAVE_LAST, SplitKind.LEAVE_ONE_OUT, SplitKind.GLOBAL_TIME)
"""Kinds that have a name of their own."""
_SAID = ("said_of_split", "newest_share", "newest_of_each", "held_share")
SPOKEN = tuple(PATTERNS[name] for name in (*_SAID, *(kind.value for kind in _KINDS)))
"""What tasks say of the split, from which a clause is quoted."""
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
        is_planned = not _has(sentence, "refused")
        protocol = dict(_protocol(sentence)) if is_planned else {}
        found = (list_fields([sentence]) or protocol) | found
    return found


def list_fields(texts: Iterable[str]) -> dict[str, Any]:
    """Return which items are ranked for a user, and which of them are masked, as texts say."""
    sentences = [s for text in texts for s in planned_sentences(text)]
    return {k: v for s in reversed(sentences) for k, v in _list_fields(s)}


def folds_of(text: str) -> int | None:
    """Return the folds of a cross-validation; 5 where no number is said."""
    match = PATTERNS["folds"].search(text)
    if match:
        return int(number_words.number_of(match[1] or match[2]))
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


def _list_fields(sentence: str) -> Iterator[tuple[str, Any]]:
    """Yield which items are ranked for a user, and which of them are masked."""
    masked = next((m for name, m in _MASKS.items() if _has(sentence, name)), None)
    if masked:
        yield "masked", masked
    ranked = next((c for name, c in _CANDIDATES.items() if _has(sentence, name)), None)
    if masked or ranked is None or _has(sentence, "refused"):
        return
    yield "candidates", ranked
    count = PATTERNS["sampled_candidates"].search(sentence)
    if ranked is Candidates.SAMPLED and count:
        yield "candidate_count", int(number_of(next(g for g in count.groups() if g)))


def _protocol(sentence: str) -> Iterator[tuple[str, Any]]:
    """Yield what a sentence says of the split."""
    kind, share = _kind_and_share(sentence)
    folds = PATTERNS["folds"].search(sentence)
    count = next(iter(counts_held_out([sentence])), None)
    fields = {
        "kind": kind,
        "folds": int(number_words.number_of(folds[1] or folds[2])) if folds else None,
        "holdout": share,
        "order": _order(sentence, kind),
        "test_users": next(iter(test_users([sentence])), None),
        "test_user_share": next(iter(shares_of_users([sentence])), None),
        "are_users_chosen": chooses_users([sentence]) or None,
        "has_validation": keeps_users_to_choose_on([sentence]) or None,
        "is_leak_study": asks_about_leaks(sentence) or None,
    }
    if count and kind and kind.has_share and not share:
        fields |= {"held_out": count, "is_share_planned": False}
    if kind is SplitKind.GLOBAL_TIME and _has(sentence, "period"):
        fields |= {"is_share_planned": False}
    seed = PATTERNS["seed"].search(sentence)
    if seed and _has(sentence, "split_word"):
        fields |= {"seed": int(seed[1] or seed[2])}
    yield from ((name, value) for name, value in fields.items() if value is not None)


def _kind_and_share(sentence: str) -> tuple[SplitKind | None, float | None]:
    """Return the kind of split that a sentence names, and the share that it holds out."""
    of_each = PATTERNS["share_of_each"].search(sentence)
    share = number_of(next(g for g in of_each.groups() if g)) if of_each else None
    is_newest, counts = _is_newest(sentence), counts_held_out([sentence])
    if _has(sentence, "folds") or _has(sentence, "crossfold"):
        kinds = {
            "over_records": SplitKind.CROSSFOLD_RECORDS,
            "over_users": SplitKind.CROSSFOLD_USERS,
        }
        return next((k for name, k in kinds.items() if _has(sentence, name)), None), share
    if not _has(sentence, "split_word"):
        return None, None
    named = _has(sentence, SplitKind.LEAVE_ONE_OUT.value) or counts == {1}
    if (named and is_newest) or _has(sentence, SplitKind.LEAVE_LAST.value):
        return SplitKind.LEAVE_LAST, None
    if named:
        return SplitKind.LEAVE_ONE_OUT, None
    if share or (_has(sentence, "per_user") and (counts or _share_of(sentence))):
        return SplitKind.USER_FRACTION, share or (None if counts else _share_of(sentence))
    return _cut_in_time(sentence, is_newest=is_newest)


def _cut_in_time(sentence: str, *, is_newest: bool) -> tuple[SplitKind | None, float | None]:
    """Return the split at a moment that a sentence names, and the share after it."""
    names = ("newest_share", "share_of_all", "oldest_share")
    newest, of_all, oldest = (PATTERNS[name].search(sentence) for name in names)
    if oldest and not newest:
        return SplitKind.GLOBAL_TIME, round(1 - number_of(oldest[1]), 4)
    if newest or (of_all and is_newest):
        found = int(newest[1]) / 100 if newest else number_of(of_all[1]) if of_all else None
        return SplitKind.GLOBAL_TIME, found
    is_named = _has(sentence, SplitKind.GLOBAL_TIME.value)
    is_period = _has(sentence, "test") and _has(sentence, "period")
    kind = SplitKind.GLOBAL_TIME if is_named or is_period else None
    return kind, _share_of(sentence) if is_named else None


def _order(sentence: str, kind: SplitKind | None) -> Order | None:
    """Return which interactions of a user a sentence holds out, where it says so."""
    if _has(sentence, "either"):
        return Order.EITHER
    if kind is SplitKind.LEAVE_LAST:
        return Order.NEWEST
    if kind is SplitKind.GLOBAL_TIME or (kind is None and not _has(sentence, "holds_out")):
        return None
    return (
        Order.NEWEST
        if _is_newest(sentence)
        else Order.RANDOM
        if _has(sentence, "random")
        else None
    )


def _is_newest(sentence: str) -> bool:
    return bool(PATTERNS["newest"].search(PATTERNS["not_newest"].sub(" ; ", sentence)))


def _share_of(text: str) -> float | None:
    """Return the held-out share, 0 to 1."""
    held = PATTERNS["held_share"].search(text)
    parts = [numbers[-1] for numbers in ratios(text)]
    found = parts or [float(g) for g in (held.groups() if held else ()) if g]
    shares = [n if n < 1 else n / 100 for n in found]
    return next((s for s in shares if 0.01 <= s <= 0.9), None)


def _has(sentence: str, name: str) -> bool:
    return PATTERNS[name].search(sentence) is not None
