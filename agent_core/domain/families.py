"""The three families of studies as designs: what a plan has that only names its family."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain.design import (
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    LevelValue,
    Question,
)
from agent_core.domain.plan import Algorithm, Plan, Study


def with_design(plan: Plan) -> Plan:
    """Return a plan that has factors and questions: those of its family, where it has none.

    Plans of older logs name a family and a swept hyperparameter; this is what they meant.
    """
    if plan.questions or plan.factors:
        return plan
    plan = replace(plan, algorithms=tuple(_with_levels(a, plan) for a in plan.algorithms))
    factors = (*_compared(plan), *_repeated(plan))
    return replace(plan, factors=factors, questions=_questions(plan, factors))


def study_of(plan: Plan) -> Study:
    """Return the family that the primary question of a plan makes it one of."""
    if not plan.questions:
        return plan.study
    primary = plan.questions[0]
    compared = {f.kind for f in plan.compared}
    over = {f.kind for f in plan.factors if f.name in primary.over}
    hyper = FactorKind.HYPERPARAMETER
    match primary.kind:
        case Estimand.SPREAD if over == {FactorKind.MODEL_SEED} and compared <= {
            FactorKind.ALGORITHM
        }:
            return Study.SEED_VARIANCE
        case Estimand.DIFFERENCE | Estimand.LEVEL if compared <= {FactorKind.ALGORITHM}:
            return Study.COMPARISON
        case Estimand.RESPONSE if compared <= {hyper, FactorKind.ALGORITHM} and over == {hyper}:
            return Study.SWEEP if len(plan.hyperparameters) == 1 else Study.OTHER
    return Study.OTHER


def _with_levels(algorithm: Algorithm, plan: Plan) -> Algorithm:
    """Return an algorithm with its level of the swept hyperparameter."""
    swept = plan.swept
    if plan.study is not Study.SWEEP or swept is None or swept not in algorithm.config:
        return algorithm
    level = algorithm.config[swept]
    if not isinstance(level, str | int | float):
        return algorithm
    base = algorithm.name.split(" ")[0]
    return replace(algorithm, base=base, levels={swept: level})


def _compared(plan: Plan) -> tuple[Factor, ...]:
    """Return the algorithms and the swept hyperparameter, where these have several levels."""
    names = tuple(dict.fromkeys(a.family for a in plan.algorithms))
    found = [Factor(FactorKind.ALGORITHM.value, names)] if len(names) > 1 else []
    if plan.swept:
        own = [a for a in plan.algorithms if plan.swept in a.levels]
        levels: tuple[LevelValue, ...] = tuple(dict.fromkeys(a.levels[plan.swept] for a in own))
        if len(levels) > 1:
            found.append(
                Factor(plan.swept, levels, of=tuple(dict.fromkeys(a.family for a in own)))
            )
    return tuple(found)


def _repeated(plan: Plan) -> tuple[Factor, ...]:
    """Return seeds and folds, where there are several."""
    role = FactorRole.REPEATED
    found = []
    if plan.split.folds > 1:
        found.append(Factor(FactorKind.FOLD.value, tuple(range(plan.split.folds)), role))
    random = tuple(dict.fromkeys(a.family for a in plan.algorithms if a.is_random))
    if len(plan.seeds) > 1 and random:
        found.append(Factor(FactorKind.MODEL_SEED.value, plan.seeds, role, random))
    return tuple(found)


def _questions(plan: Plan, factors: tuple[Factor, ...]) -> tuple[Question, ...]:
    """Return what the family asks of all metrics, the primary one first."""
    keys = tuple(m.key for m in plan.metrics)
    names = [f.name for f in factors]
    algorithm, seed = FactorKind.ALGORITHM.value, FactorKind.MODEL_SEED.value
    if plan.study is Study.SEED_VARIANCE and seed in names:
        return (Question(Estimand.SPREAD, (seed,), keys),)
    if plan.study is Study.SWEEP and plan.swept in names:
        return (Question(Estimand.RESPONSE, (str(plan.swept),), keys),)
    if plan.study is Study.OTHER:
        return (Question(Estimand.SCRIPTS_OWN, (), keys, text=plan.question),)
    if algorithm in names:
        return (Question(Estimand.DIFFERENCE, (algorithm,), keys, margin=plan.margin),)
    return (Question(Estimand.LEVEL, (), keys),)
