"""Every recorded statistic of one execution, by reference: what a report may quote."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agent_core import pooled_errors, statistics
from agent_core.domain import Metric, Plan, Role
from agent_core.equivalence import Equivalence, equivalences
from agent_core.evidence import Evidence
from agent_core.observations import Observations
from agent_core.statistics import Difference, Interval

MAX_COMPARED = 12
"""Algorithms up to which all pairs are compared; beyond, each with the baselines only."""
SEED = 20
"""Of the product's own resampling: the same results give the same intervals."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one algorithm over its runs."""

    metric: Metric
    algorithm: str
    mean: float
    runs: int
    """Single train-test runs."""
    over: str
    """What SD, range and CV are over: `seeds`, `folds`, or `one run`."""
    units: int
    """Number of those; with seeds and folds, each seed is averaged over the folds."""
    sd: float
    sd_interval: Interval
    boot_interval: Interval
    """Of the SD, by bootstrap; unknown with few runs."""
    low: float
    """Lowest unit."""
    high: float
    users: int
    """Test users."""
    user_interval: Interval
    """Of the mean, over users; runs held fixed."""
    run_interval: Interval
    """Of the mean, over seeds or folds; users held fixed."""
    is_recomputed: bool = False

    @property
    def cv(self) -> float:
        """Standard deviation over mean."""
        return self.sd / abs(self.mean) if self.mean else math.nan

    @property
    def gap(self) -> float:
        """Difference of two single runs that chance alone exceeds about once in 20."""
        return statistics.single_run_gap(self.sd)


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
        return excludes and self.adjusted_p < 1 - statistics.LEVEL


