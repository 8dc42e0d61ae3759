"""Numbers that a text may hold because the plan does, each only beside what it counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Dataset, Plan
from agent_core.grounding.plan_names import Kind, is_algorithm
from agent_core.prose.number_words import NUMBER_WORDS, number_of

OTHER_WORDS = {"single": 1.0, "both": 2.0}
WORDS = "|".join(sorted({**NUMBER_WORDS, **OTHER_WORDS}, key=len, reverse=True))
NUMBER = rf"(?P<number>\d[\d,]*(?:\.\d+)?|{WORDS})"
FILLERS = (
    r"(?:[\s-]+(?:random|training|model|test|tested|different|fixed|independent|distinct|single|"
    r"swept|planned|whole))*"
)
NUMBER_MARK = "\ue014"
"""Stands where a number of the plan stood."""
OF = f"(?:\\s+(?:of|for)\\s+{Kind.ALGORITHM.value})?"
MEASURES = "ndcg|recall|precision|hit|hit rate|hr|mrr|map|coverage|novelty|diversity"
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
    cutoffs: tuple[int, ...] = ()
    ratings: tuple[tuple[float, float], ...] = ()
    """Lowest and highest rating of each data set."""

    @classmethod
    def of(
        cls, plan: Plan, datasets: Sequence[Dataset] = (), named: Collection[str] = ()
    ) -> PlanNumbers:
        """Collect the numbers of a plan and of its data.

        Parameters
        ----------
        plan, datasets
            Where the numbers come from.
        named
            Algorithms that a sentence names; the hyperparameters of others do not count then.
        """
        seeds, folds = len(plan.seeds), plan.split.folds
        algorithms = {len(plan.algorithms), len(plan.algorithms) - len(plan.baselines)}
        drawing = sum(a.is_random for a in plan.algorithms)
        swept = sum(plan.swept in a.config for a in plan.algorithms) if plan.swept else 0
        counts: dict[str, Iterable[float]] = {
            r"seeds?": {seeds},
            r"(?:runs?|repetitions?)": {seeds, seeds * folds},
            r"folds?": {folds},
            r"splits?": {1, folds},
            r"subjects?": {len(plan.algorithms) - len(plan.baselines)},
            r"of the (?:algorithms|models) (?:are|is) random": {drawing},
            r"of the (?:algorithms|models) (?:are|is) deterministic": {
                len(plan.algorithms) - drawing
            },
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
        keyed = keyed_numbers(plan, datasets, named)
        share = round(plan.split.holdout * 100)
        return cls(
            {unit: frozenset(map(float, values)) for unit, values in counts.items()},
            {key: frozenset(values) for key, values in keyed.items()},
            frozenset({float(share), float(100 - share)}),
            tuple(m.k for m in plan.metrics if m.k),
            tuple(
                (min(d.rating_values), max(d.rating_values)) for d in datasets if d.rating_values
            ),
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
            text = without(
                rf"\b{key}{OF}\s*(?:=|:|of|is|was)?[\s-]*{NUMBER}\b(?!\s*%)", text, values
            )
        if re.search(r"h[eo]ld[\s-]?out|withheld", text, re.IGNORECASE):
            text = without(rf"\b{NUMBER}\s*(?:%|percent\b)", text, self.holdout)
        text = self.without_ratings(text)
        if is_proposal:
            units = "|".join(PROPOSED.split())
            count = rf"\b{NUMBER}[\s-]+(?:(?:more|random|other|different|training)[\s-]+)?"
            for pattern in (rf"{count}(?:{units})s?\b", rf"\b(?:{MEASURES}) ?@ ?\d+\b(?![.,]\d)"):
                text = re.sub(pattern, NUMBER_MARK, text, flags=re.IGNORECASE)
        return text

    def without_ratings(self, text: str) -> str:
        """Return a text without the range of the ratings and the length of top lists."""
        for k in self.cutoffs:
            lists = rf"\btop[\s-]?{k}(?=[\s-]+(?:lists?|recommendations?)\b)"
            text = re.sub(lists, NUMBER_MARK, text, flags=re.IGNORECASE)
        for low, high in self.ratings:
            whole = rf"from {low:g} to {high:g}|at most {high:g}|at least {low:g}"
            ends = rf"\bratings? (?:are |is |go )?(?:{whole})\b(?![.,]\d)"
            text = re.sub(ends, NUMBER_MARK, text, flags=re.IGNORECASE)
        return text


def keyed_numbers(
    plan: Plan, datasets: Sequence[Dataset], named: Collection[str]
) -> dict[str, set[float]]:
    """Return names with the values that a text may give them."""
    keyed: dict[str, set[float]] = {
        r"at least": {float(d.min_user_interactions) for d in datasets},
        r"(?:k|cut-?off)": {float(m.k) for m in plan.metrics if m.k},
        r"(?:lists? (?:of|have|has|hold|holds)|list length)": {float(plan.list_length)},
        r"(?:first|last) of the seeds is": {float(s) for s in plan.seeds[:1] + plan.seeds[-1:]},
        r"(?:split )?seed": {float(s) for s in (plan.split.seed, *plan.seeds)},
    }
    own = [a for a in plan.algorithms if any(is_algorithm(n, a.name) for n in named)]
    for algorithm in own or plan.algorithms:
        for key, value in algorithm.config.items():
            if is_number(value):
                keyed.setdefault(re.escape(key), set()).add(float(value))
    if plan.data.lowest_rating is not None:
        keyed[r"ratings? (?:of|from|at least|>=|≥)"] = {float(plan.data.lowest_rating)}
    if plan.margin is not None:
        keyed[r"(?:margin(?: of)?|within) ?±?"] = {float(plan.margin)}
    return keyed


def without(pattern: str, text: str, allowed: Iterable[float]) -> str:
    """Remove the matches whose number is allowed."""
    known = set(allowed)

    def kept(match: re.Match[str]) -> str:
        word = match["number"].lower()
        value = OTHER_WORDS.get(word) or number_of(word)
        return NUMBER_MARK if value in known else match[0]

    return re.sub(pattern, kept, text, flags=re.IGNORECASE)


def is_number(value: Any) -> bool:
    """Whether a configured value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
