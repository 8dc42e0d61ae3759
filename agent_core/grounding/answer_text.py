"""Comparisons in an answer have a recorded test behind them, or they are struck."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent_core.domain import Better, Metric
from agent_core.measures.metrics import KNOWN
from agent_core.prose.result_words import COMPARING, STRONG
from agent_core.prose.sentences import sentences, spans
from agent_core.statistics.facts import EQUIVALENCE

MORE = re.compile(
    r"\b(?:than|dwarf\w*|lags?|match(?:es)?|on par|on top|strong\w*|top|first place|differs?|"
    r"different\w*|same|alike|most \w+|least \w+|noise|chance|stable|negligible|reliabl\w*|"
    r"trustworth\w*|convincing\w*|equivalence|(?:in)?distinguishable|besser|schlechter|meilleur\w*|mejor\w*)\b|"
    r"[<>≈≫≪](?!\s*[\d.])",
    re.IGNORECASE,
)
PLAIN = re.compile(
    r"\b(?:lowest|highest) run\b|\(lower is better\)|\bmost recent\b|\bat (?:most|least)\b|"
    r"\bsame (?:split|users|test users|data|seeds?)\b|\bmore than one\b|\bmeans? of\b|"
    r"\bequivalence margin\b",
    re.IGNORECASE,
)
OPEN = re.compile(r"\b(?:whether|if|which)\b", re.IGNORECASE)
REFUSES = re.compile(
    r"\b(?:cannot|can't|can not) (?:say|tell|answer)\b|\bnot (?:recorded|tested|compared|measured|"
    r"part of)\b|\bno (?:test|comparison)\b|\bdoes not (?:say|tell)\b|\bis in the report\b",
    re.IGNORECASE,
)
UP = re.compile(r"\b(?:higher|greater|larger|above|ahead of|exceeds?|surpass\w*)\b", re.IGNORECASE)
DOWN = re.compile(r"\b(?:lower|smaller|less|below|behind|trails?)\b", re.IGNORECASE)
GOOD = re.compile(r"\b(?:better|beats?|out-?perform\w*)\b", re.IGNORECASE)
BAD = re.compile(r"\bworse\b", re.IGNORECASE)
MERITS = {Better.HIGHER: (GOOD, BAD), Better.LOWER: (BAD, GOOD)}
"""Words that say higher, and lower, where one end of a metric is better."""
TOLD = re.compile(r"\bnot distinguishable\b|\bno (?:distinguishable|tested) difference\b")
EQUIVALENT = re.compile(r"\bequivalen(?:t|ce)\b", re.IGNORECASE)
NOT_SHOWN = re.compile(r"\bnot shown\b")
DOUBT = re.compile(r"\b(?:not|no|never|hardly|false|untrue|nobody)\b|n't\b", re.IGNORECASE)
STRUCK = "[a comparison without a recorded test]"
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Tested:
    """A recorded difference of two algorithms."""

    metric: str
    a: str
    b: str
    difference: float
    is_apart: bool
    is_equivalent: bool | None = None
    """Whether the plan's margin holds the difference; None without a margin."""

    def allows(self, text: str) -> bool:
        """Whether what a sentence says of the two is what the test shows."""
        if TOLD.search(text):
            return not self.is_apart
        if EQUIVALENT.search(text):
            return self.allows_equivalence(text)
        sign = 1 if _place(self.a, text) < _place(self.b, text) else -1
        is_higher = sign * self.difference > 0
        merits = MERITS.get(Metric(self.metric.partition("@")[0]).better)
        if merits is None and (GOOD.search(text) or BAD.search(text)):
            return False
        raising, lowering = merits or (UP, DOWN)
        says_up = bool(UP.search(text) or raising.search(text))
        says_down = bool(DOWN.search(text) or lowering.search(text))
        is_told = says_up != says_down and says_up == is_higher
        return is_told and self.is_apart and not DOUBT.search(text)

    def allows_equivalence(self, text: str) -> bool:
        """Whether what a sentence says of a margin is what its test shows."""
        if self.is_equivalent is None or NOT_SHOWN.search(text):
            return self.is_equivalent is False
        others = (DOUBT, UP, DOWN, GOOD, BAD)
        return self.is_equivalent and not any(p.search(text) for p in others)


