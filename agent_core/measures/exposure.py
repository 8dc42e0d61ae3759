"""Measures of what lists show, computed from lists and the training that they were made from.

Libraries and papers differ in details; each definition is named by its formula, the usual one
first. Values per list are over the users who have one.

References
----------
Herlocker et al., Evaluating collaborative filtering recommender systems, TOIS 2004.
Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005.
Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009.
Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010.
Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 2010.
Vargas and Castells, Rank and relevance in novelty and diversity metrics, RecSys 2011.
Yin et al., Challenging the long tail recommendation, VLDB 2012.
Shani and Gunawardana, Evaluating recommendation systems, Recommender Systems Handbook, 2011.
Abdollahpouri, Burke and Mobasher, Managing popularity bias in recommender systems with
personalized re-ranking, FLAIRS 2019.
Abdollahpouri et al., The unfairness of popularity bias in recommendation, RMSE 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HEAD = 0.2
"""Share of the training items that are the head, by their number of interactions."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What a cell shows its users up to a rank, beside what it was trained on."""

    lists: pd.DataFrame
    """user_id, item_id, rank from 1, no rank below the cut-off `k`."""
    k: int
    train: pd.DataFrame
    """user_id, item_id; repeated pairs are interactions of their own."""
    users: pd.Index
    """The test users, with or without a list."""
    tested: pd.DataFrame
    """user_id, item_id of the test data."""
    categories: pd.DataFrame | None = None
    """item_id to the share of each category in the item, one column a category."""

    @cached_property
    def interactions(self) -> pd.Series[int]:
        """Item to its training interactions, by falling number, those alike by id."""
        counts = self.train["item_id"].value_counts().sort_index()
        return counts.sort_values(ascending=False, kind="stable")

    @cached_property
    def buyers(self) -> pd.Series[int]:
        """Item to the users who have it in training."""
        return self.train.drop_duplicates(["user_id", "item_id"])["item_id"].value_counts()

    @cached_property
    def people(self) -> int:
        """Users in training."""
        return int(self.train["user_id"].nunique())

    @cached_property
    def times_listed(self) -> pd.Series[int]:
        """Listed item to the lists that it stands in."""
        return self.lists["item_id"].value_counts()

    def exposure(self, *, has_tested: bool = False) -> Floats:
        """Return how often each item is listed, rising; of those in training, or in test too."""
        known = [self.train["item_id"], *([self.tested["item_id"]] if has_tested else [])]
        items = pd.Index(pd.concat(known).unique())
        counts = self.times_listed.reindex(items.union(self.times_listed.index), fill_value=0)
        return np.sort(counts.to_numpy(dtype=float))

    def mean_of(self, values: pd.Series[float]) -> pd.Series[float]:
        """Return the mean over each list of values in the order of the lists' lines."""
        return values.groupby(self.lists["user_id"].to_numpy()).mean().rename_axis("user_id")

    def counted(self, counts: pd.Series[int]) -> pd.Series[float]:
        """Return a count for each line of the lists, 0 where the item has none."""
        return self.lists["item_id"].map(counts).fillna(0).astype(float)


Formula = Callable[[Shown], "pd.Series[float] | float | None"]
"""A value for each user with a list, or one for all lists; None where data for it are missing."""


def _popularity(shown: Shown) -> pd.Series[float]:
    """Return the mean number of interactions of the items of each list."""
    return shown.mean_of(shown.counted(shown.interactions))


def _popularity_share(shown: Shown) -> pd.Series[float]:
    """Return the mean share of the training users who have the items of each list."""
    return shown.mean_of(shown.counted(shown.buyers)) / shown.people


def _novelty(log: Callable[[Floats], Floats], *, of_users: bool) -> Formula:
    """Return the mean self-information of the items of each list.

    Items without interactions count as if they had one.
    """

    def values(shown: Shown) -> pd.Series[float]:
        counts = shown.buyers if of_users else shown.interactions
        whole = shown.people if of_users else len(shown.train)
        known = shown.counted(counts).clip(lower=1)
        return shown.mean_of(pd.Series(-log(known.to_numpy() / whole), index=known.index))

    return values


def _long_tail(shown: Shown) -> pd.Series[float]:
    """Return the share of each list outside the head; items as popular as its last are in it."""
    counts = shown.interactions
    head = int(np.floor(HEAD * len(counts) + 0.5))
    least = counts.iloc[head - 1] if head else np.inf
    return shown.mean_of((shown.counted(counts) < least).astype(float))


