"""A plan written in the form that a model answers with, to be changed by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from agent_core.domain import (
    Algorithm,
    DataRule,
    Factor,
    FactorKind,
    FactorRole,
    Plan,
    Question,
    SplitRules,
    with_design,
)
from agent_core.model.algorithms import with_variants
from agent_core.model.plan_answer import PlanAnswer, Special, setting_text


def answer_of(plan: Plan) -> PlanAnswer:
    """Write a plan in the form of answers; one that only names its family as its design."""
    plan = plan if plan.questions else with_design(replace(plan, factors=()))
    return PlanAnswer.model_validate(
        {
            "title": plan.title,
            "question": plan.question,
            "datasets": plan.datasets,
            "feedback": plan.feedback,
            "factors": [*map(_factor, plan.factors), *_seed(plan)],
            "data": [
                _rule(rule, level.name) for level in plan.data_levels for rule in level.rules.rules
            ],
            "splits": [_split(level.rules, level.name) for level in plan.split_levels],
            "algorithms": [*map(_algorithm, _bases(plan))],
            "metrics": [m.key for m in plan.metrics],
            "validated": [m.key for m in plan.validated],
            "questions": [_question(q, plan, number) for number, q in enumerate(plan.questions)],
            "excluded": [" & ".join(f"{k}={v}" for k, v in e.items()) for e in plan.excluded],
            "list_length": plan.list_length,
            "requirements": [asdict(r) for r in plan.requirements],
            "reported": plan.reported,
            "assumptions": plan.assumptions,
            "unanswered": [asdict(u) for u in plan.unanswered],
            "ask": asdict(plan.ask) if plan.ask else None,
            "estimate_s": plan.estimate_s,
        }
    )


def _factor(factor: Factor) -> dict[str, Any]:
    return asdict(factor)


def _seed(plan: Plan) -> list[dict[str, Any]]:
    """Return the one model seed of a plan that does not vary it, where it is not the usual one."""
    if plan.factor(FactorKind.MODEL_SEED) or plan.seeds[:1] in ((), (0,)):
        return []
    return [asdict(Factor(FactorKind.MODEL_SEED.value, plan.seeds[:1], FactorRole.FIXED))]


def _rule(rule: DataRule, level: str) -> dict[str, Any]:
    return asdict(rule) | {"level": level}


def _split(split: SplitRules, level: str) -> dict[str, Any]:
    flags = {
        Special.MOMENT: not split.is_share_planned,
        Special.USERS_CHOSEN: split.are_users_chosen,
        Special.LEAK_STUDY: split.is_leak_study,
        Special.TRAINS_ON_VALIDATION: split.trains_on_validation,
    }
    return asdict(split) | {
        "level": level,
        "test_users": split.test_users or split.test_user_share,
        "special": [name for name, is_so in flags.items() if is_so],
    }


def _bases(plan: Plan) -> Sequence[Algorithm]:
    """Return one algorithm for its variants where these follow from the factors, else all."""
    varied = [f.name for f in plan.factors if f.kind.makes_variants]
    bases: dict[str, Algorithm] = {}
    for algorithm in plan.algorithms:
        config = {k: v for k, v in algorithm.config.items() if k not in algorithm.levels}
        plain = replace(algorithm, name=algorithm.family, config=config, base="", levels={})
        bases.setdefault(algorithm.family, plain)
    found = tuple(bases.values())
    if with_variants(found, plan.factors, plan.excluded) == plan.algorithms:
        return found
    return [
        replace(a, config={**a.config, **{k: v for k, v in a.levels.items() if k in varied}})
        for a in plan.algorithms
    ]


def _algorithm(algorithm: Algorithm) -> dict[str, Any]:
    config = [setting_text(k, v) for k, v in algorithm.config.items()]
    return asdict(algorithm) | {"config": config}


def _question(question: Question, plan: Plan, number: int) -> dict[str, Any]:
    """Write a question; the plan's margin is that of the first."""
    margin = plan.margin if number == 0 and question.margin is None else question.margin
    pairs = [f"{_text(a)} vs {_text(b)}" for a, b in question.pairs]
    return asdict(question) | {"margin": margin, "pairs": pairs}


def _text(value: str | float) -> str:
    return str(value)
