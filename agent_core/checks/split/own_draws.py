"""Tests that a script drew itself: right where they have what the rules of their block ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent_core.checks.result import Detail
from agent_core.checks.split.ruled_data import Pairs, Table
from agent_core.data.interactions import Rows
from agent_core.domain.rules import Order, SplitKind, SplitRules
from agent_core.evidence.id_codes import are_among

FEW = 0.02
"""Share of the tested users of whom more or less may be held out, or something later kept."""
SLACK = 0.05
"""Share of all interactions, or users, by which the size of a test may be off."""
ROUNDED = 1.0
"""Interactions by which a share of a user's is off, whichever way it is rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A block as it was delivered, on the rows that its data rules leave, each pair once."""

    split: SplitRules
    users: NDArray[np.int32]
    is_train: NDArray[np.bool_]
    is_test: NDArray[np.bool_]
    could: NDArray[np.bool_]
    """What may be held out."""
    times: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, table: Table, rows: Rows, split: SplitRules, parts: tuple[Pairs, Pairs]) -> Drawn:
        """Return a block by the pairs that it trains on and tests."""
        if table.has_repeats:
            rows = rows[np.unique(table.keys[rows], return_index=True)[1]]
        keys, data = table.keys[rows], table.data
        is_train, is_test = (are_among(keys, part) for part in parts)
        times = None if data.times is None else data.times[rows].astype(float)
        could = data.rated(rows, split.lowest_test_rating)
        return cls(split, data.users[rows], is_train, is_test, could, times)

    def count(self, of: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many of some interactions each user has."""
        return np.bincount(self.users[of], minlength=int(self.users.max(initial=0)) + 1)


def draw_faults(drawn: Drawn) -> Iterator[Detail]:
    """Say in what a test is not one that its rules can draw."""
    if not drawn.is_test.any():
        return
    yield from _seen_users(drawn)
    if drawn.split.test_users is not None:
        yield from _too_many_users(drawn, drawn.split.test_users)
    judge = JUDGES.get(drawn.split.kind)
    if judge is not None:
        yield from judge(drawn)


def rounding_notes(drawn: Drawn) -> Iterator[Detail]:
    """Say who is left out of a test, or out of training, because a share rounds to 0."""
    if not drawn.split.kind.has_share or drawn.split.held_out is not None:
        return
    tested, size = drawn.count(drawn.is_test), drawn.count(drawn.could)
    is_little = (size > 0) & (np.round(size * drawn.split.holdout) == 0)
    if drawn.split.kind is SplitKind.USER_FRACTION and (out := is_little & (tested == 0)).any():
        told = (
            "{users:,} users are not tested: {share:.0%} of their few interactions rounds to 0 "
            "(LensKit's SampleFrac leaves them an empty test, which counts 0 in its means)"
        )
        yield Detail(told, users=int(out.sum()), share=drawn.split.holdout)
    if (whole := is_little & (tested == size)).any():
        told = (
            "{users:,} users are tested with all that they have (LensKit's LastFrac takes "
            "everything where {share:.0%} of it rounds to 0), so that training lacks them"
        )
        yield Detail(told, users=int(whole.sum()), share=drawn.split.holdout)


def tie_notes(drawn: Drawn) -> Iterator[Detail]:
    """Say of how many users another of the newest could be tested."""
    if is_newest(drawn.split) and (tied := int(_tied(drawn).sum())):
        told = (
            "of {users:,} of {of:,} tested users the newest has the time of one in training: "
            "which of them is tested is left to their order"
        )
        yield Detail(told, users=tied, of=int((drawn.count(drawn.is_test) > 0).sum()))


def is_newest(split: SplitRules) -> bool:
    """Whether the newest of each user are held out."""
    is_of_each = split.kind.is_single or split.kind.has_share
    return is_of_each and (split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST)


def _seen_users(drawn: Drawn) -> Iterator[Detail]:
    if drawn.split.in_training:
        return
    seen = int(((drawn.count(drawn.is_test) > 0) & (drawn.count(drawn.is_train) > 0)).sum())
    if seen:
        yield Detail(
            "{users:,} tested users are in training, which is not to see them", users=seen
        )


def _too_many_users(drawn: Drawn, planned: int) -> Iterator[Detail]:
    tested = int((drawn.count(drawn.is_test) > 0).sum())
    if tested > planned:
        yield Detail(
            "{users:,} users are tested, {planned:,} are planned", users=tested, planned=planned
        )


def _of_each(drawn: Drawn) -> Iterator[Detail]:
    """Expect so many, or such a share, of each tested user's interactions; or the newest."""
    tested, size = drawn.count(drawn.is_test), drawn.count(drawn.could)
    there = drawn.count(drawn.is_test | drawn.is_train)
    # What is in neither part may have been held out, and left away for being new to training.
    most = tested + np.maximum(0, drawn.count(np.ones(len(drawn.users), bool)) - there)
    is_single = drawn.split.kind.is_single or drawn.split.held_out is not None
    wanted = np.full(len(size), float(drawn.split.held_out or 1))
    if not is_single:
        wanted = size * drawn.split.holdout
    slack = 0.0 if is_single else ROUNDED
    is_whole = (tested == size) & (np.round(wanted) == 0)
    off = (tested > 0) & ~is_whole & ((tested > wanted + slack) | (most < wanted - slack))
    of = int((tested > 0).sum())
    if off.sum() > FEW * of:
        told = "of {users:,} of {of:,} tested users other numbers are held out than {planned}"
        yield Detail(told, users=int(off.sum()), of=of, planned=_planned(drawn.split))
    if is_newest(drawn.split) and (late := int(_late(drawn).sum())) > FEW * of:
        told = "of {users:,} of {of:,} tested users something later is in training"
        yield Detail(told, users=late, of=of)


def _planned(split: SplitRules) -> str:
    if split.kind.is_single or split.held_out is not None:
        return f"{split.held_out or 1} of each"
    return f"{split.holdout:.0%} of each"


def _bounds(drawn: Drawn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each user's first tested time, and the last one in training that could be tested."""
    width = int(drawn.users.max(initial=0)) + 1
    first, last = np.full(width, np.inf), np.full(width, -np.inf)
    if drawn.times is not None:
        kept = drawn.is_train & drawn.could
        np.minimum.at(first, drawn.users[drawn.is_test], drawn.times[drawn.is_test])
        np.maximum.at(last, drawn.users[kept], drawn.times[kept])
    return first, last


def _late(drawn: Drawn) -> NDArray[np.bool_]:
    first, last = _bounds(drawn)
    return np.asarray(last > first)


def _tied(drawn: Drawn) -> NDArray[np.bool_]:
    first, last = _bounds(drawn)
    return np.asarray((last == first) & np.isfinite(first))


def _of_fold_of_users(drawn: Drawn) -> Iterator[Detail]:
    """Expect one fold of the users, and of each as of a share."""
    tested, users = (
        int((drawn.count(of) > 0).sum()) for of in (drawn.is_test, np.ones(len(drawn.users), bool))
    )
    folds = max(1, drawn.split.folds)
    if tested > (1 / folds + SLACK) * users + 1:
        told = "{users:,} of {of:,} users are tested, one in {folds} is planned"
        yield Detail(told, users=tested, of=users, folds=folds)
    yield from _of_each(drawn)


def _of_all(drawn: Drawn) -> Iterator[Detail]:
    """Expect a share of all interactions."""
    is_fold = drawn.split.kind is SplitKind.CROSSFOLD_RECORDS
    share = 1 / max(1, drawn.split.folds) if is_fold else drawn.split.holdout
    tested, of = int(drawn.is_test.sum()), int(drawn.could.sum())
    lost = int((~drawn.is_test & ~drawn.is_train).sum())
    if not share * of - lost - SLACK * of <= tested <= (share + SLACK) * of + 1:
        told = "{tested:,} of {of:,} interactions are tested, {share:.0%} is planned"
        yield Detail(told, tested=tested, of=of, share=share)


def _of_time(drawn: Drawn) -> Iterator[Detail]:
    """Expect the cut at the moment from which such a share is tested, and nothing later before."""
    if drawn.times is None:
        return
    moment = float(drawn.times[drawn.is_test].min())
    if late := int((drawn.times[drawn.is_train] > moment).sum()):
        yield Detail("{late:,} training interactions are later than the cut", late=late)
    known = drawn.could & np.isfinite(drawn.times) & (drawn.times > np.iinfo(np.int64).min)
    after = float(drawn.times[drawn.is_train].max()) if drawn.is_train.any() else moment
    shares = [
        float((drawn.times[known] >= moment).mean()),
        float((drawn.times[known] > after).mean()),
    ]
    planned = drawn.split.holdout
    if drawn.split.is_share_planned and all(abs(s - planned) > SLACK for s in shares):
        told = "the newest {share:.1%} are cut off, {planned:.0%} is planned"
        yield Detail(told, share=shares[0], planned=planned)


JUDGES: dict[SplitKind, Callable[[Drawn], Iterator[Detail]]] = {
    SplitKind.LEAVE_ONE_OUT: _of_each,
    SplitKind.LEAVE_LAST: _of_each,
    SplitKind.USER_FRACTION: _of_each,
    SplitKind.CROSSFOLD_USERS: _of_fold_of_users,
    SplitKind.RANDOM_RECORDS: _of_all,
    SplitKind.CROSSFOLD_RECORDS: _of_all,
    SplitKind.GLOBAL_TIME: _of_time,
}
