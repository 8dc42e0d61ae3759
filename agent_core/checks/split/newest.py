"""Whether the newest interactions of each user are held out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, warned
from agent_core.checks.split.holdout import is_timed
from agent_core.checks.split.split_kinds import Fold
from agent_core.evidence.evidence import Evidence

MOST, NEARLY_ALL = 0.8, 0.98
"""Share of tested interactions that must be the newest of their users, and that surely are:
items unknown to training may have been kept out of the test."""


def newest_held_out(evidence: Evidence, folds: Sequence[Fold]) -> Result:
    """Check that the tested interactions of each user are the newest that the user has."""
    if not any(d.timestamp_column for d in evidence.datasets):
        return not_applicable("The data have no times to tell what is newest.")
    shares = [
        (_share_of_newest(fold, evidence.split_of(fold[0]).lowest_test_rating), fold[0])
        for fold in folds
        if is_timed(fold[1]) and is_timed(fold[2])
    ]
    if len(shares) < len(folds):
        return warned("The split was saved without times: whether the newest is tested is open.")
    share, name = min(shares)
    told = "{share:.1%} of the tested interactions of fold {fold} are the newest of their users"
    text = Detail(told, share=share, fold=name)
    if share < MOST:
        return failed("Not the newest of each user: {found}.", found=text)
    if share < NEARLY_ALL:
        return warned("Not quite the newest of each user: {found}.", found=text)
    return passed("The newest interactions of each user are tested: {found}.", found=text)


def _share_of_newest(fold: Fold, lowest: float | None = None) -> float:
    """Return how many tested interactions are among as many newest ones of their users."""
    _, train, test = fold
    data = pd.concat([train.assign(is_test=False), test.assign(is_test=True)], ignore_index=True)
    if lowest is not None and "rating" in data:
        data = data[pd.to_numeric(data["rating"], errors="coerce") >= lowest]
    users = data["user_id"]
    place = data["timestamp"].groupby(users).rank(ascending=False, method="min")
    room = data["is_test"].groupby(users).transform("sum")
    return float((place <= room)[data["is_test"]].mean())
