"""The training of a block before it was thinned: of the full block beside it, or by its rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.interactions import Interactions
from agent_core.data.parquet_reader import PAIR
from agent_core.data.parts import Parts, parts_of
from agent_core.domain import Block, Candidates, Masked
from agent_core.evidence.evidence import Evidence


@dataclass(frozen=True, slots=True, eq=False)
class FullTraining:
    """What there was before training and profiles were thinned."""

    train: pd.DataFrame
    query: pd.DataFrame | None
    """What users keep whom training does not see; None where it sees them."""

    @property
    def known(self) -> pd.DataFrame:
        """All that users had, whoever sees it."""
        parts = [p for p in (self.train, self.query) if p is not None]
        return pd.concat([p[list(PAIR)] for p in parts], ignore_index=True)


def is_thinned(block: Block) -> bool:
    """Whether a block has less than the full training."""
    return block.train_share < 1 or block.profile_size is not None


def needs_full_training(block: Block) -> bool:
    """Whether lists go by what there was before training was thinned."""
    split = block.split
    is_asked = split.candidates is Candidates.FULL_TRAINING or split.masked is Masked.FULL_TRAINING
    return is_asked and is_thinned(block)


def full_training(evidence: Evidence, fold: str) -> FullTraining | None:
    """Return the training of a fold before it was thinned; None where it cannot be known."""
    block = evidence.blocks.get(fold)
    if block is None:
        return None
    whole = replace(block, train_share=1.0, profile_size=None)
    for name, other in evidence.blocks.items():
        is_there = name in evidence.train and name in evidence.test
        if is_there and replace(other, name=whole.name, levels=whole.levels) == whole:
            return FullTraining(evidence.train[name], evidence.query.get(name))
    return _by_rules(evidence, fold, whole)


def _by_rules(evidence: Evidence, fold: str, whole: Block) -> FullTraining | None:
    """Return what the rules come to, where the script tests what they draw."""
    name = evidence.sources.get(fold, "")
    frame = evidence.others.get(name) if name else evidence.interactions
    if frame is None:
        return None
    parts = parts_of(Interactions.of(frame, evidence.ids.texts), whole)
    if parts is None or not _tests_alike(evidence, fold, frame, parts):
        return None
    query = None if parts.query is None else frame.iloc[parts.query]
    return FullTraining(frame.iloc[parts.train], query)


def _tests_alike(evidence: Evidence, fold: str, frame: pd.DataFrame, parts: Parts) -> bool:
    """Whether the rules test what was tested."""
    own, ruled = evidence.test[fold], frame.iloc[parts.test]
    return np.array_equal(np.sort(_keys(own)), np.sort(_keys(ruled)))


def _keys(frame: pd.DataFrame) -> NDArray[np.int64]:
    users, items = (frame[c].to_numpy(dtype=np.int64) for c in PAIR)
    return np.asarray(users << 32 | items)
