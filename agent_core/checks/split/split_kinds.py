"""How a split of each kind looks in its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

import pandas as pd

from agent_core.checks.result import Detail
from agent_core.domain import SplitKind, SplitRules
from agent_core.domain.rules import CROSSFOLDS

Fold = tuple[str, pd.DataFrame, pd.DataFrame]
"""Name, train, test."""


class Folds(Sequence[Fold]):
    """Folds of which one is in memory at a time."""

    def __init__(self, names: Iterable[str], load: Callable[[str], Fold]) -> None:
        self.names = tuple(names)
        self.load = load

    @overload
    def __getitem__(self, place: int) -> Fold: ...
    @overload
    def __getitem__(self, place: slice) -> Folds: ...
    def __getitem__(self, place: int | slice) -> Fold | Folds:
        """Load one fold, or return some that are loaded later."""
        if isinstance(place, slice):
            return Folds(self.names[place], self.load)
        return self.load(self.names[place])

    def __len__(self) -> int:
        """Return how many folds there are."""
        return len(self.names)

    def select(self, is_wanted: Callable[[str], bool]) -> Folds:
        """Return some of the folds."""
        return Folds(filter(is_wanted, self.names), self.load)

    def change(self, change: Callable[[Fold], Fold]) -> Folds:
        """Return the folds as they are after a change."""
        return Folds(self.names, lambda name: change(self.load(name)))


SHARE_SLACK = 0.05
"""Rounding per user moves the held-out share of sparse data by this much."""
FEW = 0.02
"""Share of the users that may be left out of the test: what was drawn of them is unknown to
training. Readers are told."""


def mismatch(split: SplitRules, folds: Sequence[Fold]) -> list[str]:
    """Return in what the folds differ from the planned split."""
    judge = JUDGES.get(split.kind)
    faults = [t for f in folds for t in _of_fold(f[0], judge(split, f))] if judge else []
    if split.kind in CROSSFOLDS:
        faults += _shared_tests(split.kind, folds)
    return faults


def structure(kind: SplitKind | None, fold: Fold) -> list[str]:
    """Return in what a fold differs from what its kind means, sizes left aside."""
    if kind is None or kind not in STRUCTURED:
        return []
    return _of_fold(fold[0], JUDGES[kind](SplitRules(kind), fold))


def _of_fold(fold: str, faults: Iterable[str]) -> list[str]:
    """Return faults with the name of their fold."""
    return [Detail("fold {fold}: ", fold=fold) + fault for fault in faults]


def _leave_one_out(_: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect one tested interaction of every user who has two."""
    counts = fold[2].groupby("user_id").size()
    many = counts[counts != 1]
    if len(many):
        told = "{users:,} users have {most} or other than one tested interaction"
        yield Detail(told, users=len(many), most=many.max())
    yield from _many_untested(SplitKind.LEAVE_ONE_OUT, fold)


def _untested_users(kind: SplitKind, fold: Fold, share: float) -> tuple[int, int]:
    """Return how many users are not tested though they could be, and of how many."""
    train, test = fold[1:]
    sizes = train["user_id"].value_counts()
    could = sizes * share >= 1 if kind is SplitKind.USER_FRACTION else sizes > 1
    return len(set(sizes[could].index) - set(test["user_id"])), len(sizes)


def _many_untested(kind: SplitKind, fold: Fold, share: float = 0.0) -> Iterator[str]:
    """Expect that nearly all users are tested who could be."""
    untested, of = _untested_users(kind, fold, share)
    if untested > FEW * of:
        yield Detail("{users:,} of {of:,} users are not tested", users=untested, of=of)


def doubts(split: SplitRules, folds: Sequence[Fold]) -> list[str]:
    """Return which few users are not tested, for readers to know."""
    if not split.kind.is_single and split.kind is not SplitKind.USER_FRACTION:
        return []
    found = {fold[0]: _untested_users(split.kind, fold, split.holdout) for fold in folds}
    return [
        Detail("{users:,} of {of:,} users are not tested in fold {fold}", users=n, of=of, fold=f)
        for f, (n, of) in found.items()
        if n
    ]


