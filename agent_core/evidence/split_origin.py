"""Where the interactions of a saved split come from: each one is sought in the dataset again.

A script that saves pairs instead of row numbers could save any. What the dataset has of a pair
counts, not what the script wrote beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.parquet_reader import PAIR
from agent_core.evidence.cells import RowsOf, SplitPart
from agent_core.evidence.id_codes import IdCodes
from agent_core.evidence.raw_ids import Meaning

Rows = NDArray[np.int32]
Parts = dict[str, dict[str, SplitPart]]
FOUND = 0.5
"""Share of pairs that must be in the dataset to take their ids for those of the dataset, beyond
those that are there by chance."""
STRANGE = 0.01
"""Share of times that the dataset may lack before they are not taken for its own: two lines of 200
may have been shifted, a column of invented times is not as close."""
MANY_TIMES = 0.9
"""Different times among as many interactions that hardly two have the same: how many share one
tells little then."""
MICRO = 10**6
CUTS = (MICRO, 1000, 1)
"""Parts of a second that times are compared by, the finest first."""
UNITS = {1e17: 10**9, 1e14: MICRO, 1e11: 1000}
"""Number to the parts of a second above it: as seconds 1e11 are the year 5138, as thousandths
March 1973."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What was found of one fold in the dataset."""

    rows: Mapping[str, Rows]
    """Part to the dataset row of each line, -1 where it was not found."""
    pairs: int = 0
    """Lines that were saved as pairs, not as row numbers."""
    unknown: int = 0
    """How many of them the dataset lacks."""
    is_renamed: bool = False
    """Whether users and items have other ids than in the dataset."""
    faults: tuple[str, ...] = ()
    """In what renamed interactions cannot be those of the dataset."""
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    """Column to what its ids stand for, where the script read them in its own way."""

    @property
    def kept(self) -> Rows:
        """The dataset rows of the fold."""
        found = np.concatenate([np.empty(0, dtype=np.int32), *self.rows.values()])
        return np.unique(found[found >= 0])


def trace_parts(
    parts: Parts, data: pd.DataFrame | None, ids: IdCodes
) -> tuple[Parts, dict[str, Origin]]:
    """Return the parts with the ratings and times of the dataset, and where they come from."""
    told: Parts = {"train": {}, "test": {}}
    origins: dict[str, Origin] = {}
    for fold in sorted({*parts["train"], *parts["test"]}):
        own = {p: parts[p][fold] for p in ("train", "test") if fold in parts[p]}
        if data is None or not set(PAIR) <= set(data):
            found = own
        else:
            found, origins[fold] = _look_up_fold(own, data, ids)
        for part, one in found.items():
            told[part][fold] = one
    return told, origins


def seconds(times: pd.Series) -> pd.Series:
    """Return times as seconds, to the microsecond, whatever they were."""
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    if not pd.api.types.is_numeric_dtype(times):
        is_time = pd.api.types.is_datetime64_any_dtype(times)
        moments = times if is_time else _moments(times)
        fine = moments.astype("datetime64[us]").to_numpy()
        found = fine.view("int64") / MICRO
        found[np.isnat(fine)] = np.nan
        return pd.Series(found, index=times.index)
    numbers = times.astype(float)
    largest = numbers.abs().max()
    return numbers / next((unit for least, unit in UNITS.items() if largest > least), 1)


def _moments(times: pd.Series) -> pd.Series:
    """Return written times as moments without a zone."""
    moments = pd.to_datetime(times, errors="coerce", format="mixed", utc=True)
    return moments.dt.tz_localize(None)


def has_times_of(frame: pd.DataFrame, data: pd.DataFrame) -> bool:
    """Whether times are those of the dataset, as often as they are there; maybe rescaled."""
    if "timestamp" not in frame or "timestamp" not in data or not len(frame):
        return False
    if frame["timestamp"].isna().any():
        return False
    return _are_known(frame["timestamp"], data["timestamp"]) or any(
        _are_rescaled(frame["timestamp"], whole["timestamp"])
        for whole in (data, data.drop_duplicates(PAIR))
    )


