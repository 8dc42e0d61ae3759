"""All of a block that is not held out, before rules of training alone, shares or profiles thin it.

It is that of the full block beside it, or what its rules come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.interactions import Interactions
from agent_core.data.parquet_reader import PAIR
from agent_core.data.parts import Parts, parts_of
from agent_core.domain import Block, Candidates, DataRules, Masked
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
        return _together(parts)


def is_thinned(block: Block) -> bool:
    """Whether a block has less than the full training."""
    return block.train_share < 1 or block.profile_size is not None or block.data.thins_training


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
    whole = replace(block, data=block.data.of_all, train_share=1.0, profile_size=None)
    for name, other in evidence.blocks.items():
        is_there = name in evidence.train and name in evidence.test
        if is_there and _bare(other) == _bare(whole):
            return FullTraining(evidence.train[name], evidence.query.get(name))
    return _by_rules(evidence, fold, whole)


def masked_pairs(evidence: Evidence, fold: str) -> pd.DataFrame | None:
    """Return what lists of a fold leave out by its rules; None where it cannot be known."""
    parts = [evidence.train[fold]]
    split, block = evidence.split_of(fold), evidence.blocks.get(fold)
    if split.masked is Masked.NOTHING:
        return parts[0].iloc[:0]
    if fold in evidence.query:
        # What unseen users keep is left out of their lists as what others have in training.
        parts.append(evidence.query[fold])
    if split.masked is Masked.FULL_TRAINING and block is not None and is_thinned(block):
        full = full_training(evidence, fold)
        if full is None:
            return None
        parts.append(full.known)
    return _together(parts)


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the pairs of some parts; one part as it is, which may have ten million."""
    if len(parts) == 1:
        return parts[0]
    return pd.concat([p[list(PAIR)] for p in parts], ignore_index=True)


def _bare(block: Block) -> Block:
    """Return a block without its name and the words of its rules."""
    rules = DataRules(tuple(replace(rule, text="") for rule in block.data.rules))
    return replace(block, name="", levels={}, data=rules)


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