def _long_tail_of_interactions(shown: Shown) -> pd.Series[float]:
    """Return the share of each list outside the items that have 80 % of the interactions."""
    counts = shown.interactions
    before = counts.cumsum() - counts
    is_head = before < (1 - HEAD) * counts.sum()
    head = set(counts.index[is_head])
    return shown.mean_of((~shown.lists["item_id"].isin(head)).astype(float))


def _profile_popularity(shown: Shown, counts: pd.Series[int]) -> pd.Series[float]:
    """Return the mean popularity of what users with a list have in training."""
    mine = shown.train[shown.train["user_id"].isin(shown.lists["user_id"].unique())]
    return mine["item_id"].map(counts).astype(float).groupby(mine["user_id"]).mean()


def _popularity_lift(shown: Shown) -> float:
    """Return how much more popular lists are than profiles, both averaged over users first."""
    profile = _profile_popularity(shown, shown.interactions).mean()
    return float((_popularity(shown).mean() - profile) / profile)


def _popularity_lift_of_users(shown: Shown) -> pd.Series[float]:
    """Return how much more popular each list is than the user's own profile."""
    profile = _profile_popularity(shown, shown.interactions)
    told = _popularity(shown)
    return ((told - profile) / profile).dropna()


def _user_coverage(shown: Shown) -> pd.Series[float]:
    """Return 1.0 for each test user with a full list."""
    most = min(shown.k, shown.train["item_id"].nunique())
    return (_lengths(shown) >= most).astype(float)


def _users_with_a_list(shown: Shown) -> pd.Series[float]:
    """Return 1.0 for each test user with any list."""
    return (_lengths(shown) > 0).astype(float)


def _lengths(shown: Shown) -> pd.Series[int]:
    """Return the length of each test user's list."""
    found = shown.lists.groupby("user_id").size()
    return found.reindex(shown.users, fill_value=0).rename_axis("user_id")


def _gini(exposure: Floats) -> float | None:
    """Return the Gini index of rising values; None without any."""
    place = np.arange(1, len(exposure) + 1)
    below = len(exposure) * exposure.sum()
    return float(((2 * place - len(exposure) - 1) * exposure).sum() / below) if below else None


def _entropy(exposure: Floats, log: Callable[[Floats], Floats] = np.log2) -> float | None:
    """Return the Shannon entropy of how often items are listed; None without any list."""
    share = exposure[exposure > 0] / max(exposure.sum(), 1)
    return float(-(share * log(share)).sum()) if len(share) else None


def _relative_entropy(exposure: Floats) -> float | None:
    """Return the entropy as a share of the highest that so many items can have."""
    found = _entropy(exposure)
    return (
        found / float(np.log2(len(exposure))) if found is not None and len(exposure) > 1 else None
    )


def _personalisation(shown: Shown) -> float | None:
    """Return 1 minus the mean share of items that two users' lists have in common.

    Over all pairs of lists at once: an item of c lists is shared by c (c - 1) ordered pairs.
    """
    people = shown.lists["user_id"].nunique()
    if people < 2:
        return None
    counts, length = shown.times_listed.to_numpy(dtype=float), len(shown.lists) / people
    return float(1 - (counts * (counts - 1)).sum() / (people * (people - 1) * length))


def _serendipity(shown: Shown) -> pd.Series[float]:
    """Return the hits of each list that a list of the most popular items would not hold.

    Whether an item stands among the `k` most popular that a user has not had is read off its
    place among all items and the number of more popular ones that the user has had.
    """
    place = pd.Series(np.arange(len(shown.interactions)), index=shown.interactions.index)
    hits = shown.lists.merge(shown.tested.drop_duplicates(), on=["user_id", "item_id"])
    had = shown.train.drop_duplicates(["user_id", "item_id"])
    had = had[had["user_id"].isin(hits["user_id"].unique())]
    key = _order_key(had["user_id"], had["item_id"].map(place), hits["user_id"], len(place))
    found = hits["item_id"].map(place).fillna(len(place))
    wanted = _order_key(hits["user_id"], found, hits["user_id"], len(place))
    starts = _order_key(hits["user_id"], found * 0, hits["user_id"], len(place))
    ordered = np.sort(key)
    above = np.searchsorted(ordered, wanted) - np.searchsorted(ordered, starts)
    # What nobody has had is popular nowhere, however few items there are.
    is_new = (found.to_numpy() - above >= shown.k) | (found.to_numpy() == len(place))
    counts = pd.Series(is_new.astype(float)).groupby(hits["user_id"].to_numpy()).sum()
    users = pd.Index(shown.lists["user_id"].unique(), name="user_id")
    return counts.reindex(users, fill_value=0.0) / shown.k


