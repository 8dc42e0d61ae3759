"""User and item ids as numbers: a tenth of the memory of texts, and faster to join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.parquet_reader import id_texts

NO_ID = 0
"""Stands for the empty id."""
AT_ONCE = 1 << 20
"""Keys that are sought together."""


class IdCodes:
    """Numbers that stand for ids, the same ones in all tables of an execution."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {"": NO_ID}

    def encode(self, values: pd.Series[Any]) -> pd.Series[int]:
        """Return ids as numbers; ids that are new get the next ones, missing ones are empty."""
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes, unique = values.cat.codes.to_numpy(), values.cat.categories
        else:
            codes, unique = pd.factorize(values)
        own = np.append(self._codes_of(id_texts(unique)), np.int32(NO_ID))
        return pd.Series(own[codes], index=values.index, dtype="int32")

    def texts(self, codes: Iterable[int] | pd.Series[int]) -> NDArray[np.object_]:
        """Return the ids that numbers stand for."""
        wanted = np.asarray(codes, dtype=np.int64)
        return np.array(list(self.known), dtype=object)[wanted]

    def categories(self, codes: pd.Series[int]) -> pd.Series[Any]:
        """Return the ids that numbers stand for, each text held once."""
        own, unique = pd.factorize(codes)
        texts = pd.Categorical.from_codes(own, pd.Index(self.texts(unique)))
        return pd.Series(texts, index=codes.index)

    def exchange(self, codes: pd.Series[int], others: Mapping[str, str]) -> pd.Series[int]:
        """Return numbers of other ids in place of some."""
        table = np.arange(len(self.known), dtype=np.int32)
        table[self._codes_of(others)] = self._codes_of(others.values())
        return pd.Series(table[codes], index=codes.index)

    def _codes_of(self, texts: Iterable[str]) -> NDArray[np.int32]:
        """Return the numbers of texts."""
        known = self.known
        found = [known.setdefault(text, len(known)) for text in texts]
        return np.array(found, dtype=np.int32)


def are_among(keys: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which keys are among known ones, which are in order: in less memory than `isin`."""
    found = np.zeros(len(keys), dtype=bool)
    for start in range(0, len(keys) if len(known) else 0, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        places = np.searchsorted(known, keys[some])
        places[places == len(known)] = 0
        found[some] = known[places] == keys[some]
    return found


def are_repeated(
    keys: NDArray[np.int64], keep: Literal["first", "last"] = "first"
) -> NDArray[np.bool_]:
    """Return which keys stand there once more; where none does, a third of the memory tells."""
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.zeros(len(keys), dtype=bool)
    del ordered
    return np.asarray(pd.Series(keys).duplicated(keep=keep))


def distinct(*keys: NDArray[Any]) -> NDArray[Any]:
    """Return each key once, in order: sorting takes a tenth of the time of NumPy's hashing."""
    ordered = np.concatenate(keys)
    ordered.sort()
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered if is_new.all() else ordered[is_new]


def pair_keys(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each pair of user and item, the same for the same pair."""
    keys = frame["user_id"].to_numpy(dtype=np.int64) << 32
    keys |= frame["item_id"].to_numpy()
    return np.asarray(keys)
