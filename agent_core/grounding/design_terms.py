"""The design of a plan as sentences speak of it: its factors, how many levels, and which.

A sentence that counts levels, or lists them, is held against the factor that its noun names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from pathlib import Path

from agent_core.domain import DataRuleKind, Factor, FactorKind, LevelValue, Plan, with_design
from agent_core.domain.cells import CHOSEN
from agent_core.grounding.counting import (
    FILLERS,
    NUMBER,
    NUMBER_MARK,
    numbers_in,
    rows_of_percent,
    without,
)
from agent_core.grounding.plan_names import Kind
from agent_core.prose.text_tables import read_table
from agent_core.rules.design_words import factor_words, size_of

SAMPLE = DataRuleKind.SAMPLE
AMOUNTS = (FactorKind.HYPERPARAMETER, FactorKind.PROFILE_SIZE)
_TABLE = read_table(Path(__file__).with_suffix(".toml"))
_PARTS: Mapping[str, int] = _TABLE["parts"]
_MOST_FACTORS = 6
"""Factors whose products of levels may be told."""
TOTALS = r"(?:trainings?|runs?|cells?|times|combinations?|configurations?|repetitions?)"
OF = r"(?:of|for|from|at|with|run|go|are|is|was|were|used|namely|values?|:|=|,|\()"
HELD = re.compile(
    r"\bh[eo]ld(?:s|ing)?[\s-]?(?:out|back)|\bwithheld|\bhidden|\bfor the test\b", re.IGNORECASE
)
_PART = re.compile(
    rf"\b(?:(?P<many>an?|one|two|three|four|seven|nine)[ -])(?P<part>{'|'.join(_PARTS)})s?\b",
    re.IGNORECASE,
)
_PERCENT = rf"\b{NUMBER}(?=\s*(?:%|per ?cent\b))"
_CUT = re.compile(r"\b(\d\d?) ?[/:] ?(\d\d?)\b")
_EFFECT = (
    r"(?:(?:hardly|barely|scarcely|never|do(?:es)? not|did not) (?:matter|count|change|move)\w*"
    r"|matters?|mattered|makes? (?:no|little|hardly any|all the|a) (?:odds|difference)"
    r"|scatters? (?:more|less)|decides?|explains?"
    r"|changes? (?:nothing|little|(?:the )?(?:order|scores?|results?|winner)))\b"
)
_OPEN = re.compile(
    r"\b(?:whether|if|how|which|what|may|might|could|would|can|cannot|not|nothing|to see)\b", re.I
)
_ONLY = r"\bone (?:{0}) (?:was|were|is) (?:used|drawn|made|tried|tested|compared|taken)\b"


@dataclass(frozen=True, slots=True)
class Term:
    """What one noun stands for in a plan."""

    noun: str
    """Its pattern."""
    counts: frozenset[float]
    """How many of it there are."""
    values: frozenset[float] = frozenset()
    """The numbers that these are, or hold."""
    amounts: frozenset[float] = frozenset()
    """Those of them that stand before the noun: `40 neighbours`."""

    def wrong(self, text: str) -> str:
        """Return the words that count or list otherwise than the plan; empty where none do."""
        alone = (
            rf"(?<![-\w])(?<!split )(?<!data )(?<!model )(?<!training )(?:{self.noun})(?![-\w])"
        )
        counted = rf"\b{NUMBER}(?![\d.]*\d)(?:{FILLERS}[\s-]+)(?:{self.noun})(?![-\w])"
        listed = rf"{alone}(?:,? {OF})* ?{NUMBER}(?![\w%]|[.,]\d| ?[%/])"
        for found in re.finditer(counted, text, re.IGNORECASE):
            if not numbers_in(found["numbers"]) <= self.counts | self.amounts | {1.0}:
                return found[0]
        for found in re.finditer(listed, text, re.IGNORECASE) if self.values else ():
            if not numbers_in(found["numbers"]) <= self.counts | self.values:
                return found[0]
        only = re.search(_ONLY.format(self.noun), text, re.IGNORECASE)
        return only[0] if only and 1.0 not in self.counts else ""


@dataclass(frozen=True, slots=True)
class DesignTerms:
    """The factors of a plan by what people call them."""

    terms: tuple[Term, ...]
    totals: frozenset[float]
    """How many trainings, runs or cells there are: of one algorithm, at one level, in all."""
    shares: frozenset[float]
    """Percentages of the training."""
    held: frozenset[float]
    """Percentages held out, or left."""
    varied: re.Pattern[str]
    """Nouns of what has several levels."""
    chosen: re.Pattern[str]
    """A level of what validation decides on."""
    effects: re.Pattern[str]
    """What is varied as the subject of what only answers tell."""

    @classmethod
    def of(cls, plan: Plan) -> DesignTerms:
        """Collect what a plan has of factors, stated or implied."""
        plan = with_design(plan)
        found = list(_facets(plan))
        several = [f for f in found if f.count > 1]
        nouns = "|".join(dict.fromkeys(noun for f in several for noun in f.nouns)) or r"(?!)"
        share = plan.factor(FactorKind.TRAIN_SHARE)
        return cls(
            tuple(_merged(found)),
            _totals(plan, several),
            frozenset(round(100 * s, 6) for s in _numbers(share.levels)) if share else frozenset(),
            frozenset(_held(plan)),
            re.compile(rf"(?<![-\w])(?:(?:all|each|every|either) )?(?:{nouns})(?![-\w])", re.I),
            _chosen_level(plan),
            re.compile(rf"(?<![-\w])(?:{nouns})(?: \w+)? {_EFFECT}", re.I),
        )

    def trouble(self, text: str) -> str:
        """Say where a text counts or lists levels otherwise than the plan; empty where nowhere."""
        if found := self.chosen.search(text):
            return f"“{_readable(found[0])}”: what was chosen is for the answer to say"
        wrong = next(filter(None, (term.wrong(text) for term in self.terms)), "")
        return f"“{_readable(wrong)}” contradicts the design of the plan" if wrong else ""

    def effect(self, text: str) -> str:
        """Return words by which something varied has an effect, or none; empty where open."""
        found = self.effects.search(text)
        return _readable(found[0]) if found and not _OPEN.search(text[: found.start()]) else ""

    @property
    def counted(self) -> dict[str, frozenset[float]]:
        """Return nouns with the numbers that may stand before them."""
        return {f"(?:{t.noun})": t.counts | t.amounts for t in self.terms} | {TOTALS: self.totals}

    @property
    def listed(self) -> dict[str, frozenset[float]]:
        """Return nouns with the numbers that may stand behind them."""
        return {f"(?:{t.noun})": t.values for t in self.terms if t.values}

    def without_shares(self, text: str) -> str:
        """Return a text without the shares that are held out, or used for training."""
        text = rows_of_percent(text)
        pieces = re.split(r"(?<=[,;]) ", text)
        return " ".join(self._without_shares(piece, text) for piece in pieces)

    def _without_shares(self, piece: str, text: str) -> str:
        about_test = re.search(
            r"h[eo]ld(?:s|ing)?[\s-]?out|withheld|train|test", text, re.IGNORECASE
        )
        held = self.held if about_test else frozenset()
        known = held if HELD.search(piece) else held | self.shares
        piece = without(_PERCENT, piece, known)
        piece = _CUT.sub(lambda m: _cut(m, self.held), piece)
        return _PART.sub(lambda m: NUMBER_MARK if _percent(m) in known else m[0], piece)

    def without_nouns(self, text: str) -> str:
        """Return a text with a mark for what is varied."""
        return self.varied.sub(Kind.OTHER.value, text)


def setting_nouns(name: str) -> Iterator[str]:
    """Yield what people call the values of a hyperparameter."""
    yield from _TABLE["settings"].get(name, ())
    yield from (rf"(?:values? of )?{re.escape(word)}" for word in _own_words(name))


@dataclass(frozen=True, slots=True)
class _Facet:
    """A factor, or what has one level where it is none."""

    nouns: tuple[str, ...]
    count: int
    values: frozenset[float] = frozenset()
    has_amounts: bool = False
    """Whether its values stand before its nouns."""


def _facets(plan: Plan) -> Iterator[_Facet]:
    nouns: Mapping[str, Sequence[str]] = _TABLE["nouns"]
    varied = {factor.name for factor in plan.factors}
    for factor in plan.factors:
        if factor.kind is not FactorKind.ALGORITHM:
            own = [level for level in factor.levels if level != CHOSEN]
            values = frozenset(_values(factor, plan))
            yield _Facet(tuple(_nouns(factor, plan)), len(own), values, factor.kind in AMOUNTS)
    folds = max(level.rules.folds for level in plan.split_levels)
    implied: dict[str, tuple[int, Iterable[float]]] = {
        "dataset": (len(plan.datasets), ()),
        "model_seed": (len(plan.seeds), map(float, plan.seeds)),
        "split_seed": (1, [float(level.rules.seed) for level in plan.split_levels]),
        "split": (len(plan.split_levels), ()),
        "fold": (folds, map(float, range(folds + 1))),
    }
    for name, (count, held) in implied.items():
        if name not in varied:
            yield _Facet(tuple(nouns[name]), count, frozenset(held))
    cuts = {float(m.k) for m in plan.metrics if m.k}
    yield _Facet(("cut-?offs?",), len(cuts), frozenset(cuts))
    samples = [r for level in plan.data_levels for r in level.rules.rules if r.kind is SAMPLE]
    if samples:
        yield _Facet(tuple(nouns["sample"]), len({r.amount for r in samples}))
        yield _Facet(
            ("seeds?",), 1, frozenset(float(r.seed) for r in samples if r.seed is not None)
        )
    for question in plan.questions:
        if groups := _groups(question.groups):
            yield _Facet(tuple(nouns["group"]), groups)


def _chosen_level(plan: Plan) -> re.Pattern[str]:
    """Return the pattern of words by which a level of a grid is the chosen one."""
    factors = [f for f in plan.factors if CHOSEN in f.levels]
    nouns = "|".join(noun for factor in factors for noun in _nouns(factor, plan)) or r"(?!)"
    level = rf"(?:{NUMBER} (?:{nouns})|(?:{nouns})(?: {OF})+ ?\d[\d.]*)"
    level = level.replace("?P<numbers>", "?:")
    picked = r"(?:chosen|selected|picked|chooses?|chose|selects?|picks?)"
    behind = rf"\b{picked}\b(?! (?:from|among|out of)\b)[^.;,]*\b{level}"
    return re.compile(rf"\b{level}\b[^.;,]*\b{picked}\b|{behind}", re.IGNORECASE)


def _nouns(factor: Factor, plan: Plan) -> Iterator[str]:
    """Yield what the levels of a factor are called."""
    yield from _TABLE["nouns"].get(factor.name, ())
    if factor.kind is FactorKind.DATA:
        kinds = {r.kind.value for level in plan.data_levels for r in level.rules.rules}
        yield from (noun for kind in kinds for noun in _TABLE["rules"].get(kind, ()))
    if factor.kind is FactorKind.HYPERPARAMETER:
        yield from setting_nouns(factor.name)


def _own_words(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, name.replace("_", " "), *factor_words(name))))


def _values(factor: Factor, plan: Plan) -> Iterator[float]:
    """Yield the numbers that the levels of a factor are, or that its rules hold."""
    if factor.kind is FactorKind.TRAIN_SHARE:
        return
    yield from _numbers(factor.levels)
    if factor.kind is FactorKind.FOLD:
        yield float(len(factor.levels))
    if factor.kind is FactorKind.DATA:
        rules = (r for level in plan.data_levels for r in level.rules.rules)
        yield from (float(r.amount) for r in rules if r.amount is not None)


def _numbers(levels: Iterable[LevelValue]) -> Iterator[float]:
    return (float(level) for level in levels if isinstance(level, int | float))


def _merged(found: Sequence[_Facet]) -> Iterator[Term]:
    """Yield one term for each noun, of all that it may stand for, singly or crossed."""
    for noun in dict.fromkeys(noun for facet in found for noun in facet.nouns):
        own = [facet for facet in found if noun in facet.nouns]
        several = [facet.count for facet in own if facet.count > 1]
        counts = {float(n) for n in (*several, prod(several))} if several else {1.0}
        values = frozenset(v for f in own for v in f.values)
        amounts = frozenset(v for f in own if f.has_amounts for v in f.values)
        yield Term(noun, frozenset(counts), values, amounts)


def _totals(plan: Plan, several: Sequence[_Facet]) -> frozenset[float]:
    """Return the products of numbers of levels, with those of algorithms, and what there is."""
    size = size_of(plan)
    families = len({a.family for a in plan.algorithms})
    counts = [f.count for f in several][:_MOST_FACTORS]
    some = [prod(c) for n in range(1, len(counts) + 1) for c in combinations(counts, n)]
    products = {1, *some, *(families * n for n in some)}
    of_each = _trainings_by_family(plan)
    return frozenset(map(float, {*products, size.cells, size.trainings, *of_each}))


def _trainings_by_family(plan: Plan) -> Iterator[int]:
    """Yield how many trainings and cells each algorithm has."""
    for family in {a.family for a in plan.algorithms}:
        own = tuple(a for a in plan.algorithms if a.family == family)
        size = size_of(replace(plan, algorithms=own))
        yield from (size.cells, size.trainings)


def _held(plan: Plan) -> Iterator[float]:
    """Yield the percentages that splits hold out, and leave."""
    for split in (level.rules for level in plan.split_levels):
        if split.kind.is_of_share:
            yield from (round(100 * split.holdout, 6), round(100 - 100 * split.holdout, 6))
        if split.folds > 1:
            yield from (round(100 / split.folds, 6), round(100 - 100 / split.folds, 6))


def _groups(text: str) -> int:
    """Return how many groups words name; 0 where they do not tell."""
    names = re.findall(r"\w+(?=,? (?:and|against|or) )|\w+(?=, )", text.partition(" by ")[0])
    return len(names) + 1 if names else 0


def _percent(match: re.Match[str]) -> float:
    many = {"a": 1.0, "an": 1.0}.get(match["many"].lower()) or min(numbers_in(match["many"]))
    return round(100 * many / _PARTS[match["part"].lower()], 6)


def _cut(match: re.Match[str], held: frozenset[float]) -> str:
    kept, out = float(match[1]), float(match[2])
    return NUMBER_MARK if kept + out == 100 and out in held else match[0]


def _readable(said: str) -> str:
    return re.sub(rf"[{''.join(Kind)}{NUMBER_MARK}]", "…", said).strip()
