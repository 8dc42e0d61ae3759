"""Lists and predictions run by run, splits fold by fold: read when asked for, not all at once."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.parquet_reader import PAIR, RUN

INTERACTION = (*PAIR, "rating", "timestamp")
"""What checks look at."""
Run = tuple[str, str, str]
"""Algorithm, fold, seed."""
ROOM = 2_000_000
"""Lines of all tables of an execution that stay in memory, 48 MB: small studies are read once."""


@dataclass(slots=True)
class Room:
    """How many lines may still stay in memory."""

    lines: int = ROOM

    def take(self, lines: int) -> bool:
        """Take lines out of what may stay; whether there is room for them."""
        has_room = lines <= self.lines
        self.lines -= lines if has_room else 0
        return has_room


@dataclass(slots=True, eq=False)
class Source:
    """A table that is read again each time, or was kept."""

    read: Callable[[], pd.DataFrame]
    lines: int
    kept: pd.DataFrame | None = None
    ids: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    """Column to the ids that are in it."""

    @property
    def table(self) -> pd.DataFrame:
        """What it holds."""
        return self.read() if self.kept is None else self.kept


def _kept(table: pd.DataFrame) -> Source:
    return Source(lambda: table, len(table), table)


class Cells(Mapping[Run, pd.DataFrame]):
    """The lists, or the predictions, of each run: one is in memory at a time."""

    def __init__(self, sources: Mapping[Run, tuple[Source, ...]] | None = None) -> None:
        self.sources = dict(sources or {})

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Cells:
        """Return the cells of a table that has algorithm, fold and seed as columns."""
        parts = frame.groupby(RUN, sort=False)
        found = {run: g.drop(columns=RUN).reset_index(drop=True) for run, g in parts}
        return cls({(str(a), str(f), str(s)): (_kept(g),) for (a, f, s), g in found.items()})

    def __getitem__(self, run: Run) -> pd.DataFrame:
        """Read the lines of one run."""
        tables = [source.table for source in self.sources[run]]
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs."""
        return iter(self.sources)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.sources)

    @property
    def lines(self) -> int:
        """Lines of all runs together."""
        return sum(source.lines for sources in self.sources.values() for source in sources)

    def select(self, is_wanted: Callable[[Run], bool]) -> Cells:
        """Return the cells of some runs."""
        return Cells({run: s for run, s in self.sources.items() if is_wanted(run)})

    def change(self, change: Callable[[Run, pd.DataFrame], pd.DataFrame]) -> Cells:
        """Return the cells as they are after a change of their tables."""

        def changed(run: Run, source: Source) -> Source:
            kept = None if source.kept is None else change(run, source.kept)
            return Source(lambda: change(run, source.read()), source.lines, kept)

        return Cells({r: tuple(changed(r, s) for s in own) for r, own in self.sources.items()})

    def rename(self, name_of: Callable[[Run], Run]) -> Cells:
        """Return the cells under other names; what gets one name is one cell."""
        found: dict[Run, tuple[Source, ...]] = {}
        for run, sources in self.sources.items():
            name = name_of(run)
            found[name] = (*found.get(name, ()), *sources)
        return Cells(found)


@dataclass(frozen=True, slots=True, eq=False)
class RowsOf:
    """A part of a split as the rows of a dataset."""

    data: pd.DataFrame
    rows: NDArray[np.int32]

    @property
    def table(self) -> pd.DataFrame:
        """The interactions, without the parts that came with the data."""
        return self.columns(INTERACTION)

    def columns(self, names: Iterable[str]) -> pd.DataFrame:
        """Return some columns, each as it is: in one block they would be there twice."""
        there = {c: self.data[c].array.take(self.rows) for c in names if c in self.data}
        return pd.DataFrame(there, copy=False)


SplitPart: TypeAlias = RowsOf | pd.DataFrame
"""What one fold trains on, or tests."""


class FoldParts(Mapping[str, pd.DataFrame]):
    """Train, or test, of each fold: what a dataset has of it is looked up when asked for."""

    def __init__(self, room: Room | None = None) -> None:
        self.room = room or Room()
        self.parts: dict[str, SplitPart] = {}

    def add(self, fold: str, part: SplitPart) -> None:
        """Add the part of a fold."""
        is_small = isinstance(part, RowsOf) and self.room.take(len(part.rows))
        self.parts[fold] = part.table if isinstance(part, RowsOf) and is_small else part

    def __getitem__(self, fold: str) -> pd.DataFrame:
        """Return the interactions of one fold."""
        part = self.parts[fold]
        return part.table if isinstance(part, RowsOf) else part

    def pairs(self, fold: str) -> pd.DataFrame:
        """Return users and items of one fold alone: a third of its memory."""
        part = self.parts[fold]
        return part.columns(PAIR) if isinstance(part, RowsOf) else part[PAIR]

    def __iter__(self) -> Iterator[str]:
        """Yield the folds."""
        return iter(self.parts)

    def __len__(self) -> int:
        """Return the number of folds."""
        return len(self.parts)

    def select(self, folds: Container[str]) -> FoldParts:
        """Return the parts of some folds."""
        found = FoldParts(self.room)
        found.parts = {f: p for f, p in self.parts.items() if f in folds}
        return found


def pairs_in(parts: Mapping[str, pd.DataFrame], fold: str) -> pd.DataFrame:
    """Return users and items of one fold of a part of the split."""
    return parts.pairs(fold) if isinstance(parts, FoldParts) else parts[fold][PAIR]
