"""Data rules that sentences name: filters, thresholds, and parts of the data.

Read once, when a plan comes to be; what is read is shown with the plan and frozen with it. Where a
sentence leaves data out by a rule that no field holds, the rule keeps its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent_core.domain import DataRule, DataRuleKind, DataRules, Keep, Of
from agent_core.prose.patterns import read_patterns
from agent_core.rules.plan_texts import sentences_of

PATTERNS = read_patterns(Path(__file__).with_name("data_patterns.toml"))
CORE, FEWEST, MORE = (PATTERNS[name].compiled for name in ("core", "fewest", "more"))
SPOKEN = tuple(PATTERNS[name] for name in ("core", "fewest", "more", "lowest", "above"))
"""What tasks say of the data that are kept, from which a clause is quoted."""


def count_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text asks for numbers of interactions of users and items."""
    return [m.span() for p in (CORE, FEWEST, MORE) for m in p.finditer(text)]


def data_rules(texts: Iterable[str]) -> tuple[DataRule, ...]:
    """Return the data rules that texts name, each once."""
    found: list[DataRule] = []
    for text in texts:
        told = [s for s in sentences_of(text) if not _is_refused(s)]
        read = [rule for s in told for rule in (*_count_rules(s), *_threshold_rules(s))]
        others = [r for s in told for r in _other_rules(s, is_understood=bool(read))]
        found += [*read, *others]
    return tuple({(r.kind, r.amount, r.of): r for r in reversed(found)}.values())[::-1]


def lowest_tested(texts: Iterable[str], where: str = "on_test") -> float | None:
    """Return the lowest rating that is tested, where a sentence limits the test only."""
    sentences = [s for text in texts for s in sentences_of(text) if not _is_refused(s)]
    chosen = [s for s in sentences if _has(s, where) and not _has(s, "of_all")]
    rules = DataRules(tuple(rule for s in chosen for rule in _lowest_ratings(s)))
    return rules.lowest_rating


def _is_refused(sentence: str) -> bool:
    """Whether a sentence says that nothing is left out, or does not speak of what is kept."""
    return _has(sentence, "refused") or _has(sentence, "not_done")


def _count_rules(sentence: str) -> Iterator[DataRule]:
    """Yield what a sentence asks of the number of interactions of users and items."""
    if _has(sentence, "beside"):
        return
    for pattern, more in ((CORE, 0), (FEWEST, 0), (MORE, 1)):
        kind = DataRuleKind.CORE if pattern is CORE else DataRuleKind.FEWEST
        for match in pattern.finditer(sentence):
            if PATTERNS["below"].match(match[0]) and not _has(sentence, "goes"):
                continue
            least = int(next(g for g in match.groups() if g).replace(",", "")) + more
            if least < 2:  # everybody has one
                continue
            users, items = _sides(sentence, match, is_core=pattern is CORE)
            of = Of.BOTH if users and items else Of.USERS if users else Of.ITEMS
            yield DataRule(kind, least, of, text=sentence.strip())


def _threshold_rules(sentence: str) -> Iterator[DataRule]:
    """Yield the lowest ratings that a sentence lets count for all of the data."""
    if not _has(sentence, "on_test") or _has(sentence, "of_all"):
        yield from _lowest_ratings(sentence)


def _lowest_ratings(sentence: str) -> Iterator[DataRule]:
    """Yield the lowest ratings that a sentence lets count."""
    for name in ("lowest", "above"):
        for match in PATTERNS[name].compiled.finditer(sentence):
            if _has(match[0], "low") and not _has(sentence, "goes"):
                continue
            amount = float(next(g for g in match.groups() if g))
            yield DataRule(
                DataRuleKind.LOWEST_RATING,
                amount,
                is_above=name == "above",
                text=sentence.strip(),
            )


def _other_rules(sentence: str, *, is_understood: bool) -> Iterator[DataRule]:
    """Yield the sentence itself where it leaves data out by a rule that no field holds."""
    if _has(sentence, "beside") or _has(sentence, "of_split"):
        return
    is_part = _has(sentence, "part")
    is_removal = _has(sentence, "removal") and _has(sentence, "data")
    if is_removal and _has(sentence, "repeated"):
        keep = Keep.LAST if _has(sentence, "latest") else Keep.FIRST
        yield DataRule(DataRuleKind.REPEATED_PAIRS, keep=keep, text=sentence.strip())
    elif is_part or (is_removal and not is_understood and not _has(sentence, "fields")):
        yield DataRule(DataRuleKind.OTHER, text=sentence.strip())


def _sides(sentence: str, match: re.Match[str], *, is_core: bool) -> tuple[bool, bool]:
    """Return whether a demand is of users and of items; of both where nothing says so."""
    whole = match[0].lower()
    if is_core:
        side = re.search(r"(user|item)[\s_-]*$", sentence[: match.start()], re.IGNORECASE)
        named = (side[1] if side else whole).lower()
        is_one = "user" in named, "item" in named
        return is_one if any(is_one) else (True, True)
    after = re.match(r"\s*(?:per|for\s+each|of\s+each)\s+(\w+)", sentence[match.end() :])
    if after:
        return "user" in after[1].lower(), "user" not in after[1].lower()
    before = re.split(r"\band\s+all\b|,", sentence[: match.start()])[-1]
    before += whole if re.search(r"\bper\b|\(", whole) else ""
    of_users = bool(re.search(r"\busers?\b", before, re.IGNORECASE))
    of_items = bool(
        re.search(r"\b(?:items?|movies?|films?|books?|songs?)\b", before, re.IGNORECASE)
    )
    return (of_users, of_items) if of_users or of_items else (True, True)


def _has(sentence: str, name: str) -> bool:
    """Whether a pattern is found in a sentence."""
    return PATTERNS[name].search(sentence) is not None
