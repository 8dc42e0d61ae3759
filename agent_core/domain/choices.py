"""What a question of choice adds to a plan: the configurations that grids decide on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent_core.domain.cells import CHOSEN
from agent_core.domain.design import Estimand, Factor
from agent_core.domain.plan import Algorithm, Plan


def with_chosen(plan: Plan) -> Plan:
    """Return a plan in which each grid that a question of choice is over has its chosen one.

    Without it nothing of a grid is held against validation, and all of it is tested.
    """
    over = {name for q in plan.questions if q.kind is Estimand.CHOICE for name in q.over}
    grid = [f for f in plan.hyperparameters if f.name in over and CHOSEN not in f.levels]
    if not grid or not plan.split.has_validation:
        return plan
    names = {f.name for f in grid}
    factors = tuple(
        replace(f, levels=(*f.levels, CHOSEN)) if f.name in names else f for f in plan.factors
    )
    return replace(plan, factors=factors, algorithms=tuple(_with_chosen(plan, grid)))


def without_chosen(plan: Plan) -> Plan:
    """Return a plan without the configurations that grids decide on."""
    factors = tuple(
        replace(f, levels=tuple(v for v in f.levels if v != CHOSEN)) for f in plan.factors
    )
    kept = tuple(a for a in plan.algorithms if CHOSEN not in a.levels.values())
    return replace(plan, factors=factors, algorithms=kept)


def _with_chosen(plan: Plan, grid: list[Factor]) -> Iterator[Algorithm]:
    """Yield all algorithms, behind those of a grid the chosen one at each of the other levels."""
    for family in dict.fromkeys(a.family for a in plan.algorithms):
        own = [a for a in plan.algorithms if a.family == family]
        yield from own
        chosen = (_chosen_of(a, [f.name for f in grid if f.name in a.levels]) for a in own)
        yield from {a.name: a for a in chosen if a is not None}.values()


def _chosen_of(algorithm: Algorithm, names: list[str]) -> Algorithm | None:
    """Return the configuration that a grid decides, in place of one of its points."""
    if not names:
        return None
    levels = {k: CHOSEN if k in names else v for k, v in algorithm.levels.items()}
    told = " ".join(
        f"{k}={v:g}" if isinstance(v, int | float) else f"{k}={v}" for k, v in levels.items()
    )
    config = {k: v for k, v in algorithm.config.items() if k not in names}
    return replace(algorithm, name=f"{algorithm.family} {told}", config=config, levels=levels)