def _are_known(times: pd.Series, known: pd.Series) -> bool:
    """Whether times are known ones, nearly all; a script may have cut them to seconds."""
    for unit in CUTS:
        own, there = (_cut(seconds(t), unit).value_counts() for t in (times, known))
        excess = (own - there.reindex(own.index).fillna(0)).clip(lower=0).sum()
        if excess <= STRANGE * len(times):
            return True
    return False


def _cut(times: pd.Series, unit: int) -> pd.Series:
    """Return times as whole numbers of parts of a second; what is nearly one counts as it."""
    return np.floor(times * unit + (0.5 if unit == MICRO else 1e-3))


def differences(frame: pd.DataFrame, data: pd.DataFrame) -> Iterator[str]:
    """Say in what renamed interactions cannot be those of the dataset."""
    unique = data if frame.duplicated(PAIR).any() else data.drop_duplicates(PAIR)
    for what, column in (("users", "user_id"), ("items", "item_id")):
        own, known = frame[column].nunique(), data[column].nunique()
        if own > known:
            yield f"{own:,} {what}, the dataset has {known:,}"
        else:
            # A part of the data has no more of its first, second or third most frequent user.
            sizes = [f[column].value_counts().to_numpy() for f in (frame, unique)]
            if (sizes[0] > sizes[1][:own]).any():
                yield f"other numbers of interactions per {what[:-1]} than in the dataset"
    if len(frame) > len(data):
        yield f"{len(frame):,} interactions, the dataset has {len(data):,}"


def _look_up_fold(
    parts: Mapping[str, SplitPart], data: pd.DataFrame, ids: IdCodes
) -> tuple[dict[str, SplitPart], Origin]:
    """Look one fold up in the dataset."""
    rows = {p: part.rows for p, part in parts.items() if isinstance(part, RowsOf)}
    loose = {p: part for p, part in parts.items() if isinstance(part, pd.DataFrame)}
    if not loose:
        return dict(parts), Origin(rows)
    whole = pd.concat(loose.values(), ignore_index=True)
    attempts = _attempts(whole, data, ids)
    places, _ = min(attempts, key=lambda a: (-int((a[0] >= 0).sum()), a[1]))
    chance = _density(data)
    enough = (chance + FOUND * (1 - chance)) * len(places)
    is_renamed = not rows and bool((places >= 0).sum() < enough)
    if is_renamed:
        nothing = {p: np.full(len(f), -1, dtype=np.int32) for p, f in loose.items()}
        faults = tuple(differences(whole, data))
        kept = loose if has_times_of(whole, data) else _without_times(loose)
        return {**kept}, Origin(nothing, len(whole), is_renamed=True, faults=faults)
    start, told = 0, dict(parts)
    for part, frame in loose.items():
        rows[part] = places[start : start + len(frame)]
        told[part] = _with_truth(frame, rows[part], data)
        start += len(frame)
    return told, Origin(rows, len(whole), int((places < 0).sum()))


def _density(data: pd.DataFrame) -> float:
    """Return the share of all pairs that the dataset has: how often other ids are found in it."""
    cells = data["user_id"].nunique() * data["item_id"].nunique()
    return float(len(data.drop_duplicates(PAIR)) / max(1, cells))


def _attempts(frame: pd.DataFrame, data: pd.DataFrame, ids: IdCodes) -> Iterator[tuple[Rows, int]]:
    """Yield the dataset rows of the lines as they are, and with what stands before ids removed."""
    yield _places_of(frame, data), 0
    bare = {c: _without_prefix(frame[c], ids) for c in PAIR}
    if any(bare[c] is not frame[c] for c in PAIR):
        yield _places_of(frame.assign(**bare), data), 1


def _without_prefix(codes: pd.Series, ids: IdCodes) -> pd.Series:
    """Return ids without the letters that all of them begin with."""
    own, unique = pd.factorize(codes)
    texts = ids.texts(unique)
    if not len(texts):
        return codes
    first, last = min(texts), max(texts)
    common = 0
    for one, other in zip(first, last, strict=False):
        if one != other or one.isdigit():
            break
        common += 1
    if not common:
        return codes
    bare = ids.encode(pd.Series([t[common:] for t in texts], dtype=object)).to_numpy()
    return pd.Series(bare[own], index=codes.index)


