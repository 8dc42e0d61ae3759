"""Fills a researcher's words: numbers from facts only; sentences with others are struck.

A sentence stands as it is or not at all: striking a word out of its middle would leave another
claim behind. What is struck is listed with the reason.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent_core.domain import Claim, Dataset, FactorKind, Plan, ToldAnswer
from agent_core.grounding import value_attribution
from agent_core.grounding.claim_sentences import comparison_sentence
from agent_core.grounding.description_rules import Ground, Part, descriptive_trouble
from agent_core.grounding.level_names import OVER, SPREADS, LevelNames, over_trouble, seed_trouble
from agent_core.grounding.plan_contradictions import not_baseline, sameness
from agent_core.grounding.plan_names import Kind, Names, is_metric
from agent_core.grounding.value_attribution import Reference
from agent_core.grounding.value_words import unknown_word
from agent_core.prose.number_format import percent, shown
from agent_core.prose.sentences import ascii_marks, leans, plain, sentences
from agent_core.rules.design_words import factor_words, levels_text, measure_text
from agent_core.statistics.answers.answer import Estimate
from agent_core.statistics.facts import DIFFERENCE, EQUIVALENCE, Facts
from agent_core.statistics.quotable import factor_of

__all__ = ["Filler", "Part", "filled"]

REFERENCE = re.compile(r"\{\{\s*([^{}|]+?)\s*\|\s*([^{}|]+?)\s*\|\s*([^{}|]+?)\s*\}\}")
CLAIM = re.compile(r"\{\{\s*(claim|answer):(\d+)(?:\.(\d+))?\s*\}\}")
BRACES = re.compile(r"\{\{|\}\}")
MARKUP = re.compile(r"<[@!#]|https?:|www\.|@(?:here|channel|everyone)\b|\]\(", re.IGNORECASE)
LABELS = {
    "sd": "SD",
    "sd_low": "lower end of the SD's interval",
    "sd_high": "upper end of the SD's interval",
    "ci_low": "lower end of the interval over users",
    "ci_high": "upper end of the interval over users",
    "run_low": "lower end of the interval over runs",
    "run_high": "upper end of the interval over runs",
    "cv": "CV",
    "sd_ratio": "ratio of the SDs",
    "variance_share": "share of the variance",
    "variance_share_low": "lower end of the interval of the share",
    "variance_share_high": "upper end of the interval of the share",
    "min": "lowest run",
    "max": "highest run",
    "gap": "gap of two single runs",
    "n": "number of runs",
    "n_users": "number of users",
}
PAIRED = frozenset({*DIFFERENCE, *EQUIVALENCE})
"""Statistics of two algorithms, which claims tell."""
CONFIDENCE = re.compile(r"\b95 ?% (?=(?:confidence )?interval)")
GLUED_BEFORE = re.compile(r"[\w.,+\-/*^}]$")
GLUED_AFTER = re.compile(r"[\w{/*^]|[.,]\d|\s*(?:[%‰^]|per ?cent)", re.IGNORECASE)
COUNTS = re.compile(
    r"(?<![\w.@,])(\d[\d,]*) (?:(?:test|tested|training|random|model) )*(users?|seeds?|runs?)\b"
)
OWN_TESTS = (FactorKind.DATASET, FactorKind.DATA, FactorKind.SPLIT)
"""Factors whose levels differ in what is tested."""
AT_LEVELS = frozenset(
    {"trained", "training", "at", "level", "levels", "all", "kept", "left", "leaves", "part"}
)
"""Words that may stand beside a value of one level."""
CLAIM_MARK = "\ue001"
ALONE = re.compile(
    rf"(?:[-•] )?(?:(?:also|and|in addition|moreover|furthermore|further|finally|however|first|"
    rf"second|third|last|next),? |(?:in|on|for) {Kind.METRIC.value}[,:]? )?"
    rf"{CLAIM_MARK}(?:(?:;|,|,? and|; and) {CLAIM_MARK})*[.!]?$"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the product's own in place of a claim or an answer."""

    text: str
    metrics: tuple[str, ...]


