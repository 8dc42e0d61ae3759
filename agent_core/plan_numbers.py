"""Numbers that a text may hold because the plan does, each only beside what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Dataset, Plan

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
WORDS = {word: value for value, word in enumerate(SMALL.split(" "))}
WORDS |= {"thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "single": 1, "both": 2}
NUMBER = r"(?P<number>\d[\d,]*(?:\.\d+)?|" + "|".join(sorted(WORDS, key=len, reverse=True)) + r")"
FILLERS = (
    r"(?:[\s-]+(?:random|training|model|test|tested|different|fixed|independent|distinct|single|"
    r"swept|planned|whole))*"
)
PROPOSED = "seed fold core epoch factor dimension neighbour neighbor trial value split user item"
"""What a proposal may count freely."""


@dataclass(frozen=True, slots=True)
class PlanNumbers:
    """Finds the numbers of a text that the plan or the data hold."""

    counts: dict[str, frozenset[float]]
    """Pattern of what is counted to the numbers it may have."""
    keyed: dict[str, frozenset[float]]
    """Names with their values: hyperparameters, seeds, cut-offs."""
    holdout: frozenset[float]
    """Percentages of the hold-out."""

    @classmethod
    def of(cls, plan: Plan, datasets: Sequence[Dataset] = ()) -> PlanNumbers:
        """Collect the numbers of a plan and of its data."""
        seeds, folds = len(plan.seeds), plan.split.folds
        algorithms = {len(plan.algorithms), len(plan.algorithms) - len(plan.baselines)}
        swept = sum(plan.swept in a.config for a in plan.algorithms) if plan.swept else 0
        counts: dict[str, Iterable[float]] = {
            r"seeds?": {seeds},
            r"(?:runs?|repetitions?)": {seeds, seeds * folds},
            r"folds?": {folds},
            r"splits?": {1, folds},
            r"users?": [d.users for d in datasets],
            r"(?:items?|movies?)": [d.items for d in datasets],
            r"(?:ratings?|interactions?|rows?)": [d.rows for d in datasets],
            r"(?:algorithms?|models?|configurations?|baselines?)": {
                *algorithms,
                len(plan.baselines),
            },
            r"(?:data ?sets?)": {len(plan.datasets)},
            r"metrics?": {len(plan.metrics)},
            r"values?": {swept},
        }
        keyed: dict[str, set[float]] = {
            r"(?:k|cut-?off|top)": {float(m.k) for m in plan.metrics if m.k},
            r"(?:lists? of|list length)": {float(plan.list_length)},
            r"(?:split )?seed": {float(s) for s in (plan.split.seed, *plan.seeds)},
        }
        for algorithm in plan.algorithms:
            for key, value in algorithm.config.items():
                if is_number(value):
                    keyed.setdefault(re.escape(key), set()).add(float(value))
        if plan.min_rating is not None:
            keyed[r"ratings? (?:of|from|at least|>=|≥)"] = {float(plan.min_rating)}
        if plan.margin is not None:
            keyed[r"(?:margin(?: of)?|within) ?±?"] = {float(plan.margin)}
        share = round(plan.split.holdout * 100)
        return cls(
            {unit: frozenset(map(float, values)) for unit, values in counts.items()},
            {key: frozenset(values) for key, values in keyed.items()},
            frozenset({float(share), float(100 - share)}),
        )

    def masked(self, text: str, *, is_proposal: bool = False) -> str:
        """Return a text without the numbers that it may hold.

        Parameters
        ----------
        text
            A sentence, names and references already taken out.
        is_proposal
            Whether it proposes something: then whole numbers may count seeds, folds and the like.
        """
        for unit, allowed in self.counts.items():
            pattern = rf"\b{NUMBER}(?![\d.]*\d){FILLERS}[\s-]+{unit}\b"
            text = without(pattern, text, allowed)
        for key, values in self.keyed.items():
            text = without(rf"\b{key}\s*(?:=|:|of)?[\s-]*{NUMBER}\b(?!\s*%)", text, values)
        if re.search(r"h[eo]ld[\s-]?out|withheld", text, re.IGNORECASE):
            text = without(rf"\b{NUMBER}\s*(?:%|percent\b)", text, self.holdout)
        if is_proposal:
            units = "|".join(PROPOSED.split())
            text = re.sub(rf"\b\d+[\s-]+(?:{units})s?\b", " ", text, flags=re.IGNORECASE)
            text = re.sub(r"\b[a-z]+ ?@ ?\d+\b(?![.,]\d)", " ", text, flags=re.IGNORECASE)
        return text


def without(pattern: str, text: str, allowed: Iterable[float]) -> str:
    """Remove the matches whose number is allowed."""
    known = set(allowed)

    def kept(match: re.Match[str]) -> str:
        return " " if value_of(match["number"]) in known else match[0]

    return re.sub(pattern, kept, text, flags=re.IGNORECASE)


def value_of(number: str) -> float:
    """Return the value of digits or of a number word."""
    word = number.lower()
    return float(WORDS[word]) if word in WORDS else float(number.replace(",", ""))


def is_number(value: Any) -> bool:
    """Whether a configured value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
