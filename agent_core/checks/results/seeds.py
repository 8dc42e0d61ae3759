"""Whether repetitions are there, really repeated, and the same where nothing is random."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from agent_core.checks.result import Detail, Result, failed, label, not_applicable, passed, warned
from agent_core.checks.results.same_lists import LINES, print_of, served_lines
from agent_core.checks.script.seeding import seeds_reach
from agent_core.domain import Algorithm, Estimand, FactorKind, Plan, Study
from agent_core.evidence.cells import Cells, Run
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.lenskit.scorers import SCORERS

DETERMINISTIC = frozenset(kind for kind, scorer in SCORERS.items() if not scorer.is_random)
"""LensKit scorers that draw no random numbers."""
SAME = 1e-9
"""Spread over seeds that is no more than another order of summing."""
KEYS = ["metric", "k", "dataset", "fold"]
SAME_ITEMS, SAME_RANKS = 0.99, 0.99
"""Shared items, and correlation of their ranks, from which lists are nearly the same: in lists of
ten 0.8 pairs of neighbours a user may be swapped. No sign alone, since trainings that converge
come as close."""


@dataclass(frozen=True, slots=True)
class Repetitions:
    """How many seeds an algorithm has in one fold, and how many differ in what was compared."""

    algorithm: str
    seeds: int
    distinct: int
    kind: str


def random_algorithms(evidence: Evidence) -> tuple[Algorithm, ...]:
    """Return the planned algorithms whose training draws random numbers."""
    return tuple(
        a for a in evidence.plan.algorithms if a.is_random and a.kind not in DETERMINISTIC
    )


def seeds_as_planned(evidence: Evidence) -> Result:
    """Check that every random algorithm has results for every planned seed.

    Where nobody who is tested is known to a model, a fallback serves all, and one run is enough.
    """
    chosen = random_algorithms(evidence)
    if not chosen:
        return not_applicable("No planned algorithm draws random numbers.")
    wanted = [str(s) for s in evidence.plan.seeds]
    single = evidence.measured
    faults = []
    for algorithm in chosen:
        rows = single[single["algorithm"] == algorithm.name]
        found = set(rows["seed"])
        if (len(wanted) == 1 and found == {""}) or not _is_moved(evidence, set(rows["fold"])):
            continue
        missing = [s for s in wanted if s not in found]
        if missing:
            told = "{algorithm} {seeds} of {planned} (missing {missing})"
            done = {"seeds": len(wanted) - len(missing), "planned": len(wanted)}
            faults.append(Detail(told, algorithm=algorithm.name, **done, missing=missing))
    if faults:
        return failed("Seeds with results: {faults}.", faults=faults)
    named = [a.name for a in chosen]
    return passed("{seeds} seeds each for {algorithms}.", seeds=len(wanted), algorithms=named)


def repetitions_repeat(evidence: Evidence) -> Result:
    """Check that repetitions of a random algorithm trained anew instead of being copied.

    In a study of seeds they must share a fold: else the split changes with the seed. Lists of
    users of whom training knows nothing are those of a fallback, and rightly the same.
    """
    chosen = random_algorithms(evidence)
    if not chosen:
        return not_applicable("No planned algorithm draws random numbers.")
    mixed = [a.name for a in chosen if _has_split_per_seed(evidence, a.name)]
    if mixed and _asks_of_seeds(evidence.plan):
        told = (
            "No two seeds of {without_shared_fold} share a fold: what the seed moves cannot be "
            "told from what the split moves."
        )
        return failed(told, without_shared_fold=mixed)
    seen = [r for a in chosen for r in [_repetitions(evidence, a.name)] if r.seeds > 1]
    faults = [
        Detail("{algorithm}: {distinct} distinct {kind} of {seeds} seeds", **asdict(r))
        for r in seen
        if r.distinct < r.seeds
    ]
    if faults:
        return failed("Seeds did not lead to trainings of their own; {faults}.", faults=faults)
    if not seen:
        return not_applicable("There are fewer than two seeds.")
    alike = [a.name for a in chosen if _has_same_order(evidence, a.name)]
    if alike:
        told = "The same items at the same ranks for every seed: {same_lists}."
        return warned(told, same_lists=alike)
    if unseeded := _without_seed(evidence, chosen):
        return warned(unseeded)
    told = "{algorithm}: {seeds} seeds, {distinct} distinct {kind}"
    return passed("{seen}.", seen=[Detail(told, **asdict(r)) for r in seen])


def same_seed_same_result(evidence: Evidence) -> Result:
    """Check that one run has one value, and that what is not random does not vary over seeds."""
    single = evidence.single
    if not len(single):
        return not_applicable("There are no results of single runs.")
    counts = single.groupby(["algorithm", *KEYS, "seed"], dropna=False)["value"].nunique()
    twice = counts[counts > 1]
    if len(twice):
        algorithm, metric, k = twice.index[0][:3]
        told = "{runs} runs have several values, e.g. {metric} of {algorithm}."
        named = {"metric": label(str(metric), k), "algorithm": algorithm}
        return warned(told, runs=len(twice), **named)
    names = {a.name for a in evidence.plan.algorithms if a.kind in DETERMINISTIC}
    fixed = single[single["algorithm"].isin(names)]
    spread = fixed.groupby(["algorithm", *KEYS], dropna=False)["value"].agg(
        lambda v: v.max() - v.min()
    )
    moved = spread[spread > SAME].index.get_level_values("algorithm")
    if len(moved):
        told = (
            "{not_random} draws no random numbers, yet its values differ in one fold: something "
            "else than the model's seed changed."
        )
        return warned(told, not_random=sorted(set(map(str, moved))))
    return passed("Every run has one value.")


def _without_seed(evidence: Evidence, chosen: tuple[Algorithm, ...]) -> Detail:
    """Say that the source gives no seed to what it trains; empty where it does, or may.

    Nearly the same lists tell nothing alone: trainings that converge come as close.
    """
    said = recorded_algorithms(evidence.run)
    kinds = {str(said.get(a.name, {}).get("class") or a.kind) for a in chosen}
    reaches, line = seeds_reach(evidence.source)
    if reaches or not all(k in SCORERS and SCORERS[k].is_random for k in kinds):
        return Detail("")
    if line:
        told = (
            "Nothing that differs between seeds reaches a training (line {line}): {algorithms} "
            "takes its seed from TrainingOptions(rng=...)."
        )
        return Detail(told, line=line, algorithms=[a.name for a in chosen])
    near = [a.name for a in chosen if _has_nearly_same_order(evidence, a.name)]
    told = "Nearly the same items and ranks for every seed: {nearly_same_lists}."
    return Detail(told, nearly_same_lists=near) if near else Detail("")


def _asks_of_seeds(plan: Plan) -> bool:
    """Whether the spread over model seeds is what is asked."""
    seed = FactorKind.MODEL_SEED.value
    spread = (Estimand.SPREAD, Estimand.SPREAD_RATIO, Estimand.VARIANCE_SHARES)
    asked = any(q.kind in spread and seed in q.over for q in plan.questions)
    return asked or plan.study is Study.SEED_VARIANCE


def _has_split_per_seed(evidence: Evidence, name: str) -> bool:
    """Whether an algorithm has several seeds and no two of them in one fold."""
    rows = evidence.single[evidence.single["algorithm"] == name]
    most = rows.groupby("fold")["seed"].nunique().max()
    return rows["seed"].nunique() > 1 and int(most) < 2


def _repetitions(evidence: Evidence, name: str) -> Repetitions:
    """Compare the seeds of an algorithm in the fold where they differ least.

    Lists with their scores, or predictions, are compared; without them all values together.
    """
    found = [
        Repetitions(name, len(prints), len(set(prints)), kind)
        for kind, columns in LINES.items()
        for prints in _prints(evidence, kind, name, columns)
    ]
    rows = evidence.single[evidence.single["algorithm"] == name]
    listed = {run[1] for run in (*evidence.lists, *evidence.predictions) if run[0] == name}
    for _, group in rows[~rows["fold"].isin(listed)].groupby("fold"):
        wide = group.pivot_table(
            index=["metric", "k"], columns="seed", values="value", aggfunc="first", dropna=False
        ).dropna(how="all")
        values = {tuple(wide[c].round(15).fillna(-1.0)) for c in wide.columns}
        total = wide.shape[1]
        is_copied = len(values) == 1 or len(values) < total / 2
        found.append(Repetitions(name, total, len(values) if is_copied else total, "results"))
    nothing = Repetitions(name, 0, 0, "results")
    return min(found, key=lambda r: r.distinct - r.seeds, default=nothing)


def _has_same_order(evidence: Evidence, name: str) -> bool:
    """Whether all seeds of a fold lead to the same lists, scores aside; one is no repetition."""
    prints = _prints(evidence, "lists", name, ["user_id", "item_id", "rank"])
    repeated = [fold for fold in prints if len(fold) > 1]
    return bool(repeated) and all(len(set(fold)) == 1 for fold in repeated)


def _has_nearly_same_order(evidence: Evidence, name: str) -> bool:
    """Whether all seeds lead to nearly the same items in nearly the same order."""
    found = []
    for seeds in _runs_by_fold(evidence.lists, name).values():
        first = _ranks_of(evidence.lists[seeds[0]])
        for run in seeds[1:]:
            other = _ranks_of(evidence.lists[run])
            both = pd.concat([first, other], axis=1, join="inner")
            shared = len(both) / max(len(first), len(other))
            found.append(shared >= SAME_ITEMS and _correlation(both) >= SAME_RANKS)
    return bool(found) and all(found)


def _ranks_of(table: pd.DataFrame) -> pd.Series:
    """Return the ranks of the lists of one run, by user and item."""
    return table.set_index(["user_id", "item_id"])["rank"].astype(float)


def _correlation(ranks: pd.DataFrame) -> float:
    """Return the correlation of two columns of ranks; 0 where they are none or do not vary."""
    values = ranks.to_numpy(dtype=float)
    if len(values) < 3 or not np.isfinite(values).all() or not np.ptp(values, axis=0).all():
        return 0.0
    return float(np.corrcoef(values.T)[0, 1])


def _prints(evidence: Evidence, kind: str, name: str, columns: list[str]) -> list[list[int]]:
    """Return for each fold of an algorithm a number of each seed's lines, whatever their order.

    Folds in which nobody is served by what was trained are left out.
    """
    cells: Cells = getattr(evidence, kind)
    found = []
    for fold, seeds in _runs_by_fold(cells, name).items():
        tables = (served_lines(evidence, fold, cells[run][columns]) for run in seeds)
        prints = [print_of(table) for table in tables if len(table)]
        found += [prints] if prints else []
    return found


def _is_moved(evidence: Evidence, folds: set[str]) -> bool:
    """Whether anybody who is tested is known to a model in some of these folds."""
    known = [f for f in folds if f in evidence.train and f in evidence.test]
    if len(known) < len(folds) or not folds:
        return True
    return any(len(served_lines(evidence, f, evidence.test[f])) for f in known)


def _runs_by_fold(cells: Cells, name: str) -> dict[str, list[Run]]:
    """Return the runs of an algorithm by their fold, in the order of their seeds."""
    found: dict[str, list[Run]] = {}
    for run in sorted(run for run in cells if run[0] == name):
        found.setdefault(run[1], []).append(run)
    return found
