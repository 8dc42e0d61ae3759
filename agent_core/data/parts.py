"""What a block trains on and tests, worked out from its rules alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from agent_core.data.interactions import (
    Flags,
    Interactions,
    Rows,
    lowest,
    newest,
    order_within,
    share_of,
)
from agent_core.data.variants import rows_kept, variant_of
from agent_core.domain.cells import Block
from agent_core.domain.parts import PartName
from agent_core.domain.rules import Order, SplitKind, SplitRules

AT_ONCE = 2_000_000
"""Rows that are put in order together, in about 80 MB."""
NO_ROWS: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The rows of a block."""

    train: Rows
    test: Rows
    validation: Rows | None = None
    """Kept apart to choose on; None where the rules have no such part."""
    query: Rows | None = None
    """What test users keep whom training does not see; None where it sees them."""
    validation_query: Rows | None = None
    """The same of the users who are chosen on."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How test interactions are drawn once."""

    split: SplitRules
    seed: int
    fold: int


def parts_of(data: Interactions, block: Block, rows: Rows | None = None) -> Parts | None:
    """Return what a block trains on and tests; None where words alone tell its split.

    Parameters
    ----------
    data
        The whole dataset.
    block
        The block.
    rows
        What its data rules leave, where that is known.
    """
    split = block.split
    rows = variant_of(data, block.data) if rows is None else rows
    if split.kind not in SPLITS or (
        split.kind is SplitKind.GIVEN and block.fold not in data.given
    ):
        return None
    train, test = _held_out(data, rows, Draw(split, split.seed, block.fold))
    query = validation = validation_query = None
    if not split.in_training:
        train, query = _without_users(data, train, test)
    if split.has_validation:
        train, validation = _validation(data, rows, train, Draw(split, split.seed + 1, block.fold))
        if not split.in_training:
            train, validation_query = _without_users(data, train, validation)
    train = rows_kept(data, train, (r for r in block.data.rules if r.is_training_only))
    if block.profile_size is not None:
        train = _with_small_profiles(data, train, test, block)
        query = _with_small_profiles(data, query, test, block)
        validation_query = _with_small_profiles(data, validation_query, validation, block)
    return Parts(_thinned(data, train, block), test, validation, query, validation_query)


def _without_users(data: Interactions, train: Rows, test: Rows) -> tuple[Rows, Rows]:
    """Return training without the users of a test, and what these keep."""
    is_theirs = _are_of(data, train, test)
    return train[~is_theirs], train[is_theirs]


def _are_of(data: Interactions, rows: Rows, test: Rows) -> Flags:
    """Return which rows are of users who have some in a test."""
    return data.have(test)[data.users[rows]]


def _thinned(data: Interactions, train: Rows, block: Block) -> Rows:
    """Return the share of training that a block has."""
    if block.train_share >= 1:
        return train
    count = int(share_of(block.train_share, len(train)))
    if block.split.thinned_by is Order.NEWEST:
        return train[newest(_times_of(data, train), count)]
    return train[lowest(data.keys(block.split.seed + 2, train), count)]


@overload
def _with_small_profiles(
    data: Interactions, rows: Rows, test: Rows | None, block: Block
) -> Rows: ...
@overload
def _with_small_profiles(
    data: Interactions, rows: None, test: Rows | None, block: Block
) -> None: ...
def _with_small_profiles(
    data: Interactions, rows: Rows | None, test: Rows | None, block: Block
) -> Rows | None:
    """Return rows of which the users of a test keep so many."""
    if rows is None or test is None:
        return None
    is_theirs = _are_of(data, rows, test)
    own, counts = rows[is_theirs], np.full(len(data.user_texts), block.profile_size)
    kept = _first_of_each(data, own, counts, block.split.seed, block.split.thinned_by)
    return np.sort(np.concatenate([rows[~is_theirs], own[kept]]))


def _first_of_each(
    data: Interactions, rows: Rows, counts: NDArray[np.int64], seed: int, order: Order
) -> Flags:
    """Return which rows are the first of their users, some users after others."""
    found = np.zeros(len(rows), dtype=bool)
    groups = 1 + len(rows) // AT_ONCE
    group = data.users[rows] % groups
    for number in range(groups):
        places = np.flatnonzero(group == number)
        found[places] = _first_of_some(data, rows[places], counts, seed, order)
    return found


def _first_of_some(
    data: Interactions, rows: Rows, counts: NDArray[np.int64], seed: int, order: Order
) -> Flags:
    """Return which rows are the first of their users: by lowest key, or the newest."""
    users = data.users[rows]
    if order is Order.NEWEST:
        # From the end: of equal times the later row is the newer.
        turn = order_within(users, _times_of(data, rows))[::-1]
    else:
        turn = order_within(users, data.keys(seed, rows))
    own = users[turn]
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    place = np.arange(len(own)) - np.repeat(starts, np.diff(starts, append=len(own)))
    found = np.zeros(len(rows), dtype=bool)
    found[turn] = place < counts[own]
    return found


def _times_of(data: Interactions, rows: Rows) -> NDArray[Any]:
    """Return the times of rows; without times the rows are in their order."""
    return rows if data.times is None else data.times[rows]


