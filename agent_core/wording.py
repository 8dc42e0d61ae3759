"""Fills texts: numbers from facts only, verbs that the test allows, the rest struck."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent_core.domain import Claim, Direction, Plan
from agent_core.facts import Comparison, Facts

REFERENCE = re.compile(r"\{\{\s*([^{}|]+)\|([^{}|]+)\|([^{}|]+?)\s*\}\}")
CLAIM = re.compile(r"\{\{\s*claim:(\d+)\s*\}\}")
LEFT_OVER = re.compile(r"\{\{[^}]*\}\}")
NUMBER = re.compile(
    r"(?<![\w@.])[-+±≈~]?\d[\d,]*(?:\.\d+)?(?:\s?(?:[eE]|[x\u00d7]\s?10\^?)-?\d+)?"
    r"\s?(?:%|percent|‰)?(?![\w@])"
)
NUMBER_WORDS = re.compile(
    r"\b(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?|hundred|thousand|"
    r"half|twice|double[sd]?|triple[sd]?|tenfold|\w+-?fold (?:higher|lower|better|worse))\b"
    r"(?: percent)?",
    re.IGNORECASE,
)
STRONG = re.compile(
    r"\b(?:(?:statistically |highly |very |more |most )?significant(?:ly)?|better|best|worse|"
    r"worst|"
    r"robust(?:ly|ness)?|superior(?:ity)?|inferior|outperform\w*|state[- ]of[- ]the[- ]art|sota|"
    r"prov(?:es?|en)|conclusive(?:ly)?|substantial(?:ly)?|dramatic(?:ally)?|clearly|"
    r"definitive(?:ly)?|"
    r"equal(?:ly)?|identical(?:ly)?|beats?|wins?)\b",
    re.IGNORECASE,
)
KEEP = "\u0000"


@dataclass(slots=True)
class Filler:
    """Fills texts and collects what was struck."""

    plan: Plan
    facts: Facts
    claims: tuple[Claim, ...] = ()
    struck: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def fill(self, text: str) -> str:
        """Return a text with references and claims filled in and unfounded parts struck."""
        self.kept = []
        text = normal_digits(text)
        text = CLAIM.sub(lambda m: self.keep(self.claim(int(m[1]))), text)
        text = REFERENCE.sub(lambda m: self.keep(self.reference(m)), text)
        text = LEFT_OVER.sub(lambda m: self.strike(m[0], "unknown reference"), text)
        allowed = plan_numbers(self.plan)
        text = self.protect_names(text)
        text = NUMBER.sub(lambda m: self.number(m[0], allowed), text)
        text = NUMBER_WORDS.sub(lambda m: self.strike(m[0], "a number without a source"), text)
        text = STRONG.sub(lambda m: self.strike(m[0], "a claim without a test"), text)
        text = re.sub(f"{KEEP}(\\d+){KEEP}", lambda m: self.kept[int(m[1])], text)
        return re.sub(r"[ \t]+([.,;:)])", r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip()

    def keep(self, text: str) -> str:
        """Put a founded piece aside so that nothing in it is struck."""
        self.kept.append(text)
        return f"{KEEP}{len(self.kept) - 1}{KEEP}"

    def protect_names(self, text: str) -> str:
        """Put names and labels of the plan aside: digits in them are no results."""
        labels = [m.label for m in self.plan.metrics] + [a.name for a in self.plan.algorithms]
        for label in sorted({*labels, *self.plan.datasets}, key=len, reverse=True):
            text = re.sub(re.escape(label), lambda m: self.keep(m[0]), text, flags=re.IGNORECASE)
        return text

    def reference(self, match: re.Match[str]) -> str:
        """Return the value behind a reference with digits that fit its interval."""
        metric, algorithm, statistic = (part.strip() for part in match.groups())
        key = f"{metric.lower()}|{algorithm}|{statistic.lower()}"
        value = self.facts.values.get(key)
        if value is None:
            return self.strike(match[0], "nothing recorded under this reference")
        if statistic.lower() in ("n", "n_users"):
            return f"{value:,.0f}"
        if statistic.lower() == "cv":
            return percent(value)
        return shown(value, resolution(self.facts, metric.lower(), algorithm, statistic.lower()))

    def claim(self, index: int) -> str:
        """Return the sentence that the test behind a claim allows."""
        if index >= len(self.claims):
            return self.strike(f"claim {index}", "no such claim")
        claim = self.claims[index]
        comparison = self.facts.comparison(claim.a, claim.b)
        if comparison is None or comparison.metric.key != claim.metric.lower():
            return self.strike(f"{claim.a} against {claim.b}", "not compared in this run")
        return claim_sentence(comparison, claim)

    def number(self, text: str, allowed: frozenset[str]) -> str:
        """Keep a number of the plan, strike any other."""
        plain = re.sub(r"[^\d.]", "", text).rstrip(".")
        return text if plain in allowed else self.strike(text, "a number without a source")

    def strike(self, text: str, reason: str) -> str:
        """Take a piece out of the text and note it."""
        self.struck.append(f"“{text.strip()}”: {reason}")
        return "[…]"


def normal_digits(text: str) -> str:
    """Turn digits of other scripts and full-width forms into ASCII."""
    return "".join(str(int(c)) if c.isdecimal() else c for c in text.replace(KEEP, ""))


def plan_numbers(plan: Plan) -> frozenset[str]:
    """Return the numbers that are part of the plan."""
    numbers: list[float | int] = [
        len(plan.seeds),
        plan.split.folds,
        plan.split.seed,
        plan.list_length,
    ]
    numbers += [m.k for m in plan.metrics if m.k] + list(plan.seeds)
    numbers += [plan.min_rating] if plan.min_rating is not None else []
    numbers += [round(plan.split.holdout * 100), round(100 - plan.split.holdout * 100)]
    texts = [str(v) for a in plan.algorithms for v in a.config.values()]
    return frozenset(
        [f"{n:g}" for n in numbers] + [t for t in texts if re.fullmatch(r"[\d.]+", t)]
    )


def resolution(facts: Facts, metric: str, algorithm: str, statistic: str) -> float:
    """Return the half width that a value's digits have to fit."""
    base = f"{metric}|{algorithm}|"
    pairs = {"sd": ("sd_low", "sd_high"), "sd_low": ("sd_low", "sd_high")}
    pairs["sd_high"] = pairs["sd"]
    low, high = pairs.get(statistic, ("ci_low", "ci_high"))
    found = facts.values.get(base + low), facts.values.get(base + high)
    if found[0] is None or found[1] is None:
        return math.nan
    return (found[1] - found[0]) / 2


