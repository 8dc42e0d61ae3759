"""Fills a researcher's words: numbers from facts only; sentences with others are struck.

A sentence stands as it is or not at all: striking a word out of its middle would leave another
claim behind. What is struck is listed with the reason.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from agent_core.claims import comparison_sentence
from agent_core.digits import percent, shown
from agent_core.domain import Claim, Dataset, Metric, Plan
from agent_core.facts import Facts
from agent_core.plan_numbers import PlanNumbers

REFERENCE = re.compile(r"\{\{\s*([^{}|]+?)\s*\|\s*([^{}|]+?)\s*\|\s*([^{}|]+?)\s*\}\}")
CLAIM = re.compile(r"\{\{\s*claim:(\d+)\s*\}\}")
BRACES = re.compile(r"\{\{|\}\}")
SENTENCES = re.compile(r"(?<=[.!?])[\"”)]*\s+|\n+")
NUMBER_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|half|halves|"
    r"quarters?|thirds?|fifths?|tenths?|hundredths?|twice|thrice|times|doubl\w+|tripl\w+|quadrupl\w+|"
    r"\w+fold|dozens?|percent\w*|per cent|zero point|point \w+)\b|[%‰]",
    re.IGNORECASE,
)
STRONG = re.compile(
    r"\b(?:(?:in)?signifi\w+|better|best|worse|worst|robust\w*|superior\w*|inferior\w*|"
    r"out-?perform\w*|out-?class\w*|out-?rank\w*|state[- ]of[- ]the[- ]art|sota|"
    r"prov(?:e|es|en|ing)|"
    r"proof|conclusive\w*|substantial\w*|dramatic\w*|clearly|definitive\w*|undoubtedly|"
    r"remarkabl\w*|impressive\w*|strikingly|equals?|equally|identical\w*|beat(?:s|en|ing)?|"
    r"wins?|won|winner|winning|reproduc\w*|replicat\w*|guarantee\w*|confirm\w*|flawless\w*|"
    r"perfect\w*|equivalent\w*|p[\s-]?values?|statistical\w*)\b",
    re.IGNORECASE,
)
COMPARING = re.compile(
    r"\b(?:higher|lower|greater|larger|bigger|smaller|stronger|weaker|more accurate|"
    r"less accurate|ahead|behind|exceed\w*|surpass\w*|improv\w*|gains?|leads|leading|trails|"
    r"dominat\w*|no difference|the same|ties|tied|tops|above|below|inferior|"
    r"victor\w*|defeat\w*|crush\w*|trump\w*|edges? out|loses?|lost to|rank(?:s|ed)? (?:first|"
    r"last|second))\b",
    re.IGNORECASE,
)
OWN_SUBJECTS = re.compile(
    r"\b(?:requirements?|checks?|verified|verification|validated|waiv\w+|leak-?free|"
    r"no leak\w*|bug-?free|correct(?:ly)?|trustworth\w+|certif\w+|approved?)\b",
    re.IGNORECASE,
)
MARKUP = re.compile(r"<[@!#]|https?:|www\.|@(?:here|channel|everyone)\b|\]\(", re.IGNORECASE)
LABELS = {
    "sd": ("SD", r"\bsd\b|standard deviation|spread"),
    "sd_low": ("lower end of the SD's interval", r"interval|between|from|\[|\("),
    "sd_high": ("upper end of the SD's interval", r"interval|between|to|,|and"),
    "ci_low": ("lower end of the interval over users", r"interval|between|from|\[|\("),
    "ci_high": ("upper end of the interval over users", r"interval|between|to|,|and"),
    "cv": ("CV", r"\bcv\b|coefficient of variation"),
    "min": ("lowest run", r"minim|lowest|from|between|range"),
    "max": ("highest run", r"maxim|highest|to\b|and\b|range"),
    "range": ("range", r"range|span"),
    "gap": ("gap of two single runs", r"gap|single runs"),
    "n": ("number of runs", r"\bn\b|runs|over|of|from|number"),
    "n_users": ("number of users", r"\bn\b|users|over|of|number"),
}
OTHER_STATISTIC = re.compile(
    r"\bsd\b|deviation|\bcv\b|range|minim|lowest|highest|maxim|interval|spread", re.IGNORECASE
)
GLUED_BEFORE = re.compile(r"[\w.,+\-/*^}]$")
GLUED_AFTER = re.compile(r"[\w{/*^]|[.,]\d|\s*(?:[%‰^]|per ?cent)", re.IGNORECASE)
KEEP = "\ue000"
"""Stands around the number of a piece that was put aside; of the private use area."""
NAME = "\ue001"


class Part(StrEnum):
    """Where a text stands; proposals and limits may say more than findings."""

    FINDING = "finding"
    LIMIT = "limit"
    PROPOSAL = "proposal"


@dataclass(slots=True)
class Filler:
    """Fills texts and collects what was struck."""

    plan: Plan
    facts: Facts
    claims: tuple[Claim, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    struck: list[str] = field(default_factory=list)
    filled_in: int = 0
    """References and claims that were filled."""
    numbers: PlanNumbers | None = None
    """Collected at the first sentence."""

    def fill(self, text: str, part: Part = Part.FINDING) -> str:
        """Return the sentences of a text that stand, filled in."""
        sentences = [s for s in SENTENCES.split(plain(text)) if s and s.strip()]
        kept = [self.sentence(s.strip(), part) for s in sentences]
        return " ".join(s for s in kept if s)

    def sentence(self, text: str, part: Part) -> str:
        """Return a sentence filled in; empty and noted where it cannot stand."""
        pieces = Pieces(self, text)
        reason = pieces.trouble or self.trouble(pieces.bare, part)
        if reason:
            self.struck.append(f"“{text}”: {reason}")
            return ""
        self.filled_in += pieces.count
        return pieces.restored()

    def trouble(self, bare: str, part: Part) -> str:
        """Say why a sentence, its references taken out, cannot stand; empty where it can."""
        if MARKUP.search(bare):
            return "a link or a mention"
        if has_mixed_script(bare):
            return "letters of several scripts in one word"
        nameless = self.without_names(bare)
        if found := STRONG.search(nameless):
            return f"“{found[0]}” without a test"
        if part is Part.FINDING and (found := COMPARING.search(nameless)):
            return f"“{found[0]}” outside a claim"
        if part is Part.FINDING and (found := OWN_SUBJECTS.search(nameless)):
            return f"“{found[0]}” is for the checks to say"
        self.numbers = self.numbers or PlanNumbers.of(self.plan, self.datasets)
        rest = self.numbers.masked(nameless, is_proposal=part is Part.PROPOSAL)
        if any(c.isnumeric() for c in rest) or (found := NUMBER_WORDS.search(rest)):
            return "a number that is neither recorded nor part of the plan"
        return ""

    def without_names(self, text: str) -> str:
        """Take out names and labels of the plan: digits in them are no results."""
        names = {m.label for m in self.plan.metrics} | {m.key for m in self.plan.metrics}
        names |= {a.name for a in self.plan.algorithms} | {a.kind for a in self.plan.algorithms}
        names |= {*self.plan.datasets, *(d.known_as for d in self.datasets if d.known_as)}
        for name in sorted(names, key=len, reverse=True):
            pattern = rf"(?<![\w.]){re.escape(name)}(?![\w@]|\.\d)"
            text = re.sub(pattern, NAME, text, flags=re.IGNORECASE)
        return text


class Pieces:
    """A sentence with its references and claims taken out."""

    def __init__(self, filler: Filler, text: str) -> None:
        self.filler = filler
        self.kept: list[str] = []
        self.trouble = ""
        self.text = text
        bare = CLAIM.sub(lambda m: self.keep(self.claim(m)), text)
        bare = REFERENCE.sub(lambda m: self.keep(self.reference(m)), bare)
        self.bare = re.sub(f"{KEEP}\\d+{KEEP}", KEEP, bare)
        self.marked = bare
        if not self.trouble and BRACES.search(bare):
            self.trouble = "an unknown reference"

    @property
    def count(self) -> int:
        """References and claims found."""
        return len(self.kept)

    def keep(self, text: str) -> str:
        """Put a piece aside."""
        self.kept.append(text)
        return f"{KEEP}{len(self.kept) - 1}{KEEP}"

    def restored(self) -> str:
        """Return the sentence with its pieces."""
        return re.sub(f"{KEEP}(\\d+){KEEP}", lambda m: self.kept[int(m[1])], self.marked)

    def fail(self, reason: str) -> str:
        """Note why the sentence cannot stand."""
        self.trouble = self.trouble or reason
        return ""

    def claim(self, match: re.Match[str]) -> str:
        """Return the sentence that the test behind a claim allows."""
        claims, index = self.filler.claims, int(match[1])
        if index >= len(claims):
            return self.fail("no such claim")
        claim = claims[index]
        found = self.filler.facts.comparison(claim.a, claim.b, claim.metric.lower())
        if found is None:
            return self.fail(f"{claim.a} and {claim.b} were not compared in {claim.metric}")
        return comparison_sentence(found, claim.a, claim.b, claim.direction)

    def reference(self, match: re.Match[str]) -> str:
        """Return the value behind a reference, and whose it is where the sentence differs."""
        key, algorithm, statistic = match[1].lower(), match[2], match[3].lower()
        value = self.filler.facts.values.get(f"{key}|{algorithm}|{statistic}")
        if value is None:
            return self.fail("nothing is recorded under its reference")
        before, after = match.string[: match.start()], match.string[match.end() :]
        if GLUED_BEFORE.search(before) or GLUED_AFTER.match(after):
            return self.fail("digits or a unit glued to a reference")
        digits = value_text(self.filler.facts, key, algorithm, statistic, value)
        words = REFERENCE.sub(" ", CLAIM.sub(" ", before))
        label = self.statistic_label(statistic, words)
        owner = self.owner(key, algorithm, words)
        return f"{label}{digits}{owner}"

    def statistic_label(self, statistic: str, before: str) -> str:
        """Return the name of a statistic that the words before do not give."""
        near = before[-60:]
        if statistic in LABELS:
            label, pattern = LABELS[statistic]
            return "" if re.search(pattern, near, re.IGNORECASE) else f"{label} "
        return "mean " if OTHER_STATISTIC.search(before[-30:]) else ""

    def owner(self, key: str, algorithm: str, before: str) -> str:
        """Return metric and algorithm that the nearest words before do not name."""
        plan = self.filler.plan
        names = [a.name for a in plan.algorithms]
        parts = []
        metrics = {m.label: m.key for m in plan.metrics} | {m.key: m.key for m in plan.metrics}
        said = metrics.get(last_named(before, metrics)) if metrics else None
        if (said or plan.primary.key) != key:
            parts.append(metric_label(key))
        if last_named(before, names) != algorithm:
            parts.append(algorithm)
        return f" ({' of '.join(parts)})" if parts else ""


def last_named(text: str, names: Iterable[str]) -> str:
    """Return the name that ends last in a text, the longest of those; empty without any."""
    found = []
    for name in names:
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        ends = [m.end() for m in re.finditer(pattern, text, re.IGNORECASE)]
        if ends:
            found.append((ends[-1], len(name), name))
    return max(found)[2] if found else ""


def metric_label(key: str) -> str:
    """Return the label of a metric key."""
    name, _, k = key.partition("@")
    return Metric(name, int(k) if k.isdecimal() else None).label


def value_text(facts: Facts, key: str, algorithm: str, statistic: str, value: float) -> str:
    """Return a value with digits that fit its interval."""
    if statistic in ("n", "n_users"):
        return f"{value:,.0f}"
    if statistic == "cv":
        return percent(value)
    return shown(value, resolution(facts, key, algorithm, statistic))


def resolution(facts: Facts, key: str, algorithm: str, statistic: str) -> float:
    """Return the half width that a value's digits have to fit; NaN where there is none."""
    base = f"{key}|{algorithm}|"
    if statistic in ("min", "max", "range", "gap"):
        return facts.values.get(f"{base}sd", math.nan)
    ends = {"sd": "sd", "sd_low": "sd", "sd_high": "sd", "run_low": "run", "run_high": "run"}
    family = "difference" if statistic.startswith("difference") else ends.get(statistic, "ci")
    low, high = (facts.values.get(f"{base}{family}_{end}", math.nan) for end in ("low", "high"))
    return (high - low) / 2


def plain(text: str) -> str:
    """Return a text in compatibility form without invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        c for c in folded if unicodedata.category(c) not in ("Cf", "Co", "Cs") or c == "\n"
    )


def has_mixed_script(text: str) -> bool:
    """Whether a word mixes Latin letters with those of another script."""
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {unicodedata.name(c, "?").split(" ")[0] for c in word}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}:
            return True
    return False


def filled(filler: Filler, texts: Sequence[str], part: Part = Part.FINDING) -> tuple[str, ...]:
    """Return several texts filled; those of which nothing is left are dropped."""
    done = [filler.fill(text, part) for text in texts]
    return tuple(t for t in done if re.search(r"\w", t))
