"""The product trains a script's algorithms itself, from what the script recorded, and compares.

A script can invent its lists, train on the test, weaken its baseline or record another model than
it trained, and still deliver files that agree with each other. Classes, configurations and the
split are recorded; what they lead to can be found out again without the script.
"""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from agent_core.checks.results.metrics import sampled_candidates
from agent_core.checks.results.retraining import share_without_training
from agent_core.data.parquet_reader import PAIR, RUN
from agent_core.domain import Algorithm, FactorKind, Script
from agent_core.domain.metric import RATING
from agent_core.evidence.cells import Cells, Run
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.evidence.result_files import Reading
from agent_core.evidence.retrained import Pair, Retrained
from agent_core.evidence.run_tables import run_cells
from agent_core.execution.executor import Executor, Experiment
from agent_core.lenskit.scorers import SCORERS
from agent_core.measures import metrics
from agent_core.measures.metrics import Recomputed
from agent_core.measures.recomputation import Delivered, RunMetrics
from agent_core.verification.sampled_cells import sampled_cells, why_not_in
from sandbox.execution import Execution

SEEDS = 3
"""Trainings of an algorithm that draws random numbers: the fewest whose spread can be compared."""
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
TIMEOUT_S = 900.0
"""A report waits no longer for it; what has not ended is told as not trained again."""
SCRIPT = "training_script.py"
PARTS = ("train", "test", "query")
RERANK = FactorKind.RERANK.value
NO_RERANK = "none"


