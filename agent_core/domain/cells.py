"""What a design comes to: its blocks of training and test data, and its cells.

A design is no plain product: a level of `fold` exists within the split that has folds, one of
`model_seed` within algorithms that draw random numbers, one of a hyperparameter within the
algorithms that have it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

from agent_core.domain.design import Estimand, FactorKind, FactorRole, Levels, LevelValue
from agent_core.domain.plan import Algorithm, Dataset, Plan
from agent_core.domain.rules import DataRules, SplitRules

ID_DIGITS = 12
WHOLE = "all"
"""The level of `profile_size` at which users keep everything."""
CHOSEN = "chosen"
"""The level of a hyperparameter that its grid decides on the validation part."""


@dataclass(frozen=True, slots=True)
class Block:
    """One training part with its test part."""

    name: str
    """Unique in the plan, usable in file names: `0`, `5-core`, `newest.0`."""
    levels: Levels
    dataset: str
    data: DataRules
    split: SplitRules
    """Its seed is that of the block's level of `split_seed`."""
    fold: int = 0
    train_share: float = 1.0
    profile_size: int | None = None
    """Interactions that a test user keeps in training; None: all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One training, or one re-ranking of the lists of one, and what it delivers."""

    id: str
    """12 hex digits over what is done; names do not enter."""
    levels: Levels
    """Factor to level, for the factors that apply; `algorithm` is always there."""
    algorithm: Algorithm
    block: Block
    seed: int | None = None
    """Model seed; None where training draws no random numbers."""


def blocks_of(plan: Plan) -> tuple[Block, ...]:
    """Return the blocks of a plan, whole repetitions before the next."""
    return tuple(_blocks(plan))


def cells_of(plan: Plan, datasets: Sequence[Dataset] = ()) -> tuple[Cell, ...]:
    """Return the cells of a plan in the order that gives answers early.

    All levels that are compared come at the first seed and fold before the second of these.

    Parameters
    ----------
    plan
        The plan.
    datasets
        Their hashes enter the ids; without them ids are those of no particular data.
    """
    hashes = {d.name: d.table_sha256 or d.sha256 for d in datasets}
    found = [
        _cell(plan, block, algorithm, seed, hashes.get(block.dataset, ""))
        for block in _blocks(plan)
        for algorithm in plan.algorithms
        for seed in _seeds_of(plan, algorithm)
    ]
    kept = [cell for cell in found if not _is_excluded(plan, cell.levels)]
    turn = _turns(plan)
    return tuple(sorted(kept, key=turn))


def level_names(plan: Plan, kind: FactorKind) -> tuple[LevelValue, ...]:
    """Return the levels that a factor has, one where the plan does not vary it."""
    factor = plan.factor(kind)
    return factor.levels if factor else ()


def design_record(plan: Plan, datasets: Sequence[Dataset]) -> dict[str, Any]:
    """Return what `design.json` tells a script: cells, blocks and rules, with no code."""
    cells = cells_of(plan, datasets)
    used = (cell.block for cell in cells) if cells else blocks_of(plan)
    blocks = {block.name: block for block in used}
    return {
        "version": 2,
        "title": plan.title,
        "factors": [asdict(factor) for factor in plan.factors],
        "metrics": [{"metric": m.name, "k": m.k} for m in plan.metrics],
        "validated": [{"metric": m.name, "k": m.k} for m in plan.validated],
        "list_length": plan.list_length,
        "makes_anew": any(q.kind is Estimand.COST for q in plan.questions),
        "blocks": {name: block_record(block) for name, block in blocks.items()},
        "cells": [
            {
                "id": cell.id,
                "levels": dict(cell.levels),
                "algorithm": cell.algorithm.name,
                "class": cell.algorithm.kind,
                "config": dict(cell.algorithm.config),
                "is_random": cell.algorithm.is_random,
                "block": cell.block.name,
                "seed": cell.seed,
            }
            for cell in cells
        ],
        "groups": [
            {
                "of": q.groups,
                "by": q.group_by,
                "count": q.groups_wanted,
                "names": q.group_names,
                "ends": q.group_ends,
            }
            for q in plan.questions
            if q.groups
        ],
    }


def block_record(block: Block) -> dict[str, Any]:
    """Return a block as JSON."""
    return {
        "levels": dict(block.levels),
        "dataset": block.dataset,
        "data": [asdict(rule) for rule in block.data.rules],
        "split": asdict(block.split),
        "fold": block.fold,
        "train_share": block.train_share,
        "profile_size": block.profile_size,
    }


