"""Differences of two algorithms over the same users, each with its test and its family."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent_core.domain import Metric, Plan, Role, Study
from agent_core.statistics import inference, pooled_errors
from agent_core.statistics.equivalence import Equivalence, equivalences
from agent_core.statistics.inference import Difference, Interval
from agent_core.statistics.observations import Observations

MAX_COMPARED = 12
"""Algorithms up to which all pairs are compared (66); beyond, each with the baselines only, since
Holm's correction over more leaves only p below 0.0007 for the first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two algorithms over the same users on one metric."""

    metric: Metric
    a: str
    b: str
    difference: float
    """a minus b."""
    interval: Interval
    p_value: float
    adjusted_p: float
    """Holm over the family: all comparisons of this metric."""
    users: int
    test: str = ""
    family: int = 1
    higher: int = 0
    """Users for whom a is higher."""
    lower: int = 0
    is_declared: bool = True
    """Whether its metric is the plan's primary one; others are outside the declared family."""
    equivalence: Equivalence | None = None
    """What the plan's margin says of it; None without a margin."""

    @property
    def is_distinguishable(self) -> bool:
        """Whether the adjusted test and the interval both exclude no difference."""
        excludes = self.interval.low > 0 or self.interval.high < 0
        return excludes and self.adjusted_p < 1 - inference.LEVEL


def compare_pairs(
    plan: Plan, found: Observations, metric: Metric, rng: np.random.Generator
) -> list[Comparison]:
    """Compare the algorithms on a metric, paired over users; Holm over all of these pairs."""
    means = {n: found.mean(metric, n) for n in found.algorithms(metric)}
    pairs = _pairs_of(plan, metric, means)
    if found.is_pooled(metric):
        tested = _pooled_differences(found, metric, pairs, rng)
    else:
        tested = _mean_differences(found, metric, pairs, rng)
    adjusted = inference.holm([d.p for _, _, d in tested])
    within = equivalences(plan, found, metric, [(a, b) for a, b, _ in tested])
    return [
        Comparison(
            metric, a, b, d.mean, d.interval, d.p, float(p), d.n, d.test, len(tested), d.higher,
            d.lower, metric == plan.primary, margin,
        )
        for (a, b, d), p, margin in zip(tested, adjusted, within, strict=True)
    ]  # fmt: skip


def _pairs_of(plan: Plan, metric: Metric, means: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the declared family of pairs.

    In a sweep the best value with every other algorithm, baselines too; else all pairs, or
    subjects with baselines where these are many.

    Parameters
    ----------
    plan
        Says what is swept, and which algorithms are baselines.
    metric
        Says which end is best.
    means
        Of each algorithm, in the order of delivery.
    """
    swept = [a.name for a in plan.algorithms if plan.swept in a.config and a.name in means]
    if plan.study is Study.SWEEP and swept and metric.is_directed:
        best = (max if metric.is_descending else min)(swept, key=means.__getitem__)
        return [(best, other) for other in means if other != best]
    baselines = {a.name for a in plan.algorithms if a.role is Role.BASELINE}
    ordered = [*(n for n in means if n not in baselines), *(n for n in means if n in baselines)]
    if len(ordered) <= MAX_COMPARED:
        return list(itertools.combinations(ordered, 2))
    return [(a, b) for a in ordered for b in ordered if b in baselines and a not in baselines]


def _mean_differences(
    found: Observations,
    metric: Metric,
    pairs: Sequence[tuple[str, str]],
    rng: np.random.Generator,
) -> list[tuple[str, str, Difference]]:
    """Return the paired differences of per-user means."""
    table = found.cell_table(metric)
    known = [(a, b) for a, b in pairs if a in table and b in table]
    tested = []
    for group in found.groups_of_pairs(metric, known):
        users = found.joint_users(metric, list({n for pair in group for n in pair}))
        if len(users) < 2:
            continue
        columns = np.column_stack([(users[a] - users[b]).to_numpy(float) for a, b in group])
        differences = inference.paired_differences(columns, found.held, rng)
        for (a, b), difference in zip(group, differences, strict=True):
            exact = _exact_for_hits(metric, users[a].to_numpy(), users[b].to_numpy(), difference)
            tested.append((a, b, exact))
    return tested


def _exact_for_hits(metric: Metric, a: np.ndarray, b: np.ndarray, found: Difference) -> Difference:
    """Replace the permutation test by McNemar's exact one where values are 0 or 1."""
    if metric.name != "hit" or not np.isin(np.concatenate([a, b]), (0.0, 1.0)).all():
        return found
    p, only_a, only_b = inference.mcnemar(a, b)
    return replace(found, p=p, test="McNemar's exact test", higher=only_a, lower=only_b)


def _pooled_differences(
    found: Observations,
    metric: Metric,
    pairs: Sequence[tuple[str, str]],
    rng: np.random.Generator,
) -> list[tuple[str, str, Difference]]:
    """Return the differences of pooled errors over the same users and predictions."""
    tested = []
    for a, b in pairs:
        both = found.paired_losses(metric, a, b)
        if both is not None:
            tested.append((a, b, pooled_errors.pooled_difference(*both, found.held, rng)))
    return tested
