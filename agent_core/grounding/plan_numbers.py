"""Numbers that a text may hold because the plan does, each only beside what it counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from agent_core.domain import DataRuleKind, Dataset, Of, Plan
from agent_core.domain.metric import SPOKEN
from agent_core.grounding.counting import FILLERS, NUMBER, NUMBER_MARK, ONE, count_of, without
from agent_core.grounding.design_terms import TOTALS, DesignTerms, setting_nouns
from agent_core.grounding.plan_names import Kind, is_algorithm
from agent_core.prose.number_words import NUMBER_WORDS

OF = f"(?:\\s+(?:of|for)\\s+{Kind.ALGORITHM.value})?"
BETWEEN = r"(?:\s*(?:=|:|of|is|are|was|were|run|go|from|to|at|used|only|values?)(?!\w))*"
SAID_FOR = {
    "regularization": ("penalty", "regularisation", "grid"),
    "embedding_size": ("embedding", "vectors of", "factors"),
    "max_nbrs": ("neighbours", "neighbors", "neighbourhood"),
}
"""Other words for hyperparameters."""
PROPOSED = (
    "seed fold core epoch factor dimension neighbour neighbor trial value split user item "
    "data[\\s-]?set hold-out repetition run domain metric setting model method algorithm star"
)
"""What a proposal may count freely."""
COUNTED_WITH = (
    "or more|more|random|other|different|training|model|tuning|additional|further|independent"
)
RAISED = rf"(?:raised|increased|extended|reduced|lowered|grown|from {ONE}|up) to {ONE}\b"
MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
YEARS = (
    rf"\b(?:in|of|from|to|since|until|between|{MONTH}) "
    r"(?P<numbers>(?:19|20)\d\d(?: (?:and|to) (?:19|20)\d\d)?)\b"
)
CITED = r"((?:\b[A-Z][\w'-]+|\bal\.),? \(?)(?:19|20)\d\d[a-z]?\b(?!\.\d)|\b(?:19|20)\d0s\b"
"""Year of a publication behind its authors, and decades."""
CONFIDENCE = r"\b95 ?% (?=(?:confidence )?intervals?\b)"
PAIRS = r"pairs? of (?:one |two )?(?:seed|run)s?"
NOTHING = re.compile(r"(?!)")
NAMED = r"(?:such as|like|for example|for instance|e\.g\.|namely|including),? "
"""Before values that are examples of what a noun names."""
FRACTION = r"(?:thirds?|quarters?|fifths?|tenths?|halves|percent|%|times|points?|orders)"


@dataclass(frozen=True, slots=True)
class PlanNumbers:
    """Finds the numbers of a text that the plan or the data hold."""

    counts: dict[str, frozenset[float]]
    """Pattern of what is counted to the numbers it may have."""
    keyed: dict[str, frozenset[float]]
    """Names with their values: hyperparameters, seeds, cut-offs."""
    design: DesignTerms
    """The factors, with their levels."""
    cutoffs: tuple[int, ...] = ()
    ratings: tuple[tuple[float, float], ...] = ()
    """Lowest and highest rating of each data set."""
    settings: re.Pattern[str] = NOTHING
    """Whole values of hyperparameters, which a proposal may choose anew."""
    amounts: re.Pattern[str] = NOTHING
    """Any values of those that have fractions in the plan."""
    years: range = range(0)
    """When the interactions of the data happened."""

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
        keyed = _keyed_numbers(plan, datasets, named)
        design = DesignTerms.of(plan)
        times = {t[:4] for d in datasets for t in (d.first_time, d.last_time) if t}
        return cls(
            {unit: frozenset(map(float, v)) for unit, v in _counted(plan, datasets).items()}
            | design.counted,
            {key: frozenset(values) for key, values in keyed.items()} | design.listed,
            design,
            tuple(m.k for m in plan.metrics if m.k),
            tuple(
                (min(d.rating_values), max(d.rating_values)) for d in datasets if d.rating_values
            ),
            _chosen_anew(_hyperparameters(plan), r"\d+(?:,\d{3})*"),
            _chosen_anew(_hyperparameters(plan, have_fractions=True), r"\d+(?:\.\d+)?"),
            range(int(min(times)), int(max(times)) + 1) if times else range(0),
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
        text = re.sub(CONFIDENCE, f"{NUMBER_MARK} ", text)
        text = re.sub(CITED, lambda m: f"{m[1] or ''}{NUMBER_MARK}", text)
        for unit, allowed in self.counts.items():
            pattern = rf"\b{NUMBER}(?![\d.]*\d){FILLERS}[\s-]+{unit}\b"
            text = without(pattern, text, allowed)
        for key, values in self.keyed.items():
            if not key:
                continue
            text = without(
                rf"\b{key}{OF}{BETWEEN}[\s-]*{NUMBER}\b(?!\s*%)",
                text,
                values,
            )
        text = self.design.without_shares(text)
        text = without(YEARS, text, self.years)
        settings = self.keyed.get("", frozenset())
        for said in (r"\bvalues?", r"\b(?:range )?(?:from|between)"):
            text = without(rf"{said} {NUMBER}\b(?! ?%)", text, settings)
        text = self.without_ratings(text)
        if is_proposal:
            units = "|".join(PROPOSED.split())
            count = rf"\b{NUMBER}[\s-]+(?:(?:{COUNTED_WITH})[\s-]+){{0,2}}(?:{units})s?\b"
            ratings = rf"\bratings? (?:of|from|above) {NUMBER}\b"
            shares = rf"\bshares? (?:of|at) {NUMBER}(?=\s*(?:%|per ?cent))"
            for pattern in (
                count,
                shares,
                ratings,
                RAISED,
                rf"\b(?:below|above|beyond) {ONE}\b",
                rf"\b(?:{SPOKEN}) ?@ ?\d+\b(?![.,]\d)",
            ):
                text = re.sub(
                    pattern,
                    lambda m: m[0] if "." in m[0] else NUMBER_MARK,
                    text,
                    flags=re.IGNORECASE,
                )
            for chosen in (self.settings, self.amounts):
                text = chosen.sub(lambda m: f"{m['before']}{NUMBER_MARK}", text)
        return self._without_known(text)

    def _without_known(self, text: str) -> str:
        """Return a text without numbers of the plan that stand beside nothing it counts."""
        units = "|".join(self.counts)
        beside = rf"{FILLERS}[\s-]+(?:or more )?(?:{units}|{FRACTION}|of|out|used)\b"
        before = r"(?<![\w.,@-])(?<!in )(?<!by )(?<!out of )(?!(?:one|single|both|zero)\b)"
        pattern = rf"{before}(?P<numbers>{ONE})(?![\w%]|[.,]\d| ?[%*/^+-]|{beside})"
        return without(pattern, text, self.known)

    @property
    def known(self) -> frozenset[float]:
        """All numbers of the plan and its data; those of all runs stand beside these alone."""
        ratings = (float(r) for low, high in self.ratings for r in range(int(low), int(high) + 1))
        counts = (numbers for unit, numbers in self.counts.items() if unit not in (TOTALS, PAIRS))
        held = (*counts, *self.keyed.values(), map(float, self.cutoffs), ratings)
        return frozenset(number for numbers in held for number in numbers)

    def without_ratings(self, text: str) -> str:
        """Return a text without the range of the ratings and the length of top lists."""
        for k in self.cutoffs:
            number = rf"(?:{k}|{_word_for(k)})"
            lists = rf"top[\s-]?{number}(?=[\s-]+(?:lists?|recommendations?)\b)"
            lists = rf"\b(?:{lists}|the first {number}\b)"
            text = re.sub(lists, NUMBER_MARK, text, flags=re.IGNORECASE)
        for low, high in self.ratings:
            whole = rf"from {low:g} to {high:g}|at most {high:g}|at least {low:g}"
            ends = rf"\bratings? (?:are |is |go |run |range |lie )?(?:{whole})\b(?![.,]\d)"
            text = re.sub(ends, NUMBER_MARK, text, flags=re.IGNORECASE)
            one = rf"\b(?<!ratings of )(?:a |each )?rating of {NUMBER}\b(?![.,]\d)"
            text = without(one, text, map(float, range(int(low), int(high) + 1)))
        return text


def _chosen_anew(nouns: Iterable[str], number: str) -> re.Pattern[str]:
    """Return the pattern of values beside nouns that they are values of."""
    row = rf"(?:{number}|{NUMBER_MARK})"
    rows = rf"{row}(?:(?:,? (?:and|or|to) |, ){row})*(?![\w%]|[.,]\d| ?[%{Kind.METRIC.value}])"
    every = "|".join(nouns) or r"(?!)"
    apart = rf"[^.;\d{Kind.METRIC.value}]{{0,60}}?"
    beside = r"(?: (?:of|from|between|at|=|is|to)){0,2} |: | \("
    before = rf"(?P<before>\b(?:{every})(?:{apart}{NAMED}|{beside}))"
    return re.compile(before + rows, re.IGNORECASE)


def _hyperparameters(plan: Plan, *, have_fractions: bool = False) -> Iterator[str]:
    """Yield what people call numbers of configurations, by their head alone too: `sizes`."""
    values: dict[str, list[float]] = {}
    for algorithm in plan.algorithms:
        for key, value in (*algorithm.config.items(), *algorithm.levels.items()):
            values.setdefault(key, []).extend([float(value)] if _is_number(value) else [])
    for key, own in values.items():
        if own and (not have_fractions or any(not v.is_integer() for v in own)):
            yield from (*setting_nouns(key), f"{re.escape(key.rpartition('_')[2])}s?")


def _counted(plan: Plan, datasets: Sequence[Dataset]) -> dict[str, Iterable[float]]:
    """Return what can be counted with the numbers that it may have."""
    seeds, folds = len(plan.seeds), plan.split.folds
    subjects, drawing = (
        len(plan.algorithms) - len(plan.baselines),
        sum(a.is_random for a in plan.algorithms),
    )
    algorithms = {len(plan.algorithms), subjects, len(plan.baselines)}
    swept = sum(plan.swept in a.config for a in plan.algorithms) if plan.swept else 0
    sizes = {float(v) for a in plan.algorithms for v in a.config.values() if _is_number(v)}
    promised = [re.findall(rf"({ONE}) (\w+?)s?\b", text) for text in plan.reported]
    return {
        "times": {seeds},
        r"(?:runs?|repetitions?|trainings?)": {seeds, seeds * folds, drawing * seeds * folds},
        r"subjects?": {subjects},
        r"of the (?:algorithms|models) (?:are|is) random": {drawing},
        r"of the (?:algorithms|models) (?:are|is) deterministic": {len(plan.algorithms) - drawing},
        r"users?": [*(d.users for d in datasets), *_sampled(plan, Of.USERS)],
        r"(?:items?|movies?|films?)": {
            *(d.items for d in datasets),
            *_sampled(plan, Of.ITEMS),
            plan.list_length,
        },
        r"(?:ratings?|interactions?|rows?|lines)": {
            *(d.rows for d in datasets),
            *_sampled(plan, Of.INTERACTIONS),
            *(d.min_user_interactions for d in datasets),
        },
        r"(?:algorithm|model|method|baseline|scorer|recommender|system)s?": algorithms,
        r"(?:configurations?|settings?)": {*algorithms, swept},
        r"metrics?": {len(plan.metrics)},
        r"core": {n for level in plan.data_levels for n in level.rules.counts},
        r"columns?": [len(d.columns) for d in datasets],
        r"per-user \w+": [d.users for d in datasets],
        r"values?": {swept, seeds} - {1},
        PAIRS: {seeds**2, comb(seeds, 2)} - {0, 1},
        r"(?:dimensions?|factors?|epochs?|neighbou?rs?)": sizes,
        **{
            rf"(?:\w+ )?{noun}s?": {count_of(number)}
            for found in promised
            for number, noun in found
        },
    }


def _sampled(plan: Plan, of: Of) -> Iterator[float]:
    """Yield how many users, items or interactions samples keep."""
    for rule in (r for level in plan.data_levels for r in level.rules.rules):
        is_own = rule.kind is DataRuleKind.SAMPLE and rule.of in (of, Of.BOTH)
        if is_own and rule.amount is not None and rule.amount >= 1:
            yield float(rule.amount)


def _keyed_numbers(
    plan: Plan, datasets: Sequence[Dataset], named: Collection[str]
) -> dict[str, set[float]]:
    """Return names with the values that a text may give them."""
    keyed: dict[str, set[float]] = {
        r"at least": {
            2.0 * plan.split.kind.is_single,
            *(float(n) for level in plan.data_levels for n in level.rules.counts),
            *(float(d.min_user_interactions) for d in datasets),
        },
        r"(?:k|cut-?offs?)": {float(m.k) for m in plan.metrics if m.k},
        r"(?:lists? (?:of|have|has|hold|holds)|list length)": {float(plan.list_length)},
        r"(?:first|last) of the seeds is": {float(s) for s in plan.seeds[:1] + plan.seeds[-1:]},
        r"(?:split )?seeds?": {float(s) for s in (plan.split.seed, *plan.seeds)},
        r"seed, namely": {float(s) for s in plan.seeds},
        r"each (?:\w+ )?seed": {float(s) for s in plan.seeds},
    }
    keyed[""] = set()
    own = [a for a in plan.algorithms if any(is_algorithm(n, a.name) for n in named)]
    for algorithm in own or plan.algorithms:
        for key, value in algorithm.config.items():
            if _is_number(value):
                keyed[""].add(float(value))
                for name in (
                    re.escape(key),
                    re.escape(key.replace("_", " ")),
                    *SAID_FOR.get(key, ()),
                ):
                    keyed.setdefault(rf"{name}[^.;0-9]{{0,60}}?", set()).add(float(value))
    lows = [level.rules.lowest_rating for level in plan.data_levels]
    if found := {round(low) for low in lows if low is not None}:
        keyed[r"(?:ratings?|stars?) (?:of|from|at least|>=|≥)"] = set(map(float, found))
    bounds = [plan.margin, *(q.margin for q in plan.questions)]
    if margins := {float(m) for m in bounds if m is not None}:
        keyed[r"(?:margins?|within) ?±?"] = margins
    if tolerances := {float(q.tolerance) for q in plan.questions if q.tolerance is not None}:
        keyed[r"(?:tolerances?|within|at most|no more than|less than)"] = tolerances
    return keyed


def _word_for(number: int) -> str:
    """Return the word for a small number, else its digits."""
    return next((w for w, n in NUMBER_WORDS.items() if n == number), str(number))


def _is_number(value: Any) -> bool:
    """Whether a configured value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
