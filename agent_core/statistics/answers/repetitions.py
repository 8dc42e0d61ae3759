"""What runs that differ in a repeated factor come to, and variance components of two of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from agent_core.domain import FactorKind, LevelValue
from agent_core.statistics.answers.answer import ALPHA
from agent_core.statistics.answers.arms import Arm, place_names
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Floats, Interval, unknown

SEED = FactorKind.MODEL_SEED.value
NESTED = (FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value, SEED)
"""Repeated factors from the outermost in."""


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of two causes, the inner nested in the outer."""

    outer: float
    inner: float
    ratio: float
    """Of both SDs, outer by inner."""
    interval: Interval
    """Of that ratio."""
    as_varied: float = math.nan
    """The variance over the outer factor at one level of the inner one, which holds both."""

    @property
    def larger(self) -> int:
        """1 where the outer cause is shown to be larger, -1 where the inner is, else 0."""
        if self.interval.low > 1:
            return 1
        return -1 if self.interval.high < 1 else 0


def run_table(study: StudyValues, measure: str, arm: Arm) -> pd.DataFrame:
    """Return a line a run of an arm: the levels of its repeated factors, and its value."""
    names = place_names(study, (*arm.levels, *arm.within))
    values = study.run_values(measure)
    lines = [
        {**dict(zip(names, place, strict=True)), SEED: seed, "value": values.get(cell, math.nan)}
        for place, own in arm.cells.items()
        for seed, cell in own.items()
    ]
    table = pd.DataFrame(lines, columns=[*names, SEED, "value"])
    return table.assign(value=table["value"].astype(float))


def cells_by(study: StudyValues, arm: Arm, factor: str) -> dict[LevelValue, list[str]]:
    """Return the cells of an arm at each level of a repeated factor."""
    names = place_names(study, (*arm.levels, *arm.within))
    found: dict[LevelValue, list[str]] = {}
    for place, own in arm.cells.items():
        levels: dict[str, LevelValue | None] = dict(zip(names, place, strict=True))
        for seed, cell in own.items():
            level = seed if factor == SEED else levels.get(factor)
            if level is not None:
                found.setdefault(level, []).append(cell)
    return found


def means_by(table: pd.DataFrame, factor: str) -> dict[LevelValue, float]:
    """Return the mean over all else of each level of a repeated factor."""
    found = table.groupby(factor, sort=False)["value"].mean()
    return {level: float(v) for level, v in found.items() if math.isfinite(v)}


def single_sd(table: pd.DataFrame, factor: str) -> float:
    """Return the SD of runs that differ in a factor alone, pooled over all else."""
    others = [c for c in table.columns if c not in (factor, "value")]
    groups = table.groupby(others, sort=False)["value"] if others else None
    variances = (
        groups.var(ddof=1) if groups is not None else pd.Series([table["value"].var(ddof=1)])
    )
    still = groups.agg(np.ptp) if groups is not None else pd.Series([np.ptp(table["value"])])
    found = variances.where(still > 0, 0.0).dropna()
    return float(np.sqrt(found.mean())) if len(found) else math.nan


def nested_components(table: Floats) -> Components:
    """Return the variances of J levels (lines) with R draws nested in each (columns).

    One-way random effects: inner variance = MSW, outer = (MSB - MSW) / R, not below 0; the
    interval of the ratio of both SDs is sqrt((F / F_q - 1) / R) with F = MSB / MSW.

    References
    ----------
    Searle, Casella and McCulloch, Variance Components, 1992, chapter 3.
    """
    j, r = table.shape
    between = r * float(table.mean(axis=1).var(ddof=1))
    within = float(table.var(axis=1, ddof=1).mean())
    outer = max(0.0, (between - within) / r)
    if not within > 0:
        ratio = math.inf if outer > 0 else math.nan
        return Components(outer, 0.0, ratio, unknown("runs", j * r))
    f = between / within
    degrees = j - 1, j * (r - 1)
    quantiles = scipy.stats.f.ppf([1 - ALPHA / 2, ALPHA / 2], *degrees)
    low, high = (math.sqrt(max(0.0, f / q - 1) / r) for q in quantiles)
    interval = Interval(low, high, "runs", "F, one-way random effects", n=j * r)
    return Components(outer, within, math.sqrt(outer / within), interval)


def separate_components(outer: Sequence[float], inner: Sequence[float]) -> Components:
    """Return the variances of two causes that were varied one after the other.

    Runs over the outer factor at one level of the inner hold the variance of both: the outer
    alone is the difference of the variances, not below 0. The interval is that of the ratio of
    the two SDs as they were varied, by the F distribution.
    """
    first, second = (float(np.var(v, ddof=1)) for v in (outer, inner))
    n = len(outer) + len(inner)
    alone = max(0.0, first - second)
    if not second > 0:
        return Components(alone, 0.0, math.inf if first else math.nan, unknown("runs", n), first)
    f = first / second
    quantiles = scipy.stats.f.ppf([1 - ALPHA / 2, ALPHA / 2], len(outer) - 1, len(inner) - 1)
    low, high = (math.sqrt(f / q) for q in quantiles)
    interval = Interval(low, high, "runs", "F, ratio of SDs as varied", n=n)
    return Components(alone, second, math.sqrt(f), interval, first)


def crossed(table: pd.DataFrame, outer: str, inner: str) -> Floats | None:
    """Return the values of levels of `outer` (lines) by those of `inner` that all have.

    None where the two were not varied together.
    """
    if outer not in table or inner not in table:
        return None
    wide = table.pivot_table("value", outer, inner, aggfunc="mean", sort=False)
    whole = wide.dropna(axis=1) if wide.notna().all(axis=0).sum() > 1 else wide.dropna(axis=0)
    values = whole.to_numpy(dtype=float)
    return values if min(values.shape) > 1 else None


def one_by_one(table: pd.DataFrame, outer: str, inner: str) -> Mapping[str, list[float]]:
    """Return the longest series in which only one of two factors varies, for each."""
    found: dict[str, list[float]] = {}
    for factor, held in ((outer, inner), (inner, outer)):
        if factor not in table:
            found[factor] = []
            continue
        groups = [g for _, g in table.groupby(held)] if held in table else [table]
        series = [list(means_by(group, factor).values()) for group in groups]
        found[factor] = max(series, key=len, default=[])
    return found
