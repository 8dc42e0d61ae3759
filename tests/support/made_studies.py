"""Values of studies whose truth is known, without scripts: what answers are computed from."""

from dataclasses import replace

import numpy as np
import pandas as pd
from builders import plan_of

from agent_core.domain import (
    Algorithm,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    Metric,
    Role,
    SplitKind,
    SplitRules,
    cells_of,
)
from agent_core.statistics.answers.comparability import Part
from agent_core.statistics.answers.study_values import StudyValues

NDCG = Metric("ndcg", 10)
EASE = Algorithm("EASE", "EASEScorer")
KNN = Algorithm("ItemKNN", "ItemKNNScorer")
POP = Algorithm("Popularity", "PopScorer", role=Role.BASELINE)
MF = Algorithm("ImplicitMF", "ImplicitMFScorer", is_random=True)
BPR = Algorithm("BPR", "BPRScorer", is_random=True)


def study_plan(
    *algorithms, questions=(), factors=(), seeds=(0,), folds=1, metrics=(NDCG,), **more
):
    """Return a plan with the factors that its algorithms, seeds and folds come to."""
    names = tuple(dict.fromkeys(a.family for a in algorithms))
    own = [Factor("algorithm", names)] if len(names) > 1 else []
    random = tuple(dict.fromkeys(a.family for a in algorithms if a.is_random))
    if len(seeds) > 1 and random:
        own.append(Factor("model_seed", tuple(seeds), FactorRole.REPEATED, random))
    kind = SplitKind.CROSSFOLD_USERS if folds > 1 else SplitKind.LEAVE_ONE_OUT
    if folds > 1:
        own.append(Factor("fold", tuple(range(folds)), FactorRole.REPEATED))
    return replace(
        plan_of(),
        algorithms=algorithms,
        factors=(*own, *factors),
        questions=tuple(questions),
        seeds=tuple(seeds),
        metrics=tuple(metrics),
        split_levels=(Level(SplitRules(kind, folds=folds)),),
        **more,
    )


def swept(base, factor, levels):
    """Return the variants of an algorithm at the levels of a hyperparameter."""
    return tuple(
        replace(
            base,
            name=f"{base.name} {factor}={v}",
            base=base.name,
            levels={factor: v},
            config={} if v == "chosen" else {factor: v},
        )
        for v in levels
    )


def repeated_splits(seeds):
    return Factor("split_seed", tuple(seeds), FactorRole.REPEATED)


def study_values(plan, value_of, users=50, *, weights=None, parts=None, skip=(), **more):
    """Return what a study left, each cell's values by a function of the cell and the metric.

    `value_of(cell, metric, users)` returns one value per user, NaN for those not tested.
    `users` are ids, or how many; `skip` are ids, or a rule, of cells that are missing.
    """
    ids = np.arange(users) if isinstance(users, int) else np.asarray(users)
    planned = cells_of(plan)
    is_left_out = skip if callable(skip) else (lambda cell: cell.id in skip)
    cells = [c for c in planned if not is_left_out(c)]
    tables, runs = {}, []
    for metric in plan.metrics:
        columns = {c.id: np.asarray(value_of(c, metric, ids), float) for c in cells}
        if all(np.ndim(v) for v in columns.values()):
            tables[metric.key] = pd.DataFrame(columns, index=ids)
        runs += [
            {"cell": i, "metric": metric.key, "value": float(np.nanmean(v))}
            for i, v in columns.items()
        ]
    return StudyValues(
        plan,
        pd.DataFrame([cell_line(c) for c in cells]),
        tables,
        pd.DataFrame(runs, columns=["cell", "metric", "value"]),
        parts if parts is not None else same_parts(planned, ids),
        weights or {},
        **more,
    )


def cell_line(cell):
    return {
        "id": cell.id,
        "variant": cell.algorithm.name,
        "block": cell.block.name,
        "seed": "" if cell.seed is None else str(cell.seed),
        **cell.levels,
    }


def same_parts(cells, users):
    """Return parts that test one item of each user, the same in every block."""
    return {c.block.name: part_of(users) for c in cells}


def part_of(users, item=1, candidates=range(20), masked=0, dataset="u.data"):
    users = np.asarray(list(users))
    test = pd.DataFrame({"user_id": users, "item_id": item})
    train = pd.DataFrame({"user_id": users, "item_id": masked})
    return Part.of(test, candidates, train, dataset)


def by_algorithm(**values):
    """Return values of users by the family of the algorithm, a spread of noise about each."""

    def value_of(cell, metric, users):
        given = values[cell.algorithm.family]
        return given(cell, users) if callable(given) else np.broadcast_to(given, len(users))

    return value_of


FOLD = FactorKind.FOLD.value