@dataclass(frozen=True, slots=True)
class Training:
    """One algorithm to train."""

    number: int
    fold: str
    name: str
    kind: str
    module: str
    config: Mapping[str, Any]
    seeds: tuple[int | None, ...]
    lists: bool
    predictions: bool


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What is trained, on which folds."""

    folds: tuple[str, ...]
    length: int
    """Of the lists."""
    algorithms: tuple[Training, ...]
    left_out: Mapping[str, str]
    """Algorithm to the reason."""
    of: int = 0
    """Delivered runs."""
    rated: bool = True
    """Whether the training data have their ratings."""
    names_all: bool = False
    """Whether training knows the names of all who are tested, also without rows of theirs."""


async def retrain(
    evidence: Evidence, template: Experiment, folder: Path, executor: Executor
) -> Retrained | None:
    """Train what a script recorded and compare; None where no split was saved.

    What disagrees is trained once more without ratings, which a script may have left out, and
    with the names of users who have no training rows, which the parts of a splitter have.

    Raises
    ------
    SandboxError
        When the machinery failed.
    """
    order = await asyncio.to_thread(training_order_of, evidence)
    if order is None:
        return None
    found = await _carry_out(evidence, order, template, folder, executor)
    for name, vary in (("unrated", _order_without_ratings), ("all-users", _order_with_all_users)):
        again = vary(evidence, order, found)
        if again is not None:
            other = folder.with_name(name)
            second = await _carry_out(evidence, again, template, other, executor)
            found = closer_training(found, second)
    return found


def training_order_of(evidence: Evidence) -> TrainingOrder | None:
    """Return what the product can train itself; None where no split was saved."""
    delivered = set(evidence.single["fold"])
    if not set(evidence.train) & set(evidence.test) & delivered:
        return None
    planned = {a.name: a for a in evidence.plan.algorithms}
    reasons = {name: _why_left_out(evidence, a) for name, a in planned.items()}
    picks = sampled_cells(evidence, [n for n, reason in reasons.items() if not reason])
    left_out = {n: reason for n, reason in reasons.items() if reason}
    chosen: list[Training] = []
    for name, fold in picks:
        if reason := why_not_in(evidence, fold):
            left_out.setdefault(name, reason)
        else:
            chosen.append(_training_of(evidence, len(chosen), planned[name], fold))
    trained = {t.name for t in chosen}
    # What only lists on the part that is chosen by is no result.
    chosen_by = set(evidence.validated["algorithm"]) - set(evidence.single["algorithm"])
    silent = [n for n in planned if n not in {*trained, *left_out, *chosen_by}]
    left_out |= dict.fromkeys(silent, "it has no results in a fold that can be trained again")
    rows = evidence.single
    lengths = [evidence.plan.list_length, *(int(k) for k in rows["k"].dropna().unique())]
    return TrainingOrder(
        tuple(dict.fromkeys(t.fold for t in chosen)),
        min(max(lengths), metrics.LONGEST),
        tuple(chosen),
        {n: reason for n, reason in left_out.items() if n not in trained},
        len(rows[RUN].drop_duplicates()),
    )


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
    below = float(stats.f.cdf(ratio, len(delivered) - 1, len(trained) - 1))
    return own, ours, 2 * min(below, 1 - below)


def closer_training(first: Retrained, second: Retrained) -> Retrained:
    """Return, cell by cell, the training that the delivered values are closer to."""
    other = _by_cell(second)
    pairs: list[Pair] = []
    for place, own in _by_cell(first).items():
        rival = other.get(place, ())
        is_better = rival and sum(p.agrees for p in rival) > sum(p.agrees for p in own)
        pairs += rival if is_better else own
    return replace(first, pairs=tuple(pairs))


async def _carry_out(
    evidence: Evidence,
    order: TrainingOrder,
    template: Experiment,
    folder: Path,
    executor: Executor,
) -> Retrained:
    """Carry out one order."""
    if not order.algorithms:
        return Retrained(", ".join(order.folds), (), order.left_out, 0, order.of)
    experiment = await asyncio.to_thread(_experiment_of, evidence, order, template, folder)
    execution = await executor.execute(experiment, lambda _: None)
    return await asyncio.to_thread(_compare_trained, evidence, order, execution)


def _why_left_out(evidence: Evidence, algorithm: Algorithm) -> str:
    """Say why an algorithm cannot be trained again; empty where it can."""
    if sampled_candidates(evidence):
        return "only sampled items were ranked"
    if algorithm.levels.get(RERANK, NO_RERANK) != NO_RERANK:
        return "its lists are ranked anew"
    said = recorded_algorithms(evidence.run).get(algorithm.name, {})
    if str(said.get("class")) not in SCORERS:
        return f"{said.get('class') or algorithm.kind} is no scorer of LensKit"
    return "" if isinstance(said.get("config"), dict) else "its configuration was not recorded"


def _training_of(evidence: Evidence, number: int, algorithm: Algorithm, fold: str) -> Training:
    """Return how an algorithm is trained again; a random one with the first recorded seeds."""
    rows = evidence.single
    rows = rows[(rows["fold"] == fold) & (rows["algorithm"] == algorithm.name)]
    records = (said for run, said in evidence.records.items() if run[:2] == (algorithm.name, fold))
    said = next(records, recorded_algorithms(evidence.run)[algorithm.name])
    scorer = SCORERS[str(said["class"])]
    known = [int(s) for s in rows["seed"].unique() if str(s).isdecimal()][:SEEDS]
    fresh = [s for s in range(SEEDS) if s not in known]
    seeds = (*known, *fresh)[:SEEDS] if scorer.is_random else (None,)
    rates = rows["metric"].isin(RATING)
    return Training(
        number, fold, algorithm.name, scorer.kind, scorer.module, said["config"], tuple(seeds),
        bool((~rates).any()), bool(rates.any()),
    )  # fmt: skip


def _experiment_of(
    evidence: Evidence, order: TrainingOrder, template: Experiment, folder: Path
) -> Experiment:
    """Write the split and the order; return the experiment that trains.

    Parameters
    ----------
    evidence
        What the script delivered.
    order
        What is trained.
    template
        The script's own experiment: whose it is and who may stop it.
    folder
        Emptied; inputs and results go here.
    """
    shutil.rmtree(folder, ignore_errors=True)
    given = folder / "given"
    given.mkdir(parents=True)
    for number, fold in enumerate(order.folds):
        for name in PARTS:
            part = _part_of(evidence, name, fold)
            if part is not None:
                texts = {c: evidence.ids.categories(part[c]) for c in PAIR}
                part.assign(**texts).to_parquet(given / f"{name}-{number}.parquet", index=False)
    (given / "order.json").write_text(json.dumps(asdict(order)), encoding="utf-8")
    source = (resources.files("agent_core.verification") / SCRIPT).read_text("utf-8")
    return replace(
        template,
        script=Script("the product's own training", source),
        files={p.name: p for p in sorted(given.iterdir())},
        folder=folder / "artifacts",
        timeout_s=min(template.timeout_s, TIMEOUT_S),
        expected_s=0.0,
        cells=(),
    )


def _part_of(evidence: Evidence, name: str, fold: str) -> pd.DataFrame | None:
    """Return a part that is given to the training; None where a fold has none."""
    split = evidence.split_of(fold)
    if name == "query" and split.in_training:
        return None
    part: pd.DataFrame | None = getattr(evidence, name).get(fold)
    if name == "train" and part is not None and split.trains_on_validation:
        kept = evidence.validation.get(fold)
        return part if kept is None else pd.concat([part, kept], ignore_index=True)
    return part


def _compare_trained(evidence: Evidence, order: TrainingOrder, execution: Execution) -> Retrained:
    """Compare what the product trained with what the script delivered."""
    artifacts = {a.name: a.path for a in execution.artifacts}
    names = [str(t.number) for t in order.algorithms]
    reading = Reading(ids=evidence.ids)
    both = [run_cells(kind, artifacts, names, reading) for kind in ("lists", "predictions")]
    pairs: list[Pair] = []
    left_out, cells = dict(order.left_out), 0
    failed = _failures(artifacts)
    for training in order.algorithms:
        key = str(training.number)
        own = [cells.select(_has_name(key)) for cells in both]
        if training.name in failed or not any(own):
            left_out[training.name] = failed.get(training.name, "it did not come to an end")
        else:
            pairs += _pairs_of(evidence, training, own)
            cells += _delivered_runs(evidence, training)
    left_out = {n: why for n, why in left_out.items() if n not in {p.algorithm for p in pairs}}
    return Retrained(", ".join(order.folds), tuple(pairs), left_out, cells, order.of)


def _delivered_runs(evidence: Evidence, training: Training) -> int:
    """Return how many delivered runs a training is of."""
    rows = evidence.single
    own = rows[(rows["fold"] == training.fold) & (rows["algorithm"] == training.name)]
    seeds = set(own["seed"])
    named = {str(s) for s in training.seeds if s is not None}
    return len(seeds & named) or len(seeds)


def _has_name(name: str) -> Callable[[Run], bool]:
    """Return whether runs are of an algorithm."""
    return lambda run: run[0] == name


def _failures(artifacts: Mapping[str, Path]) -> dict[str, str]:
    """Return the algorithms whose training failed, with the error."""
    path = artifacts.get("failed.json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path else {}


def _pairs_of(evidence: Evidence, training: Training, own: Sequence[Cells]) -> Iterator[Pair]:
    """Yield every delivered metric of an algorithm beside the trained one."""
    rows, fold = evidence.single, training.fold
    rows = rows[(rows["fold"] == fold) & (rows["algorithm"] == training.name)]
    for (metric, k), group in rows.groupby(["metric", "k"], dropna=False):
        cut = None if pd.isna(k) else int(k)
        trained = np.array(list(_trained_values(evidence, fold, (str(metric), cut), own)))
        delivered = group["value"].to_numpy(dtype=float)
        if len(trained) and np.isfinite(delivered).all():
            yield Pair(
                training.name, str(metric), cut, float(delivered.mean()), float(trained.mean()),
                slack_of(delivered, trained), len(trained), *compare_spreads(delivered, trained),
                fold,
            )  # fmt: skip


def _trained_values(
    evidence: Evidence,
    fold: str,
    metric: tuple[str, int | None],
    own: Sequence[Cells],
) -> Iterator[float]:
    """Yield a metric of each training, under the definition that the script's values have."""
    parts = {"train": evidence.train, "test": evidence.test}
    rows, users, (lists, predicted) = evidence.single, evidence.per_user, own
    delivered = Delivered(rows, lists, predicted, users, parts, is_sample=False)
    wanted = _definition_of(evidence, *metric)
    for table in (predicted if metric[0] in RATING else lists).values():
        found = RunMetrics(delivered, ("", fold, ""), table, table).definitions_of(*metric)
        value = _under(found, wanted)
        if value is not None:
            yield value


