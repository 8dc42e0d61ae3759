"""Data rules that sentences name: filters, thresholds, and parts of the data.

Read once, when a plan comes to be; what is read is shown with the plan and frozen with it. Where a
sentence leaves data out by a rule that no field holds, the rule keeps its words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from agent_core.domain import DataRule, DataRuleKind, DataRules, Keep, Of
from agent_core.domain.rules import PARTIAL
from agent_core.prose.patterns import read_patterns
from agent_core.rules.plan_texts import has_verb, number_of, planned_clauses
from agent_core.rules.time_windows import window_of

PATTERNS = read_patterns(Path(__file__).with_name("data_patterns.toml"))
SPOKEN = tuple(PATTERNS[name] for name in ("core", "fewest", "more", "lowest", "above"))
"""What tasks say of the data that are kept, from which a clause is quoted."""
_COUNTS = dict.fromkeys(("core", "fewest", "asked", "read_by", "and_per"), 0)
_COUNTS |= {"more": 1, "read_by_most": 1, "single": 2}
"""Patterns of demands on numbers of interactions, and what is added to the number."""
_THRESHOLDS = {
    "lowest": (0, False),
    "above": (0, True),
    "up_to": (0, True),
    "lowest_listed": (1, False),
}
"""Patterns of thresholds: what is added to the rating, and whether it itself is dropped."""
_FROM_BELOW = ("up_to", "lowest_listed")
_ASKED = ("core", "asked")
"""Patterns of demands that say by themselves that they are ones."""
_Found = tuple[int, DataRule]
"""Where a sentence names a rule, and the rule."""


def count_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text asks for numbers of interactions of users and items."""
    return [m.span() for name in _COUNTS for m in PATTERNS[name].compiled.finditer(text)]


def data_rules(texts: Iterable[str]) -> tuple[DataRule, ...]:
    """Return the data rules that texts name, each once, in the order in which they are named."""
    found = [r for text in texts for clause in planned_clauses(text) for r in rules_of(clause)]
    cores = {r.amount for r in found if r.kind is DataRuleKind.CORE}
    said = [r for r in found if r.kind is not DataRuleKind.FEWEST or r.amount not in cores]
    return tuple({(r.kind, r.amount, r.of): r for r in reversed(said)}.values())[::-1]


def lowest_tested(texts: Iterable[str], where: str = "on_test") -> float | None:
    """Return the lowest rating that is tested, where a sentence limits the test only."""
    said = [c for text in texts for c in planned_clauses(text) if not _is_refused(c)]
    chosen = [s for s in said if _has(s, where) and not _has(s, "of_all")]
    return DataRules(tuple(r for s in chosen for _, r in _lowest_ratings(s))).lowest_rating


def rules_of(sentence: str) -> list[DataRule]:
    """Return the rules that a clause names, in its order."""
    if _is_refused(sentence):
        return []
    found = list(_lowest_ratings(sentence))[:1]  # a clause sets one
    if _has(sentence, "on_test") and not _has(sentence, "of_all"):
        found = []
    if not _has(sentence, "beside"):
        found += [*_count_rules(sentence), *_sample_rules(sentence), *_window_rules(sentence)]
        found += _repeated_rules(sentence)
        found += _other_rules(sentence, {rule.kind for _, rule in found})
    is_of_training = _has(sentence, "training_only")
    ordered = sorted(found, key=lambda one: one[0])
    text = sentence.strip()
    return [replace(r, is_training_only=is_of_training, text=text) for _, r in ordered]


def is_of_data(clause: str) -> bool:
    """Whether a clause names a rule of the data and says nothing of the test."""
    return not _has(clause, "of_split") and bool(rules_of(clause))


def _is_refused(sentence: str) -> bool:
    """Whether a clause says that nothing is left out, or only tells what there is.

    A clause plans by a verb of keeping, dropping or asking, or by being no sentence at all.
    """
    is_told = has_verb(sentence) and not _has(sentence, "demands")
    return is_told or _has(sentence, "refused") or _has(sentence, "not_done")


def _count_rules(sentence: str) -> Iterator[_Found]:
    """Yield what a sentence asks of the number of interactions of users and items."""
    if _has(sentence, "chosen"):
        return
    for name, more in _COUNTS.items():
        for match in PATTERNS[name].compiled.finditer(sentence):
            is_below = name == "single" or _has(match[0], "below")
            is_most = name not in _ASKED and _is_most(sentence, is_below=is_below)
            if is_most or (is_below and not _has(sentence, "goes")):
                continue
            number = next((g for g in match.groups() if g), "0")
            least = int(number.replace(",", "")) + more
            if least < 2:  # everybody has one
                continue
            yield match.start(), DataRule(_count_kind(name, sentence), least, _side(name, match))


def _count_kind(name: str, sentence: str) -> DataRuleKind:
    """Return whether a demand is repeated until all that is left meets it."""
    is_repeated = _has(sentence, "iterative") and not _has(sentence, "once")
    return DataRuleKind.CORE if name == "core" or is_repeated else DataRuleKind.FEWEST


