"""Comparisons in an answer have a recorded test behind them, or they are struck."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import Better, Metric
from agent_core.measures.metrics import SETTLED
from agent_core.prose.patterns import read_patterns
from agent_core.prose.quotation import RESULTS
from agent_core.prose.sentences import sentences, spans
from agent_core.statistics.facts import EQUIVALENCE

STRUCK = "[a comparison without a recorded test]"
LEVEL = 0.05
LEVEL_OF = re.compile(r"=([^=;()]+)")
"""Levels in the condition of a reference: `data=5-core; train_share=0.1`."""
SAYS = read_patterns(Path(__file__).with_name("answer_patterns.toml"))
MERITS = {Better.HIGHER: ("good", "bad"), Better.LOWER: ("bad", "good")}
"""What says higher, and lower, where one end of a metric is better."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A recorded difference of two algorithms."""

    metric: str
    a: str
    b: str
    difference: float
    is_apart: bool
    within: tuple[str, ...] = ()
    """The levels of other factors within which they were compared."""
    is_equivalent: bool | None = None
    """Whether the plan's margin holds the difference; None without a margin."""

    def allows(self, text: str) -> bool:
        """Whether what a sentence says of the two is what the test shows."""
        if _says(text, "told"):
            return not self.is_apart
        if _says(text, "equivalent"):
            return self.allows_equivalence(text)
        sign = 1 if _place(self.a, text) < _place(self.b, text) else -1
        is_higher = sign * self.difference > 0
        merits = MERITS.get(Metric(self.metric.partition("@")[0]).better)
        if merits is None and _says(text, "good", "bad"):
            return False
        raising, lowering = merits or ("up", "down")
        says_up, says_down = _says(text, "up", raising), _says(text, "down", lowering)
        is_told = says_up != says_down and says_up == is_higher
        return is_told and self.is_apart and not _says(text, "doubt")

    def allows_equivalence(self, text: str) -> bool:
        """Whether what a sentence says of a margin is what its test shows."""
        if self.is_equivalent is None or _says(text, "not shown"):
            return self.is_equivalent is False
        return self.is_equivalent and not _says(text, "doubt", "up", "down", "good", "bad")


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


def _says(text: str, *names: str) -> bool:
    """Whether a text says something by one of some patterns."""
    return any(SAYS[name].search(text) for name in names)


def _place(name: str, text: str) -> int:
    """Return where a text names something first; -1 where it does not."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
    return found.start() if found else -1


def _tested_in(facts: Mapping[str, float]) -> Iterator[Tested]:
    """Return the recorded differences."""
    for reference, value in facts.items():
        metric, _, rest = reference.partition("|")
        pair, _, statistic = rest.partition("|")
        names, _, where = pair.partition(" (")
        a, dash, b = names.partition(" - ")
        if statistic != "difference" or not dash:
            continue
        low, high, p = (
            facts.get(f"{metric}|{pair}|{s}") for s in ("difference_low", "difference_high", "p")
        )
        excludes = low is not None and high is not None and (low > 0 or high < 0)
        is_apart = excludes and p is not None and p < LEVEL
        levels = tuple(LEVEL_OF.findall(where))
        yield Tested(metric, a, b, value, is_apart, levels, is_within(facts, f"{metric}|{pair}"))


def _is_tested(text: str, facts: Mapping[str, float]) -> bool:
    """Whether the recorded difference of the two algorithms that are named shows what is said."""
    found = [t for t in _tested_in(facts) if min(_place(t.a, text), _place(t.b, text)) >= 0]
    named = {n for t in found for n in (t.a, t.b)}
    said = _within_named(_meant(found, text), text)
    return len(named) == 2 and bool(said) and all(t.allows(text) for t in said)


def _within_named(found: list[Tested], text: str) -> list[Tested]:
    """Return the differences within the levels that a text names; where it names none, all."""
    levels = {level for t in found for level in t.within if _place(level, text) >= 0}
    return [t for t in found if levels <= set(t.within)] if levels else found


def _meant(found: list[Tested], text: str) -> list[Tested]:
    """Return the differences in the metrics that a text names, the first where it names none.

    Nothing where the two were not compared in one of these metrics.
    """
    names = {t.metric.partition("@")[0] for t in found} | SETTLED
    pattern = rf"\b({'|'.join(map(re.escape, names))})\b(?:\s?@\s?(\d+))?"
    keys = [f"{name}@{k}" if k else name for name, k in re.findall(pattern, text.lower())]
    of_each = [[t for t in found if key in (t.metric, t.metric.partition("@")[0])] for key in keys]
    if not all(of_each):
        return []
    first = [t for t in found if t.metric == found[0].metric] if found else []
    return [t for tests in of_each for t in tests] or first


def _compares(text: str) -> bool:
    """Whether a sentence says how good or sure something is, or how two things compare."""
    rest = SAYS["plain"].sub(" ", text)
    return _says(rest, "more") or any(
        RESULTS[name].search(rest) for name in ("strong", "comparing")
    )


def _stands(text: str, facts: Mapping[str, float], known: frozenset[str]) -> bool:
    """Whether a comparing sentence repeats the report, leaves open, or has its test."""
    opened = SAYS["open"].search(text)
    if opened and _says(text, "refuses") and not _compares(text[: opened.start()]):
        return True
    return _flat(text) in known or _is_tested(text, facts)


def _flat(text: str) -> str:
    """Return a text without emphasis and line breaks."""
    return " ".join(text.replace("*", "").split()).lstrip("•- ").rstrip(".")
