"""What a block tests and ranks, and how far what two blocks measured can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.evidence.id_codes import are_among, distinct, pair_keys
from agent_core.statistics.answers.answer import Grade, Reason

Ints = NDArray[np.int64]
FEWEST_COMMON = 2
"""Users that two parts need in common for values over these."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one block tests, and among which items."""

    pairs: Ints
    """A number for each tested pair of user and item, sorted."""
    users: Ints
    """Ids of the tested users, sorted."""
    candidates: Ints
    """Ids of the items that are ranked, sorted."""
    masked: str = ""
    """Digest of what is left out of the lists, or drawn for them, user by user."""
    dataset: str = ""
    train_rows: int = 0

    @classmethod
    def of(
        cls, test: pd.DataFrame, candidates: Iterable[int], masked: pd.DataFrame, dataset: str = ""
    ) -> Part:
        """Return the part of a block by its test interactions.

        Parameters
        ----------
        test
            Has user_id and item_id, ids of at most 32 bits.
        candidates
            Ids of items.
        masked
            Pairs user_id, item_id that no list has; those of other users do not matter.
        dataset
            Whose ids these are.
        """
        users = np.unique(test["user_id"].to_numpy(dtype=np.int64))
        own = distinct(pair_keys(masked))
        own = own[are_among(own >> 32, users)]
        items = np.unique(np.fromiter(candidates, dtype=np.int64))
        pairs, digest = distinct(pair_keys(test)), hashlib.sha256(own.data).hexdigest()
        return cls(pairs, users, items, digest, dataset, len(masked))

    @property
    def test_share(self) -> float:
        """Test interactions divided by training interactions; 0 where the latter is not known."""
        return len(self.pairs) / self.train_rows if self.train_rows else 0.0


def grade_of(a: Part | None, b: Part | None) -> tuple[Grade, Reason]:
    """Return how far what two blocks measured can be compared, and why no further."""
    if a is None or b is None:
        return Grade.APART, Reason.UNKNOWN
    if a.dataset != b.dataset:
        return Grade.APART, Reason.OTHER_DATASET
    if np.array_equal(a.pairs, b.pairs):
        if not np.array_equal(a.candidates, b.candidates):
            return Grade.COMMON, Reason.OTHER_CANDIDATES
        is_same = a.masked == b.masked
        return (Grade.SAME, Reason.NONE) if is_same else (Grade.COMMON, Reason.OTHER_MASK)
    first, second = a.users, b.users
    if len(np.intersect1d(first, second)) < FEWEST_COMMON:
        return Grade.APART, Reason.NO_COMMON_USERS
    is_same = np.array_equal(first, second)
    return Grade.COMMON, Reason.OTHER_ITEMS if is_same else Reason.OTHER_TEST_USERS
