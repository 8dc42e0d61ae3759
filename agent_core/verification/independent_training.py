"""The product trains a script's algorithms itself, from what the script recorded, and compares.

A script can invent its lists, train on the test, weaken its baseline or record another model than
it trained, and still deliver files that agree with each other. Classes, configurations and the
split are recorded; what they lead to can be found out again without the script.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from agent_core.checks.results.retraining import share_without_training
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.retrained import Pair, Retrained
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.progress import OnProgress, untold
from agent_core.verification.other_ways import OtherWays, values_of_others
from agent_core.verification.training_orders import (
    Training,
    TrainingOrder,
    delivered_seeds,
    training_order_of,
)
from agent_core.verification.training_parts import given_parts
from agent_core.verification.training_runs import Trained, Trainer, trained_values

SLACK, SLACK_SHARE = 0.002, 0.03
"""Ties and library versions move a metric that much, absolute and as a share: of 30 honest runs on
two datasets none is beyond (ADR 8)."""
DEVIATIONS = 4.0
"""Standard errors that the mean over a few seeds may be off: with three seeds on both sides chance
exceeds that for one value in 120, with ten of the script's for one in 1,000 (drawn from
normals)."""
ENOUGH_SEEDS = 3
"""Seeds on both sides from which their spread is compared: two have one difference, and no
shape."""


async def retrain(
    evidence: Evidence,
    template: Experiment,
    folder: Path,
    executor: Executor,
    tell: OnProgress = untold,
) -> Retrained | None:
    """Train what a script recorded and compare; None where no split was saved.

    What disagrees is trained once more without ratings, which a script may have left out, and
    with the names of users who have no training rows, which the parts of a splitter have. What
    agrees is trained in other ways too, where the plan leaves them open.

    Raises
    ------
    SandboxError
        When the machinery failed.
    """
    order = await asyncio.to_thread(training_order_of, evidence)
    if order is None:
        return None
    trainer = Trainer(evidence, template, folder, executor, tell)
    found, seconds = await _carry_out(trainer, order)
    trainings = {(t.name, t.fold): t for t in order.algorithms}
    for name, vary in (("unrated", _without_ratings), ("all-users", _with_all_users)):
        again = vary(evidence, replace(order, algorithms=tuple(trainings.values())), found)
        if again is not None:
            second, _ = await _carry_out(trainer, again, name)
            found, better = closer_training(found, second)
            trainings |= {p: t for t in again.algorithms if (p := (t.name, t.fold)) in better}
    others = OtherWays(evidence, order, tuple(trainings.values()), seconds, found)
    values, unknown = await values_of_others(trainer, others)
    return replace(found, others=values, unknown=unknown)


def slack_of(delivered: np.ndarray, trained: np.ndarray) -> float:
    """Return the gap of two means that ties, versions and seeds explain."""
    least = SLACK + SLACK_SHARE * abs(float(trained.mean()))
    spreads = [float(v.std(ddof=1)) for v in (delivered, trained) if len(v) > 1]
    if len(trained) < 2 or not spreads:
        return least
    scale = math.sqrt(1 / len(delivered) + 1 / len(trained))
    return max(least, DEVIATIONS * max(spreads) * scale)


def compare_spreads(delivered: np.ndarray, trained: np.ndarray) -> tuple[float, float, float]:
    """Return both standard deviations over seeds and the p of their F test."""
    if min(len(delivered), len(trained)) < ENOUGH_SEEDS:
        return 0.0, 0.0, 1.0
    own, ours = float(delivered.std(ddof=1)), float(trained.std(ddof=1))
    if not ours:
        return own, ours, 1.0
    ratio = own**2 / ours**2
    below = float(scipy.stats.f.cdf(ratio, len(delivered) - 1, len(trained) - 1))
    return own, ours, 2 * min(below, 1 - below)


def closer_training(
    first: Retrained, second: Retrained
) -> tuple[Retrained, frozenset[tuple[str, str]]]:
    """Return, cell by cell, the training that the delivered values are closer to; and which of
    the second these are.
    """  # noqa: D205
    other = _by_cell(second)
    pairs: list[Pair] = []
    better: set[tuple[str, str]] = set()
    for place, own in _by_cell(first).items():
        rival = other.get(place, ())
        is_better = bool(rival) and sum(p.agrees for p in rival) > sum(p.agrees for p in own)
        pairs += rival if is_better else own
        better |= {place} if is_better else set()
    return replace(first, pairs=tuple(pairs)), frozenset(better)


async def _carry_out(
    trainer: Trainer, order: TrainingOrder, name: str = ""
) -> tuple[Retrained, Mapping[str, float]]:
    """Carry out one order, compare, and return what its trainings took too."""
    if not order.algorithms:
        return Retrained(", ".join(order.places), (), order.left_out, 0, order.of), {}
    trained = await trainer.train(order, lambda fold: given_parts(trainer.evidence, fold), name)
    found = await asyncio.to_thread(_compare_trained, trainer.evidence, order, trained)
    return found, trained.seconds


def _compare_trained(evidence: Evidence, order: TrainingOrder, trained: Trained) -> Retrained:
    """Compare what the product trained with what the script delivered."""
    pairs: list[Pair] = []
    left_out, cells = dict(order.left_out), 0
    for training in order.algorithms:
        if training.name in trained.failed or not any(trained.tables_of(training)):
            why = trained.failed.get(training.name, "it did not come to an end")
            left_out[training.name] = why
        else:
            pairs += _pairs_of(evidence, training, trained)
            cells += len(delivered_seeds(evidence, training))
    left_out = {n: why for n, why in left_out.items() if n not in {p.algorithm for p in pairs}}
    return Retrained(", ".join(order.places), tuple(pairs), left_out, cells, order.of)


def _pairs_of(evidence: Evidence, training: Training, trained: Trained) -> Iterator[Pair]:
    """Yield every delivered metric of an algorithm beside the trained one."""
    rows, fold = evidence.single, training.fold
    rows = rows[(rows["fold"] == fold) & (rows["algorithm"] == training.name)]
    own, given = trained.tables_of(training), given_parts(evidence, fold)
    for (metric, k), group in rows.groupby(["metric", "k"], dropna=False):
        cut = None if pd.isna(k) else int(k)
        values = np.array(list(trained_values(evidence, (str(metric), cut), own, given)))
        delivered = group["value"].to_numpy(dtype=float)
        if len(values) and np.isfinite(delivered).all():
            yield Pair(
                training.name, str(metric), cut, float(delivered.mean()), float(values.mean()),
                slack_of(delivered, values), len(values), *compare_spreads(delivered, values),
                fold,
            )  # fmt: skip


def _without_ratings(_: Evidence, order: TrainingOrder, found: Retrained) -> TrainingOrder | None:
    """Return the order for what disagreed, without ratings: a script may leave them out."""
    again = (t for t in _doubtful(order, found) if not t.predictions)
    return _ordered(order, [replace(t, rated=False) for t in again])


def _with_all_users(
    evidence: Evidence, order: TrainingOrder, found: Retrained
) -> TrainingOrder | None:
    """Return the order for what disagreed where some who are tested have no training rows."""
    is_open = {f: evidence.split_of(f).in_training for f in order.places}
    lonely = {f for f in order.places if is_open[f] and share_without_training(evidence, f)}
    again = (t for t in _doubtful(order, found) if t.fold in lonely)
    return _ordered(order, [replace(t, names_all=True) for t in again])


def _doubtful(order: TrainingOrder, found: Retrained) -> list[Training]:
    """Return what disagreed."""
    doubtful = {(p.algorithm, p.fold) for p in found.pairs if not p.agrees}
    return [t for t in order.algorithms if (t.name, t.fold) in doubtful]


def _ordered(order: TrainingOrder, again: Sequence[Training]) -> TrainingOrder | None:
    """Return the order for some trainings; None where there are none."""
    return replace(order, algorithms=tuple(again), left_out={}) if again else None


def _by_cell(retrained: Retrained) -> dict[tuple[str, str], tuple[Pair, ...]]:
    """Return the pairs of each algorithm and fold."""
    places = dict.fromkeys((p.algorithm, p.fold) for p in retrained.pairs)
    return {
        place: tuple(p for p in retrained.pairs if (p.algorithm, p.fold) == place)
        for place in places
    }
