"""The interactions of a dataset as arrays, and the order in which rules draw from them.

Draws go by hashes of seed and id: they are the same in every process, library and order of rows,
and a tenth of the users lies inside a quarter of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.parquet_reader import id_texts
from agent_core.domain.parts import given_column

Rows = NDArray[np.int64]
"""Row numbers in ascending order."""
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]
Codes = NDArray[np.int32]
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
LAST_SHIFT = np.uint64(31)
"""Of the finalizer of splitmix64."""
EPOCH_UNITS = {1e17: "ns", 1e14: "us", 1e11: "ms"}
"""Number above which times of no type count such parts of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """What users had to do with items; everything by row number."""

    users: Codes
    items: Codes
    user_texts: NDArray[np.object_]
    """User to the id as it stands in the table."""
    item_texts: NDArray[np.object_]
    ratings: NDArray[np.float64] | None = None
    times: NDArray[Any] | None = None
    """Numbers in the order of time; missing ones are the least."""
    moments: NDArray[Any] | None = None
    """The times in UTC, or the numbers that they are; missing ones are none."""
    given: Mapping[int, NDArray[np.object_]] = field(default_factory=dict)
    """Fold to the part of each row, where a split came with the data."""
    known: dict[tuple[str, int], Keys] = field(default_factory=dict)
    """The hashes that were worked out before."""

    @classmethod
    def of(
        cls, frame: pd.DataFrame, texts: Callable[[Any], Iterable[str]] = id_texts
    ) -> Interactions:
        """Return a table as arrays.

        Parameters
        ----------
        frame
            user_id, item_id, rating?, timestamp?; its order is that of the rows.
        texts
            Gives the ids that are in the table as text, where numbers stand for them.
        """
        (users, user_ids), (items, item_ids) = (_coded(frame[c]) for c in ("user_id", "item_id"))
        moments = _moments(frame["timestamp"]) if "timestamp" in frame else None
        columns = ((n, given_column(n)) for n in range(len(frame.columns)))
        return cls(
            users.astype(np.int32, copy=False),
            items.astype(np.int32, copy=False),
            np.array(list(texts(user_ids)), dtype=object),
            np.array(list(texts(item_ids)), dtype=object),
            _numbers(frame["rating"]) if "rating" in frame else None,
            None if moments is None else _ordered(moments),
            moments,
            {n: frame[c].to_numpy(dtype=object) for n, c in columns if c in frame},
        )

    @property
    def rows(self) -> Rows:
        """All rows."""
        return np.arange(len(self.users), dtype=np.int64)

    def have(self, rows: Rows) -> Flags:
        """Return which users have one of some rows."""
        found = np.zeros(len(self.user_texts), dtype=bool)
        found[self.users[rows]] = True
        return found

    def units(self, column: str, seed: int) -> Keys:
        """Return the hash of each user, or item, with a seed."""
        if (column, seed) not in self.known:
            texts = self.user_texts if column == "user_id" else self.item_texts
            self.known[column, seed] = hashed(seed, texts)
        return self.known[column, seed]

    def keys(self, seed: int, rows: Rows) -> Keys:
        """Return by what interactions are drawn: those with the lowest keys first."""
        key = self.units("user_id", seed)[self.users[rows]]
        key *= GOLDEN
        key += self.units("item_id", seed)[self.items[rows]]
        for shift, factor in MIXING:
            key ^= key >> np.uint64(shift)
            key *= np.uint64(factor)
        key ^= key >> LAST_SHIFT
        return key

    def days(self, rows: Rows) -> NDArray[Any] | None:
        """Return the UTC days of rows, missing ones no day; None where there are no times."""
        return None if self.moments is None else _days(self.moments)[rows]

    def are_timed(self, rows: Rows) -> Flags:
        """Return which rows have a time."""
        if self.moments is None:
            return np.zeros(len(rows), dtype=bool)
        return ~np.asarray(pd.isna(self.moments[rows]))

    def pairs(self, rows: Rows) -> NDArray[np.int64]:
        """Return a number for the user and item of each row."""
        return (self.users[rows].astype(np.int64) << 32) | self.items[rows]

    def rated(self, rows: Rows, lowest: float | None, *, is_above: bool = False) -> Flags:
        """Return which rows have a rating of at least so much; all where nothing is rated."""
        if lowest is None or self.ratings is None:
            return np.ones(len(rows), dtype=bool)
        ratings = self.ratings[rows]
        return np.asarray(ratings > lowest if is_above else ratings >= lowest)


