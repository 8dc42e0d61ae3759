"""The items that are ranked for a user where a plan samples them, from its rule alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agent_core.data.interactions import Codes, Interactions, Rows

AHEAD = 3
"""Added to the seed of the split."""


def drawn_candidates(
    data: Interactions, full: Rows, tested: Rows, count: int, seed: int
) -> tuple[Rows, Rows]:
    """Return the ranked pairs: rows of their users, and rows of their items.

    Each test user has the tested items and `count` of the full training that the user has in no
    part. The items stand in a circle in the order of their units; a user begins behind its own.

    Parameters
    ----------
    data
        The interactions of all parts.
    full
        The rows of the training before it was thinned.
    tested
        The rows that are tested.
    count
        Drawn items of each user.
    seed
        Of the split.
    """
    there = np.unique(data.items[full])
    units = data.units("item_id", seed + AHEAD)[there]
    order = np.argsort(units, kind="stable")
    circle, units = there[order], units[order]
    owned, held = _by_user(data, data.rows), _by_user(data, tested)
    users = np.flatnonzero(data.have(tested))
    begins = np.searchsorted(units, data.units("user_id", seed + AHEAD)[users], side="right")
    items = [
        np.concatenate([held(user), _beginning(circle, begin, owned(user), count)])
        for user, begin in zip(users.tolist(), begins.tolist(), strict=True)
    ]
    lengths = [len(own) for own in items]
    whole = np.concatenate([*items, data.items[:0]])
    return np.repeat(_first(data.users)[users], lengths), _first(data.items)[whole]


def _beginning(circle: Codes, begin: int, own: Codes, count: int) -> Codes:
    """Return the first items of a circle, from a place on, that are none of a user's."""
    near = circle[(begin + np.arange(min(len(circle), count + len(own)))) % max(1, len(circle))]
    return near[~np.isin(near, own)][:count]


def _by_user(data: Interactions, rows: Rows) -> Callable[[int], Codes]:
    """Return what gives the distinct items of a user among some rows."""
    order = np.argsort(data.users[rows], kind="stable")
    items = data.items[rows][order]
    ends = np.searchsorted(data.users[rows][order], np.arange(len(data.user_texts) + 1))
    return lambda user: np.unique(items[ends[user] : ends[user + 1]])


def _first(codes: Codes) -> NDArray[np.int64]:
    """Return a row of each number."""
    found = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    found[codes[::-1]] = np.arange(len(codes))[::-1]
    return found