def is_within(facts: Mapping[str, float], pair: str) -> bool | None:
    """Whether two one-sided tests place a difference inside its margin; None without one."""
    margin, low, high, p = (facts.get(f"{pair}|{s}") for s in EQUIVALENCE)
    if margin is None or low is None or high is None or p is None:
        return None
    return -margin < low and high < margin and p < LEVEL


def untested(text: str, facts: Mapping[str, float], recorded: str) -> tuple[str, ...]:
    """Return the sentences of an answer that compare without a recorded test.

    Parameters
    ----------
    text
        What a researcher said.
    facts
        Recorded statistics by reference.
    recorded
        Report and status; their sentences may be repeated.
    """
    known = frozenset(_flat(s) for s in sentences(recorded.replace("*", "")))
    return tuple(s for s in sentences(text) if _compares(s) and not _stands(s, facts, known))


def struck(text: str, unfounded: tuple[str, ...]) -> str:
    """Return an answer with a note in place of sentences."""
    for start, end in reversed(spans(text)):
        if text[start:end] in unfounded:
            text = text[:start] + STRUCK + text[end:]
    return text


def _place(name: str, text: str) -> int:
    """Return where a text names something first; -1 where it does not."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
    return found.start() if found else -1


def _tested_in(facts: Mapping[str, float]) -> Iterator[Tested]:
    """Return the recorded differences."""
    for reference, value in facts.items():
        metric, _, rest = reference.partition("|")
        pair, _, statistic = rest.partition("|")
        a, dash, b = pair.partition(" - ")
        if statistic != "difference" or not dash:
            continue
        low, high, p = (
            facts.get(f"{metric}|{pair}|{s}") for s in ("difference_low", "difference_high", "p")
        )
        excludes = low is not None and high is not None and (low > 0 or high < 0)
        is_apart = excludes and p is not None and p < LEVEL
        yield Tested(metric, a, b, value, is_apart, is_within(facts, f"{metric}|{pair}"))


def _is_tested(text: str, facts: Mapping[str, float]) -> bool:
    """Whether the recorded difference of the two algorithms that are named shows what is said."""
    found = [t for t in _tested_in(facts) if min(_place(t.a, text), _place(t.b, text)) >= 0]
    named = {n for t in found for n in (t.a, t.b)}
    said = _meant(found, text)
    return len(named) == 2 and bool(said) and all(t.allows(text) for t in said)


def _meant(found: list[Tested], text: str) -> list[Tested]:
    """Return the differences in the metrics that a text names, the first where it names none.

    Nothing where the two were not compared in one of these metrics.
    """
    names = {t.metric.partition("@")[0] for t in found} | KNOWN
    pattern = rf"\b({'|'.join(map(re.escape, names))})\b(?:\s?@\s?(\d+))?"
    keys = [f"{name}@{k}" if k else name for name, k in re.findall(pattern, text.lower())]
    of_each = [[t for t in found if key in (t.metric, t.metric.partition("@")[0])] for key in keys]
    if not all(of_each):
        return []
    return [t for tests in of_each for t in tests] or found[:1]


def _compares(text: str) -> bool:
    """Whether a sentence says how good or sure something is, or how two things compare."""
    rest = PLAIN.sub(" ", text)
    return any(p.search(rest) for p in (STRONG, COMPARING, MORE))


def _stands(text: str, facts: Mapping[str, float], known: frozenset[str]) -> bool:
    """Whether a comparing sentence repeats the report, leaves open, or has its test."""
    opened = OPEN.search(text)
    if opened and REFUSES.search(text) and not _compares(text[: opened.start()]):
        return True
    return _flat(text) in known or _is_tested(text, facts)


def _flat(text: str) -> str:
    """Return a text without emphasis and line breaks."""
    return " ".join(text.replace("*", "").split()).lstrip("•- ").rstrip(".")
