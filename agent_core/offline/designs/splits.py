"""Split rules that a text names, as levels: each from its facets, wherever these stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Candidates, Order, SplitKind, Unanswered
from agent_core.offline.designs.text import Sentence, blotted
from agent_core.offline.designs.words import PATTERNS, found, number_in, says
from agent_core.prose.given_words import says_given

Fields = Mapping[str, Any]
ABOUT = 0.02
"""How far the size of a validation part may be from what it comes to."""
CROSSFOLDS = (SplitKind.CROSSFOLD_USERS, SplitKind.CROSSFOLD_RECORDS)


@dataclass(frozen=True, slots=True)
class SplitReading:
    """The split levels of a text, as the fields that it says."""

    levels: tuple[Fields, ...] = ()
    used: tuple[str, ...] = ()
    """The sentences that say something of the split."""


def splits_of(sentences: Sequence[Sentence]) -> SplitReading:
    """Return the split levels that sentences name; empty where they name none."""
    labelled = _labelled(sentences)
    levels: list[dict[str, Any]] = list(labelled.values())
    common: dict[str, Any] = {}
    used = []
    for sentence in sentences:
        said = dict(_common(sentence.text))
        common = said | common
        here = [] if labelled else _told_levels(sentence.text)
        used += [sentence.said] * bool(here or said)
        levels = _merged(levels, here)
    levels = _contrasted(sentences, levels)
    fields = [common | level for level in levels] or ([common] if common else [])
    return SplitReading(tuple(fields), tuple(used))


def _told_levels(text: str) -> list[dict[str, Any]]:
    """Return the splits that a sentence names; a bare contrast is read with what both hold out."""
    found = _levels(text)
    is_bare = says("contrast", text) and not any(_has_amount(f) or f.get("folds") for f in found)
    return [] if is_bare and len(found) == 1 else found


def labels_of(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Return the letters by which a text calls its splits, in the order of the levels."""
    return tuple(_labelled(sentences))


