"""Measures of lists by the categories of their items; items without any category have none.

References
----------
Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005.
Zhang and Hurley, Avoiding monotony, RecSys 2008.
Steck, Calibrated recommendations, RecSys 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.measures.exposure import Formula, Shown

Floats = NDArray[np.float64]
SMOOTHING = 0.01
"""Share of the profile that is mixed into a list's categories (Steck 2018)."""


def shares_of_items(values: pd.Series) -> pd.DataFrame:
    """Return the share of each category in each item, from a column of side data.

    Parameters
    ----------
    values
        item_id to one category, or to a list of them.
    """
    listed = values.explode().dropna()
    table = pd.crosstab(listed.index, listed.to_numpy())
    return table.div(table.sum(axis=1), axis=0)


def _vectors(items: pd.Series, categories: pd.DataFrame) -> Floats:
    """Return the categories of items, a row each; zeros where nothing is known."""
    found = categories.reindex(pd.Index(items)).fillna(0.0)
    return np.asarray(found.to_numpy(dtype=float))


def _units(vectors: Floats) -> Floats:
    """Return vectors of length 1; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))


def _sums_by_user(users: pd.Series, vectors: Floats) -> pd.DataFrame:
    """Return the sum of the vectors of each user."""
    return pd.DataFrame(vectors, index=pd.Index(users, name="user_id")).groupby(level=0).sum()


def _diversity(shown: Shown, categories: pd.DataFrame) -> pd.Series[float]:
    """Return the mean of 1 - cosine over the pairs of each list, 0 for lists of one item.

    The square of the sum of unit vectors holds the cosines of all pairs.
    """
    units = _units(_vectors(shown.lists["item_id"], categories))
    users = shown.lists["user_id"]
    sums = _sums_by_user(users, units)
    own = _sums_by_user(users, (units**2).sum(axis=1)[:, None])[0]
    lengths = shown.lists.groupby("user_id").size()
    pairs = lengths * (lengths - 1)
    alike = (sums**2).sum(axis=1) - own
    return (1 - alike / pairs.where(pairs > 0)).fillna(0.0)


def _category_coverage(shown: Shown, categories: pd.DataFrame) -> pd.Series[float]:
    """Return the share of all categories that each list reaches."""
    found = _sums_by_user(shown.lists["user_id"], _vectors(shown.lists["item_id"], categories))
    return (found > 0).mean(axis=1)


def _miscalibration(log: Callable[[Floats], Floats]) -> Callable[..., pd.Series[float]]:
    """Return the divergence (Kullback-Leibler) of each list from its user's training."""

    def values(shown: Shown, categories: pd.DataFrame) -> pd.Series[float]:
        told = _means(shown.lists, categories)
        mine = shown.train[shown.train["user_id"].isin(told.index)]
        profile = _means(mine, categories).reindex(told.index).fillna(0.0)
        mixed = (1 - SMOOTHING) * told + SMOOTHING * profile
        ratio = (profile / mixed).where(profile > 0, 1.0).to_numpy()
        return pd.Series((profile.to_numpy() * log(ratio)).sum(axis=1), index=told.index)

    return values


def _means(table: pd.DataFrame, categories: pd.DataFrame) -> pd.DataFrame:
    """Return the mean share of each category over the items of each user."""
    sums = _sums_by_user(table["user_id"], _vectors(table["item_id"], categories))
    return sums.div(table.groupby("user_id").size(), axis=0)


def _known(formula: Callable[[Shown, pd.DataFrame], pd.Series[float]]) -> Formula:
    """Return a formula that has no value without categories."""
    return lambda x: None if x.categories is None else formula(x, x.categories)


OF_CATEGORIES: Mapping[str, Mapping[str, Formula]] = {
    "diversity": {
        "mean of 1 - cosine of categories over pairs (Ziegler 2005)": _known(_diversity)
    },
    "category_coverage": {"categories reached / categories": _known(_category_coverage)},
    "calibration": {
        "KL divergence in nats, 0.01 of the profile mixed in (Steck 2018)": _known(
            _miscalibration(np.log)
        ),
        "KL divergence in bits, 0.01 of the profile mixed in": _known(_miscalibration(np.log2)),
    },
}
"""Measures of lists by item side data, by definition, the usual one first."""
