"""Metrics recomputed from saved lists and predictions, in every documented definition.

Libraries differ in details; each definition has a name, and the one that agrees with a script's
value is recorded. Ranks count from 1, relevance is binary.

References
----------
Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002 (discount
log2(max(rank, 2)), LensKit's default). Burges et al., ICML 2005 (discount log2(rank + 1)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The lists of one train-test run as arrays.

    `users` are the test users in order; `hits[u, r]` is 1.0 where the item at rank r + 1 of user u
    is a test item; `lengths` and `tests` are list lengths and test items per user, shape (users,).
    """

    users: pd.Index
    hits: Floats
    lengths: Floats
    tests: Floats

    @classmethod
    def of(cls, lists: pd.DataFrame, test: pd.DataFrame, k: int) -> Lists:
        """Join lists (user_id, item_id, rank) with test pairs up to rank `k`."""
        users = pd.Index(test["user_id"].unique(), name="user_id")
        listed = lists[lists["user_id"].isin(users) & (lists["rank"] <= k)]
        pairs = test[["user_id", "item_id"]].drop_duplicates().assign(is_test=1.0)
        joined = listed.merge(pairs, on=["user_id", "item_id"], how="left")
        rows = users.get_indexer(pd.Index(joined["user_id"]))
        columns = joined["rank"].to_numpy(dtype=int) - 1
        hits = np.zeros((len(users), k))
        is_inside = (columns >= 0) & (columns < k)
        relevant = joined["is_test"].fillna(0.0).to_numpy(dtype=float)
        hits[rows[is_inside], columns[is_inside]] = relevant[is_inside]
        lengths = np.bincount(rows, minlength=len(users)).astype(float)
        tests = pairs.groupby("user_id").size().reindex(users).to_numpy(dtype=float)
        return cls(users, hits, lengths, tests)

    @property
    def k(self) -> int:
        """The cut-off."""
        return int(self.hits.shape[1])


Definition = Callable[[Lists], Floats]


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def ndcg_with(weights: Callable[[Floats], Floats]) -> Definition:
    """Return NDCG under a rank weight; the ideal list has min(test items, k) hits."""

    def value(lists: Lists) -> Floats:
        weight = weights(np.arange(1, lists.k + 1, dtype=float))
        ideal = np.concatenate([[0.0], np.cumsum(weight)])
        best = ideal[np.minimum(lists.tests, lists.k).astype(int)]
        return ratio(lists.hits @ weight, best)

    return value


def precisions(lists: Lists) -> Floats:
    """Return the sum of the precision at each hit, per user."""
    found = np.cumsum(lists.hits, axis=1)
    ranks = np.arange(1, lists.k + 1)
    total: Floats = (lists.hits * found / ranks).sum(axis=1)
    return total


def reciprocal_rank(lists: Lists) -> Floats:
    """Return one over the rank of the first hit, 0 without one."""
    first = np.argmax(lists.hits > 0, axis=1) + 1.0
    return np.where(lists.hits.any(axis=1), 1.0 / first, 0.0)


RANKING: Mapping[str, Mapping[str, Definition]] = {
    "ndcg": {
        "binary, discount log2(max(rank, 2))": ndcg_with(lambda r: 1 / np.log2(np.maximum(r, 2))),
        "binary, discount log2(rank + 1)": ndcg_with(lambda r: 1 / np.log2(r + 1)),
    },
    "recall": {
        "hits / min(test items, k)": lambda x: ratio(x.hits.sum(1), np.minimum(x.tests, x.k)),
        "hits / test items": lambda x: ratio(x.hits.sum(1), x.tests),
    },
    "precision": {
        "hits / k": lambda x: x.hits.sum(1) / x.k,
        "hits / list length": lambda x: ratio(x.hits.sum(1), x.lengths),
    },
    "hit": {"at least one hit": lambda x: x.hits.any(axis=1).astype(float)},
    "mrr": {"1 / rank of the first hit": reciprocal_rank},
    "map": {
        "/ min(test items, list length)": lambda x: ratio(
            precisions(x), np.minimum(x.tests, x.lengths)
        ),
        "/ min(test items, k)": lambda x: ratio(precisions(x), np.minimum(x.tests, x.k)),
        "/ test items": lambda x: ratio(precisions(x), x.tests),
        "/ hits": lambda x: ratio(precisions(x), x.hits.sum(1)),
    },
}
RANKING_ALIASES = {"hr": "hit", "hitrate": "hit", "recip_rank": "mrr", "reciprank": "mrr"}
RATING = ("rmse", "mae")


@dataclass(frozen=True, slots=True, eq=False)
class Recomputed:
    """A metric of one train-test run under one definition."""

    definition: str
    value: float
    """As it is averaged: over users, or over predictions."""
    per_user: pd.Series[float]
    """Index user_id."""


def ranking(name: str, lists: pd.DataFrame, test: pd.DataFrame, k: int) -> list[Recomputed]:
    """Return a ranking metric under all its definitions; empty for an unknown metric.

    Users of the test set without a list count as 0.
    """
    definitions = RANKING.get(RANKING_ALIASES.get(name, name))
    if definitions is None or not len(test):
        return []
    arrays = Lists.of(lists, test, k)
    found = []
    for definition, formula in definitions.items():
        values = pd.Series(formula(arrays), index=arrays.users)
        found.append(Recomputed(definition, float(values.mean()), values))
    return found


def rating(name: str, predictions: pd.DataFrame) -> list[Recomputed]:
    """Return RMSE or MAE, pooled over predictions and averaged over users."""
    if name not in RATING or not len(predictions):
        return []
    errors = (predictions["prediction"] - predictions["rating"]).astype(float)
    losses = errors.abs() if name == "mae" else errors**2
    per_user = losses.groupby(predictions["user_id"]).mean()
    pooled = float(losses.mean())
    if name == "rmse":
        per_user, pooled = per_user**0.5, pooled**0.5
    return [
        Recomputed("pooled over predictions", pooled, per_user),
        Recomputed("mean over users", float(per_user.mean()), per_user),
    ]


def coverage(lists: pd.DataFrame, k: int, items: int) -> list[Recomputed]:
    """Return the share of `items` that appear in any list up to rank `k`."""
    seen = lists.loc[lists["rank"] <= k, "item_id"].nunique()
    return [Recomputed("items listed / items in train", seen / items, pd.Series(dtype=float))]


def is_close(claimed: float, computed: float) -> bool:
    """Whether two values agree but for rounding in the last digits."""
    return abs(claimed - computed) <= 1e-6 * max(1.0, abs(claimed)) + 1e-9
