"""Reads a task: dataset study, algorithms, metrics with cut-offs, split, repetitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent_core.domain import Metric, SplitKind, Study
from agent_core.offline.catalogue import ALGORITHMS, METRICS, OUTSIDE, PARAMETERS, word

NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100,
}  # fmt: skip
NUMBER = rf"(\d+|{'|'.join(NUMBER_WORDS)})"
RATING_METRICS = ("rmse", "mae")
CUTLESS = (*RATING_METRICS,)
VALUE = r"\d+(?:\.\d+)?(?:e-?\d+)?"
VALUES = rf"{VALUE}(?:\s*(?:,|/|and|or|vs\.?|versus|,\s*and)\s*{VALUE})+"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a text; empty where it says nothing."""

    study: Study | None = None
    algorithms: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    cutoffs: tuple[int, ...] = ()
    split: SplitKind | None = None
    holdout: float | None = None
    folds: int | None = None
    seeds: int | None = None
    min_rating: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    swept: str | None = None
    values: tuple[float, ...] = ()
    outside: tuple[tuple[str, str], ...] = ()
    """Words beyond the grammar, each with the reason."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of an experiment was found."""
        return self == Reading(outside=self.outside)


def read(text: str) -> Reading:
    """Read a text, a task or a reply."""
    plain = re.sub(r"\s+", " ", text)
    swept, values = swept_parameter(plain)
    folds, (split, holdout) = folds_of(plain), split_of(plain)
    reading = Reading(
        algorithms=algorithms_of(plain),
        metrics=metrics_of(plain),
        cutoffs=cutoffs_of(plain),
        split=split,
        holdout=holdout,
        folds=folds,
        seeds=seeds_of(plain),
        min_rating=min_rating_of(plain),
        parameters={k: v for k, v in parameters_of(plain).items() if k != swept},
        swept=swept,
        values=values,
        outside=outside_of(plain),
    )
    return replace(reading, study=study_of(plain, reading))


def number(text: str) -> int:
    """Return a number written in digits or as a word."""
    return NUMBER_WORDS.get(text.lower()) or int(text)


def algorithms_of(text: str) -> tuple[str, ...]:
    """Return the algorithms that are named, in their order in the text."""
    found: dict[str, int] = {}
    rest = text
    by_length = sorted(ALGORITHMS, key=lambda a: a.name in ("ImplicitMF", "FunkSVD", "Popularity"))
    for known in by_length:
        pattern = word(known.names)
        match = pattern.search(rest)
        if match:
            found[known.name] = match.start()
            rest = pattern.sub(lambda m: " " * len(m[0]), rest)
    return tuple(sorted(found, key=found.__getitem__))


def metrics_of(text: str) -> tuple[str, ...]:
    """Return the metrics that are named, in their order in the text."""
    found = {}
    rest = text
    for name in sorted(METRICS, key=lambda n: n == "precision"):
        match = word(METRICS[name] + r"(?=@|\b)").search(rest)
        if match and not is_hitless(name, match[0], text):
            found[name] = match.start()
            if name == "map":
                rest = rest[: match.start()] + " " * len(match[0]) + rest[match.end() :]
    return tuple(sorted(found, key=found.__getitem__))


def is_hitless(name: str, matched: str, text: str) -> bool:
    """Whether a bare `hit` or `map` is an ordinary word."""
    if name == "hit" and matched.lower() == "hit":
        return not re.search(r"\bhit ?@", text, re.IGNORECASE)
    return name == "map" and matched == "map"


def cutoffs_of(text: str) -> tuple[int, ...]:
    """Return the cut-offs that are named: `@10`, `at 5 and 20`, `top-10`, `K = 20`."""
    numbers = r"(\d{1,4}(?:\s*(?:,|and|&|/)\s*@?\s*\d{1,4}\b(?!\s*(?:-?fold|seeds|runs|%)))*)"
    pattern = (
        rf"(?:@\s*(?:k\s*=\s*)?|\bat\s+(?:k\s*=\s*)?|\btop[- ]?|\bk\s*(?:=|to|of)\s*){numbers}"
    )
    found: list[int] = []
    for match in re.finditer(pattern, text, re.IGNORECASE):
        if re.match(r"\s*(?:%|seeds|folds|-fold|epochs|factors)", text[match.end() :]):
            continue
        found += [int(n) for n in re.findall(r"\d+", match[1])]
    return tuple(dict.fromkeys(k for k in found if 1 <= k <= 1000))


def seeds_of(text: str) -> int | None:
    """Return how many repetitions are wished."""
    pattern = (
        rf"\b{NUMBER}\s+(?:[a-z]+\s+){{0,2}}?"
        r"(?:seeds|runs|repetitions|repeats|times|trainings|random initiali[sz]ations)\b"
    )
    match = re.search(pattern, text, re.IGNORECASE)
    match = match or re.search(rf"\bseeds?\s*(?:=|:|to)\s*{NUMBER}\b", text, re.IGNORECASE)
    return number(match[1]) if match else None


def folds_of(text: str) -> int | None:
    """Return the folds of a cross-validation."""
    match = re.search(rf"\b{NUMBER}[- ]?folds?\b", text, re.IGNORECASE)
    if match:
        return number(match[1])
    return 5 if re.search(r"cross[- ]?validat|\bk-fold\b", text, re.IGNORECASE) else None


