"""Every recorded statistic of one execution, by reference: what a report may quote."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agent_core.domain import Metric, Plan
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.views import views_by_place
from agent_core.prose.quotation import is_name
from agent_core.statistics import inference
from agent_core.statistics.comparisons import Comparison, compare_pairs
from agent_core.statistics.observations import Observations
from agent_core.statistics.summaries import Summary, summaries_of

__all__ = ["Comparison", "Facts", "OrderAgreement", "Summary", "collect_facts", "with_late_margin"]

SEED = 20
"""Of the product's own resampling: the same results give the same intervals."""
DIFFERENCE = ("difference", "difference_low", "difference_high", "p")
EQUIVALENCE = ("margin", "difference_90_low", "difference_90_high", "tost_p")
"""Statistics of a pair of algorithms; claims word them."""


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
    left_out: tuple[str, ...] = ()
    """Folds without results of the primary metric for some compared algorithm; not counted."""

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
        for found in self.comparisons:
            is_asked = found.metric.key == metric if metric else found.is_declared
            if is_asked and {found.a, found.b} == {a, b}:
                return found
        return None


def facts_by_place(evidence: Evidence) -> Iterator[tuple[str, Facts]]:
    """Yield the statistics of each combination of compared levels of data and split, by name."""
    for place, view in views_by_place(evidence):
        yield place, collect_facts(view)


def collect_facts(evidence: Evidence) -> Facts:
    """Compute all statistics from single-run rows and per-user values, never from aggregates.

    Over levels that are compared there are means only: neither spread nor difference is one.
    """
    found = Observations.of(evidence)
    rng = np.random.default_rng(SEED)
    summaries: list[Summary] = []
    comparisons: list[Comparison] = []
    for metric in found.metrics:
        if metric not in evidence.plan.metrics and not is_name(metric.name):
            continue
        summaries += summaries_of(found, metric, rng)
        if not found.are_levels:
            comparisons += compare_pairs(evidence.plan, found, metric, rng)
    comparisons.sort(key=lambda c: not c.is_declared)
    values: dict[str, float] = {}
    for summary in summaries:
        values |= _references(summary)
    for comparison in comparisons:
        values |= _comparison_references(comparison)
    finite = {k: v for k, v in values.items() if math.isfinite(v)}
    return Facts(
        finite,
        tuple(summaries),
        tuple(comparisons),
        found.definitions,
        () if found.are_levels else tuple(_orders(evidence.plan, summaries)),
        found.left_out(evidence.plan.primary),
    )


def with_late_margin(facts: Facts) -> Facts:
    """Return facts whose equivalences are marked: the margin came after the freeze.

    Their values, which would stand without the mark, are left out.
    """
    marked = tuple(
        replace(c, equivalence=replace(c.equivalence, is_exploratory=True)) if c.equivalence else c
        for c in facts.comparisons
    )
    kept = {k: v for k, v in facts.values.items() if k.rpartition("|")[2] not in EQUIVALENCE}
    return replace(facts, comparisons=marked, values=kept)


def _orders(plan: Plan, summaries: Sequence[Summary]) -> list[OrderAgreement]:
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
        tau = inference.kendall([first[n] for n in both], [sign * means[n] for n in both])
        if math.isfinite(tau):
            found.append(OrderAgreement(plan.primary, metric, tau, len(both)))
    return found


def _references(summary: Summary) -> dict[str, float]:
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


def _comparison_references(comparison: Comparison) -> dict[str, float]:
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
