"""Whether a saved split is the one that came with the data, interaction by interaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.checks.result import Detail
from agent_core.checks.split.split_kinds import Fold
from agent_core.checks.split.variants import kind_of
from agent_core.data.parquet_reader import PAIR
from agent_core.domain import PartName, SplitKind
from agent_core.domain.parts import given_column
from agent_core.evidence.evidence import Evidence

Pairs = NDArray[np.int64]
SAVED = {"train": PartName.TRAIN, "test": PartName.TEST}


@dataclass(frozen=True, slots=True, eq=False)
class GivenFold:
    """One fold that came with the data."""

    number: int
    parts: dict[PartName, Pairs]
    """The pairs of each part, as numbers: the same pair has the same number everywhere."""

    @property
    def pairs(self) -> Pairs:
        """All pairs for training and test."""
        return np.concatenate([self.parts[p] for p in SAVED.values()])

    @property
    def shared(self) -> Pairs:
        """The pairs that are both trained on and tested."""
        both: Pairs = np.intersect1d(self.parts[PartName.TRAIN], self.parts[PartName.TEST])
        return both


@dataclass(frozen=True, slots=True, eq=False)
class GivenSplit:
    """The split that came with the data; without folds where none came."""

    evidence: Evidence
    folds: tuple[GivenFold, ...] = ()
    numbers: Pairs = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Of the pair of each row of the data."""

    def fold_of(self, fold: str) -> GivenFold | None:
        """Return the given fold that a saved one stands for: whose test it shares the most of.

        None where the plan has another split, none came, or the saved one cannot be sought.
        """
        is_given = kind_of(self.evidence, fold) is SplitKind.GIVEN
        if not is_given or not self.folds or fold not in self.evidence.origins:
            return None
        tested = self.saved(fold, "test")
        hits = [len(np.intersect1d(g.parts[PartName.TEST], tested)) for g in self.folds]
        return self.folds[int(np.argmax(hits))]

    def saved(self, fold: str, part: str) -> Pairs:
        """Return the pairs of a saved part that are in the data."""
        rows = self.evidence.origins[fold].rows.get(part, np.empty(0, dtype=np.int64))
        found: Pairs = np.unique(self.numbers[rows[rows >= 0]])
        return found

    def shared_as_given(self, fold: str) -> int:
        """Return how many tested pairs of a fold are trained on because the data came so."""
        given = self.fold_of(fold)
        if given is None:
            return 0
        train, test = (self.saved(fold, part) for part in SAVED)
        return len(np.intersect1d(np.intersect1d(train, test), given.shared))


def given_split(evidence: Evidence) -> GivenSplit:
    """Return the split that came with the data of what a script delivered."""
    data = evidence.interactions
    if data is None or given_column(0) not in data:
        return GivenSplit(evidence)
    users, items = (pd.factorize(data[c])[0].astype(np.int64) for c in PAIR)
    numbers: Pairs = users * (items.max(initial=0) + 1) + items
    columns = [c for n in range(len(data.columns)) if (c := given_column(n)) in data]
    folds = tuple(_given_fold(n, data[c], numbers) for n, c in enumerate(columns))
    return GivenSplit(evidence, folds, numbers)


def _given_fold(number: int, told: pd.Series, numbers: Pairs) -> GivenFold:
    parts = {p: np.unique(numbers[(told == p.value).to_numpy(bool)]) for p in PartName}
    return GivenFold(number, parts)


def differences_from_given(evidence: Evidence, folds: Sequence[Fold]) -> Iterator[str]:
    """Say in what saved folds are not the parts that came with the data."""
    split, taken = given_split(evidence), dict[int, str]()
    for name, train, test in folds:
        given = split.fold_of(name)
        if given is None:
            if kind_of(evidence, name) is SplitKind.GIVEN:
                yield Detail("fold {fold} cannot be sought in the parts of the data", fold=name)
            continue
        if evidence.origins[name].is_renamed:
            yield from _other_sizes(given, name, train, test)
            continue
        yield from _strange(split, given, name)
        if given.number in taken:
            told = "folds {folds} both test the given fold {given}"
            yield Detail(told, folds=[taken[given.number], name], given=given.number + 1)
        taken[given.number] = name


def _strange(split: GivenSplit, given: GivenFold, fold: str) -> Iterator[Detail]:
    """Count what was trained on or tested that belongs to another part."""
    for saved, part in SAVED.items():
        own = split.saved(fold, saved)
        odd = own[~np.isin(own, given.parts[part])]
        if not len(odd):
            continue
        told = "fold {fold}: {strange:,} of {of:,} {saved} pairs are not of the given {saved} part"
        counts = {p: int(np.isin(odd, given.parts[p]).sum()) for p in PartName}
        where = [
            Detail("{count:,} are of its {other}", count=n, other=p.value)
            for p, n in counts.items()
            if n
        ]
        detail = Detail(told, fold=fold, strange=len(odd), of=len(own), saved=saved)
        yield detail + Detail(" ({where})", where=where) if where else detail


def _other_sizes(
    given: GivenFold, fold: str, train: pd.DataFrame, test: pd.DataFrame
) -> Iterator[Detail]:
    """Compare sizes where users and items have other ids than in the data."""
    for saved, frame in (("train", train), ("test", test)):
        planned = len(given.parts[SAVED[saved]])
        if len(frame) > planned:
            told = "fold {fold}: {rows:,} {saved} pairs, the given {saved} part has {planned:,}"
            yield Detail(told, fold=fold, rows=len(frame), saved=saved, planned=planned)