def _contrasted(
    sentences: Sequence[Sentence], levels: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a random split and one in time where a sentence sets them against each other.

    What both hold out stands elsewhere: `random against temporal; both test 10 % of the ratings`.
    """
    if len(levels) > 1 or not any(says("contrast", s.text) for s in sentences):
        return levels
    known = levels[0] if levels else {}
    if known.get("kind") in CROSSFOLDS or "holdout" not in known:
        return levels
    is_of_user = known.get("kind") is SplitKind.USER_FRACTION
    share = {k: v for k, v in known.items() if k not in ("kind", "order")}
    drawn = SplitKind.USER_FRACTION if is_of_user else SplitKind.RANDOM_RECORDS
    later: dict[str, Any] = {"kind": SplitKind.GLOBAL_TIME}
    if is_of_user:
        later = {"kind": drawn, "order": Order.NEWEST}
    return [share | {"kind": drawn, "order": Order.RANDOM}, share | later]


def validation_gaps(
    sentences: Sequence[Sentence], levels: Sequence[Fields]
) -> Iterator[Unanswered]:
    """Yield the sizes of a validation part that the rule of the test, used once more, misses."""
    if not any(level.get("has_validation") for level in levels):
        return
    held = {float(level.get("holdout", 0)) for level in levels}
    for sentence in sentences:
        for match in PATTERNS["validation_size"].compiled.finditer(sentence.text):
            numbers = [float(g) for g in match.groups() if g]
            share = numbers[1] / sum(numbers[:2]) if len(numbers) > 1 else numbers[0] / 100
            if all(abs(share - h) > ABOUT for h in held):
                reason = "the validation part is held out of training as the test is of the data"
                yield Unanswered(_in_own_words(match[0], sentence.said), reason)


def _in_own_words(words: str, said: str) -> str:
    """Return words in usual form as they were said, the whole sentence where they were not so."""
    found = re.search(re.escape(words).replace(r"\ ", r"\s+").replace("%", r"\s*%"), said)
    return found[0] if found else said


def _labelled(sentences: Sequence[Sentence]) -> dict[str, dict[str, Any]]:
    """Return the splits that a text sets out by letters: `(a) ..., (b) ...`, or a line each."""
    found = {}
    for sentence in sentences:
        text = sentence.text
        marks = list(PATTERNS["labelled"].compiled.finditer(text))
        ends = [*(m.start() for m in marks[1:]), len(text)]
        for mark, end in zip(marks, ends, strict=False):
            label = next(g for g in mark.groups() if g)
            fields = dict(_facets(text[mark.end() : end]))
            if fields.get("kind"):
                found[label.upper()] = fields
    return found if len(found) > 1 else {}


def _merged(levels: list[dict[str, Any]], here: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return levels with those of a further sentence: facets of the same, or others beside."""
    if not levels or not here:
        return levels or here
    if len(levels) == len(here) == 1:
        return [_one(levels[0], here[0])]
    if len(here) == 1:
        return [_one(level, here[0]) for level in levels]
    return here if len(levels) == 1 else levels


def _one(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of two descriptions of one split; cross-validation goes before a share."""
    if second.get("kind") in CROSSFOLDS and first.get("kind") not in CROSSFOLDS:
        first, second = second, first
    return second | first


def _levels(text: str) -> list[dict[str, Any]]:
    """Return the splits that a sentence names: several where it sets them side by side."""
    if not says("test_word", text) and not says("ratio", text) and not says_given(text):
        return []
    whole = dict(_facets(text))
    parts = list(_segments(text))
    kinds = [_level_key(p) for p in parts]
    is_mixed = _folds(text) is None or says("against_folds", text)
    is_several = len(set(kinds)) > 1 and says("same_for_all", text) and is_mixed
    if not is_several:
        return [whole] if whole.get("kind") or whole.get("folds") else []
    shared = {k: v for k, v in whole.items() if k == "seed"}
    return [shared | p for p in dict(zip(kinds, parts, strict=True)).values()]


def _level_key(fields: Fields) -> tuple[Any, ...]:
    return fields.get("kind"), fields.get("holdout"), fields.get("held_out"), fields.get("order")


def _segments(text: str) -> Iterator[dict[str, Any]]:
    """Yield the splits of the parts of a sentence; a part without a kind leans on that before."""
    pieces = PATTERNS["level_gap"].compiled.split(text)
    is_of_folds = _folds(text) is not None or says("cross", text)
    facets = _facets_beside_folds if is_of_folds else _plain_facets
    grouped: list[str] = []
    for piece in pieces:
        has_kind = bool(facets(piece).get("kind"))
        if grouped and not has_kind:
            grouped[-1] += f", {piece}"
        else:
            grouped.append(piece)
    found: list[dict[str, Any]] = []
    for fields in map(facets, grouped):
        if found and found[-1].get("kind") is fields.get("kind") and not _has_amount(found[-1]):
            found[-1] |= fields
        elif fields.get("kind"):
            found.append(fields)
    yield from found


def _plain_facets(piece: str) -> dict[str, Any]:
    return dict(_facets(piece))


def _facets_beside_folds(piece: str) -> dict[str, Any]:
    """Return the fields of a piece; beside cross-validation a bare hold-out is a split, too."""
    fields = dict(_facets(piece))
    if fields.get("folds") and "kind" not in fields:
        fields["kind"] = SplitKind.CROSSFOLD_USERS
    is_bare = not fields and says("bare_holdout", piece)
    return {"kind": SplitKind.USER_FRACTION} if is_bare else fields


def _has_amount(fields: Fields) -> bool:
    return "holdout" in fields or "held_out" in fields


def _folds(text: str) -> int | None:
    return number_in("folds", text)


def _facets(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields of one split, from what it is of, how much, and which."""
    if says_given(text):
        yield "kind", SplitKind.GIVEN
        return
    folds = _folds(text)
    if folds or says("cross", text):
        yield from _crossfold(text, folds)
        return
    is_per_user = says("per_user", text)
    count = number_in("newest_count", text)
    late = found("leave_last_out", text)
    if late or count or (says("newest_one", text) and not says("newest_share", text)):
        yield "kind", SplitKind.LEAVE_LAST
        number = count or (int(late[1]) if late and late[1] else 1)
        yield "held_out", number
        yield "order", Order.NEWEST
        return
    if says("leave_one_out", text):
        newest = says("newest_order", text)
        yield "kind", SplitKind.LEAVE_LAST if newest else SplitKind.LEAVE_ONE_OUT
        return
    yield from _share_or_count(text, is_per_user=is_per_user)


def _share_or_count(text: str, *, is_per_user: bool) -> Iterator[tuple[str, Any]]:
    share = _share(text)
    is_newest = says("newest_order", text) and not says("at_random", text)
    is_timed = says("in_time", text) or is_newest
    if share and says("in_time", text) and says("point_in_time", text):
        is_per_user = False
    if share is None and (number := number_in("leave_some_out", text) or _random_count(text)):
        yield "kind", SplitKind.LEAVE_ONE_OUT if number == 1 else SplitKind.USER_FRACTION
        yield "held_out", number
        yield "is_share_planned", False
        yield "order", Order.RANDOM
        return
    if is_timed and not is_per_user and (share or says("in_time", text)):
        yield "kind", SplitKind.GLOBAL_TIME
    elif share and says("of_all", text) and not is_per_user:
        yield "kind", SplitKind.GLOBAL_TIME if is_newest else SplitKind.RANDOM_RECORDS
    elif share:
        yield "kind", SplitKind.USER_FRACTION
        if is_timed or says("at_random", text):
            yield "order", Order.NEWEST if is_timed else Order.RANDOM
    if share:
        yield "holdout", share


def _random_count(text: str) -> int | None:
    match = found("random_count", text)
    number = next((g for g in match.groups() if g), None) if match else None
    if number is None:
        return None
    return int(number) if number.isdigit() else 1


def _crossfold(text: str, folds: int | None) -> Iterator[tuple[str, Any]]:
    """Yield cross-validation, over users or records, and what is held out of a test user."""
    if folds:
        yield "folds", folds
    is_records = says("over_records", text) and not says("over_users", text)
    if is_records or says("over_users", text) or says("per_user", text):
        yield "kind", SplitKind.CROSSFOLD_RECORDS if is_records else SplitKind.CROSSFOLD_USERS
    if is_records:
        return
    match = found("folds", text)
    rest = blotted(text, [match.span()] if match else [])
    share = _share(rest)
    number = number_in("newest_count", rest) or _random_count(rest)
    if number is None and says("newest_one", rest):
        number = 1
    if share:
        yield "holdout", share
    elif number:
        yield "held_out", number
        yield "is_share_planned", False
    if says("newest_order", rest):
        yield "order", Order.NEWEST
    elif says("at_random", rest):
        yield "order", Order.RANDOM


def _share(text: str) -> float | None:
    """Return the share that is held out: the last part of a ratio, or a percentage."""
    spans = [m.span() for m in PATTERNS["other_share"].compiled.finditer(text)]
    text = blotted(text, spans)
    for match in PATTERNS["ratio"].compiled.finditer(text):
        parts = [float(g) for g in match.groups() if g]
        parts = [p * 10 for p in parts] if sum(parts) == 10 else parts
        if sum(parts) == 100:
            return round(parts[-1] / 100, 6)
    if oldest := found("oldest_share", text):
        return round(1 - float(oldest[1]) / 100, 6)
    if newest := found("newest_share", text) or found("share_said", text):
        share = float(newest[1]) / 100
        return round(share, 6) if 0 < share < 1 else None
    return None


def _common(text: str) -> Iterator[tuple[str, Any]]:
    """Yield what holds for every split: who is tested, on what, among which candidates."""
    if says("validation", text) and not says("no_validation", text):
        yield "has_validation", True
    if says("refitted", text):
        yield "trains_on_validation", True
    if (number := number_in("test_users", text)) and number > 1:
        yield "test_users", number
    if match := found("test_user_share", text):
        yield "test_user_share", float(next(g for g in match.groups() if g)) / 100
    if says("unseen", text):
        yield "in_training", False
    if says("test_word", text) and (match := found("relevant", text)):
        yield "lowest_test_rating", float(next(g for g in match.groups() if g))
    if seed := number_in("split_seed", text):
        yield "seed", seed
    yield from _candidates(text)


def _candidates(text: str) -> Iterator[tuple[str, Any]]:
    if says("candidate_word", text) and (match := found("sampled_candidates", text)):
        yield "candidates", Candidates.SAMPLED
        yield "candidate_count", int(next(g for g in match.groups() if g))
    elif says("full_candidates", text):
        yield "candidates", Candidates.FULL_TRAINING
    elif says("training_candidates", text):
        yield "candidates", Candidates.TRAINING