@dataclass(frozen=True, slots=True)
class OrderAgreement:
    """Whether two metrics order the algorithms alike."""

    a: Metric
    b: Metric
    tau: float
    """Kendall's tau-b."""
    n: int
    """Algorithms."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Statistics of one execution."""

    values: Mapping[str, float]
    """Reference (`ndcg@10|EASE|mean`) to value."""
    summaries: tuple[Summary, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """Those of the primary metric first."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Metric key to the definition that agreed."""
    orders: tuple[OrderAgreement, ...] = ()

    def summary(self, metric: Metric, algorithm: str) -> Summary | None:
        """Return the summary of a metric of an algorithm."""
        return next(
            (s for s in self.summaries if s.metric == metric and s.algorithm == algorithm), None
        )

    def of(self, metric: Metric) -> tuple[Summary, ...]:
        """Return the summaries of a metric, best first; highest first where there is no best."""
        found = [s for s in self.summaries if s.metric == metric]
        return tuple(sorted(found, key=lambda s: s.mean, reverse=metric.is_descending))

    def comparison(self, a: str, b: str, metric: str = "") -> Comparison | None:
        """Return the comparison of two algorithms, in either order; by default the declared one.

        Parameters
        ----------
        a, b
            Names of algorithms.
        metric
            Metric key; empty: the primary one.
        """
        pair = {a, b}
        return next(
            (
                c
                for c in self.comparisons
                if {c.a, c.b} == pair and (c.metric.key == metric if metric else c.is_declared)
            ),
            None,
        )


def collect_facts(evidence: Evidence) -> Facts:
    """Compute all statistics from single-run rows and per-user values, never from aggregates."""
    found = Observations.of(evidence)
    rng = np.random.default_rng(SEED)
    summaries: list[Summary] = []
    comparisons: list[Comparison] = []
    for metric in found.metrics:
        names = found.algorithms(metric)
        intervals = user_intervals(found, metric, names, rng)
        summaries += [summarised(found, metric, n, intervals[n], rng) for n in names]
        comparisons += compared(evidence.plan, found, metric, names, rng)
    comparisons.sort(key=lambda c: not c.is_declared)
    values: dict[str, float] = {}
    for summary in summaries:
        values |= references(summary)
    for comparison in comparisons:
        values |= comparison_references(comparison)
    finite = {k: v for k, v in values.items() if math.isfinite(v)}
    return Facts(
        finite,
        tuple(summaries),
        tuple(comparisons),
        found.definitions,
        tuple(orders(evidence.plan, summaries)),
    )


def with_late_margin(facts: Facts) -> Facts:
    """Return facts whose equivalences are marked: the margin came after the freeze."""
    marked = tuple(
        replace(c, equivalence=replace(c.equivalence, is_exploratory=True)) if c.equivalence else c
        for c in facts.comparisons
    )
    return replace(facts, comparisons=marked)


def user_intervals(
    found: Observations, metric: Metric, names: Sequence[str], rng: np.random.Generator
) -> dict[str, Interval]:
    """Return the interval of each mean over users; algorithms are resampled together."""
    held = found.held
    if found.is_pooled(metric):
        losses = {n: found.losses(metric, n) for n in names}
        return {
            n: pooled_errors.pooled_interval(x, held, rng) if x else statistics.unknown("users")
            for n, x in losses.items()
        }
    table = found.user_table(metric)
    complete = [n for n in names if n in table and table[n].notna().all()]
    intervals = {n: statistics.unknown("users") for n in names}
    if complete:
        columns = table[complete].to_numpy(dtype=float)
        pairs = zip(complete, statistics.bootstrap_means(columns, "users", held, rng), strict=True)
        intervals |= dict(pairs)
    for name in (n for n in names if n in table and n not in complete):
        own = table[[name]].dropna().to_numpy(dtype=float)
        intervals[name] = statistics.bootstrap_means(own, "users", held, rng)[0]
    return intervals


def summarised(
    found: Observations,
    metric: Metric,
    algorithm: str,
    user_interval: Interval,
    rng: np.random.Generator,
) -> Summary:
    """Return the statistics of one metric of one algorithm."""
    rows = found.runs(metric, algorithm)
    over, units = found.units(rows)
    values = rows["value"].to_numpy(dtype=float)
    nothing = statistics.unknown(over, len(units))
    sd, sd_interval, boot = math.nan, nothing, nothing
    if len(units) > 1:
        spread = statistics.spread(units, rng)
        sd = spread.sd
        sd_interval = Interval(spread.sd_low, spread.sd_high, over, "chi-square", "", len(units))
        boot = Interval(spread.boot_low, spread.boot_high, over, "BCa bootstrap", "", len(units))
    if over == "folds":
        run_interval = statistics.corrected_interval(units, found.test_share)
    else:
        run_interval = statistics.mean_interval(units, over)
    users = user_interval.n or int(np.nan_to_num(rows["n"].astype(float).max()))
    return Summary(
        metric, algorithm, float(values.mean()), len(values), over, len(units), sd, sd_interval,
        boot, float(units.min()), float(units.max()), users, user_interval, run_interval,
        bool(rows["is_recomputed"].all()),
    )  # fmt: skip


def compared(
    plan: Plan,
    found: Observations,
    metric: Metric,
    names: Sequence[str],
    rng: np.random.Generator,
) -> list[Comparison]:
    """Compare the algorithms on a metric, paired over users; Holm over all of these pairs."""
    pairs = pairs_of(plan, names)
    if found.is_pooled(metric):
        tested = pooled_differences(found, metric, pairs, rng)
    else:
        tested = mean_differences(found, metric, pairs, rng)
    adjusted = statistics.holm([d.p for _, _, d in tested])
    within = equivalences(plan, found, metric, [(a, b) for a, b, _ in tested])
    return [
        Comparison(
            metric, a, b, d.mean, d.interval, d.p, float(p), d.n, d.test, len(tested), d.higher,
            d.lower, metric == plan.primary, margin,
        )
        for (a, b, d), p, margin in zip(tested, adjusted, within, strict=True)
    ]  # fmt: skip


def pairs_of(plan: Plan, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the declared family: all pairs, or subjects with baselines where these are many."""
    baselines = {a.name for a in plan.algorithms if a.role is Role.BASELINE}
    ordered = [*(n for n in names if n not in baselines), *(n for n in names if n in baselines)]
    if len(ordered) <= MAX_COMPARED:
        return list(itertools.combinations(ordered, 2))
    return [(a, b) for a in ordered for b in ordered if b in baselines and a not in baselines]


def mean_differences(
    found: Observations,
    metric: Metric,
    pairs: Sequence[tuple[str, str]],
    rng: np.random.Generator,
) -> list[tuple[str, str, Difference]]:
    """Return the paired differences of per-user means."""
    table = found.user_table(metric)
    known = [(a, b) for a, b in pairs if a in table and b in table]
    tested = []
    for group in found.grouped(metric, known):
        users = table[list({n for pair in group for n in pair})].dropna()
        if len(users) < 2:
            continue
        columns = np.column_stack([(users[a] - users[b]).to_numpy(float) for a, b in group])
        differences = statistics.paired_differences(columns, found.held, rng)
        for (a, b), difference in zip(group, differences, strict=True):
            exact = exact_for_hits(metric, users[a].to_numpy(), users[b].to_numpy(), difference)
            tested.append((a, b, exact))
    return tested


def exact_for_hits(metric: Metric, a: np.ndarray, b: np.ndarray, found: Difference) -> Difference:
    """Replace the permutation test by McNemar's exact one where values are 0 or 1."""
    if metric.name != "hit" or not np.isin(np.concatenate([a, b]), (0.0, 1.0)).all():
        return found
    p, only_a, only_b = statistics.mcnemar(a, b)
    return Difference(
        found.n, found.mean, found.interval, p, "McNemar's exact test", only_a, only_b
    )


def pooled_differences(
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


def orders(plan: Plan, summaries: Sequence[Summary]) -> list[OrderAgreement]:
    """Return how the primary metric and each other order the algorithms; from three on.

    Metrics without a better end order nothing.
    """
    by_metric = {
        m: {s.algorithm: s.mean for s in summaries if s.metric == m} for m in plan.metrics
    }
    first = by_metric[plan.primary]
    found = []
    for metric, means in by_metric.items():
        both = [n for n in first if n in means]
        is_ordering = metric.is_directed and plan.primary.is_directed
        if metric == plan.primary or len(both) < 3 or not is_ordering:
            continue
        sign = -1 if metric.better is not plan.primary.better else 1
        agreed = statistics.kendall([first[n] for n in both], [sign * means[n] for n in both])
        if math.isfinite(agreed.tau):
            found.append(OrderAgreement(plan.primary, metric, agreed.tau, agreed.n))
    return found


def references(summary: Summary) -> dict[str, float]:
    """Return the statistics of a summary by reference."""
    key = f"{summary.metric.key}|{summary.algorithm}"
    return {
        f"{key}|mean": summary.mean,
        f"{key}|n": summary.runs,
        f"{key}|n_users": summary.users,
        f"{key}|ci_low": summary.user_interval.low,
        f"{key}|ci_high": summary.user_interval.high,
        f"{key}|run_low": summary.run_interval.low,
        f"{key}|run_high": summary.run_interval.high,
        f"{key}|sd": summary.sd,
        f"{key}|sd_low": summary.sd_interval.low,
        f"{key}|sd_high": summary.sd_interval.high,
        f"{key}|min": summary.low,
        f"{key}|max": summary.high,
        f"{key}|range": summary.high - summary.low if summary.units > 1 else math.nan,
        f"{key}|cv": summary.cv,
        f"{key}|gap": summary.gap,
    }


def comparison_references(comparison: Comparison) -> dict[str, float]:
    """Return the values of a comparison by reference."""
    key = f"{comparison.metric.key}|{comparison.a} - {comparison.b}"
    found = {
        f"{key}|difference": comparison.difference,
        f"{key}|difference_low": comparison.interval.low,
        f"{key}|difference_high": comparison.interval.high,
        f"{key}|p": comparison.adjusted_p,
    }
    if comparison.equivalence:
        found[f"{key}|margin"] = comparison.equivalence.margin
        found[f"{key}|difference_90_low"] = comparison.equivalence.interval.low
        found[f"{key}|difference_90_high"] = comparison.equivalence.interval.high
        found[f"{key}|tost_p"] = comparison.equivalence.adjusted_p
    return found