def _is_most(sentence: str, *, is_below: bool) -> bool:
    """Whether a sentence drops what is above a number: `users with more than 2,000 ratings go`."""
    return not is_below and _has(sentence, "dropped") and not _has(sentence, "asks_for")


def _side(name: str, match: re.Match[str]) -> Of:
    """Return whether a demand is of users or of items; of both where nothing says so."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if name.startswith("read_by"):
        return Of.ITEMS
    if name == "core":
        beside = re.search(r"(?:user|item)[\s_-]*$", before, re.IGNORECASE)
        behind = PATTERNS["core_of"].match(after)
        named = (beside[0] if beside else match[0]) + (behind[0] if behind else "")
    elif per := PATTERNS["per"].match(after):
        named = per[0]
    else:
        within = match[0] if _has(match[0], "own_side") else ""
        beside = re.search(r"^\D*\b\w+\s+(?:and|or)\s+$", before)
        is_own = within and _side_of(within) and not (beside and _side_of(beside[0]))
        named = within if is_own else re.split(r"\band\s+all\b|,|\bthen\b", before)[-1] + within
    return _side_of(named) or _side_of(before) or Of.BOTH


def _side_of(words: str) -> Of | None:
    """Return what words name, users, items or both; None where they name neither."""
    of_users, of_items = _has(words, "of_users"), _has(words, "of_items")
    if not of_users and not of_items:
        return None
    return Of.BOTH if of_users is of_items else Of.USERS if of_users else Of.ITEMS


def _lowest_ratings(sentence: str) -> Iterator[_Found]:
    """Yield the lowest ratings that a sentence lets count."""
    for name, (more, is_above) in _THRESHOLDS.items():
        for match in PATTERNS[name].compiled.finditer(sentence):
            is_low = name in _FROM_BELOW or _has(match[0], "low")
            if (is_low and not _has(sentence, "goes")) or _is_most(sentence, is_below=is_low):
                continue
            amount = float(next(g for g in match.groups() if g)) + more
            kind = DataRuleKind.LOWEST_RATING
            yield match.start(), DataRule(kind, amount, is_above=is_above)


def _sample_rules(sentence: str) -> Iterator[_Found]:
    """Yield the samples of users, items or interactions that a sentence keeps."""
    is_of_training = _has(sentence, "training_only")
    is_taken = _has(sentence, "takes") or not has_verb(sentence)
    is_sample = _has(sentence, "sampled") and is_taken
    if not is_sample or (_has(sentence, "of_split") and not is_of_training):
        return
    seed = PATTERNS["seed"].search(sentence)
    for name in ("one_in", "sample_size"):
        for match in PATTERNS[name].compiled.finditer(sentence):
            size = 1 / int(match[1]) if name == "one_in" else number_of(match[1])
            sides = ((Of.USERS, "of_users"), (Of.ITEMS, "of_items"))
            of = next((of for of, side in sides if _has(match[2], side)), Of.INTERACTIONS)
            number = int(seed[1]) if seed else None
            is_rest = size < 1 and _is_most(sentence, is_below=False)
            size = round(1 - size, 4) if is_rest else size
            yield match.start(), DataRule(DataRuleKind.SAMPLE, size, of, seed=number)
            return


def _window_rules(sentence: str) -> Iterator[_Found]:
    """Yield the stretch of time that a sentence keeps."""
    is_drop = _has(sentence, "removal") and not _has(sentence, "keeps")
    says = is_drop or _has(sentence, "keeps") or _has(sentence, "nothing")
    window = window_of(sentence, is_dropped=is_drop or _has(sentence, "nothing"))
    if window and says and not _has(sentence, "of_split"):
        first, last = window
        yield 0, DataRule(DataRuleKind.TIME_WINDOW, first=first, last=last)


def _repeated_rules(sentence: str) -> Iterator[_Found]:
    """Yield what becomes of repeated interactions of a user with an item."""
    if not _has(sentence, "repeated") or _has(sentence, "none_there"):
        return
    if not _has(sentence, "of_split") and (_has(sentence, "merges") or _has(sentence, "kept_all")):
        first = Keep.ALL if _has(sentence, "kept_all") else Keep.FIRST
        keep = Keep.LAST if _has(sentence, "latest") else first
        yield 0, DataRule(DataRuleKind.REPEATED_PAIRS, keep=keep)


def _other_rules(sentence: str, read: Collection[DataRuleKind]) -> Iterator[_Found]:
    """Yield the sentence itself where it leaves data out by a rule that no field holds."""
    is_removal = _has(sentence, "removal") and _has(sentence, "data")
    is_unread = not read and is_removal and not _has(sentence, "fields")
    is_part = _has(sentence, "part") and not {*PARTIAL} & {*read}
    if (is_part or is_unread) and not _has(sentence, "of_split") and not _has(sentence, "rest"):
        yield len(sentence), DataRule(DataRuleKind.OTHER)


def _has(sentence: str, name: str) -> bool:
    """Whether a pattern is found in a sentence."""
    return PATTERNS[name].search(sentence) is not None