def _blocks(plan: Plan) -> Iterator[Block]:
    """Yield the blocks: splits within data, folds within splits, thinned training within folds."""
    datasets = level_names(plan, FactorKind.DATASET) or plan.datasets[:1]
    data = level_names(plan, FactorKind.DATA)
    splits = level_names(plan, FactorKind.SPLIT)
    seeds = level_names(plan, FactorKind.SPLIT_SEED)
    shares = level_names(plan, FactorKind.TRAIN_SHARE)
    sizes = level_names(plan, FactorKind.PROFILE_SIZE)
    for dataset, variant, split in product(datasets, data or ("",), splits or ("",)):
        rules = plan.split_of(split)
        folds = range(max(1, rules.folds))
        for seed, fold in product(seeds or (rules.seed,), folds):
            for share, size in product(shares or (1.0,), sizes or (WHOLE,)):
                levels = {
                    FactorKind.DATASET: dataset if len(datasets) > 1 else None,
                    FactorKind.DATA: variant if data else None,
                    FactorKind.SPLIT: split if splits else None,
                    FactorKind.SPLIT_SEED: seed if seeds else None,
                    FactorKind.FOLD: fold if len(folds) > 1 else None,
                    FactorKind.TRAIN_SHARE: share if shares else None,
                    FactorKind.PROFILE_SIZE: size if sizes else None,
                }
                told = {kind.value: v for kind, v in levels.items() if v is not None}
                yield Block(
                    _block_name(told),
                    told,
                    str(dataset),
                    plan.data_of(variant),
                    replace(rules, seed=int(seed)),
                    fold,
                    float(share),
                    None if size == WHOLE else int(size),
                )


def _seeds_of(plan: Plan, algorithm: Algorithm) -> tuple[int | None, ...]:
    """Return the model seeds of an algorithm: one where it is random and not repeated."""
    factor = plan.factor(FactorKind.MODEL_SEED)
    is_repeated = factor is None or factor.applies_to(algorithm.family)
    seeds = plan.seeds if is_repeated else plan.seeds[:1]
    return seeds if algorithm.is_random else (None,)


def _block_name(levels: Levels) -> str:
    """Return a name for files; `0` for the only one, the number for plain folds."""
    parts = [
        str(v) if name in (FactorKind.FOLD, FactorKind.DATA, FactorKind.SPLIT) else f"{name}-{v}"
        for name, v in levels.items()
    ]
    return ".".join(re.sub(r"[^A-Za-z0-9_+=-]+", "-", part).strip("-") for part in parts) or "0"


def _cell(
    plan: Plan, block: Block, algorithm: Algorithm, seed: int | None, data_hash: str
) -> Cell:
    levels: dict[str, LevelValue] = {
        FactorKind.ALGORITHM.value: algorithm.family,
        **algorithm.levels,
        **block.levels,
    }
    if seed is not None and len(plan.seeds) > 1:
        levels[FactorKind.MODEL_SEED.value] = seed
    return Cell(_cell_id(block, algorithm, seed, data_hash), levels, algorithm, block, seed)


def _cell_id(block: Block, algorithm: Algorithm, seed: int | None, data_hash: str) -> str:
    """Return the digest of what is done: of rules and settings, not of their names."""
    done = {
        "dataset": data_hash or block.dataset,
        "data": [_told(asdict(rule)) for rule in block.data.rules],
        "split": _told(asdict(block.split)),
        "fold": block.fold,
        "train_share": block.train_share,
        "profile_size": block.profile_size,
        "class": algorithm.kind,
        "config": dict(algorithm.config),
        "rerank": algorithm.levels.get(FactorKind.RERANK.value, ""),
        "seed": seed,
    }
    if open_names := sorted(n for n, v in algorithm.levels.items() if v == CHOSEN):
        done["chosen"] = open_names
    text = json.dumps(done, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def _told(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return rules without the words that tell them to people."""
    return {k: v for k, v in rules.items() if k != "text"}


def _is_excluded(plan: Plan, levels: Levels) -> bool:
    """Whether a combination that is left out holds of these levels."""
    return any(
        bool(left_out) and all(levels.get(name) == level for name, level in left_out.items())
        for left_out in plan.excluded
    )


def _turns(plan: Plan) -> Callable[[Cell], tuple[int, ...]]:
    """Return the key that puts repetitions one after the other, first seeds and folds first."""
    repeated = [f for f in plan.factors if f.role is FactorRole.REPEATED]
    numbers = {f.name: {level: n for n, level in enumerate(f.levels)} for f in repeated}

    def turn(cell: Cell) -> tuple[int, ...]:
        # What does not vary over a repetition belongs to the first.
        steps = [known.get(cell.levels.get(n, ""), 0) for n, known in numbers.items()]
        return (max(steps, default=0), *steps)

    return turn
