"""Whether model seeds move models and split seeds move splits, each its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Detail,
    Result,
    failed,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.checks.results.seeds import random_algorithms
from agent_core.domain import Block, FactorKind, Masked, Order, SplitRules, with_design
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.id_codes import are_among, pair_keys

SPLIT_SEED = FactorKind.SPLIT_SEED.value
FEW = 20
"""Tested interactions of which two draws are not the same by chance."""
COUNTS = ("train_rows", "test_rows", "test_users")


def seeds_set_apart(evidence: Evidence) -> Result:
    """Check that a model seed leaves the split as it is, and a split seed makes another one."""
    plan = with_design(evidence.plan)
    several = [plan.factor(k) for k in (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED)]
    if not any(several):
        return not_applicable("No seed is repeated.")
    if not len(evidence.single):
        return not_applicable("There are no results of single runs.")
    pairs = list(_same_tests(evidence))
    faults = [text for is_drawn, text in pairs if is_drawn]
    faults += [*_moved_splits(evidence), *_other_counts(evidence)]
    if faults:
        return failed("One generator for both: {faults}.", faults=faults)
    if still := [text for _, text in pairs]:
        return warned("Nothing is drawn that a split seed could move: {blocks}.", blocks=still)
    return passed("Model seeds move models, split seeds move splits.")


def is_drawn(split: SplitRules) -> bool:
    """Whether a seed decides what a split tests."""
    draws_users = split.test_users is not None or split.test_user_share is not None
    draws = split.kind.is_drawn and split.order is Order.RANDOM
    return draws or (draws_users and not split.are_users_chosen)


def _same_tests(evidence: Evidence) -> Iterator[tuple[bool, Detail]]:
    """Yield folds that differ in the split seed and test the same; whether they are drawn."""
    seen: dict[str, list[tuple[str, np.ndarray]]] = {}
    blocks = evidence.blocks.items()
    for fold, block in sorted((f, b) for f, b in blocks if SPLIT_SEED in b.levels):
        test = evidence.test.get(fold)
        if test is None or len(test) < FEW:
            continue
        own = np.sort(pair_keys(test))
        known = seen.setdefault(_place_but_seed(block), [])
        for other, keys in known:
            if np.array_equal(own, keys):
                yield (
                    is_drawn(block.split),
                    Detail("{first} and {second} test the same", first=other, second=fold),
                )
        known.append((fold, own))


def _place_but_seed(block: Block) -> str:
    """Return what a block is beside its split seed, as text."""
    return str(sorted((n, str(v)) for n, v in block.levels.items() if n != SPLIT_SEED))


def _moved_splits(evidence: Evidence) -> Iterator[Detail]:
    """Name algorithms of which some seeds list what is trained on in their fold, others do not.

    Who draws the split anew with the model's seed trains and tests on other interactions than
    those that were saved: lists leave out the ones, and have the others.
    """
    names = {a.name for a in random_algorithms(evidence)}
    for fold in sorted(evidence.train):
        if evidence.split_of(fold).masked is Masked.NOTHING:
            continue
        own = evidence.lists.select(_is_of(names, fold))
        trained = np.sort(pair_keys(evidence.train[fold])) if len(own) > 1 else np.empty(0)
        for name in sorted({run[0] for run in own}):
            shares = {r[2]: _listed(own[r], trained) for r in own if r[0] == name}
            wrong = sorted(seed for seed, share in shares.items() if share)
            if wrong and len(wrong) < len(shares):
                told = "the split of {algorithm} in fold {fold} is another for seed {seeds}"
                yield Detail(told, algorithm=name, fold=fold, seeds=wrong)


def _is_of(names: set[str], fold: str) -> Callable[[Run], bool]:
    """Return whether runs are of some algorithms and a fold."""
    return lambda run: run[0] in names and run[1] == fold


def _listed(table: pd.DataFrame, trained: np.ndarray) -> float:
    """Return the share of recommendations that are trained on."""
    return float(are_among(pair_keys(table), trained).mean()) if len(table) else 0.0


def _other_counts(evidence: Evidence) -> Iterator[Detail]:
    """Name cells that record other sizes of training and test than their block was saved with."""
    saved = evidence.cells.set_index("block")[list(COUNTS)] if len(evidence.cells) else None
    for run, said in evidence.records.items():
        cell = evidence.of_runs.get(run)
        if cell is None or saved is None or cell.block.name not in saved.index:
            continue
        own = saved.loc[[cell.block.name]].iloc[0]
        for name in COUNTS:
            if isinstance(said.get(name), int) and said[name] != own[name] == own[name]:
                told = "{run} records {count:,} {name}, its block has {saved:,.0f}"
                yield Detail(
                    told, run=run_label(*run), count=said[name], name=name, saved=own[name]
                )
