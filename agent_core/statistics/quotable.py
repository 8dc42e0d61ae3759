"""What a researcher may quote of a study: values of runs, and of the answers to its questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agent_core.domain import FactorKind, Plan
from agent_core.statistics.answers.answer import Answer, Estimate, Grade, Statistic
from agent_core.statistics.facts import Facts

REPEATED = (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED, FactorKind.FOLD)
VALUES = (
    Statistic.MEAN,
    Statistic.SD,
    Statistic.SD_RATIO,
    Statistic.VARIANCE_SHARE,
    Statistic.COUNT,
)
"""Statistics of one side, which may stand in a sentence; what is of two its answer tells."""


def quotable(plan: Plan, facts: Facts, answers: Sequence[Answer]) -> Facts:
    """Return the facts that a researcher may quote, values of answers among them.

    Where compared levels have training or test data of their own, no mean or difference over
    all of them is one: there the answers alone are quoted.
    """
    told = values_of(answers)
    if compares_parts(plan):
        return replace(facts, values=told, comparisons=(), summaries=(), orders=())
    return replace(facts, values={**told, **facts.values})


def answerable(plan: Plan, facts: Facts, answers: Sequence[Answer]) -> Facts:
    """Return the facts that questions are answered from: of answers those of two sides too."""
    values = {name: v for a in answers for name, v in a.values.items()}
    own = quotable(plan, facts, answers)
    return replace(own, values={**values, **own.values})


def compares_parts(plan: Plan) -> bool:
    """Whether training or test data differ between compared levels: no mean over them tells much.

    What is found is then told by the answers to the plan's questions.
    """
    return any(f.kind.makes_parts for f in plan.compared)


def values_of(answers: Iterable[Answer]) -> dict[str, float]:
    """Return the values of answers by reference; what two questions tell otherwise is none."""
    found: dict[str, float] = {}
    odd = set()
    for name, value in (item for a in answers for item in _values(a)):
        if found.setdefault(name, value) != value:
            odd.add(name)
    return {name: value for name, value in found.items() if name not in odd}


def estimates_of(answers: Iterable[Answer]) -> Mapping[str, Estimate]:
    """Return the estimates that may be quoted by the references of their values."""
    found: dict[str, Estimate] = {}
    for estimate in (e for a in answers for e in a.estimates if _is_quotable(e)):
        for reference in estimate.values:
            found.setdefault(reference, estimate)
    return found


def are_apart(answers: Iterable[Answer]) -> bool:
    """Whether answers are about levels that differ in what is tested or ranked."""
    return any(e.grade is not Grade.SAME for a in answers for e in a.estimates)


def factor_of(reference: str) -> str:
    """Return the factor over which a value is the SD: `ndcg@10|EASE|sd_fold`; else nothing."""
    statistic = reference.rpartition("|")[2]
    name = statistic.removeprefix("sd_")
    return name if name in REPEATED and name != statistic else ""


def _values(answer: Answer) -> Iterable[tuple[str, float]]:
    return (item for e in answer.estimates if _is_quotable(e) for item in e.values.items())


def _is_quotable(estimate: Estimate) -> bool:
    return estimate.statistic in VALUES and not estimate.against
