"""What was predicted of the tested ratings: which pairs, how often, and against which rating."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from agent_core.data.parquet_reader import PAIR
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.measures.metrics import has_ratings

SAME = 1e-6
"""Difference up to which two ratings are the same: float32 moves one of 5 by 2e-7."""
ENOUGH = 0.95
"""Share of the tested ratings below which an error is over the easier ones, as like as not."""


def false_ratings(evidence: Evidence) -> dict[str, int]:
    """Count, by algorithm, delivered ratings that are none of the dataset's for their pair."""
    found: dict[str, int] = {}
    for (algorithm, _, _), group, test in _runs(evidence):
        if test is None or not has_ratings(test):
            continue
        said = group[[*PAIR, "rating"]].assign(place=np.arange(len(group)))
        both = said.merge(test[[*PAIR, "rating"]], on=PAIR, suffixes=("", "_true"))
        gaps = (both["rating"] - both["rating_true"]).astype(float).abs()
        nearest = gaps.groupby(both["place"]).min()
        count = int((nearest > SAME).sum())
        if count:
            found[algorithm] = found.get(algorithm, 0) + count
    return found


def repeated_predictions(evidence: Evidence) -> dict[Run, int]:
    """Count, by run, predictions of a pair beyond those that the test has of it."""
    found = {}
    for run, group, test in _runs(evidence):
        counts = group.groupby(PAIR).size()
        allowed = pd.Series(1, index=counts.index)
        if test is not None:
            tested = test.groupby(PAIR).size().reindex(counts.index)
            allowed = tested.fillna(1).clip(lower=1)
        count = int((counts - allowed).clip(lower=0).sum())
        if count:
            found[run] = count
    return found


def shares(evidence: Evidence) -> dict[Run, float]:
    """Return, by run, the share of the tested pairs that have a finite prediction."""
    found = {}
    for run, group, test in _runs(evidence):
        if test is None:
            continue
        predicted = pd.to_numeric(group["prediction"], errors="coerce").to_numpy(dtype=float)
        known = pd.MultiIndex.from_frame(group.loc[np.isfinite(predicted), PAIR])
        found[run] = float(pd.MultiIndex.from_frame(test[PAIR]).isin(known).mean())
    return found


def _runs(evidence: Evidence) -> Iterator[tuple[Run, pd.DataFrame, pd.DataFrame | None]]:
    """Yield each run's predictions with the test data of its fold; None where there are none."""
    for run, table in evidence.predictions.items():
        test = evidence.test.get(run[1])
        yield run, table, test if test is not None and len(test) else None
