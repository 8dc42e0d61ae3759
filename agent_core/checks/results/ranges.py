"""Whether values can be what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Detail,
    Result,
    each,
    each_row,
    failed,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.domain.metric import KINDS, RATING, kind_of_metric
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.predicted_ratings import repeated_predictions
from agent_core.measures.expected_hits import chance_share, found_share
from agent_core.measures.metrics import Lists

QUALITY = frozenset(kind.name for kind in KINDS if kind.is_quality)
TOO_GOOD = 0.95
"""Lists made from the test have 1; with one tested item for each user nine in ten must have it on
top to get above this."""
SHARES = ("hit", "recall")
"""Metrics that many tries or few candidates make high."""
SLACK = 1e-9
"""Sums of a million doubles are off by less; a share of 1.000001 is a fault."""
SAME = 1e-12
"""Relative difference up to which values are one number that was summed in another order."""
RISE = 1e-6
"""Share of the largest score that is a rise: scores saved as float32 are off by 6e-8 of theirs."""
LIST_FAULTS = (
    "ranks below 1 or missing in the lists",
    "an item stands twice in one list",
    "a rank is taken twice in one list",
)
NOT_FINITE = "predictions that are not finite"


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
        return failed("Impossible: {faults}.", faults=faults)
    doubts = [*_wide_errors(evidence), *_too_good(evidence), *_contradicted_ranks(evidence)]
    if doubts:
        return warned("Possible, but hardly: {doubts}.", doubts=doubts)
    total = len(evidence.rows) + len(evidence.per_user)
    return passed("{values:,} values are finite and in the range of their metric.", values=total)


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
        is_same = np.isclose(both[a], both[b], rtol=SAME, atol=0)
        if len(both) and is_same.all() and (both[a] != 0).any():
            same.append(f"{a} and {b}")
    if same:
        return warned("The same values in every metric: {pairs}.", pairs=same)
    return passed("{algorithms} algorithms have different values.", algorithms=wide.shape[1])


def _is_outside(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which values are not finite, or out of the range of their metric."""
    ranges = {m: kind_of_metric(str(m)).range for m in rows["metric"].unique()}
    low, high = (rows["metric"].map({m: ends[i] for m, ends in ranges.items()}) for i in (0, 1))
    values = rows["value"].astype(float)
    is_possible = np.isfinite(values) & (values >= low - SLACK) & (values <= high + SLACK)
    return ~is_possible.astype(bool)


def _row_faults(rows: pd.DataFrame) -> list[Detail]:
    """Name the rows with impossible values."""
    # The number of items listed is what recomputation says; a share of more than one is nothing.
    is_count = (rows["metric"] == "coverage") & (rows["value"] > 1) & (rows["value"] % 1 == 0)
    wrong = rows[_is_outside(rows) & ~is_count].sort_values(["metric", "algorithm"], kind="stable")
    return each_row("{metric} of {algorithm} is {value:g}", wrong)


def _user_faults(per_user: pd.DataFrame) -> list[Detail]:
    """Name the metrics with impossible per-user values; undefined ones may be missing."""
    known = per_user.dropna(subset=["value"])
    wrong = known[_is_outside(known)].groupby("metric")["value"].agg(["first", "size"])
    told = "per-user {metric} is {value:g} ({values} values)"
    return each(told, metric=wrong.index, value=wrong["first"], values=wrong["size"])


def _interval_faults(rows: pd.DataFrame) -> list[Detail]:
    """Name intervals that do not hold their value."""
    low, high = (pd.to_numeric(rows[c], errors="coerce") for c in ("ci_low", "ci_high"))
    wrong = rows[(low > rows["value"] + SLACK) | (high < rows["value"] - SLACK) | (low > high)]
    told = "interval [{low:g}, {high:g}] of {metric} {value:g} of {algorithm}"
    names = {name: wrong[name] for name in ("metric", "value", "algorithm")}
    return each(told, low=wrong["ci_low"], high=wrong["ci_high"], **names)


