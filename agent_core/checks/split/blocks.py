"""Folds as the blocks of the design: each is held against the rules of its own."""

from __future__ import annotations

from collections.abc import Hashable

from agent_core.checks.split.split_kinds import Folds
from agent_core.domain.cells import blocks_of
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import is_thinned as has_less


def has_variants(evidence: Evidence) -> bool:
    """Whether the design has several blocks, so that a name is that of a block or of nothing."""
    return len(blocks_of(evidence.plan)) > 1


def is_thinned(evidence: Evidence, fold: str) -> bool:
    """Whether the training of a fold is a part of what the split leaves."""
    block = evidence.blocks.get(fold)
    return block is not None and has_less(block)


def rounds_of(evidence: Evidence, folds: Folds) -> list[Folds]:
    """Return the folds of each split by themselves: one draw, or one round of cross-validation."""
    names: dict[Hashable, list[str]] = {}
    for fold in folds.names:
        names.setdefault(_split_of(evidence, fold), []).append(fold)
    return [folds.select(set(own).__contains__) for own in names.values()]


def _split_of(evidence: Evidence, fold: str) -> Hashable:
    """Return what the folds of one split share; one that is no block has the first level's."""
    block = evidence.blocks.get(fold)
    dataset = block.dataset if block else evidence.plan.datasets[0]
    size = (block.train_share, block.profile_size) if block else (1.0, None)
    return (dataset, evidence.data_of(fold), evidence.split_of(fold), *size)