def _places_of(frame: pd.DataFrame, data: pd.DataFrame) -> Rows:
    """Return each line's dataset row; of a repeated pair that of the same time, else turn."""
    right = data[PAIR].assign(row=np.arange(len(data)))
    left = frame[PAIR].reset_index(drop=True)
    found = pd.Series(np.nan, index=left.index)
    for side, source in ((left, frame), (right, data)):
        side["turn"] = side.groupby(PAIR).cumcount().to_numpy()
        if "timestamp" in frame and "timestamp" in data:
            times = seconds(source["timestamp"])
            for unit in CUTS:
                side[f"1/{unit} s"] = _cut(times, unit).to_numpy()
    for extra in (*(f"1/{unit} s" for unit in CUTS), "turn", None):
        keys = [*PAIR, *([extra] if extra else [])]
        if set(keys) <= set(left) and found.isna().any():
            unique = right.drop_duplicates(keys)
            found = found.fillna(left[keys].merge(unique, on=keys, how="left")["row"])
    return np.asarray(found.fillna(-1).to_numpy(), dtype=np.int32)


def _with_truth(frame: pd.DataFrame, rows: Rows, data: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with ratings and times as in the dataset.

    Of a pair that the dataset has several times a script may have made one, by its mean or its
    last time: what lies between the values that there are stays.
    """
    is_found = rows >= 0
    told = frame.reset_index(drop=True)
    repeated = data.duplicated(PAIR, keep=False).to_numpy()
    for column in ("rating", "timestamp"):
        if column not in data:
            continue
        true = data[column].reset_index(drop=True).reindex(np.where(is_found, rows, -1))
        true = true.reset_index(drop=True)
        if column in told and is_found.any() and repeated[rows[is_found]].any():
            is_between = _between(told[column], rows, data, column)
            true = true.mask(is_between, _same_kind(told[column], true))
        told[column] = true
    return told


def _between(own: pd.Series, rows: Rows, data: pd.DataFrame, column: str) -> pd.Series:
    """Return where a value lies within those that the dataset has of its repeated pair."""
    measured = seconds if column == "timestamp" else pd.to_numeric
    values = measured(data[column])
    groups = values.groupby([data[c] for c in PAIR])
    low, high = (groups.transform(f).to_numpy() for f in ("min", "max"))
    given = measured(own).to_numpy(dtype=float)
    inside = (rows >= 0) & (low[rows] < high[rows]) & (given >= low[rows]) & (given <= high[rows])
    return pd.Series(inside)


def _same_kind(own: pd.Series, true: pd.Series) -> pd.Series:
    """Return values in the form of others: times as seconds, or as moments."""
    if pd.api.types.is_numeric_dtype(true):
        return own if pd.api.types.is_numeric_dtype(own) else seconds(own)
    moments = pd.to_datetime(_cut(seconds(own), MICRO), unit="us")
    has_zone = isinstance(true.dtype, pd.DatetimeTZDtype)
    return (moments.dt.tz_localize("UTC") if has_zone else moments).astype(true.dtype)


def _without_times(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return renamed parts without times that are none of the dataset."""
    return {p: f.drop(columns="timestamp", errors="ignore") for p, f in frames.items()}


def _are_rescaled(own: pd.Series, known: pd.Series) -> bool:
    """Whether some times are the known ones on another scale.

    As many interactions share the first time, the second and so on; where few share one, which
    tells little, the distances between times must be the same as well.
    """
    numbers = [t if pd.api.types.is_numeric_dtype(t) else seconds(t) for t in (own, known)]
    (mine, times), (theirs, known_times) = (
        np.unique(n.to_numpy(float), return_counts=True) for n in numbers
    )
    if not np.array_equal(times, known_times) or len(mine) < 2:
        return False
    if len(mine) < MANY_TIMES * len(own):
        return True
    first, second = ((v - v[0]) / (v[-1] - v[0]) for v in (mine, theirs))
    return bool(np.allclose(first, second, rtol=0, atol=1e-6))
