"""Execution, checks and verdicts make a score; what a check decides no model is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent_core.domain import (
    Check,
    Finding,
    Nature,
    Node,
    Plan,
    Priority,
    Requirement,
    Score,
    Verdict,
)
from agent_core.domain.node import met_by
from agent_core.evidence.quotes import Exhibits
from agent_core.run.rounds import same_wording


def verdicts_of_checks(plan: Plan, checks: Sequence[Check]) -> tuple[Verdict, ...]:
    """Decide the requirements that name a check which applies; the others are to be judged.

    A study that trains nothing has nothing to check of trainings: there they count as met.
    """
    applying = (
        c for c in checks if c.finding is not Finding.NOT_APPLICABLE or not plan.algorithms
    )
    findings = {check.name: check for check in applying}
    return tuple(
        _verdict_of(requirement, findings[requirement.check])
        for requirement in plan.requirements
        if requirement.check in findings
    )


def undecided_requirements(plan: Plan, verdicts: Sequence[Verdict]) -> tuple[Requirement, ...]:
    """Return the requirements that no verdict speaks of yet."""
    decided = {v.requirement for v in verdicts}
    return tuple(r for r in plan.requirements if r.id not in decided)


def unjudged_verdicts(requirements: Sequence[Requirement], reason: str) -> tuple[Verdict, ...]:
    """Return verdicts for requirements that could not be judged: not shown, so not met."""
    return tuple(Verdict(r.id, is_met=False, reason=reason, by="unjudged") for r in requirements)


def carry_over(
    wanted: Sequence[Requirement],
    before: Sequence[Node],
    shown: Exhibits,
    plans: Mapping[int, Plan],
) -> tuple[Verdict, ...]:
    """Return earlier verdicts `met` whose quotes still occur.

    Parameters
    ----------
    wanted
        The requirements that are open.
    before
        The scripts that this one was made from, and itself where it was judged before.
    shown
        What may be quoted.
    plans
        Version to plan: what a verdict was given under must have the requirement in these words.
    """
    found: dict[int, Verdict] = {}
    for node in before:
        ids = {r.id for r in same_wording(wanted, plans.get(node.plan_version))}
        found |= {
            v.requirement: replace(v, by=f"{v.by.partition(', script')[0]}, script {node.id}")
            for v in node.verdicts
            if v.requirement in ids and v.is_met and shown.has(v.evidence)
        }
    return tuple(found.values())


def agree_verdicts(verdict: Verdict, again: Sequence[Verdict]) -> Verdict:
    """Return a verdict as it stands after a second judgement: a disagreement is not met."""
    second = next((v for v in again if v.requirement == verdict.requirement), None)
    if second is None or second.is_met == verdict.is_met:
        return verdict
    reason = f"Judged twice, differently. Met: {verdict.reason} Not met: {second.reason}"
    return replace(verdict, is_met=False, reason=reason)


def score(plan: Plan, checks: Sequence[Check], verdicts: Sequence[Verdict]) -> Score:
    """Compute the weighted share of science requirements met, and what is missing."""
    met = met_by(verdicts)
    science = [r for r in plan.requirements if r.nature is Nature.SCIENCE]
    weight = sum(r.weight for r in science)
    musts = [r for r in plan.requirements if r.priority is Priority.MUST]
    return Score(
        value=sum(r.weight for r in science if r.id in met) / weight if weight else 0.0,
        met=sum(r.id in met for r in plan.requirements),
        total=len(plan.requirements),
        musts_met=sum(r.id in met for r in musts),
        musts=len(musts),
        failed_checks=tuple(c.name for c in checks if c.is_fault),
    )


def _verdict_of(requirement: Requirement, check: Check) -> Verdict:
    """Turn the finding of a check into the verdict on the requirement that names it."""
    is_met = check.finding is not Finding.FAIL
    prefix = "not applicable: " if check.finding is Finding.NOT_APPLICABLE else ""
    return Verdict(requirement.id, is_met, f"{prefix}{check.reason}", evidence=check.name)