def split_of(text: str) -> tuple[SplitKind | None, float | None]:
    """Return the hold-out protocol and the held-out share."""
    rules = (
        (SplitKind.LEAVE_LAST, r"leave[- ]?(?:the )?last|last (?:item|interaction)|most recent"),
        (SplitKind.LEAVE_ONE_OUT, r"leave[- ]?one[- ]?(?:item[- ]?)?out|\bloo\b"),
        (SplitKind.GLOBAL_TIME, r"temporal|global time|time[- ]based|chronological|by time"),
    )
    for kind, pattern in rules:
        if re.search(pattern, text, re.IGNORECASE):
            return kind, None
    share = re.search(r"\b([5-9]\d)\s*(?:/|:|-|% ?/ ?)\s*([1-4]?\d)\b ?%?", text)
    if share and int(share[1]) + int(share[2]) == 100:
        return SplitKind.USER_FRACTION, int(share[2]) / 100
    share = re.search(r"\b(\d{1,2})\s*%\s*(?:test|hold|held|of)", text, re.IGNORECASE)
    if share:
        return SplitKind.USER_FRACTION, int(share[1]) / 100
    return None, None


def min_rating_of(text: str) -> float | None:
    """Return the rating from which an interaction counts as positive."""
    patterns = (
        rf"ratings?\s+(?:of\s+|at least\s+|>=?\s*|≥\s*|from\s+)({VALUE})",
        rf"\b({VALUE})\s*(?:stars?\s*)?(?:and|or)\s+(?:more|above|higher|up|better)",
        rf"(?:>=|≥)\s*({VALUE})",
        rf"threshold\s+(?:of\s+|=\s*|at\s+)?({VALUE})",
    )
    for pattern in patterns:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return float(match[1])
    return None


def parameters_of(text: str) -> dict[str, Any]:
    """Return hyperparameters given one value each."""
    found: dict[str, Any] = {}
    for name, names in PARAMETERS.items():
        before = re.search(rf"(?<![\w.])({VALUE})\s+(?:{names})\b", text, re.IGNORECASE)
        after = re.search(
            rf"\b(?:{names})\s*(?:=|:|of|to|is)\s*({VALUE})\b(?!\s*(?:,|and|or|/)\s*\d)",
            text,
            re.IGNORECASE,
        )
        match = before or after
        if match:
            value = float(match[1])
            found[name] = int(value) if value.is_integer() and "reg" not in name else value
    return found


def swept_parameter(text: str) -> tuple[str | None, tuple[float, ...]]:
    """Return the hyperparameter that is given several values, and these."""
    for name, names in PARAMETERS.items():
        patterns = (
            rf"\b(?:{names})\b[^.;?]{{0,40}}?({VALUES})",
            rf"({VALUES})\s+(?:{names})\b",
        )
        for pattern in patterns:
            match = re.search(pattern, text, re.IGNORECASE)
            if match:
                values = tuple(dict.fromkeys(float(v) for v in re.findall(VALUE, match[1])))
                if len(values) >= 2:
                    return name, values
        if re.search(
            rf"(?:sweep|effect of|influence of|vary|varying)[^.?]{{0,30}}\b(?:{names})\b",
            text,
            re.I,
        ):
            return name, DEFAULT_SWEEPS.get(name, ())
    return None, ()


DEFAULT_SWEEPS: Mapping[str, tuple[float, ...]] = {
    "embedding_size": (8, 16, 32, 64),
    "epochs": (5, 10, 15, 20),
    "regularization": (0.1, 1, 10, 100),
    "weight": (1, 5, 10, 40),
    "max_nbrs": (10, 20, 50, 100),
    "damping": (0, 5, 10, 25),
    "learning_rate": (0.001, 0.005, 0.01),
}


def outside_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return wishes beyond the grammar, each with the reason."""
    found = []
    for pattern, reason in OUTSIDE.items():
        found += [(m[0], reason) for m in word(pattern).finditer(text)]
    return tuple(dict.fromkeys(found))


def study_of(text: str, reading: Reading) -> Study | None:
    """Return the kind of study that a text asks for."""
    if reading.swept and reading.values:
        return Study.SWEEP
    if re.search(
        r"\bseeds?\b|random(?:ness| initiali[sz]ation)|run[- ]to[- ]run|across runs|"
        r"repeated (?:runs|training)|non-?determin",
        text,
        re.IGNORECASE,
    ):
        return Study.SEED_VARIANCE
    is_about_several = len(reading.algorithms) > 1
    if is_about_several or re.search(
        r"\bcompar|\bversus\b|\bvs\b|\bbetter\b|\bbest\b|\bbenchmark|\bevaluat|how (?:good|well)|"
        r"\bmeasure\b|\bperform",
        text,
        re.IGNORECASE,
    ):
        return Study.COMPARISON
    return None


def metric_values(reading: Reading) -> tuple[Metric, ...]:
    """Return the metrics with their cut-offs; NDCG at 10 where nothing is said."""
    names = reading.metrics or ("ndcg",)
    cutoffs = reading.cutoffs or (10,)
    found = []
    for name in names:
        found += [Metric(name)] if name in CUTLESS else [Metric(name, k) for k in cutoffs]
    return tuple(found)