def shown(value: float, half_width: float = math.nan) -> str:
    """Return a value with digits that fit its half width: two where that begins with 1 or 2.

    Without a half width four decimals, or three significant digits of what is smaller.
    """
    if not math.isfinite(value):
        return "not available"
    if not math.isfinite(half_width) or half_width <= 0:
        decimals = 4 if value == 0 or abs(value) >= 0.01 else 2 - magnitude(value)
    else:
        lead = half_width / 10 ** magnitude(half_width)
        decimals = (1 if lead < 3 else 0) - magnitude(half_width)
    return f"{value:.{min(9, max(0, decimals))}f}"


def magnitude(value: float) -> int:
    """Return the power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def percent(share: float) -> str:
    """Return a share as a percentage with two significant digits."""
    if not math.isfinite(share):
        return "not available"
    decimals = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
    return f"{share * 100:.{decimals}f} %"


def claim_sentence(comparison: Comparison, claim: Claim) -> str:
    """Word a claim: higher, lower, or not distinguishable."""
    return comparison_sentence(comparison, claim.a, claim.b, claim.direction)


def comparison_sentence(comparison: Comparison, a: str, b: str, direction: Direction) -> str:
    """Word a comparison of a with b as the test allows it."""
    sign = 1 if comparison.a == a else -1
    difference = sign * comparison.difference
    ends = sorted((sign * comparison.interval.low, sign * comparison.interval.high))
    half = comparison.interval.half_width
    label = comparison.metric.label
    between = f"95 % interval over users {shown(ends[0], half)} to {shown(ends[1], half)}"
    tested = f"n = {comparison.users:,} users, adjusted p {p_text(comparison.adjusted_p)}"
    if not comparison.is_distinguishable:
        return (
            f"{a} and {b} are not distinguishable in {label} "
            f"(difference {shown(difference, half)}, {between}; {tested})"
        )
    verb = "higher" if difference > 0 else "lower"
    note = ", against the expectation" if direction is opposite(verb) else ""
    return (
        f"{a} is {verb} than {b} in {label} by {shown(abs(difference), half)} "
        f"({between}; {tested}){note}"
    )


def opposite(verb: str) -> Direction:
    """Return the direction that contradicts a verb."""
    return Direction.LOWER if verb == "higher" else Direction.HIGHER


def p_text(p_value: float) -> str:
    """Return a p value for people."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def filled(filler: Filler, texts: Iterable[str]) -> tuple[str, ...]:
    """Return several texts filled; those of which nothing is left are dropped."""
    done = [filler.fill(text) for text in texts]
    return tuple(t for t in done if re.sub(r"[\W_]", "", t.replace("[…]", "")))
