"""Answers to later questions about a design: values and pairs at their levels, else answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent_core.domain import Answer, FactorKind, Levels, ToldAnswer
from agent_core.grounding.asked_levels import asked_levels
from agent_core.prose.number_format import p_text, shown
from agent_core.researcher import AnswerRequest
from agent_core.rules.design_words import levels_text, measure_text
from agent_core.rules.requested import shown_by

ENDS = {"mean": "ci", "sd": "sd"}
LEVEL = 0.05
MOST_LINES, MOST_SENTENCES, MOST_CAUTIONS = 8, 3, 3
_LEVEL = re.compile(r"(\w+)=([^=;,()]+)")
_PAIR = " - "
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question names."""

    algorithms: frozenset[str]
    at: frozenset[tuple[str, str]]
    """Factors with the levels that are named."""
    metrics: frozenset[str]
    statistic: str

    @classmethod
    def of(cls, request: AnswerRequest) -> _Asked:
        """Read a question."""
        named = dict(asked_levels(request.question, request.plan))
        algorithms = named.pop(FactorKind.ALGORITHM.value, frozenset())
        shows = shown_by(request.question, request.plan)
        return cls(
            frozenset(str(name).lower() for name in algorithms),
            frozenset((f, str(level)) for f, own in named.items() for level in own),
            shows.metrics,
            next((s for s in ("sd", "count") if s in shows.statistics), "mean"),
        )

    def is_about(self, key: str, algorithms: set[str], levels: Levels) -> bool:
        """Whether a value is of what the question names."""
        own = {(name, str(level)) for name, level in levels.items()}
        is_measured = not self.metrics or key.partition("@")[0] in self.metrics
        return is_measured and self.at <= own and self.algorithms <= algorithms


def answer_of_design(request: AnswerRequest) -> Answer:
    """Return pairs or values at the levels that a question names, else what answers it."""
    asked = _Asked.of(request)
    lines = dict(_pairs(request, asked)) if len(asked.algorithms) == 2 else {}
    if not lines and asked.at and len(asked.algorithms) < 2:
        lines = dict(_values(request, asked))
    if lines:
        told = list(dict.fromkeys(lines.values()))[:MOST_LINES]
        return Answer("\n".join(told), tuple(lines)[:MOST_LINES])
    best = _closest(request)
    if best is None:
        return Answer("That was not recorded, so I cannot say.")
    cautions = "; ".join(best.cautions[:MOST_CAUTIONS])
    care = f"\nRead it with care: {cautions}." if cautions else ""
    return Answer(f"{best.question}\n{' '.join(best.sentences[:MOST_SENTENCES])}{care}")


def _values(request: AnswerRequest, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Yield references of values with their sentences."""
    for reference, value in request.facts.items():
        key, subject, statistic = _parts(reference)
        if statistic != asked.statistic or _PAIR in subject:
            continue
        name, levels = _subject(subject)
        if asked.is_about(key, {name.lower()}, levels):
            what = ", ".join(filter(None, (name, levels_text(levels))))
            label = f"{'SD of ' * (statistic == 'sd')}{measure_text(key)}"
            yield reference, f"{label} of {what}: {_with_interval(request, reference, value)}."


def _pairs(request: AnswerRequest, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Yield references of tested differences with the sentences that their tests allow."""
    for reference, value in request.facts.items():
        key, subject, statistic = _parts(reference)
        names, _, where = subject.partition(" (")
        a, dash, b = names.partition(_PAIR)
        levels = dict(_LEVEL.findall(where))
        p = request.facts.get(f"{reference.rpartition('|')[0]}|p")
        if statistic != "difference" or not dash or p is None:
            continue
        if asked.is_about(key, {a.lower(), b.lower()}, levels):
            words = "not distinguishable from"
            if p < LEVEL and _excludes_zero(request, reference):
                words = "higher than" if value > 0 else "lower than"
            at = f" at {levels_text(levels)}" if levels else ""
            told = _with_interval(request, reference, value)
            said = f"{a} is {words} {b} in {measure_text(key)}{at}"
            yield reference, f"{said}: difference {told}, adjusted p {p_text(p)}."


def _parts(reference: str) -> tuple[str, str, str]:
    """Return metric, subject and statistic of a reference."""
    key, _, rest = reference.partition("|")
    subject, _, statistic = rest.rpartition("|")
    return key, subject, statistic


def _subject(text: str) -> tuple[str, Levels]:
    """Return the algorithm and the levels that a value is of."""
    levels = {name: level.strip() for name, level in _LEVEL.findall(text)}
    bare = _LEVEL.sub("", text).strip(" (),;")
    return levels.pop("algorithm", bare), levels


def _ends(request: AnswerRequest, reference: str) -> tuple[float, float] | None:
    base, _, statistic = reference.rpartition("|")
    name = ENDS.get(statistic, statistic)
    low, high = (request.facts.get(f"{base}|{name}_{end}") for end in ("low", "high"))
    return None if low is None or high is None else (low, high)


def _with_interval(request: AnswerRequest, reference: str, value: float) -> str:
    """Return a value with its interval."""
    ends = _ends(request, reference)
    if ends is None:
        return f"{value:,.0f}" if reference.endswith("|count") else shown(value)
    half = (ends[1] - ends[0]) / 2
    between = f"95 % interval {shown(ends[0], half)} to {shown(ends[1], half)}"
    return f"{shown(value, half)} ({between})"


def _excludes_zero(request: AnswerRequest, reference: str) -> bool:
    ends = _ends(request, reference)
    return ends is not None and (ends[0] > 0 or ends[1] < 0)


def _closest(request: AnswerRequest) -> ToldAnswer | None:
    """Return the answer whose question has most of the words asked; what all have says little.

    Of several the last: all but the primary one are about something more particular.
    """
    told = [a for a in request.answers if a.sentences]
    of_each = [_words(a.question) for a in told]
    counts = {w: sum(w in words for words in of_each) for w in _words(request.question)}
    weights = [sum(1 / n for w, n in counts.items() if w in words) for words in of_each]
    if not any(weights):
        return told[0] if told else None
    return max(reversed([*zip(weights, told, strict=True)]), key=lambda pair: pair[0])[1]


def _words(text: str) -> set[str]:
    return {w.rstrip("s") for w in _WORD.findall(text.lower())}
