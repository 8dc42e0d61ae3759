"""Algorithms that no script of mine builds: named, and left out where others can answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from agent_core.domain import Factor, FactorKind, Plan, Question, Role, Unanswered
from agent_core.offline.catalogue import BY_KIND

UNBUILT = "is not among the algorithms that I can build"
ALGORITHM = FactorKind.ALGORITHM.value


def without_unbuilt(plan: Plan) -> Plan:
    """Return a plan without the algorithms that I cannot build, each named at its own place.

    Where what is mainly asked is of them, they stay: then nothing else can answer it.
    """
    gone = dict.fromkeys(a.family for a in plan.algorithms if a.kind not in BY_KIND)
    rest = tuple(a for a in plan.algorithms if a.family not in gone)
    if not gone or not any(a.role is Role.SUBJECT for a in rest) or _asks_of(plan, gone):
        return plan
    factors = (_without(f, gone) for f in plan.factors)
    questions = [_question(q, gone) for q in plan.questions]
    return replace(
        plan,
        algorithms=rest,
        factors=tuple(f for f in factors if len(f.levels) > 1),
        questions=tuple(q for q in questions if q is not None),
        unanswered=(*plan.unanswered, *(Unanswered(name, UNBUILT) for name in gone)),
    )


def _asks_of(plan: Plan, gone: Collection[str]) -> bool:
    """Whether the main question is of nothing else: its pairs, its reference, one of two."""
    main = plan.questions[0] if plan.questions else None
    if main is None or ALGORITHM not in main.over:
        return False
    has_pairs = not main.pairs or any(not {*gone} & {*pair} for pair in main.pairs)
    left = {a.family for a in plan.algorithms} - {*gone}
    return main.reference in gone or not has_pairs or len(left) < 2


def _without(factor: Factor, gone: Collection[str]) -> Factor:
    is_algorithm = factor.kind is FactorKind.ALGORITHM
    levels = tuple(n for n in factor.levels if n not in gone) if is_algorithm else factor.levels
    of = tuple(n for n in factor.of if n not in gone)
    is_theirs = bool(factor.of) and not of
    return replace(factor, levels=() if is_theirs else levels, of=of)


def _question(question: Question, gone: Collection[str]) -> Question | None:
    """Return a question of what is left; None where nothing is."""
    if question.reference in gone:
        return None
    pairs = tuple(p for p in question.pairs if not {*p} & {*gone})
    if question.pairs and not pairs:
        return None
    return replace(question, pairs=pairs)
