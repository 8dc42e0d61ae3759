"""Every recorded statistic of one execution, by reference: what a report may quote."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from agent_core import statistics
from agent_core.domain import Metric, Plan, Role
from agent_core.evidence import Evidence
from agent_core.statistics import Interval

GAP_FACTOR = 1.96 * math.sqrt(2)
"""Two single runs differ by more than this many SD about once in 20."""
MAX_COMPARED = 12


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one algorithm over its runs."""

    metric: Metric
    algorithm: str
    mean: float
    runs: int
    over: str
    """What the runs differ in: `seeds`, `folds`, `seeds and folds`, or `one run`."""
    sd: float
    sd_interval: Interval
    low: float
    """Lowest run."""
    high: float
    users: int
    """Test users (or predictions, for rating errors)."""
    user_interval: Interval
    """Of the mean, over users; runs held fixed."""

    @property
    def cv(self) -> float:
        """Standard deviation over mean."""
        return self.sd / self.mean if self.mean else math.nan

    @property
    def gap(self) -> float:
        """Difference of two single runs that chance alone exceeds about once in 20."""
        return GAP_FACTOR * self.sd


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
    """Holm over all comparisons of the plan."""
    users: int

    @property
    def is_distinguishable(self) -> bool:
        """Whether the adjusted test and the interval both exclude no difference."""
        excludes = self.interval.low > 0 or self.interval.high < 0
        return excludes and self.adjusted_p < 1 - statistics.CONFIDENCE


