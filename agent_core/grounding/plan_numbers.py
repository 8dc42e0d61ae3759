"""Numbers that a text may hold because the plan does, each only beside what it counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Dataset, Plan
from agent_core.domain.metric import SPOKEN
from agent_core.grounding.plan_names import Kind, is_algorithm
from agent_core.prose.number_words import NUMBER_WORDS, number_of

OTHER_WORDS = {"single": 1.0, "both": 2.0}
WORDS = "|".join(sorted({**NUMBER_WORDS, **OTHER_WORDS}, key=len, reverse=True))
ONE = rf"(?:\d[\d,]*\d(?:\.\d+)?|\d+(?:\.\d+)?|{WORDS})"
NUMBER = rf"(?P<numbers>{ONE}(?:(?:,? (?:and|or|to|through) |, ){ONE})*)"
FILLERS = (
    r"(?:[\s-]+(?:random|training|model|test|tested|different|fixed|independent|distinct|single|"
    r"swept|planned|whole|held-out|individual|trained|chosen|other|personali[sz]ed))*"
)
NUMBER_MARK = "\ue014"
"""Stands where a number of the plan stood."""
OF = f"(?:\\s+(?:of|for)\\s+{Kind.ALGORITHM.value})?"
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
FRACTION = r"(?:thirds?|quarters?|fifths?|tenths?|halves|percent|%|times|points?|orders)"


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
        share = round(plan.split.holdout * 100)
        times = {t[:4] for d in datasets for t in (d.first_time, d.last_time) if t}
        return cls(
            {unit: frozenset(map(float, v)) for unit, v in _counted(plan, datasets).items()},
            {key: frozenset(values) for key, values in keyed.items()},
            frozenset({float(share), float(100 - share)})
            if plan.split.kind.is_of_share
            else frozenset(),
            tuple(m.k for m in plan.metrics if m.k),
            tuple(
                (min(d.rating_values), max(d.rating_values)) for d in datasets if d.rating_values
            ),
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
            text = _without(pattern, text, allowed)
        for key, values in self.keyed.items():
            if not key:
                continue
            text = _without(
                rf"\b{key}{OF}\s*(?:=|:|of|is|was|from|to|at|values?)?[\s-]*{NUMBER}\b(?!\s*%)",
                text,
                values,
            )
        if re.search(r"h[eo]ld[\s-]?out|withheld|train|test", text, re.IGNORECASE):
            share = rf"\b{NUMBER}(?=\s*(?:%|per ?cent\b))"
            text = _without(share, text, self.holdout)
        text = _without(YEARS, text, self.years)
        settings = self.keyed.get("", frozenset())
        for said in (r"\bvalues?", r"\b(?:range )?(?:from|between)"):
            text = _without(rf"{said} {NUMBER}\b(?! ?%)", text, settings)
        text = self.without_ratings(text)
        if is_proposal:
            units = "|".join(PROPOSED.split())
            count = rf"\b{NUMBER}[\s-]+(?:(?:{COUNTED_WITH})[\s-]+){{0,2}}(?:{units})s?\b"
            ratings = rf"\bratings? (?:of|from|above) {NUMBER}\b"
            for pattern in (
                count,
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
        return self._without_known(text)

    def _without_known(self, text: str) -> str:
        """Return a text without numbers of the plan that stand beside nothing it counts."""
        units = "|".join(self.counts)
        beside = rf"{FILLERS}[\s-]+(?:or more )?(?:{units}|{FRACTION}|of|out|used)\b"
        before = r"(?<![\w.,@-])(?<!in )(?<!by )(?<!out of )(?!(?:one|single|both|zero)\b)"
        pattern = rf"{before}(?P<numbers>{ONE})(?![\w%]|[.,]\d| ?[%*/^+-]|{beside})"
        return _without(pattern, text, self.known)

    @property
    def known(self) -> frozenset[float]:
        """All numbers of the plan and its data."""
        ratings = (float(r) for low, high in self.ratings for r in range(int(low), int(high) + 1))
        held = (*self.counts.values(), *self.keyed.values(), map(float, self.cutoffs), ratings)
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
            text = _without(one, text, map(float, range(int(low), int(high) + 1)))
        return text


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
        r"(?:seeds?|times)": {seeds},
        r"(?:runs?|repetitions?|trainings?)": {seeds, seeds * folds, drawing * seeds * folds},
        r"folds?": {folds},
        r"splits?": {1, folds},
        r"subjects?": {subjects},
        r"of the (?:algorithms|models) (?:are|is) random": {drawing},
        r"of the (?:algorithms|models) (?:are|is) deterministic": {len(plan.algorithms) - drawing},
        r"users?": [d.users for d in datasets],
        r"(?:items?|movies?|films?)": {*(d.items for d in datasets), plan.list_length},
        r"(?:ratings?|interactions?|rows?|lines)": {
            *(d.rows for d in datasets),
            *(d.min_user_interactions for d in datasets),
        },
        r"(?:algorithm|model|method|baseline|scorer|recommender|system)s?": algorithms,
        r"(?:configurations?|settings?)": {*algorithms, swept},
        r"(?:data ?sets?)": {len(plan.datasets)},
        r"metrics?": {len(plan.metrics)},
        r"core": plan.data.counts,
        r"columns?": [len(d.columns) for d in datasets],
        r"per-user \w+": [d.users for d in datasets],
        r"values?": {swept, seeds} - {1},
        r"(?:dimensions?|factors?|epochs?|neighbou?rs?)": sizes,
        **{
            rf"(?:\w+ )?{noun}s?": {number_of(number)}
            for found in promised
            for number, noun in found
        },
    }


def _keyed_numbers(
    plan: Plan, datasets: Sequence[Dataset], named: Collection[str]
) -> dict[str, set[float]]:
    """Return names with the values that a text may give them."""
    keyed: dict[str, set[float]] = {
        r"at least": {
            2.0 * plan.split.kind.is_single,
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
    if plan.data.lowest_rating is not None:
        keyed[r"ratings? (?:of|from|at least|>=|≥)"] = {float(plan.data.lowest_rating)}
    if plan.margin is not None:
        keyed[r"(?:margin(?: of)?|within) ?±?"] = {float(plan.margin)}
    return keyed


def _without(pattern: str, text: str, allowed: Iterable[float]) -> str:
    """Remove the matches whose numbers are all allowed."""
    known = set(allowed)

    def kept(match: re.Match[str]) -> str:
        found = re.findall(rf"\b{ONE}\b", match["numbers"], re.IGNORECASE)
        are_known = {OTHER_WORDS.get(n.lower()) or number_of(n) for n in found} <= known
        start, end = (match.start(1) - match.start(), match.end(1) - match.start())
        return match[0][:start] + NUMBER_MARK + match[0][end:] if found and are_known else match[0]

    return re.sub(pattern, kept, text, flags=re.IGNORECASE)


def _word_for(number: int) -> str:
    """Return the word for a small number, else its digits."""
    return next((w for w, n in NUMBER_WORDS.items() if n == number), str(number))


def _is_number(value: Any) -> bool:
    """Whether a configured value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
