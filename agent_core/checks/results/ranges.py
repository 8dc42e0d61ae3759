"""Whether values can be what they are called."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Result,
    failed,
    label,
    not_applicable,
    passed,
    run_label,
    some,
    warned,
)
from agent_core.domain.metric import KINDS, RATING, kind_of_metric
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.predicted_ratings import repeated_predictions

QUALITY = frozenset(kind.name for kind in KINDS if kind.is_quality)
TOO_GOOD = 0.95
SLACK = 1e-9


def values_in_range(evidence: Evidence) -> Result:
    """Check that values are finite and possible: claimed, per user, and predicted."""
    if not len(evidence.rows):
        return failed("There are no values.")
    faults = [
        *_row_faults(evidence.rows),
        *_user_faults(evidence.per_user),
        *_interval_faults(evidence.rows),
        *_list_faults(evidence),
    ]
    if faults:
        return failed(f"Impossible: {some(faults)}.")
    doubts = [*_wide_errors(evidence), *_too_good(evidence.rows), *_contradicted_ranks(evidence)]
    if doubts:
        return warned(f"Possible, but hardly: {some(doubts)}.")
    total = len(evidence.rows) + len(evidence.per_user)
    return passed(f"{total:,} values are finite and in the range of their metric.")


def identical_results(evidence: Evidence) -> Result:
    """Check that different algorithms do not have the very same values everywhere."""
    single = evidence.single
    wide = single.pivot_table(
        index=["metric", "k", "fold"], columns="algorithm", values="value", dropna=False
    ).dropna(how="all")
    if wide.shape[1] < 2:
        return not_applicable("There is one algorithm.")
    same = []
    for a, b in combinations(wide.columns, 2):
        both = wide[[a, b]].dropna()
        is_same = np.isclose(both[a], both[b], rtol=1e-12, atol=0)
        if len(both) and is_same.all() and (both[a] != 0).any():
            same.append(f"{a} and {b}")
    if same:
        return warned(f"The same values in every metric: {some(same)}.")
    return passed(f"{wide.shape[1]} algorithms have different values.")


def _outside(metric: str, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return which values are not finite or out of range."""
    low, high = kind_of_metric(metric).range
    numbers = values.to_numpy(dtype=float)
    wrong = ~np.isfinite(numbers) | (numbers < low - SLACK) | (numbers > high + SLACK)
    return values[wrong]


def _row_faults(rows: pd.DataFrame) -> list[str]:
    """Name the rows with impossible values."""
    faults = []
    # The number of items listed is what recomputation says; a share of more than one is nothing.
    is_count = (rows["metric"] == "coverage") & (rows["value"] > 1) & (rows["value"] % 1 == 0)
    for (metric, algorithm), group in rows[~is_count].groupby(["metric", "algorithm"]):
        for index, value in _outside(str(metric), group["value"]).items():
            name = label(str(metric), group.loc[index, "k"])
            faults.append(f"{name} of {algorithm} is {value:g}")
    return faults


def _user_faults(per_user: pd.DataFrame) -> list[str]:
    """Name the metrics with impossible per-user values; undefined ones may be missing."""
    faults = []
    for metric, group in per_user.dropna(subset=["value"]).groupby("metric"):
        wrong = _outside(str(metric), group["value"])
        if len(wrong):
            faults.append(f"per-user {metric} is {wrong.iloc[0]:g} ({len(wrong)} values)")
    return faults


def _interval_faults(rows: pd.DataFrame) -> list[str]:
    """Name intervals that do not hold their value."""
    low, high = (pd.to_numeric(rows[c], errors="coerce") for c in ("ci_low", "ci_high"))
    wrong = rows[(low > rows["value"] + SLACK) | (high < rows["value"] - SLACK) | (low > high)]
    return [
        f"interval [{r.ci_low:g}, {r.ci_high:g}] of {r.metric} {r.value:g} of {r.algorithm}"
        for r in wrong.itertuples()
    ]


def _list_faults(evidence: Evidence) -> list[str]:
    """Name impossible ranks and predictions."""
    faults = []
    ranks = pd.to_numeric(evidence.lists["rank"], errors="coerce")
    if len(ranks) and (ranks.isna() | (ranks < 1)).any():
        faults.append("ranks below 1 or missing in the lists")
    keys = ["algorithm", "fold", "seed", "user_id"]
    if len(ranks) and evidence.lists.duplicated([*keys, "item_id"]).any():
        faults.append("an item stands twice in one list")
    if len(ranks) and evidence.lists.duplicated([*keys, "rank"]).any():
        faults.append("a rank is taken twice in one list")
    predicted = pd.to_numeric(evidence.predictions["prediction"], errors="coerce")
    if len(predicted) and not np.isfinite(predicted.to_numpy(dtype=float)).all():
        faults.append("predictions that are not finite")
    twice = repeated_predictions(evidence)
    if twice:
        listed = some(f"{n:,} in {run_label(*run)}" for run, n in twice.items())
        faults.append(f"tested pairs that are predicted more than once ({listed})")
    return faults


def _wide_errors(evidence: Evidence) -> list[str]:
    """Name rating errors that exceed the width of the rating scale."""
    ratings = [r for d in evidence.datasets for r in d.rating_values]
    if not ratings:
        return []
    rows = evidence.rows[evidence.rows["metric"].isin(RATING)]
    wide = rows[rows["value"] > max(ratings) - min(ratings)]
    return [
        f"{r.metric} {r.value:.3g} of {r.algorithm} exceeds the rating scale"
        for r in wide.itertuples()
    ]


def _too_good(rows: pd.DataFrame) -> list[str]:
    """Name ranking values that hardly any honest experiment reaches."""
    high = rows[rows["metric"].isin(QUALITY) & (rows["value"] > TOO_GOOD)]
    return [
        f"{label(r.metric, r.k)} {r.value:.4g} of {r.algorithm} is nearly perfect"
        for r in high.itertuples()
    ]


def _contradicted_ranks(evidence: Evidence) -> list[str]:
    """Name algorithms whose lists are not in the order of their scores."""
    lists = evidence.lists.dropna(subset=["rank", "score"])
    if not len(lists):
        return []
    keys = ["algorithm", "fold", "seed", "user_id"]
    ordered = lists.sort_values([*keys, "rank"])
    same = (ordered[keys] == ordered[keys].shift()).all(axis=1)
    rises = ordered["score"].diff().to_numpy(dtype=float) > 1e-6 * ordered["score"].abs().max()
    wrong = ordered.loc[same & rises, "algorithm"].unique()
    return [f"lists of {name} are not in the order of their scores" for name in wrong]
