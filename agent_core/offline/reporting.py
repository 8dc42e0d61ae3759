"""Words of a report by study: findings with references in place of numbers, limits, next steps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from agent_core.domain import (
    Claim,
    Direction,
    Estimand,
    Metric,
    Plan,
    ReportDraft,
    Study,
    study_of,
    with_design,
)
from agent_core.offline.templates import sentence
from agent_core.prose.text_tables import read_table
from agent_core.researcher import ReportRequest
from agent_core.statistics.quotable import compares_parts

FAMILIES = (Study.SEED_VARIANCE, Study.COMPARISON, Study.SWEEP)
OF_PAIRS = (Estimand.LEVEL, Estimand.DIFFERENCE, Estimand.RESPONSE, Estimand.CHOICE)
MAX_CLAIMS = 6
MAX_STEPS = 3
_TABLE: dict[str, list[str]] = read_table(Path(__file__).with_suffix(".toml"))


def draft_of(request: ReportRequest) -> ReportDraft:
    """Return the words; the headline is left to the product."""
    plan = request.plan
    claims = claims_of(plan, request.facts)
    findings = [f"{{{{claim:{i}}}}}." for i in range(len(claims))]
    if not compares_parts(plan):
        findings += [f for m in plan.metrics[1:] if (f := _finding(plan, m, request.facts))]
    return ReportDraft(
        headline="",
        findings=tuple(findings),
        limits=_texts(plan, "limits"),
        next_steps=_texts(plan, "next_steps" if request.best else "without_result")[:MAX_STEPS],
        claims=claims,
    )


def claims_of(plan: Plan, facts: Mapping[str, float]) -> tuple[Claim, ...]:
    """Return what is claimed: each subject against the baseline, and the ends of the order."""
    if compares_parts(plan) or not _asks_of_pairs(plan):
        return ()
    ranking = _algorithms_in_order(plan, plan.primary, facts)
    baselines = [n for n in ranking if n in {a.name for a in plan.baselines}]
    subjects = [n for n in ranking if n not in baselines]
    direction = _expected_direction(plan.primary)
    pairs = [(subject, baselines[0]) for subject in subjects] if baselines else []
    if plan.study is Study.SWEEP and len(subjects) > 1:
        pairs = [(subjects[0], subjects[-1])]
    elif plan.study is Study.COMPARISON:
        pairs = [*pairs[1:], *list(itertools.pairwise(subjects))[2:]]
    open_ones = [pair for pair in pairs if not _is_answered(plan, *pair)]
    return tuple(Claim(a, b, plan.primary.key, direction) for a, b in open_ones[:MAX_CLAIMS])


def _is_answered(plan: Plan, a: str, b: str) -> bool:
    """Whether a question about differences has a pair: its answer says more than a claim."""
    for question in with_design(plan).questions:
        of_algorithms = question.over[:1] == ("algorithm",)
        if question.kind is Estimand.DIFFERENCE and of_algorithms:
            is_all = question.reference is None and not question.pairs
            named = {frozenset(map(str, pair)) for pair in question.pairs}
            if is_all or question.reference in (a, b) or frozenset((a, b)) in named:
                return True
    return False


def _asks_of_pairs(plan: Plan) -> bool:
    """Whether a question is about differences of algorithms, or of the levels that they are."""
    asked = with_design(plan).questions
    return not asked or study_of(plan) in FAMILIES or any(q.kind in OF_PAIRS for q in asked)


def _expected_direction(metric: Metric) -> Direction:
    """Return what is expected of the first of two in the order of a metric."""
    if not metric.is_directed:
        return Direction.DIFFERENT
    return Direction.HIGHER if metric.is_descending else Direction.LOWER


def _algorithms_in_order(plan: Plan, metric: Metric, facts: Mapping[str, float]) -> list[str]:
    """Return the algorithms that have a mean of a metric, in its order."""
    means = {a.name: facts.get(f"{metric.key}|{a.name}|mean") for a in plan.algorithms}
    known = {name: value for name, value in means.items() if value is not None}
    return sorted(known, key=known.__getitem__, reverse=metric.is_descending)


def _finding(plan: Plan, metric: Metric, facts: Mapping[str, float]) -> str:
    """Return a sentence about a metric beside the primary one; empty where none was recorded."""
    names = _algorithms_in_order(plan, metric, facts)
    if not names:
        return ""
    if plan.study is Study.SEED_VARIANCE:
        return _spread_sentence(plan, metric, names)
    shown = ", ".join(f"{name} {_value_reference(metric, name, 'mean')}" for name in names)
    return f"{metric.label}: {shown}."


def _spread_sentence(plan: Plan, metric: Metric, names: list[str]) -> str:
    """Return how much a metric varies over the seeds."""
    random = {a.name for a in plan.algorithms if a.is_random}
    parts = []
    for name in names:
        mean = f"{name} {_value_reference(metric, name, 'mean')}"
        if name in random and len(plan.seeds) > 1:
            low, high = (_value_reference(metric, name, s) for s in ("sd_low", "sd_high"))
            mean += f" with SD {_value_reference(metric, name, 'sd')} (interval {low} to {high})"
            mean += f", CV {_value_reference(metric, name, 'cv')}"
        parts.append(mean)
    return f"{metric.label}: {'; '.join(parts)}."


def _value_reference(metric: Metric, name: str, statistic: str) -> str:
    """Return the place of a recorded number."""
    return f"{{{{{metric.key}|{name}|{statistic}}}}}"


def _texts(plan: Plan, name: str) -> tuple[str, ...]:
    """Return the sentences of the table that hold for a plan."""
    values = {
        "plan": plan,
        "subjects": ", ".join(a.name for a in plan.algorithms if a not in plan.baselines),
        "random": [a.name for a in plan.algorithms if a.is_random],
        "kinds": {f.kind.value for f in plan.factors},
        "folds": max(level.rules.folds for level in plan.split_levels),
    }
    found = (sentence(template, **values) for template in _TABLE[name])
    return tuple(text for text in found if text)
