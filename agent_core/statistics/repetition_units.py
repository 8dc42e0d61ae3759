"""What repeated runs of one algorithm differ in, and one value for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agent_core.domain import Metric
from agent_core.statistics.observations import (
    PREDICTIONS,
    USERS,
    Floats,
    Observations,
    pooled_error,
)

ONE_RUN = "one run"
CONFOUNDED = "seeds and splits"
"""Runs that differ in both at once: what comes of the seed cannot be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Repetitions:
    """Repetitions of one metric of one algorithm."""

    over: str
    """`seeds`, `folds`, `seeds and splits`, or `one run`."""
    values: Floats
    folds: int = 1
    """Folds behind each seed."""
    single_sd: float = math.nan
    """SD of runs that differ in the seed alone: within folds, over seeds."""


def repetitions_of(found: Observations, metric: Metric, algorithm: str) -> Repetitions:
    """Return what the runs of an algorithm differ in, and one value for each.

    With several seeds these are the seeds, over the folds that all have; where no two have all
    folds, the seeds of the fold that has most; where no two share one, seed and split at once.
    """
    rows = found.runs(metric, algorithm)
    if rows["seed"].nunique() < 2:
        by_fold = rows.groupby("fold", sort=False)["value"].mean().to_numpy(dtype=float)
        return Repetitions("folds" if len(by_fold) > 1 else ONE_RUN, by_fold)
    table = rows.pivot_table("value", "seed", "fold", aggfunc="mean").astype(float)
    complete = table.dropna()
    if len(complete) < 2:
        fold = table.notna().sum().idxmax()
        complete = table[[fold]].dropna()
    if len(complete) < 2:
        return Repetitions(CONFOUNDED, table.mean(axis=1).to_numpy(dtype=float))
    within = complete.var(axis=0, ddof=1).mean()
    values = complete.iloc[:, 0]
    if complete.shape[1] > 1:
        values = _seed_values(found, metric, algorithm, complete)
    is_still = np.ptp(complete.to_numpy(), axis=0).max() == 0
    single = 0.0 if is_still else float(np.sqrt(within))
    return Repetitions("seeds", values.to_numpy(dtype=float), complete.shape[1], single)


def _seed_values(
    found: Observations, metric: Metric, algorithm: str, complete: pd.DataFrame
) -> pd.Series[float]:
    """Return the value of each seed over several folds, of what the mean is over."""
    estimand = found.estimand(metric, algorithm)
    if estimand == USERS:
        frame, keys = found.cells(metric, algorithm), ["seed", "user_id"]
    elif estimand == PREDICTIONS:
        frame, keys = found.seed_losses(metric, algorithm), ["seed"]
    else:
        return complete.mean(axis=1)
    frame = frame[frame["seed"].isin(complete.index) & frame["fold"].isin(complete.columns)]
    if set(frame["seed"]) != set(complete.index):
        return complete.mean(axis=1)
    if estimand == PREDICTIONS:
        return frame.groupby("seed")["loss"].agg(lambda losses: pooled_error(losses, metric))
    users = frame.groupby(keys, sort=False)["value"].mean()
    return users.groupby(level="seed").mean()