def _held_out(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Return training and test."""
    return SPLITS[draw.split.kind](data, rows, draw)


def _validation(data: Interactions, rows: Rows, train: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Return training without the part to choose on, and that part."""
    if draw.split.kind is SplitKind.GIVEN:
        return train, _given_part(data, rows, draw, PartName.VALIDATION)
    return _held_out(data, train, draw)


def _per_user(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Hold out some of each user's interactions."""
    return _of_users(data, rows, draw, np.ones(len(data.user_texts), dtype=bool))


def _crossfold_users(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Hold out some of the interactions of the users of a fold."""
    there = np.flatnonzero(data.have(rows))
    ordered = there[np.argsort(data.units("user_id", draw.seed)[there], kind="stable")]
    is_in_fold = np.zeros(len(data.user_texts), dtype=bool)
    is_in_fold[np.array_split(ordered, max(1, draw.split.folds))[draw.fold]] = True
    return _of_users(data, rows, draw, is_in_fold)


def _of_users(data: Interactions, rows: Rows, draw: Draw, is_among: Flags) -> tuple[Rows, Rows]:
    """Hold out some of the interactions of some users, each of whom keeps one at least."""
    split, width = draw.split, len(data.user_texts)
    could = rows[data.rated(rows, split.lowest_test_rating)]
    has = np.bincount(data.users[could], minlength=width)
    counts = np.minimum(_counts(split, has), has + 1)
    is_tested = is_among & (counts >= 1) & (counts <= has)
    is_tested &= counts < np.bincount(data.users[rows], minlength=width)
    chosen = np.zeros(width, dtype=bool)
    chosen[_limited(data, np.flatnonzero(is_tested), draw)] = True
    could = could[chosen[data.users[could]]]
    is_newest = split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST
    order = Order.NEWEST if is_newest else Order.RANDOM
    test = could[_first_of_each(data, could, counts, draw.seed, order)]
    return _without(rows, test), test


def _counts(split: SplitRules, has: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many interactions of each user are held out."""
    if split.kind.is_single or split.held_out is not None:
        return np.full(len(has), split.held_out or 1)
    return np.asarray(share_of(split.holdout, has))


def _limited(data: Interactions, users: NDArray[np.int64], draw: Draw) -> NDArray[np.int64]:
    """Return the users who are tested, of those who could be."""
    split, count = draw.split, len(users)
    if split.test_users is not None:
        count = split.test_users
    elif split.test_user_share is not None:
        count = int(share_of(split.test_user_share, len(users)))
    is_tested = lowest(data.units("user_id", draw.seed)[users], count)
    return np.asarray(users[is_tested])


def _random_records(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Hold out a share of all interactions."""
    could = rows[data.rated(rows, draw.split.lowest_test_rating)]
    count = int(share_of(draw.split.holdout, len(could)))
    return _of_limited(data, rows, could[lowest(data.keys(draw.seed, could), count)], draw)


def _crossfold_records(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Hold out one part of all interactions."""
    could = rows[data.rated(rows, draw.split.lowest_test_rating)]
    order = np.argsort(data.keys(draw.seed, could), kind="stable")
    own = np.array_split(order, max(1, draw.split.folds))[draw.fold]
    return _of_limited(data, rows, np.sort(could[own]), draw)


def _global_time(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Hold out what comes after one moment, of users whom training knows."""
    if data.times is None:
        return rows, NO_ROWS
    timed = rows[data.are_timed(rows)]
    could = timed[data.rated(timed, draw.split.lowest_test_rating)]
    count = int(share_of(draw.split.holdout, len(could)))
    if not count:
        return rows, NO_ROWS
    moment = np.sort(data.times[could])[len(could) - count]
    train, test = rows[data.times[rows] < moment], could[data.times[could] >= moment]
    if draw.split.in_training:
        test = test[_are_of(data, test, train)]
    return train, _limited_test(data, test, draw)


def _given(data: Interactions, rows: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Take the parts in which the data came."""
    train, test = (_given_part(data, rows, draw, p) for p in (PartName.TRAIN, PartName.TEST))
    return train, test


def _given_part(data: Interactions, rows: Rows, draw: Draw, part: PartName) -> Rows:
    return np.asarray(rows[data.given[draw.fold][rows] == part.value])


def _of_limited(data: Interactions, rows: Rows, test: Rows, draw: Draw) -> tuple[Rows, Rows]:
    """Return training and test, of no more users than are to be tested."""
    test = _limited_test(data, test, draw)
    return _without(rows, test), test


def _limited_test(data: Interactions, test: Rows, draw: Draw) -> Rows:
    """Return what is tested of the users who are."""
    chosen = np.zeros(len(data.user_texts), dtype=bool)
    chosen[_limited(data, np.flatnonzero(data.have(test)), draw)] = True
    return test[chosen[data.users[test]]]


def _without(rows: Rows, taken: Rows) -> Rows:
    is_left = np.ones(int(rows.max(initial=-1)) + 1, dtype=bool)
    is_left[taken] = False
    return rows[is_left[rows]]


SPLITS: dict[SplitKind, Callable[[Interactions, Rows, Draw], tuple[Rows, Rows]]] = {
    SplitKind.LEAVE_ONE_OUT: _per_user,
    SplitKind.LEAVE_LAST: _per_user,
    SplitKind.USER_FRACTION: _per_user,
    SplitKind.CROSSFOLD_USERS: _crossfold_users,
    SplitKind.RANDOM_RECORDS: _random_records,
    SplitKind.CROSSFOLD_RECORDS: _crossfold_records,
    SplitKind.GLOBAL_TIME: _global_time,
    SplitKind.GIVEN: _given,
}