@dataclass(frozen=True, slots=True)
class Facts:
    """Statistics of one execution."""

    values: Mapping[str, float]
    """Reference (`ndcg@10|EASE|mean`) to value."""
    summaries: tuple[Summary, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Metric key to the definition that agreed."""

    def summary(self, metric: Metric, algorithm: str) -> Summary | None:
        """Return the summary of a metric of an algorithm."""
        return next(
            (s for s in self.summaries if s.metric == metric and s.algorithm == algorithm), None
        )

    def of(self, metric: Metric) -> tuple[Summary, ...]:
        """Return the summaries of a metric, best first."""
        found = [s for s in self.summaries if s.metric == metric]
        return tuple(sorted(found, key=lambda s: s.mean, reverse=not metric.is_rating))

    def comparison(self, a: str, b: str) -> Comparison | None:
        """Return the comparison of two algorithms, in either order."""
        return next((c for c in self.comparisons if {c.a, c.b} == {a, b}), None)


def collect_facts(evidence: Evidence) -> Facts:
    """Compute all statistics from single-run rows and per-user values, never from aggregates."""
    runs = run_values(evidence)
    users = per_user(evidence)
    summaries = tuple(
        summarised(metric, str(algorithm), rows, users)
        for (metric, algorithm), rows in grouped(runs)
    )
    comparisons = compared(evidence.plan, summaries, users)
    values: dict[str, float] = {}
    for summary in summaries:
        values |= references(summary)
    for comparison in comparisons:
        key = f"{comparison.metric.key}|{comparison.a} - {comparison.b}"
        values[f"{key}|difference"] = comparison.difference
        values[f"{key}|difference_low"] = comparison.interval.low
        values[f"{key}|difference_high"] = comparison.interval.high
        values[f"{key}|p"] = comparison.adjusted_p
    finite = {k: v for k, v in values.items() if math.isfinite(v)}
    return Facts(finite, summaries, comparisons, definitions_of(evidence))


def run_values(evidence: Evidence) -> pd.DataFrame:
    """Return the single-run rows, each with the recomputed value where there is one."""
    rows = evidence.single
    rows = rows[np.isfinite(rows["value"].astype(float))] if len(rows) else rows
    keys = ["algorithm", "fold", "seed", "metric", "k"]
    if not len(evidence.agreement) or not len(rows):
        return rows
    known = evidence.agreement[[*keys, "computed"]].drop_duplicates(keys)
    known = known.assign(k=known["k"].astype("Int64"))
    joined = rows.assign(k=rows["k"].astype("Int64")).merge(known, on=keys, how="left")
    return joined.assign(value=joined["computed"].fillna(joined["value"]))


def per_user(evidence: Evidence) -> pd.DataFrame:
    """Return the mean of every user over runs: metric, k, algorithm, user_id, value."""
    values = evidence.user_values
    if not len(values):
        return pd.DataFrame(columns=["metric", "k", "algorithm", "user_id", "value"])
    keyed = values.assign(
        k=values["k"].astype("Int64").fillna(0), value=values["value"].astype(float)
    )
    keys = ["metric", "k", "algorithm", "user_id"]
    return keyed.groupby(keys, as_index=False)["value"].mean()


def grouped(runs: pd.DataFrame) -> list[tuple[tuple[Metric, str], pd.DataFrame]]:
    """Return the rows of each metric and algorithm, in the order of delivery."""
    found = []
    for (name, k, algorithm), rows in runs.groupby(
        ["metric", "k", "algorithm"], sort=False, dropna=False
    ):
        metric = Metric(str(name), None if pd.isna(k) else int(k))
        found.append(((metric, str(algorithm)), rows))
    return found


def summarised(metric: Metric, algorithm: str, rows: pd.DataFrame, users: pd.DataFrame) -> Summary:
    """Return the statistics of one metric of one algorithm."""
    values = rows["value"].to_numpy(dtype=float)
    mine = users_of(users, metric, algorithm)
    interval = statistics.bootstrap_interval(mine.to_numpy(dtype=float), "users")
    over = unit_of(rows)
    return Summary(
        metric,
        algorithm,
        float(values.mean()),
        len(values),
        over,
        statistics.sd(values),
        statistics.sd_interval(values, over),
        float(values.min()),
        float(values.max()),
        len(mine) or int(np.nan_to_num(rows["n"].max())),
        interval,
    )


def users_of(users: pd.DataFrame, metric: Metric, algorithm: str) -> pd.Series[float]:
    """Return the values of an algorithm's users, index user_id."""
    is_mine = (
        (users["metric"] == metric.name)
        & (users["k"] == (metric.k or 0))
        & (users["algorithm"] == algorithm)
    )
    mine: pd.Series[float] = users[is_mine].set_index("user_id")["value"].dropna()
    return mine


def unit_of(rows: pd.DataFrame) -> str:
    """Return what the runs of an algorithm differ in."""
    seeds, folds = rows["seed"].nunique(), rows["fold"].nunique()
    if seeds > 1 and folds > 1:
        return "seeds and folds"
    if seeds > 1:
        return "seeds"
    return "folds" if folds > 1 else "one run"


def compared(
    plan: Plan, summaries: tuple[Summary, ...], users: pd.DataFrame
) -> tuple[Comparison, ...]:
    """Compare all algorithms pairwise on the primary metric, paired over users."""
    names = [s.algorithm for s in summaries if s.metric == plan.primary]
    if len(names) > MAX_COMPARED:
        baselines = {a.name for a in plan.algorithms if a.role is Role.BASELINE}
        pairs = [(a, b) for a in names for b in names if b in baselines and a not in baselines]
    else:
        pairs = list(itertools.combinations(names, 2))
    found = []
    for a, b in pairs:
        one, other = users_of(users, plan.primary, a), users_of(users, plan.primary, b)
        both = one.index.intersection(other.index)
        if len(both) > 1:
            left, right = one.loc[both].to_numpy(float), other.loc[both].to_numpy(float)
            found.append((a, b, statistics.paired_difference(left, right)))
    adjusted = statistics.holm([d.p_value for _, _, d in found])
    return tuple(
        Comparison(plan.primary, a, b, d.mean, d.interval, d.p_value, p, d.n)
        for (a, b, d), p in zip(found, adjusted, strict=True)
    )


def references(summary: Summary) -> dict[str, float]:
    """Return the statistics of a summary by reference."""
    key = f"{summary.metric.key}|{summary.algorithm}"
    return {
        f"{key}|mean": summary.mean,
        f"{key}|n": summary.runs,
        f"{key}|n_users": summary.users,
        f"{key}|ci_low": summary.user_interval.low,
        f"{key}|ci_high": summary.user_interval.high,
        f"{key}|sd": summary.sd,
        f"{key}|sd_low": summary.sd_interval.low,
        f"{key}|sd_high": summary.sd_interval.high,
        f"{key}|min": summary.low,
        f"{key}|max": summary.high,
        f"{key}|range": summary.high - summary.low,
        f"{key}|cv": summary.cv,
        f"{key}|gap": summary.gap,
    }


def definitions_of(evidence: Evidence) -> dict[str, str]:
    """Return the definition of each metric that agreed with the script's values."""
    found: dict[str, str] = {}
    for row in evidence.agreement.itertuples():
        k = None if pd.isna(row.k) else int(row.k)
        found.setdefault(Metric(str(row.metric), k).key, str(row.definition))
    return found