def hashed(seed: int, texts: Iterable[str]) -> Keys:
    """Return the first eight bytes of the SHA-256 of seed and text, as numbers."""
    digests = (sha256(f"{seed}:{text}".encode()).digest()[:8] for text in texts)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def share_of(share: float, size: Any) -> Any:
    """Return how many of some a share is, halves rounded up."""
    return np.floor(share * np.asarray(size, dtype=float) + 0.5).astype(np.int64)


def lowest(keys: NDArray[Any], count: int) -> Flags:
    """Return which are the lowest; of equal ones the first."""
    if count >= len(keys):
        return np.ones(len(keys), dtype=bool)
    if count <= 0:
        return np.zeros(len(keys), dtype=bool)
    border = np.partition(keys, count - 1)[count - 1]
    found = np.asarray(keys < border)
    found[np.flatnonzero(keys == border)[: count - int(found.sum())]] = True
    return found


def newest(times: NDArray[Any], count: int) -> Flags:
    """Return which are the newest; of equal times the last."""
    found = np.zeros(len(times), dtype=bool)
    found[np.argsort(times, kind="stable")[len(times) - min(count, len(times)) :]] = True
    return found


def order_within(groups: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the order by group, then by value, then by place.

    Both in one number are sorted in a quarter of the time that one after the other takes.
    """
    bits = max(1, int(groups.max(initial=0)).bit_length())
    joined = groups.astype(np.uint64) << np.uint64(64 - bits)
    if values.dtype == np.uint64:
        joined |= values >> np.uint64(bits)
        return _with_ties_in_order(np.argsort(joined), joined, values)
    least, most = (int(f(values)) for f in (np.min, np.max)) if len(values) else (0, 0)
    if values.dtype != np.int64 or (most - least).bit_length() > 64 - bits:
        return np.lexsort((values, groups))
    joined |= (values - least).astype(np.uint64)
    return np.argsort(joined, kind="stable")


def _with_ties_in_order(
    order: NDArray[np.int64], joined: Keys, values: NDArray[Any]
) -> NDArray[np.int64]:
    """Put what has one joined number in the order of value and place."""
    ordered = joined[order]
    is_same = ordered[1:] == ordered[:-1]
    tied = np.flatnonzero(np.append(is_same, False) | np.append(False, is_same))
    own = order[tied]
    order[tied] = own[np.lexsort((own, values[own], ordered[tied]))]
    return order


def _coded(ids: pd.Series[Any]) -> tuple[NDArray[Any], Any]:
    """Return ids as numbers from 0 on, and the ids; codes of ids need no table to find them in."""
    values = ids.to_numpy()
    if values.dtype == np.int32 and len(values) and values.min() >= 0:
        there = np.bincount(values) > 0
        return (np.cumsum(there, dtype=np.int32) - 1)[values], np.flatnonzero(there)
    codes, unique = pd.factorize(ids)
    return codes, unique


def _numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    return np.asarray(pd.to_numeric(values, errors="coerce"), dtype=float)


def _moments(times: pd.Series[Any]) -> NDArray[Any]:
    """Return times as moments in UTC, or as the numbers that they are."""
    if pd.api.types.is_numeric_dtype(times):
        return np.asarray(times, dtype=float)
    if not pd.api.types.is_datetime64_any_dtype(times):
        times = pd.to_datetime(times, errors="coerce", format="mixed", utc=True)
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(times)


def _ordered(moments: NDArray[Any]) -> NDArray[Any]:
    if moments.dtype.kind == "M":
        return np.asarray(moments.view(np.int64))  # no moment is the least number
    return np.where(np.isnan(moments), -np.inf, moments)


def _days(moments: NDArray[Any]) -> NDArray[Any]:
    if moments.dtype.kind != "M":
        largest = np.nanmax(np.abs(moments), initial=0)
        unit = next((u for least, u in EPOCH_UNITS.items() if largest > least), "s")
        known = np.where(np.isnan(moments), 0, moments).astype(np.int64).view(f"M8[{unit}]")
        moments = np.where(np.isnan(moments), np.datetime64("NaT"), known)
    return np.asarray(moments, dtype="datetime64[D]")
