"""How many tested items lists are to be expected to have, before any model is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ExpectedHits:
    """What lists of k items over those of the training come to; what a user has is left out."""

    tested: int
    """Tested pairs."""
    known: int
    """Those of them whose item some training interaction has: no other can be a hit."""
    by_chance: float
    by_popularity: int
    """With the items of most interactions, for everybody the same."""

    def __add__(self, other: ExpectedHits) -> ExpectedHits:
        """Return what is to be expected of two folds together."""
        return ExpectedHits(
            self.tested + other.tested,
            self.known + other.known,
            self.by_chance + other.by_chance,
            self.by_popularity + other.by_popularity,
        )


NOTHING = ExpectedHits(0, 0, 0.0, 0)


def expected_hits(train: pd.DataFrame, test: pd.DataFrame, k: int) -> ExpectedHits:
    """Return how many tested items are to be expected in lists of `k` items.

    Parameters
    ----------
    train, test
        user_id and item_id of each interaction.
    k
        Length of the lists.
    """
    pairs = test.drop_duplicates(["user_id", "item_id"])
    own = train.drop_duplicates(["user_id", "item_id"])
    counts = own["item_id"].value_counts(sort=True)
    ranks = pd.Series(np.arange(len(counts)), index=counts.index)
    known = pairs[pairs["item_id"].isin(counts.index)]
    seen = own[own["user_id"].isin(known["user_id"])]
    left = len(counts) - known["user_id"].map(seen["user_id"].value_counts()).fillna(0)
    chance = float((k / left.clip(lower=k)).sum()) if len(known) else 0.0
    places = _places(known, seen, ranks)
    return ExpectedHits(len(pairs), len(known), chance, int((places < k).sum()))


def found_share(tests: NDArray[np.float64], hits: NDArray[np.float64], k: int) -> float:
    """Return the mean share of what lists of `k` could have of the test that they have."""
    return (
        float((hits.sum(axis=1) / np.minimum(tests, k).clip(min=1)).mean()) if len(tests) else 0.0
    )


def chance_share(train: pd.DataFrame, test: pd.DataFrame, k: int) -> float:
    """Return the share that lists of `k` drawn items have on average."""
    pairs = test.drop_duplicates(["user_id", "item_id"])
    tests = pairs["user_id"].value_counts()
    sizes = train.drop_duplicates(["user_id", "item_id"])["user_id"].value_counts()
    left = train["item_id"].nunique() - sizes.reindex(tests.index).fillna(0)
    hits = tests * (k / left.clip(lower=k))
    return float((hits / tests.clip(upper=k)).clip(upper=1).mean()) if len(tests) else 0.0


def _places(pairs: pd.DataFrame, seen: pd.DataFrame, ranks: pd.Series) -> Ints:
    """Return the place of each pair's item among those that its user does not have yet."""
    users = pd.Index(pairs["user_id"].unique())
    width = len(ranks) + 1
    own = users.get_indexer(pd.Index(pairs["user_id"])) * width
    rank = ranks.reindex(pairs["item_id"]).to_numpy(dtype=np.int64)
    before = users.get_indexer(pd.Index(seen["user_id"])) * width
    keys = np.sort(before + ranks.reindex(seen["item_id"]).to_numpy(dtype=np.int64))
    above = np.searchsorted(keys, own + rank) - np.searchsorted(keys, own)
    return np.asarray(rank - above, dtype=np.int64)