def _area_under_curve(shown: Shown) -> pd.Series[float] | None:
    """Return the share of (hit, miss) pairs of each list in which the hit stands higher.

    Only where each list holds all training items that its user does not have: a list that ends
    earlier says nothing of the order below. Users without a hit or a miss have no value.
    """
    items = shown.interactions.index
    own = shown.train.drop_duplicates(["user_id", "item_id"])["user_id"].value_counts()
    lists = shown.lists[shown.lists["item_id"].isin(items)]
    lengths = lists["user_id"].value_counts()
    if not (lengths + own.reindex(lengths.index).fillna(0) == len(items)).all():
        return None
    pairs = pd.MultiIndex.from_frame(shown.tested[["user_id", "item_id"]])
    ranked = lists.sort_values(["user_id", "rank"])
    is_hit = pd.MultiIndex.from_frame(ranked[["user_id", "item_id"]]).isin(pairs)
    users = ranked["user_id"].to_numpy()
    hits = pd.Series(is_hit, dtype=float).groupby(users)
    misses_above = pd.Series(~is_hit, dtype=float).groupby(users).cumsum()
    wrong = (misses_above * is_hit).groupby(users).sum()
    all_pairs = hits.sum() * (hits.size() - hits.sum())
    return (1 - wrong / all_pairs.where(all_pairs > 0)).dropna().rename_axis("user_id")


def _order_key(
    users: pd.Series, places: pd.Series, known: pd.Series, items: int
) -> NDArray[np.int64]:
    """Return numbers that sort by user, then by place."""
    codes = pd.Index(known.unique()).get_indexer(pd.Index(users)).astype(np.int64)
    return np.asarray(codes * (items + 1) + places.to_numpy(dtype=np.int64))


SHOWN: Mapping[str, Mapping[str, Formula]] = {
    "popularity": {
        "mean training interactions of listed items": _popularity,
        "mean share of training users of listed items": _popularity_share,
    },
    "long_tail": {
        "listed items outside the most popular fifth of items (Abdollahpouri 2019)": _long_tail,
        "listed items outside those with 80 % of interactions": _long_tail_of_interactions,
    },
    "popularity_lift": {
        "(lists - profiles) / profiles, means over users (Abdollahpouri 2019)": _popularity_lift,
        "mean of each user's (list - profile) / profile": _popularity_lift_of_users,
    },
    "novelty": {
        "-log2(users of the item / users) (Zhou 2010)": _novelty(np.log2, of_users=True),
        "-ln(users of the item / users)": _novelty(np.log, of_users=True),
        "-log2(interactions of the item / interactions)": _novelty(np.log2, of_users=False),
        "-ln(interactions of the item / interactions)": _novelty(np.log, of_users=False),
    },
    "user_coverage": {
        "test users with a full list": _user_coverage,
        "test users with any list": _users_with_a_list,
    },
    "gini": {
        "over training items": lambda x: _gini(x.exposure()),
        "over training and test items": lambda x: _gini(x.exposure(has_tested=True)),
        "over listed items": lambda x: _gini(np.sort(x.times_listed.to_numpy(dtype=float))),
    },
    "entropy": {
        "bits": lambda x: _entropy(x.exposure()),
        "nats": lambda x: _entropy(x.exposure(), np.log),
        "share of the highest possible, over training items": lambda x: _relative_entropy(
            x.exposure()
        ),
    },
    "personalisation": {"1 - mean overlap of two users' lists": _personalisation},
    "auc": {
        "hit and miss pairs in the right order / all, whole lists (Rendle 2009)": (
            _area_under_curve
        ),
    },
    "serendipity": {
        "hits outside the k most popular new items / k (Ge 2010)": _serendipity,
    },
}
"""Measures of lists beyond accuracy by definition, the usual one first."""