@dataclass(slots=True)
class Filler:
    """Fills texts and collects what was struck."""

    plan: Plan
    facts: Facts
    claims: tuple[Claim, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    answers: tuple[ToldAnswer, ...] = ()
    """To the plan's questions; their sentences are told whole."""
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    """Those whose values may be quoted, by the references of these."""
    is_apart: bool = False
    """Whether levels are compared that differ in what is tested or ranked."""
    files: tuple[str, ...] = ()
    """Names of the script's figures and tables, which sentences may speak of."""
    struck: list[str] = field(default_factory=list)
    ground: Ground | None = None
    """Collected at the first sentence."""

    def fill(self, text: str, part: Part = Part.FINDING) -> str:
        """Return the sentences of a text that stand, filled in."""
        kept: list[str] = []
        is_whole = True
        for sentence in sentences(ascii_marks(plain(text))):
            if not is_whole and leans(sentence):
                self.strike(sentence, "what it speaks of was struck")
                continue
            done = self.sentence(sentence, part)
            is_whole = bool(done)
            kept.append(done)
        return " ".join(s for s in kept if s)

    def sentence(self, text: str, part: Part) -> str:
        """Return a sentence filled in; empty and noted where it cannot stand."""
        pieces = Pieces(self, text)
        reason = pieces.trouble or self.trouble(pieces, part)
        if reason:
            self.strike(text, reason)
            return ""
        return pieces.restored()

    def strike(self, text: str, reason: str) -> None:
        """Note a sentence that does not stand."""
        self.struck.append(f"“{text}”: {reason}")

    def leads(self, text: str) -> bool:
        """Whether every sentence is a claim or values, the first of the primary metric by name."""
        pieces = [Pieces(self, s) for s in sentences(ascii_marks(plain(text)))]
        if not pieces or not all(p.count for p in pieces):
            return False
        first, primary = pieces[0], self.plan.primary
        if first.claims:
            return primary.key in first.claims[0].metrics
        named = {f.name for f in self.base.names.found(first.bare) if f.kind is Kind.METRIC}
        has_value = any(r.metric == primary.key for r in first.references)
        return has_value and any(is_metric(n, primary.key) for n in named)

    @property
    def base(self) -> Ground:
        """What the plan lets a sentence say."""
        self.ground = self.ground or Ground.of(self.plan, self.datasets, self.files)
        return self.ground

    def trouble(self, pieces: Pieces, part: Part) -> str:
        """Say why a sentence, its references taken out, cannot stand; empty where it can."""
        if MARKUP.search(pieces.bare):
            return "a link or a mention"
        if _has_mixed_script(pieces.bare):
            return "letters of several scripts in one word"
        if pieces.claims:
            return self.claim_trouble(pieces)
        if pieces.references:
            return self.value_trouble(pieces, part)
        if self.tests_differ and (said := sameness(pieces.bare.lower())):
            return f"“{said}”: what is tested differs between levels"
        masked = self.base.masked(pieces.bare, part)
        return descriptive_trouble(self.base, pieces.bare, masked, part)

    def claim_trouble(self, pieces: Pieces) -> str:
        """Say why a sentence with claims cannot stand: they are all of it."""
        found = ALONE.match(self.base.names.masked(pieces.bare).lower())
        if pieces.references or not found:
            return "a claim stands alone as a sentence"
        said = [f.name for f in self.base.names.found(pieces.bare) if f.kind is Kind.METRIC]
        about = {metric for claim in pieces.claims for metric in claim.metrics}
        if said and not all(is_metric(said[0], key) for key in about):
            return "a claim under the name of another metric"
        return ""

    @property
    def tests_differ(self) -> bool:
        """Whether levels are compared that have, or may have, tests of their own."""
        return self.is_apart or any(f.kind in OWN_TESTS for f in self.plan.compared)

    def over(self, key: str, algorithm: str) -> str:
        """Return what the spread of an algorithm's runs is over; empty where it is not known."""
        own = (s for s in self.facts.summaries if (s.metric.key, s.algorithm) == (key, algorithm))
        return next((s.over for s in own), "")

    @property
    def levels(self) -> LevelNames:
        """The levels of the plan by name."""
        return self.base.levels

    def words_beside(self, pieces: Pieces) -> frozenset[str]:
        """Return the words of factors, where a value is told at their levels."""
        counted = {r.metric for r in pieces.references if r.statistic == "count"}
        has_levels = any(r.levels for r in pieces.references)
        return frozenset(counted) | (self.levels.words | AT_LEVELS if has_levels else frozenset())

    def level_trouble(self, pieces: Pieces) -> str:
        """Say which value is told at another level, or over something else, than it is."""
        text = self.base.names.masked(pieces.bare, Kind.DATA)
        found = self.levels.trouble(text, [r.levels for r in pieces.references])
        spreads = [r for r in pieces.references if r.over and r.statistic.startswith(SPREADS)]
        shown = [r for r in spreads if not r.statistic.endswith(("_low", "_high"))] or spreads
        overs = [r.over for r in shown]
        return found or over_trouble(text, overs, has_model_seeds=len(self.plan.seeds) > 1)

    def value_trouble(self, pieces: Pieces, part: Part) -> str:
        """Say why a sentence with references cannot stand beside them."""
        named = self.base.names.masked(pieces.bare)
        has_levels = any(r.levels for r in pieces.references)
        masked = self.base.masked(self.levels.masked(named) if has_levels else pieces.bare, part)
        small = self.base.design.without_nouns(CONFIDENCE.sub("", masked.lower()))
        if any(c.isnumeric() for c in small):
            return "a number that is neither recorded nor part of the plan"
        if any(r.statistic in PAIRED for r in pieces.references):
            return "a difference is told by a claim"
        if word := unknown_word(small, self.plan, self.words_beside(pieces)):
            return f"the word “{word}” beside a recorded value"
        if reason := self.base.design_trouble(pieces.bare):
            return reason
        if word := not_baseline(pieces.bare, self.plan):
            return f"{word} is no baseline"
        if reason := self.level_trouble(pieces) or seed_trouble(
            pieces.bare, pieces.references, self.plan
        ):
            return reason
        if _miscounted(pieces, self.facts, has_folds=self.plan.split.folds > 1):
            return "a number of users or runs that is not the recorded one"
        return pieces.misplaced(self.base.names)


class Pieces:
    """A sentence with its references and claims taken out."""

    def __init__(self, filler: Filler, text: str) -> None:
        self.filler = filler
        self.trouble = ""
        self.claims: list[Told] = []
        self.references: list[Reference] = []
        self.values: list[float] = []
        bare = CLAIM.sub(self.claim, text)
        self.written = REFERENCE.sub(self.reference, bare)
        self.bare = filler.base.names.canonical(self.written)
        if not self.trouble and BRACES.search(self.bare):
            self.trouble = "an unknown reference"

    @property
    def count(self) -> int:
        """References and claims found."""
        return len(self.claims) + len(self.references)

    def restored(self) -> str:
        """Return the sentence with its values and the sentences of its claims."""
        told = iter(self.claims)
        text = re.sub(CLAIM_MARK, lambda _: next(told).text, self.written)
        text = text if not self.claims or text.endswith((".", "!")) else f"{text}."
        shown = iter(zip(self.references, self.values, strict=True))
        return re.sub(value_attribution.REFERENCE_MARK, lambda _: self.shown(*next(shown)), text)

    def fail(self, reason: str) -> None:
        """Note why the sentence cannot stand."""
        self.trouble = self.trouble or reason

    def claim(self, match: re.Match[str]) -> str:
        """Note a claim, which has to have a test behind it, or a sentence of an answer."""
        if match[1] == "answer":
            return self.answer(int(match[2]), int(match[3] or 1))
        claims, index = self.filler.claims, int(match[2])
        if index >= len(claims) or match[3]:
            self.fail("no such claim")
        else:
            claim = claims[index]
            text = _claim_text(self.filler.facts, claim)
            if not text:
                self.fail(f"{claim.a} and {claim.b} were not compared in {claim.metric}")
            self.claims.append(Told(text, (claim.metric.lower(),)))
        return CLAIM_MARK

    def answer(self, number: int, place: int) -> str:
        """Note a sentence of the answer to a question, by their numbers."""
        answers = self.filler.answers
        told = answers[number - 1] if 0 < number <= len(answers) else ToldAnswer("")
        if 0 < place <= len(told.sentences):
            self.claims.append(Told(told.sentences[place - 1].rstrip("."), told.measures))
        else:
            self.fail("no such sentence of an answer")
        return CLAIM_MARK

    def reference(self, match: re.Match[str]) -> str:
        """Note a reference, which has to stand for a recorded value."""
        key, algorithm, statistic = match[1].lower(), match[2], match[3].lower()
        value = self.filler.facts.values.get(f"{key}|{algorithm}|{statistic}")
        before, after = match.string[: match.start()], match.string[match.end() :]
        if value is None:
            self.fail("nothing is recorded under its reference")
        elif GLUED_BEFORE.search(before) or GLUED_AFTER.match(after):
            self.fail("digits or a unit glued to a reference")
        else:
            self.references.append(self.placed(key, algorithm, statistic))
            self.values.append(value)
        return value_attribution.REFERENCE_MARK

    def placed(self, key: str, subject: str, statistic: str) -> Reference:
        """Return a reference with the algorithm and the levels that it is of."""
        base = f"{key}|{subject}"
        if factor := factor_of(f"{base}|{statistic}"):
            return Reference(key, subject, "sd", base, over=factor_words(factor)[1], is_named=True)
        found = self.filler.estimates.get(f"{base}|{statistic}")
        if found is None or subject in {a.name for a in self.filler.plan.algorithms}:
            return Reference(key, subject, statistic, base, over=self.filler.over(key, subject))
        levels = {**found.levels, **found.within}
        families = {a.family for a in self.filler.plan.algorithms}
        only = next(iter(families)) if len(families) == 1 else ""
        algorithm = str(levels.pop(FactorKind.ALGORITHM.value, only))
        return Reference(key, algorithm, statistic, base, levels, found.interval.over)

    def misplaced(self, names: Names) -> str:
        """Say which value does not stand beside its own metric, algorithm and statistic."""
        return value_attribution.trouble(
            value_attribution.items_of(self.bare, self.references, names)
        )

    def shown(self, reference: Reference, value: float) -> str:
        """Return digits with the statistic, metric and algorithm that the words do not name."""
        key, algorithm, statistic = reference.metric, reference.algorithm, reference.statistic
        digits = _value_text(self.filler.facts, reference, value)
        label = "" if reference.is_labelled else f"{LABELS.get(statistic, statistic)} "
        plan, names = self.filler.plan, self.filler.base.names.found(self.bare)
        metrics = {f.name.lower() for f in names if f.kind is Kind.METRIC}
        alike = [m for m in plan.metrics if m.name == key.partition("@")[0]]
        is_told = reference.names.get(Kind.METRIC) and (len(alike) < 2 or key in metrics)
        algorithms = {f.name.lower() for f in names if f.kind is Kind.ALGORITHM}
        is_whose = reference.names.get(Kind.ALGORITHM) and algorithm.lower() in algorithms
        owner = [] if is_told or (not metrics and key == plan.primary.key) else [measure_text(key)]
        owner += [] if is_whose or not algorithm else [algorithm]
        untold = self.filler.levels.untold(self.bare, reference.levels)
        where = [levels_text(untold)] if untold else []
        is_open = reference.is_named and not OVER.search(self.bare.lower())
        where += [f"over {reference.over}"] if is_open else []
        told = ", ".join(filter(None, (" of ".join(owner), *where)))
        return f"{label}{digits}" + (f" ({told})" if told else "")


def filled(filler: Filler, texts: Sequence[str], part: Part = Part.FINDING) -> tuple[str, ...]:
    """Return several texts filled; those of which nothing is left are dropped."""
    done = [filler.fill(text, part) for text in texts]
    return tuple(t for t in done if re.search(r"\w", t))


def _miscounted(pieces: Pieces, facts: Facts, *, has_folds: bool) -> bool:
    """Whether a sentence counts users or runs otherwise than its values were recorded over."""
    for number, noun in COUNTS.findall(pieces.bare):
        statistic = "n_users" if noun.startswith("user") else "n"
        if statistic == "n" and (has_folds or any(r.levels for r in pieces.references)):
            continue
        recorded = {
            facts.values.get(f"{r.metric}|{r.algorithm}|{statistic}") for r in pieces.references
        }
        if float(number.replace(",", "")) not in recorded:
            return True
    return False


def _claim_text(facts: Facts, claim: Claim) -> str:
    """Return the sentence that the test behind a claim allows; empty where there is none."""
    found = facts.comparison(claim.a, claim.b, claim.metric.lower())
    return comparison_sentence(found, claim.a, claim.b, claim.direction) if found else ""


def _value_text(facts: Facts, reference: Reference, value: float) -> str:
    """Return a value with digits that fit its interval."""
    statistic = reference.statistic
    if statistic == "count" or statistic.startswith("n_") or statistic == "n":
        return f"{value:,.0f}"
    if statistic == "cv" or statistic.startswith("variance_share"):
        return percent(value)
    return shown(value, _resolution(facts, f"{reference.base}|", statistic))


def _resolution(facts: Facts, base: str, statistic: str) -> float:
    """Return the half width that a value's digits have to fit; NaN where there is none."""
    if statistic in ("min", "max", "range", "gap"):
        return facts.values.get(f"{base}sd", math.nan)
    ends = {"sd": "sd", "sd_low": "sd", "sd_high": "sd", "run_low": "run", "run_high": "run"}
    family = "difference" if statistic.startswith("difference") else ends.get(statistic, "ci")
    low, high = (facts.values.get(f"{base}{family}_{end}", math.nan) for end in ("low", "high"))
    return (high - low) / 2


def _has_mixed_script(text: str) -> bool:
    """Whether a word mixes Latin letters with those of another script."""
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {unicodedata.name(c, "?").split(" ")[0] for c in word}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}:
            return True
    return False