def _list_faults(evidence: Evidence) -> list[str]:
    """Name impossible ranks and predictions."""
    found = {fault for table in evidence.lists.values() for fault in _faults_of_lists(table)}
    predicted = (pd.to_numeric(t["prediction"]) for t in evidence.predictions.values())
    if not all(np.isfinite(p.to_numpy(dtype=float)).all() for p in predicted):
        found.add(NOT_FINITE)
    faults: list[str] = [fault for fault in (*LIST_FAULTS, NOT_FINITE) if fault in found]
    if twice := repeated_predictions(evidence):
        runs = [run_label(*run) for run in twice]
        listed = each("{pairs:,} in {run}", pairs=twice.values(), run=runs)
        faults.append(
            Detail("tested pairs that are predicted more than once ({runs})", runs=listed)
        )
    return faults


def _faults_of_lists(table: pd.DataFrame) -> Iterator[str]:
    """Yield what is impossible in the lists of one run."""
    ranks = pd.to_numeric(table["rank"])
    wrong = (
        ranks.isna() | (ranks < 1),
        table.duplicated(["user_id", "item_id"]),
        table.duplicated(["user_id", "rank"]),
    )
    yield from (
        fault for fault, is_wrong in zip(LIST_FAULTS, wrong, strict=True) if is_wrong.any()
    )


def _wide_errors(evidence: Evidence) -> list[Detail]:
    """Name rating errors that exceed the width of the rating scale."""
    ratings = [r for d in evidence.datasets for r in d.rating_values]
    rows = evidence.rows[evidence.rows["metric"].isin(RATING)]
    width = max(ratings) - min(ratings) if ratings else np.inf
    told = "{metric} {value:.3g} of {algorithm} exceeds the rating scale"
    return each_row(told, rows[rows["value"] > width])


def _too_good(evidence: Evidence) -> list[Detail]:
    """Name ranking values that hardly any honest experiment reaches.

    One hit of many tries is no feat: what counts is the share of the test that was found, beyond
    what lists of so many among so few items have by chance.
    """
    rows = evidence.rows
    high = rows[rows["metric"].isin(QUALITY) & (rows["value"] > TOO_GOOD)]
    high = high[[not _is_ordinary(evidence, row) for row in high.itertuples()]]
    told = "{metric} {too_good:.4g} of {algorithm} is nearly perfect"
    return each_row(told, high.rename(columns={"value": "too_good"}))


def _is_ordinary(evidence: Evidence, row: Any) -> bool:
    """Whether lists behind a high share of hits have not nearly all that they could have."""
    if row.metric not in SHARES or pd.isna(row.k):
        return False
    runs = [r for r in evidence.lists if r[0] == row.algorithm]
    if not row.aggregate:
        runs = [r for r in runs if r[1:] == (row.fold, row.seed)]
    known = [r for r in runs if r[1] in evidence.train and r[1] in evidence.test]
    return bool(known) and not any(_is_nearly_all(evidence, r, int(row.k)) for r in known)


def _is_nearly_all(evidence: Evidence, run: Run, k: int) -> bool:
    """Whether a run lists nearly all of the test that it could, beyond chance."""
    train, test = evidence.train[run[1]], evidence.test[run[1]]
    lists = Lists.of(evidence.lists[run], test, k)
    found, chance = found_share(lists.tests, lists.hits, k), chance_share(train, test, k)
    return found - chance > TOO_GOOD * (1 - chance)


def _contradicted_ranks(evidence: Evidence) -> list[Detail]:
    """Name algorithms whose lists are not in the order of their scores."""
    sizes = (t["score"].abs().max() for t in evidence.lists.values())
    rise = RISE * max((float(s) for s in sizes if s == s), default=0.0)
    cells = evidence.lists.items()
    wrong = dict.fromkeys(name for (name, _, _), table in cells if _rises(table, rise))
    return each("lists of {unordered} are not in the order of their scores", unordered=wrong)


def _rises(table: pd.DataFrame, rise: float) -> bool:
    """Whether a score is higher than the one before it in the same list."""
    ordered = table.dropna(subset=["rank", "score"]).sort_values(["user_id", "rank"])
    is_same = ordered["user_id"].eq(ordered["user_id"].shift())
    return bool((is_same & (ordered["score"].diff() > rise)).any())
