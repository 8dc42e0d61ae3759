"""Whether repetitions are there, really repeated, and the same where nothing is random."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agent_core.checks.result import Result, failed, label, not_applicable, passed, some, warned
from agent_core.checks.script.seeding import seeds_reach
from agent_core.domain import Algorithm, Study
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.lenskit.scorers import SCORERS

DETERMINISTIC = frozenset(
    {"PopScorer", "BiasScorer", "ItemKNNScorer", "UserKNNScorer", "EASEScorer", "SLIMScorer"}
)
"""LensKit scorers that draw no random numbers."""
KEYS = ["metric", "k", "dataset", "fold"]
SAME_ITEMS, SAME_RANKS = 0.99, 0.99
"""Shared items, and correlation of their ranks, from which lists are nearly the same."""


def random_algorithms(evidence: Evidence) -> tuple[Algorithm, ...]:
    """Return the planned algorithms whose training draws random numbers."""
    return tuple(
        a for a in evidence.plan.algorithms if a.is_random and a.kind not in DETERMINISTIC
    )


def seeds_as_planned(evidence: Evidence) -> Result:
    """Check that every random algorithm has results for every planned seed."""
    chosen = random_algorithms(evidence)
    if not chosen:
        return not_applicable("No planned algorithm draws random numbers.")
    wanted = [str(s) for s in evidence.plan.seeds]
    single = evidence.single
    faults = []
    for algorithm in chosen:
        rows = single[single["algorithm"] == algorithm.name]
        found = set(rows["seed"])
        if len(wanted) == 1 and found == {""}:
            continue
        missing = [s for s in wanted if s not in found]
        if missing:
            done = len(wanted) - len(missing)
            faults.append(f"{algorithm.name} {done} of {len(wanted)} (missing {some(missing)})")
    if faults:
        return failed(f"Seeds with results: {some(faults)}.")
    return passed(f"{len(wanted)} seeds each for {some(a.name for a in chosen)}.")


def repetitions_repeat(evidence: Evidence) -> Result:
    """Check that repetitions of a random algorithm trained anew instead of being copied.

    In a study of seeds they must share a fold: else the split changes with the seed.
    """
    chosen = random_algorithms(evidence)
    if not chosen:
        return not_applicable("No planned algorithm draws random numbers.")
    mixed = [a.name for a in chosen if _has_split_per_seed(evidence, a.name)]
    if mixed and evidence.plan.study is Study.SEED_VARIANCE:
        return failed(
            f"No two seeds of {some(mixed)} share a fold: what the seed moves cannot be told from "
            "what the split moves."
        )
    faults, seen = [], []
    for algorithm in chosen:
        total, distinct, kind = _repetitions(evidence, algorithm.name)
        if total < 2:
            continue
        if distinct < total:
            faults.append(f"{algorithm.name}: {distinct} distinct {kind} of {total} seeds")
        seen.append(f"{algorithm.name}: {total} seeds, {distinct} distinct {kind}")
    if faults:
        return failed(f"Seeds did not lead to trainings of their own; {some(faults)}.")
    if not seen:
        return not_applicable("There are fewer than two seeds.")
    alike = [a.name for a in chosen if _has_same_order(evidence, a.name)]
    if alike:
        return warned(f"The same items at the same ranks for every seed: {some(alike)}.")
    if unseeded := _without_seed(evidence, chosen):
        return warned(unseeded)
    return passed(f"{some(seen)}.")


def same_seed_same_result(evidence: Evidence) -> Result:
    """Check that one run has one value, and that what is not random does not vary over seeds."""
    single = evidence.single
    if not len(single):
        return not_applicable("There are no results of single runs.")
    counts = single.groupby(["algorithm", *KEYS, "seed"], dropna=False)["value"].nunique()
    twice = counts[counts > 1]
    if len(twice):
        first = twice.index[0]
        name = label(str(first[1]), first[2])
        return warned(f"{len(twice)} runs have several values, e.g. {name} of {first[0]}.")
    names = {a.name for a in evidence.plan.algorithms if a.kind in DETERMINISTIC}
    fixed = single[single["algorithm"].isin(names)]
    spread = fixed.groupby(["algorithm", *KEYS], dropna=False)["value"].agg(
        lambda v: float(v.max() - v.min())
    )
    moved = spread[spread > 1e-9]
    if len(moved):
        names = {str(i[0]) for i in moved.index}
        return warned(
            f"{some(sorted(names))} draws no random numbers, yet its values differ in one fold: "
            "something else than the model's seed changed."
        )
    return passed("Every run has one value.")


def _without_seed(evidence: Evidence, chosen: tuple[Algorithm, ...]) -> str:
    """Say that the source gives no seed to what it trains; empty where it does, or may.

    Nearly the same lists tell nothing alone: trainings that converge come as close.
    """
    said = recorded_algorithms(evidence.run)
    kinds = {str(said.get(a.name, {}).get("class") or a.kind) for a in chosen}
    reaches, line = seeds_reach(evidence.source)
    if reaches or not all(k in SCORERS and SCORERS[k].is_random for k in kinds):
        return ""
    if line:
        return (
            f"Nothing that differs between seeds reaches a training (line {line}): "
            f"{some(a.name for a in chosen)} takes its seed from TrainingOptions(rng=...)."
        )
    near = [a.name for a in chosen if _has_nearly_same_order(evidence, a.name)]
    return f"Nearly the same items and ranks for every seed: {some(near)}." if near else ""


def _has_split_per_seed(evidence: Evidence, name: str) -> bool:
    """Whether an algorithm has several seeds and no two of them in one fold."""
    rows = evidence.single[evidence.single["algorithm"] == name]
    most = rows.groupby("fold")["seed"].nunique().max()
    return rows["seed"].nunique() > 1 and int(most) < 2


def _repetitions(evidence: Evidence, name: str) -> tuple[int, int, str]:
    """Return seeds, distinct outcomes, and what was compared, in the fold where they differ least.

    Lists with their scores, or predictions, are compared; without them all values together.
    """
    found: list[tuple[int, int, str]] = []
    for frame, columns, kind in (
        (evidence.lists, ["user_id", "item_id", "rank", "score"], "lists"),
        (evidence.predictions, ["user_id", "item_id", "prediction"], "predictions"),
    ):
        for _, group in frame[frame["algorithm"] == name].groupby("fold"):
            prints = [_fingerprint(g, columns) for _, g in group.groupby("seed")]
            found.append((len(prints), len(set(prints)), kind))
    rows = evidence.single[evidence.single["algorithm"] == name]
    for _, group in rows.groupby("fold") if not found else ():
        wide = group.pivot_table(
            index=["metric", "k"], columns="seed", values="value", aggfunc="first", dropna=False
        ).dropna(how="all")
        values = {tuple(wide[c].round(15).fillna(-1.0)) for c in wide.columns}
        total = wide.shape[1]
        is_copied = len(values) == 1 or len(values) < total / 2
        found.append((total, len(values) if is_copied else total, "results"))
    return min(found, key=lambda f: f[1] - f[0], default=(0, 0, "results"))


def _has_same_order(evidence: Evidence, name: str) -> bool:
    """Whether all seeds lead to the same lists, scores aside."""
    lists = evidence.lists[evidence.lists["algorithm"] == name]
    if lists["seed"].nunique() < 2:
        return False
    columns = ["user_id", "item_id", "rank"]
    prints = {
        fold: {_fingerprint(g, columns) for _, g in group.groupby("seed")}
        for fold, group in lists.groupby("fold")
    }
    return all(len(found) == 1 for found in prints.values())


def _has_nearly_same_order(evidence: Evidence, name: str) -> bool:
    """Whether all seeds lead to nearly the same items in nearly the same order."""
    lists = evidence.lists[evidence.lists["algorithm"] == name]
    keys = ["user_id", "item_id"]
    found = []
    for _, group in lists.groupby("fold"):
        first, *others = [
            g.set_index(keys)["rank"].astype(float) for _, g in group.groupby("seed")
        ]
        for other in others:
            both = pd.concat([first, other], axis=1, join="inner")
            shared = len(both) / max(len(first), len(other))
            found.append(shared >= SAME_ITEMS and _correlation(both) >= SAME_RANKS)
    return bool(found) and all(found)


def _correlation(ranks: pd.DataFrame) -> float:
    """Return the correlation of two columns of ranks; 0 where they are none or do not vary."""
    values = ranks.to_numpy(dtype=float)
    if len(values) < 3 or not np.isfinite(values).all() or not np.ptp(values, axis=0).all():
        return 0.0
    return float(np.corrcoef(values.T)[0, 1])


def _fingerprint(frame: pd.DataFrame, columns: list[str]) -> int:
    """Return a number that is the same for the same lines, whatever their order."""
    lines = pd.util.hash_pandas_object(frame[columns], index=False)
    return int(lines.sum())
