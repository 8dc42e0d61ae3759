"""Every number that the fields of a plan hold, by what it is there for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    Factor,
    FactorKind,
    Plan,
    Question,
    SplitRules,
    with_design,
)
from agent_core.domain.cells import CHOSEN
from agent_core.rules.said_numbers import listings_of

Facts = Mapping[str, frozenset[float]]
"""Role to the numbers that fields of that role hold."""
RULE_ROLES = {
    DataRuleKind.CORE: "core",
    DataRuleKind.FEWEST: "fewest",
    DataRuleKind.LOWEST_RATING: "rating",
    DataRuleKind.SAMPLE: "sample",
}
SHARES = (
    "held_share",
    "sample",
    "tolerance",
    FactorKind.TRAIN_SHARE.value,
    FactorKind.RERANK.value,
)
"""Roles whose numbers may be told as shares."""
SETTING = "setting "
"""Begins the role of what an algorithm is configured with."""
MOST_CROSSED = 4
"""Factors of which people count the cells: `all eight of them`."""
LEVEL = 0.05
"""Of significance, which every test here has."""


def facts_of(plan: Plan, datasets: Sequence[Dataset] = ()) -> Facts:
    """Return the numbers of a plan and of the profile of its data by role."""
    plan = with_design(plan)
    found: defaultdict[str, set[float]] = defaultdict(set)
    for role, value in _facts(plan, datasets):
        if value is not None and not isinstance(value, bool):
            found[role].add(float(value))
    return {role: frozenset(values) for role, values in found.items()}


def _facts(plan: Plan, datasets: Sequence[Dataset]) -> Iterator[tuple[str, float | None]]:
    for metric in (*plan.metrics, *plan.validated):
        yield "cut", metric.k
    yield "length", plan.list_length
    for level in plan.data_levels:
        for rule in level.rules.rules:
            yield from _of_rule(rule)
        if len(plan.data_levels) > 1 and DataRuleKind.SAMPLE not in kinds_of(level.rules):
            yield "sample", 1.0
    for split in plan.split_levels:
        yield from _of_split(split.rules)
    yield "splits", len(plan.split_levels)
    for factor in plan.factors:
        yield from _of_factor(factor)
    yield from _of_seeds("seed", plan.seeds)
    for question in plan.questions:
        yield from _of_question(question)
    yield "tolerance", plan.margin
    for algorithm in plan.algorithms:
        yield from _of_config(algorithm)
    yield from (("count", number) for number in _counts(plan))
    yield from (("told", number) for number in _told(plan))
    for dataset in datasets:
        yield from (("rating", below) for below in _next_below(plan, dataset))
        yield from (("profile", n) for n in (dataset.users, dataset.items, dataset.rows))
        yield from (("rating_range", value) for value in _range_of(dataset))
        yield from (("profile_year", year) for year in _years_of(dataset))


def kinds_of(rules: DataRules) -> set[DataRuleKind]:
    """Return the kinds of the rules of a data level."""
    return {rule.kind for rule in rules.rules}


def _range_of(dataset: Dataset) -> tuple[float, ...]:
    """Return the lowest and highest rating that a dataset has."""
    values = dataset.rating_values or dataset.rating_range or ()
    return (min(values), max(values)) if values else ()


def _years_of(dataset: Dataset) -> tuple[float, ...]:
    """Return the first and the last year of a dataset, which a task may just tell."""
    days = (dataset.first_time, dataset.last_time)
    return tuple(float(day[:4]) for day in days if day and day[:4].isdecimal())


def _next_below(plan: Plan, dataset: Dataset) -> Iterator[float]:
    """Yield the ratings just below the lowest that count: `above 3` is `4 and more`."""
    for level in plan.data_levels:
        low = level.rules.lowest_rating
        below = [value for value in dataset.rating_values if low is not None and value < low]
        yield from (max(below),) if below else ()


def _of_rule(rule: DataRule) -> Iterator[tuple[str, float | None]]:
    yield RULE_ROLES.get(rule.kind, "rule"), rule.amount
    if rule.kind is DataRuleKind.SAMPLE:
        yield "split_seed", rule.seed
        yield "users", rule.amount
    for day in (rule.first, rule.last):
        if day[:4].isdecimal():
            yield "year", float(day[:4])


def _of_split(split: SplitRules) -> Iterator[tuple[str, float | None]]:
    if split.folds > 1:
        yield "fold", split.folds
    if split.held_out is None and not split.kind.is_single:
        yield "held_share", split.holdout
        yield "held_share", 1 - split.holdout
    yield "held_out", split.held_out if split.held_out or not split.kind.is_single else 1
    yield "users", split.test_users
    yield "held_share", split.test_user_share
    yield "candidates", split.candidate_count
    yield "rating", split.lowest_test_rating
    yield "split_seed", split.seed


def _of_factor(factor: Factor) -> Iterator[tuple[str, float | None]]:
    numbers = [v for v in factor.levels if isinstance(v, int | float)]
    if factor.kind in (FactorKind.SPLIT_SEED, FactorKind.MODEL_SEED):
        role = "seed" if factor.kind is FactorKind.MODEL_SEED else "split_seed"
        yield from _of_seeds(role, [int(n) for n in numbers])
    elif factor.kind is FactorKind.FOLD:
        yield "fold", len(factor.levels)
    else:
        yield from ((factor.name, number) for number in numbers)


def _of_seeds(role: str, seeds: Sequence[int]) -> Iterator[tuple[str, float | None]]:
    """Yield how many seeds there are, and which, unless the product numbered them."""
    if len(seeds) > 1:
        yield role, len(seeds)
    if tuple(seeds) != tuple(range(len(seeds))):
        yield from ((role, seed) for seed in seeds)


def _of_question(question: Question) -> Iterator[tuple[str, float | None]]:
    for end in question.group_ends:
        yield from (("tolerance", share) for share in (end, 1 - end))
    for value in (question.margin, question.tolerance):
        yield "tolerance", value
        if value is not None and question.is_relative:
            yield "tolerance", 1 - value


def _of_config(algorithm: Algorithm) -> Iterator[tuple[str, float | None]]:
    for name, value in {**algorithm.config, **algorithm.levels}.items():
        if isinstance(value, int | float):
            yield f"{SETTING}{name}" if name in algorithm.config else name, value


def _counts(plan: Plan) -> Iterator[int]:
    """Yield how many there are of whatever a plan lists: `the four`, `all three pairs`."""
    families = len({a.family for a in plan.algorithms})
    yield from (families, math.comb(families, 2), len({a.family for a in plan.baselines}))
    yield len({a.family for a in plan.algorithms if a.is_random})
    yield families - len({a.family for a in plan.baselines})
    yield from (len(plan.metrics), len({m.name for m in plan.metrics}), len(plan.datasets))
    yield from (q.groups_wanted for q in plan.questions if q.groups_wanted)
    yield from (len(plan.data_levels), len(plan.split_levels), len(plan.questions))
    sizes = [sum(level != CHOSEN for level in f.levels) for f in plan.factors]
    yield from (math.comb(size, 2) for size in sizes)
    for size in range(1, len(plan.factors) + 1)[:MOST_CROSSED]:
        yield from map(math.prod, combinations(sizes, size))
    for name in dict.fromkeys(n for f in plan.hyperparameters for n in f.of):
        yield math.prod(len(f.levels) for f in plan.hyperparameters if name in f.of)
    yield math.prod(len(f.levels) for f in plan.hyperparameters)


def _told(plan: Plan) -> Iterator[float]:
    """Yield numbers of what stands in words: groups, own questions, reports, requirements."""
    texts: Iterable[str] = (
        *(t for q in plan.questions for t in (q.groups, q.text, q.test)),
        *plan.reported,
        *(r.text for r in plan.requirements if r.check is None),
    )
    for text in texts:
        for listing in listings_of(text):
            yield from listing.values
