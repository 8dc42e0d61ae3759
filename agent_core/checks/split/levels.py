"""Levels of thinned training and of profiles: parts of one full training, beside one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent_core.checks.result import Detail
from agent_core.checks.split.ruled_data import Pairs
from agent_core.data.interactions import share_of
from agent_core.domain.cells import Block
from agent_core.domain.rules import Masked, Order
from agent_core.evidence.id_codes import are_among, distinct

Ages = Callable[[Pairs], NDArray[np.float64]]
FEW = 0.02
"""Share of the users, or of a training part, that may be off."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One block of several that differ in how much of the training they have."""

    fold: str
    block: Block
    train: Pairs
    test: Pairs
    query: Pairs
    """What users keep whom training does not see."""

    @property
    def is_full(self) -> bool:
        """Whether nothing of the training is left out."""
        return self.block.train_share >= 1 and self.block.profile_size is None

    @property
    def profiles(self) -> Pairs:
        """Where what test users keep is."""
        return self.train if self.block.split.in_training else self.query

    @property
    def told(self) -> str:
        """The level in words."""
        size, share = self.block.profile_size, self.block.train_share
        parts = [f"{share:.0%} of training"] * (share < 1)
        parts += [f"profiles of {size}"] * (size is not None)
        return " and ".join(parts) or "full training"


def level_faults(
    levels: Sequence[Level], full: Level | None, ages: Ages | None = None
) -> Iterator[Detail]:
    """Say in what levels are not parts of one full training beside one test.

    Parameters
    ----------
    levels
        The levels of one split.
    full
        The full training, or what the rules make of it; None where neither is known.
    ages
        Gives the times of pairs.
    """
    yield from _other_tests(levels, full or levels[0])
    if full is None:
        return
    for level in (one for one in levels if not one.is_full):
        where = Detail("fold {fold} ({level}): ", fold=level.fold, level=level.told)
        for fault in _thinning_faults(level, full):
            yield where + fault
        for fault in _older_kept(level, full, ages) if ages else ():
            yield where + fault


def level_notes(levels: Sequence[Level], full: Level | None) -> Iterator[Detail]:
    """Say what returns as a candidate where it is no longer in training."""
    thinned = [one for one in levels if not one.is_full]
    if full is None or not thinned or full.block.split.masked is not Masked.TRAINING:
        return
    users = distinct(full.test >> 32)
    dropped = [_without(full.train, one.train) for one in thinned]
    most = max((pairs[are_among(pairs >> 32, users)] for pairs in dropped), key=len)
    if len(most):
        told = (
            "at the smallest level {pairs:,} training interactions of {users:,} test users are "
            "dropped: these items return as candidates, so that levels rank other items"
        )
        yield Detail(told, pairs=len(most), users=len(distinct(most >> 32)))


def _other_tests(levels: Sequence[Level], full: Level) -> Iterator[Detail]:
    """Expect one test; users without training at a level may be left out of it there."""
    for level in levels:
        new, gone = _without(level.test, full.test), _without(full.test, level.test)
        known = distinct(level.profiles >> 32)
        gone = gone[are_among(gone >> 32, known)]
        if len(new) or len(gone):
            told = "fold {fold} ({level}) has another test: {new:,} pairs more, {gone:,} fewer"
            named = {"fold": level.fold, "level": level.told}
            yield Detail(told, new=len(new), gone=len(gone), **named)


def _thinning_faults(level: Level, full: Level) -> Iterator[Detail]:
    """Expect a part of the full training, of the size of the level."""
    for own, whole in ((level.train, full.train), (level.query, full.query)):
        if len(strange := _without(own, whole)):
            told = "{pairs:,} of {of:,} training pairs are not in the full training"
            yield Detail(told, pairs=len(strange), of=len(own))
            return
    if level.block.profile_size is not None:
        yield from _other_profiles(level, full, level.block.profile_size)
    if level.block.train_share < 1:
        yield from _other_share(level, full)


def _other_share(level: Level, full: Level) -> Iterator[Detail]:
    """Expect the share of the training; of each user, where it was thinned so."""
    share, users = level.block.train_share, len(distinct(full.train >> 32))
    if level.block.profile_size is not None:
        return  # of what profiles leave, which is open
    wanted, of = int(share_of(share, len(full.train))), len(full.train)
    slack = max(users / 2, FEW * wanted) + 1
    if abs(len(level.train) - wanted) > slack or (wanted < of == len(level.train)):
        told = "{pairs:,} of {of:,} training pairs are there, {wanted:,} are planned"
        yield Detail(told, pairs=len(level.train), of=of, wanted=wanted)


def _other_profiles(level: Level, full: Level, size: int) -> Iterator[Detail]:
    """Expect so many of each test user, all of who has fewer, and all of others."""
    users = distinct(full.test >> 32)
    has, keeps = (_counts(pairs, users) for pairs in (full.profiles, level.profiles))
    if many := int((keeps > size).sum()):
        told = "{users:,} of {of:,} test users keep more than {size}"
        yield Detail(told, users=many, of=len(users), size=size)
    if level.block.train_share < 1:
        return
    if (few := int((keeps < np.minimum(has, size)).sum())) > FEW * len(users):
        told = "{users:,} of {of:,} test users keep fewer than {size} of what they have"
        yield Detail(told, users=few, of=len(users), size=size)
    others = _without(full.train, level.train)
    others = others[~are_among(others >> 32, users)]
    if len(others) > FEW * len(full.train):
        told = "{pairs:,} training pairs of users who are not tested are missing"
        yield Detail(told, pairs=len(others))


def _older_kept(level: Level, full: Level, ages: Ages) -> Iterator[Detail]:
    """Expect the newest, of each test user or of all; of equal times any."""
    is_of_each = level.block.profile_size is not None
    if level.block.split.thinned_by is not Order.NEWEST or (
        is_of_each and level.block.train_share < 1
    ):
        return
    of, own = (full.profiles, level.profiles) if is_of_each else (full.train, level.train)
    dropped = _without(of, own)
    users, places = np.unique(np.concatenate([dropped, own]) >> 32, return_inverse=True)
    places = places if is_of_each else np.zeros_like(places)
    limit = np.full(max(1, len(users)), -np.inf)
    np.maximum.at(limit, places[: len(dropped)], ages(dropped))
    if older := int((ages(own) < limit[places[len(dropped) :]]).sum()):
        told = "{pairs:,} training pairs are older than some that were dropped"
        yield Detail(told, pairs=older)


def _counts(pairs: Pairs, users: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many pairs each of some users has, who are in order."""
    own = pairs >> 32
    return np.searchsorted(own, users, "right") - np.searchsorted(own, users, "left")


def _without(pairs: Pairs, others: Pairs) -> Pairs:
    return pairs[~are_among(pairs, others)]