def _leave_last(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect the newest interaction of every user."""
    yield from _leave_one_out(split, fold)
    if _are_timed(fold) and (late := _late_users(_of_what_could(split, fold))):
        yield Detail("{users:,} users have later interactions in training", users=late)


def late_training(kind: SplitKind | None, fold: Fold, split: SplitRules) -> list[str]:
    """Return what a temporal split trains on that is later than what it tests.

    What is rated too low to be tested stays in training, whenever it was.
    """
    name, train, test = fold
    if kind is SplitKind.LEAVE_LAST and (users := _late_users(_of_what_could(split, fold))):
        told = "fold {fold}, {users:,} of {of:,} users"
        return [Detail(told, fold=name, users=users, of=test["user_id"].nunique())]
    if kind is SplitKind.GLOBAL_TIME and (late := _late_interactions(fold)):
        told = "fold {fold}, {late:,} of {of:,} interactions"
        return [Detail(told, fold=name, late=late, of=len(train))]
    return []


def later_but_rated_low(kind: SplitKind | None, fold: Fold, split: SplitRules) -> int:
    """Return how many users have later interactions in training that may not be tested."""
    if kind is not SplitKind.LEAVE_LAST or split.lowest_test_rating is None:
        return 0
    return _late_users(fold) - _late_users(_of_what_could(split, fold))


def _of_what_could(split: SplitRules, fold: Fold) -> Fold:
    """Return a fold with only that of its training which may be tested."""
    name, train, test = fold
    if split.lowest_test_rating is None or "rating" not in train:
        return fold
    ratings = pd.to_numeric(train["rating"], errors="coerce")
    return name, train[ratings >= split.lowest_test_rating], test


def _are_timed(fold: Fold) -> bool:
    """Whether both parts of a fold have times."""
    return all("timestamp" in part for part in fold[1:])


def _late_users(fold: Fold) -> int:
    """Return how many users have later interactions in training than in the test."""
    newest = fold[1].groupby("user_id")["timestamp"].max()
    tested = fold[2].groupby("user_id")["timestamp"].min()
    return int((newest.reindex(tested.index) > tested).sum())


def _late_interactions(fold: Fold) -> int:
    """Return how many training interactions are later than the first tested one."""
    return int((fold[1]["timestamp"] > fold[2]["timestamp"].min()).sum())


def _held_share(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect the planned share of what may be tested of the tested users' interactions."""
    train, test = _of_what_could(split, fold)[1:]
    of_tested = int(train["user_id"].isin(set(test["user_id"])).sum())
    share = len(test) / max(1, len(test) + of_tested)
    if abs(share - split.holdout) > SHARE_SLACK:
        told = "{share:.1%} of each tested user is held out, {planned:.0%} is planned"
        yield Detail(told, share=share, planned=split.holdout)


def _user_fraction(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect a share of the interactions of all users."""
    yield from _held_share(split, fold)
    yield from _many_untested(split.kind, fold, split.holdout)


def _crossfold_users(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect a part of the users, with a share of their interactions held out."""
    yield from _held_share(split, fold)
    train, test = fold[1:]
    share = test["user_id"].nunique() / max(1, len(set(train["user_id"]) | set(test["user_id"])))
    if split.folds > 1 and abs(share - 1 / split.folds) > SHARE_SLACK:
        told = "{share:.1%} of the users are tested, one in {folds} is planned"
        yield Detail(told, share=share, folds=split.folds)


def _random_records(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect a share of all interactions."""
    yield from _share_of_all(fold, split.holdout)


def _crossfold_records(split: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect a part of all interactions."""
    yield from _share_of_all(fold, 1 / split.folds if split.folds > 1 else split.holdout)


def _share_of_all(fold: Fold, wanted: float) -> Iterator[str]:
    """Expect a share of the interactions of all users."""
    train, test = fold[1:]
    share = len(test) / max(1, len(test) + len(train))
    if abs(share - wanted) > SHARE_SLACK:
        told = "{share:.1%} of the interactions are tested, {planned:.0%} is planned"
        yield Detail(told, share=share, planned=wanted)


def _global_time(_: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect every tested interaction after all of training."""
    if not _are_timed(fold):
        yield "it has no timestamps"
    elif late := _late_interactions(fold):
        told = "{late:,} training interactions are later than the first tested one"
        yield Detail(told, late=late)


def _given(_: SplitRules, fold: Fold) -> Iterator[str]:
    """Expect something to train on and to test; which it is, its rows in the data say."""
    if not len(fold[1]) or not len(fold[2]):
        yield "a part is empty"


JUDGES: dict[SplitKind, Callable[[SplitRules, Fold], Iterator[str]]] = {
    SplitKind.LEAVE_ONE_OUT: _leave_one_out,
    SplitKind.LEAVE_LAST: _leave_last,
    SplitKind.USER_FRACTION: _user_fraction,
    SplitKind.CROSSFOLD_USERS: _crossfold_users,
    SplitKind.RANDOM_RECORDS: _random_records,
    SplitKind.CROSSFOLD_RECORDS: _crossfold_records,
    SplitKind.GLOBAL_TIME: _global_time,
    SplitKind.GIVEN: _given,
}
STRUCTURED = (SplitKind.LEAVE_ONE_OUT, SplitKind.LEAVE_LAST, SplitKind.GLOBAL_TIME)
"""Kinds that show in the rows whatever the sizes."""


def _shared_tests(kind: SplitKind, folds: Sequence[Fold]) -> Iterator[str]:
    """Expect the tests of cross-validation to be apart."""
    keys = ["user_id"] if kind is SplitKind.CROSSFOLD_USERS else ["user_id", "item_id"]
    tests = pd.concat([test[keys].drop_duplicates() for _, _, test in folds])
    shared = int(tests.duplicated().sum())
    if shared:
        what = "users" if kind is SplitKind.CROSSFOLD_USERS else "interactions"
        yield Detail("{shared:,} {what} are tested in several folds", shared=shared, what=what)
