"""Other orders of interactions of one time, where the newest of each user are held out.

Which of several of one time is the newest is left to their order. In another order as many of
each user are tested, of the same time, and what no longer is takes the place of what now is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from agent_core.checks.split.own_draws import is_newest
from agent_core.evidence.evidence import Evidence

PARTS = ("test", "train", "validation", "query")


def tied_parts(evidence: Evidence, fold: str) -> pd.DataFrame | None:
    """Return all interactions of a fold with `part` and `is_tied`; None where no tie decides.

    Tied are those at the time of a user's first tested one, where some are tested and some are
    not, and all could be.
    """
    split = evidence.split_of(fold)
    if not is_newest(split) or fold not in evidence.train or fold not in evidence.test:
        return None
    there = {
        name: part for name in PARTS if (part := getattr(evidence, name).get(fold)) is not None
    }
    if any("timestamp" not in part for part in there.values()):
        return None
    whole = pd.concat([p.assign(part=name) for name, p in there.items()], ignore_index=True)
    is_test = whole["part"] == "test"
    first = whole["timestamp"].where(is_test).groupby(whole["user_id"]).transform("min")
    could = (whole["timestamp"] == first) & _are_rated(whole, split.lowest_test_rating)
    others = (could & ~is_test).groupby(whole["user_id"]).transform("any")
    is_tied = could & others
    return whole.assign(is_tied=is_tied) if is_tied.any() else None


def tied_users(whole: pd.DataFrame) -> int:
    """Return of how many users another could be tested."""
    return int(whole.loc[whole["is_tied"], "user_id"].nunique())


def in_other_order(whole: pd.DataFrame, turn: int) -> Mapping[str, pd.DataFrame]:
    """Return the parts of a fold in another order of ties.

    Parameters
    ----------
    whole
        The interactions of `tied_parts`.
    turn
        0: those that were not tested come first; from 1 on the order is drawn, each its own.
    """
    tied = whole[whole["is_tied"]]
    users, names = tied["user_id"].to_numpy(), tied["part"].to_numpy()
    is_test = names == "test"
    as_it_is = np.lexsort((~is_test, users))
    luck = np.random.default_rng(turn).random(len(tied))
    anew = np.lexsort((is_test, users)) if turn == 0 else np.lexsort((luck, users))
    parts = whole["part"].to_numpy(copy=True)
    parts[np.flatnonzero(whole["is_tied"])[anew]] = names[as_it_is]
    return {
        str(name): whole[parts == name].drop(columns=["part", "is_tied"])
        for name in dict.fromkeys(parts)
    }


def _are_rated(whole: pd.DataFrame, lowest: float | None) -> pd.Series[bool]:
    """Return which interactions are rated so that they may be tested."""
    if lowest is None or "rating" not in whole:
        return pd.Series(data=True, index=whole.index)
    return whole["rating"] >= lowest
