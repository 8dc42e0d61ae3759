"""Turns a plan back into the reading that it stands for, so that a reply can change it."""

from __future__ import annotations

from typing import Any

from agent_core.domain import DataRuleKind, Order, Plan, without_chosen
from agent_core.domain.rules import COUNTING, CROSSFOLDS
from agent_core.offline.catalogue import BY_KIND
from agent_core.offline.designs.changes import design_of
from agent_core.offline.grammar import Reading, with_cutoffs
from agent_core.offline.requirements import refused_wishes


def reading_of(plan: Plan) -> Reading:
    """Return the reading that a plan stands for, so that a reply can change it."""
    plan = without_chosen(plan)  # what a grid decides follows from the grid
    built = tuple(a for a in plan.algorithms if a.kind in BY_KIND)
    names = list(dict.fromkeys(BY_KIND[a.kind].name for a in built))
    parameters: dict[str, Any] = {}
    values: list[float] = []
    for algorithm in built:
        default = BY_KIND[algorithm.kind].config
        changed = {k: v for k, v in algorithm.config.items() if default.get(k) != v}
        changed = {k: v for k, v in changed.items() if k not in algorithm.levels}
        if plan.swept and plan.swept in algorithm.config:
            values.append(float(algorithm.config[plan.swept]))
            changed.pop(plan.swept, None)
        name = BY_KIND[algorithm.kind].name
        parameters |= {
            f"{name}:{k}": v
            for k, v in changed.items()
            if k not in ("feedback", "min_nbrs", "save_nbrs")
        }
    split = plan.split
    is_crossfold = split.kind in CROSSFOLDS
    cuts: dict[str, tuple[int, ...]] = {}
    for metric in plan.metrics:
        if metric.k:
            cuts[metric.name] = (*cuts.get(metric.name, ()), metric.k)
    reading = Reading(
        study=plan.study,
        algorithms=tuple(names),
        metrics=tuple(dict.fromkeys(m.name for m in plan.metrics)),
        split=None if is_crossfold else split.kind,
        holdout=split.holdout,
        is_newest=split.order is Order.NEWEST,
        folds=split.folds if is_crossfold else None,
        seeds=len(plan.seeds),
        first_seed=plan.seeds[0],
        min_rating=plan.data.lowest_rating,
        counts=tuple(r for r in plan.data.rules if r.kind in COUNTING),
        repeated=next(
            (r.keep for r in plan.data.rules if r.kind is DataRuleKind.REPEATED_PAIRS), None
        ),
        parameters=parameters,
        swept=plan.swept,
        values=tuple(values),
        margin=plan.margin,
        outside=refused_wishes(plan.requirements),
        design=design_of(plan),
    )
    return with_cutoffs(reading, cuts)
