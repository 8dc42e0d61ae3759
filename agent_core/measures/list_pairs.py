"""How much two cells list the same items to the same users.

References
----------
Jaccard, The distribution of the flora in the alpine zone, New Phytologist 1912.
Webber, Moffat and Zobel, A similarity measure for indefinite rankings, TOIS 2010.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PERSISTENCE = 0.9
"""Of the reader whom rank-biased overlap imagines: the chance to look at the next rank too."""


@dataclass(frozen=True, slots=True, eq=False)
class ListPairs:
    """The lists of two cells for the users who have one in both.

    Shapes: `shared` is (users, k), the others (users,).
    """

    users: pd.Index
    shared: Floats
    """Items that both lists hold up to each rank."""
    shorter: Floats
    """Length of the shorter list."""
    longer: Floats

    @classmethod
    def of(cls, one: pd.DataFrame, other: pd.DataFrame, k: int) -> ListPairs:
        """Join two tables of lists (user_id, item_id, rank from 1) up to rank `k`."""
        one, other = (t.loc[t["rank"] <= k, ["user_id", "item_id", "rank"]] for t in (one, other))
        sizes = pd.concat([t.groupby("user_id").size() for t in (one, other)], axis=1).dropna()
        users, lengths = pd.Index(sizes.index, name="user_id"), sizes.to_numpy(dtype=float)
        both = one.merge(other, on=["user_id", "item_id"])
        owner = users.get_indexer(pd.Index(both["user_id"]))
        deeper = both[["rank_x", "rank_y"]].max(axis=1).to_numpy(dtype=int)
        shared = np.zeros((len(users), k))
        np.add.at(shared, (owner, deeper - 1), 1.0)
        return cls(users, shared.cumsum(axis=1), lengths.min(axis=1), lengths.max(axis=1))

    @property
    def k(self) -> int:
        """The lowest rank looked at."""
        return int(self.shared.shape[1])

    def shared_at(self, depths: Floats) -> Floats:
        """Return the items shared up to a depth of each user's own, at least 1."""
        columns = depths.astype(int) - 1
        return np.asarray(self.shared[np.arange(len(self.users)), columns])


def _overlap(pairs: ListPairs) -> Floats:
    """Return the shared items as a share of the longer list."""
    return np.asarray(pairs.shared_at(pairs.longer) / pairs.longer)


def _jaccard(pairs: ListPairs) -> Floats:
    """Return the shared items as a share of the items in either list."""
    shared = pairs.shared_at(pairs.longer)
    return np.asarray(shared / (pairs.shorter + pairs.longer - shared))


def _rank_biased(pairs: ListPairs) -> Floats:
    """Return rank-biased overlap, extrapolated (Webber et al. 2010, equation 32)."""
    depth = np.arange(1, pairs.k + 1, dtype=float)
    short, long = pairs.shorter[:, None], pairs.longer[:, None]
    at_short = pairs.shared_at(pairs.shorter)[:, None]
    at_long = pairs.shared_at(pairs.longer)[:, None]
    weight = np.where(depth <= long, PERSISTENCE**depth, 0.0)
    seen = pairs.shared / depth
    beyond = np.where(depth > short, at_short * (depth - short) / (short * depth), 0.0)
    told = (1 - PERSISTENCE) / PERSISTENCE * ((seen + beyond) * weight).sum(axis=1)
    rest = (at_long - at_short) / long + at_short / short
    return np.asarray(told + rest[:, 0] * PERSISTENCE**pairs.longer)


PAIRED: Mapping[str, Mapping[str, Callable[[ListPairs], Floats]]] = {
    "overlap": {
        "shared items / length of the longer list": _overlap,
        "shared items / items in either list (Jaccard 1912)": _jaccard,
    },
    "rbo": {
        f"extrapolated, persistence {PERSISTENCE:g} (Webber et al. 2010)": _rank_biased,
    },
}
"""Measures of two cells by definition, the usual one first; values per user, between 0 and 1."""


def pair_values(name: str, one: pd.DataFrame, other: pd.DataFrame, k: int) -> pd.Series[float]:
    """Return a measure of two cells for each user who has lists in both, by its usual definition.

    Raises
    ------
    KeyError
        For a name that is not in `PAIRED`.
    """
    pairs = ListPairs.of(one, other, k)
    values = next(iter(PAIRED[name].values()))(pairs)
    return pd.Series(values, index=pairs.users, dtype=float)
