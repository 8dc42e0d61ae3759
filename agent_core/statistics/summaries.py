"""One metric of one algorithm over its runs: mean, spread, and what each is over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent_core.domain import Metric
from agent_core.statistics import inference, pooled_errors
from agent_core.statistics.inference import Floats, Interval
from agent_core.statistics.observations import RUNS, USERS, Observations
from agent_core.statistics.repetition_units import ONE_RUN, repetitions_of

LEVELS = "compared levels"
"""What the parts of some studies are: no sample, so that nothing scatters over them."""
SAME = 1e-6
"""Relative difference up to which a mean over runs is the mean over users: one in the seventh
digit passes."""


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
    estimand: str = USERS
    """What the mean is over: users (each one's mean over runs), predictions, or runs."""
    folds: int = 1
    """Folds behind each seed."""
    single_sd: float = math.nan
    """SD of single runs that differ in nothing but the seed."""
    parts: str = "folds"
    """What the folds are called: `folds`, `splits`."""

    @property
    def varied(self) -> str:
        """What SD, range and CV are over, with their number: `4 seed means, each of 4 splits`."""
        if self.over == "seeds" and self.folds > 1:
            return f"{self.units} seed means, each of {self.folds} {self.parts}"
        over = self.parts if self.over == "folds" else self.over
        return over if self.over in (ONE_RUN, LEVELS) else f"{self.units} {over}"

    @property
    def cv(self) -> float:
        """Standard deviation over mean."""
        return self.sd / abs(self.mean) if self.mean else math.nan

    @property
    def gap(self) -> float:
        """Difference of two single runs that the seed alone exceeds about once in 20.

        Unknown where no two runs differ in the seed alone.
        """
        return inference.single_run_gap(self.single_sd)


def summaries_of(found: Observations, metric: Metric, rng: np.random.Generator) -> list[Summary]:
    """Return the summary of each algorithm on a metric."""
    names = found.algorithms(metric)
    intervals = _user_intervals(found, metric, names, rng)
    return [_summary_of(found, metric, n, intervals[n], rng) for n in names]


def _user_intervals(
    found: Observations, metric: Metric, names: Sequence[str], rng: np.random.Generator
) -> dict[str, Interval]:
    """Return the interval of each mean over users; algorithms are resampled together."""
    if found.is_pooled(metric):
        losses = {n: found.losses(metric, n) for n in names}
        return {n: pooled_errors.pooled_interval(x, found.held, rng) for n, x in losses.items()}
    table = found.user_table(metric)
    complete = [n for n in names if n in table and table[n].notna().all()]
    others = [[n] for n in names if n in table and n not in complete]
    intervals = {n: inference.unknown("users") for n in names}
    for group in filter(None, (complete, *others)):
        columns = table[group].dropna().to_numpy(dtype=float)
        drawn = inference.bootstrap_means(columns, "users", found.held, rng)
        intervals |= dict(zip(group, drawn, strict=True))
    return intervals


def _summary_of(
    found: Observations,
    metric: Metric,
    algorithm: str,
    user_interval: Interval,
    rng: np.random.Generator,
) -> Summary:
    """Return the statistics of one metric of one algorithm."""
    rows = found.runs(metric, algorithm)
    units = repetitions_of(found, metric, algorithm)
    over, values = units.over, units.values
    nothing = inference.unknown(over, len(values))
    sd, sd_interval, boot = math.nan, nothing, nothing
    if found.are_levels:
        over, values = LEVELS, values[:0]
    if len(values) > 1:
        spread = inference.spread_of(values, over, rng)
        sd, sd_interval, boot = spread.sd, spread.interval, spread.bootstrap
    if over == "folds":
        run_interval = inference.corrected_interval(values, found.test_share)
    else:
        run_interval = inference.mean_interval(values, over)
    mean, estimand = found.mean(metric, algorithm), found.estimand(metric, algorithm)
    interval = _of_same(found, metric, algorithm, user_interval)
    users = interval.n or int(np.nan_to_num(rows["n"].astype(float).max()))
    return Summary(
        metric, algorithm, mean, len(rows), over, len(values), sd, sd_interval, boot,
        *_ends(values), users, interval, run_interval, bool(rows["is_recomputed"].all()), estimand,
        units.folds, math.nan if found.are_levels else units.single_sd, found.parts,
    )  # fmt: skip


def _ends(values: Floats) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)


def _of_same(found: Observations, metric: Metric, algorithm: str, interval: Interval) -> Interval:
    """Return an interval over users where it is that of the mean that is shown, and holds it.

    A mean over runs is that over users in one split; over folds of unequal size it is not, and
    then has no interval over users. Ends are moved by rounding errors at most.
    """
    mean, estimand = found.mean(metric, algorithm), found.estimand(metric, algorithm)
    if not interval.is_known:
        return interval
    if estimand == RUNS:
        is_users = not found.is_pooled(metric) and len(found.cells(metric, algorithm)) > 0
        whole = found.user_mean(metric, algorithm) if is_users else math.nan
        if not math.isclose(whole, mean, rel_tol=SAME, abs_tol=1e-12):
            return inference.unknown("users")
    return replace(interval, low=min(interval.low, mean), high=max(interval.high, mean))