def _definition_of(evidence: Evidence, metric: str, k: int | None) -> str:
    """Return the definition under which the script's values could be computed again."""
    table = evidence.agreement
    same = table[(table["metric"] == metric) & table["agrees"].astype(bool)]
    same = same[same["k"].isna() if k is None else (same["k"] == k).fillna(value=False)]
    return str(same["definition"].iloc[0]) if len(same) else ""


def _under(found: Sequence[Recomputed], wanted: str) -> float | None:
    """Return the value under a definition, else under the first there is."""
    chosen = next((f for f in found if f.definition == wanted), found[0] if found else None)
    return chosen.value if chosen is not None and math.isfinite(chosen.value) else None


def _order_without_ratings(
    _: Evidence, order: TrainingOrder, found: Retrained
) -> TrainingOrder | None:
    """Return the order for what disagreed, without ratings: a script may leave them out."""
    again = _again(order, found, lambda t: not t.predictions)
    return replace(again, rated=False) if again else None


def _order_with_all_users(
    evidence: Evidence, order: TrainingOrder, found: Retrained
) -> TrainingOrder | None:
    """Return the order for what disagreed where some who are tested have no training rows."""
    is_open = {f: evidence.split_of(f).in_training for f in order.folds}
    lonely = {f for f in order.folds if is_open[f] and share_without_training(evidence, f)}
    again = _again(order, found, lambda t: t.fold in lonely)
    return replace(again, names_all=True) if again else None


def _again(
    order: TrainingOrder, found: Retrained, is_wanted: Callable[[Training], bool]
) -> TrainingOrder | None:
    """Return the order for some of what disagreed; None where nothing did."""
    doubtful = {(p.algorithm, p.fold) for p in found.pairs if not p.agrees}
    chosen = (t for t in order.algorithms if (t.name, t.fold) in doubtful)
    again = tuple(t for t in chosen if is_wanted(t))
    return replace(order, algorithms=again, left_out={}) if again else None


def _by_cell(retrained: Retrained) -> dict[tuple[str, str], tuple[Pair, ...]]:
    """Return the pairs of each algorithm and fold."""
    places = dict.fromkeys((p.algorithm, p.fold) for p in retrained.pairs)
    return {
        place: tuple(p for p in retrained.pairs if (p.algorithm, p.fold) == place)
        for place in places
    }
