"""Tables of a report: for people, for a paper, and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from agent_core.domain import Metric, Node, Plan, Verdict
from agent_core.prose.number_format import p_text, percent, shown
from agent_core.prose.quotation import said_by, without_results
from agent_core.report.number_texts import (
    NONE,
    interval_text,
    mean_text,
    methods_of,
    names_of,
    shared_half_width,
)
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.texts import TEXTS
from agent_core.run.tree import error_signature
from agent_core.statistics.facts import Comparison, Facts, Summary


def metric_tables(plan: Plan, facts: Facts) -> list[dict[str, Any]]:
    """Return one table per metric: label, what means are over, and rows of cells."""
    known = list(dict.fromkeys([*plan.metrics, *(s.metric for s in facts.summaries)]))
    return [
        {
            "label": f"{m.label}{m.note}",
            "means": _means_text(facts, m),
            "rows": [_summary_cells(plan, s) for s in facts.of(m)],
        }
        for m in known
        if facts.of(m)
    ]


def difference_tables(facts: Facts) -> list[dict[str, Any]]:
    """Return one table of differences per metric, the declared family first."""
    metrics = dict.fromkeys(c.metric for c in facts.comparisons)
    return [
        {
            "label": m.label,
            "is_declared": found[0].is_declared,
            "has_margin": found[0].equivalence is not None,
            "intervals": " or ".join(methods_of(c.interval for c in found)) or "no interval",
            "rows": [_comparison_cells(c) for c in found],
        }
        for m in metrics
        if (found := [c for c in facts.comparisons if c.metric == m])
    ]


def requirement_cells(inputs: ReportInputs) -> list[list[str]]:
    """Return the cells of each requirement with its verdict."""
    verdicts = {v.requirement: v for v in (inputs.best.verdicts if inputs.best else ())}
    rows = []
    for r in inputs.plan.requirements:
        v = verdicts.get(r.id)
        decided = (v.by if v.by != "check" else f"check {r.check or v.evidence}") if v else NONE
        met = "not judged" if v is None else "yes" if v.is_met else "no"
        rows.append([str(r.id), r.text, r.priority.value, met, decided, _reason_text(v)])
    return rows


def script_cells(node: Node) -> list[str]:
    """Return the cells of one script."""
    score = node.score
    return [
        str(node.id),
        node.operator.value,
        ", ".join(str(p) for p in node.parents) or NONE,
        outcome_text(node),
        f"{score.met} of {score.total}" if score else NONE,
        said_by("script", node.script.plan) if node.script.plan else NONE,
    ]


def outcome_text(node: Node) -> str:
    """Return what came of a script."""
    if node.error is not None:
        return f"not run: {node.error.splitlines()[0][:160] if node.error else 'unknown'}"
    if node.execution is None:
        return "not finished"
    if not node.execution.is_ok:
        return without_results(error_signature(node), 160)
    if node.score is None:
        return "ran, not judged"
    failed = ", ".join(node.score.failed_checks)
    return f"ran, failed {failed}" if failed else "ran"


def latex_rows(plan: Plan, facts: Facts) -> tuple[list[str], list[dict[str, Any]]]:
    """Return metric labels, and per algorithm (value, interval) cells, for a table of a paper."""
    metrics: list[Metric] = [m for m in plan.metrics if facts.of(m)]
    names = [s.algorithm for s in facts.of(plan.primary)]
    names += [s.algorithm for s in facts.summaries if s.algorithm not in names]
    halves = [shared_half_width(facts.of(m)) for m in metrics]
    rows = []
    for name in dict.fromkeys(names):
        found = [facts.summary(m, name) for m in metrics]
        cells = [
            (mean_text(s, half), interval_text(s.user_interval, half)) if s else (NONE, NONE)
            for s, half in zip(found, halves, strict=True)
        ]
        rows.append({"algorithm": name, "cells": cells})
    return [m.label for m in metrics], rows


def summary_frame(facts: Facts) -> pd.DataFrame:
    """Return all summaries at full precision."""
    return pd.DataFrame(
        {
            "metric": s.metric.name,
            "k": s.metric.k,
            "algorithm": s.algorithm,
            "mean": s.mean,
            "mean_over": s.estimand,
            "user_ci_low": s.user_interval.low,
            "user_ci_high": s.user_interval.high,
            "users": s.users,
            "runs": s.runs,
            "runs_over": s.over,
            "units": s.units,
            "run_ci_low": s.run_interval.low,
            "run_ci_high": s.run_interval.high,
            "run_ci_method": s.run_interval.method,
            "sd": s.sd,
            "sd_ci_low": s.sd_interval.low,
            "sd_ci_high": s.sd_interval.high,
            "sd_bootstrap_low": s.boot_interval.low,
            "sd_bootstrap_high": s.boot_interval.high,
            "cv": s.cv,
            "min": s.low,
            "max": s.high,
            "is_recomputed": s.is_recomputed,
        }
        for s in facts.summaries
    )


def comparison_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Return all comparisons at full precision."""
    return pd.DataFrame(
        {
            "metric": c.metric.name,
            "k": c.metric.k,
            "a": c.a,
            "b": c.b,
            "difference": c.difference,
            "ci_low": c.interval.low,
            "ci_high": c.interval.high,
            "ci_over": c.interval.over,
            "p": c.p_value,
            "p_holm": c.adjusted_p,
            "family": c.family,
            "test": c.test,
            "is_declared": c.is_declared,
            "users": c.users,
            "users_a_higher": c.higher,
            "users_a_lower": c.lower,
            "is_distinguishable": c.is_distinguishable,
            **_equivalence_columns(c),
        }
        for c in comparisons
    )


def _means_text(facts: Facts, metric: Metric) -> str:
    """Say what the means of a metric are over."""
    found: dict[str, list[str]] = {}
    for summary in facts.of(metric):
        found.setdefault(summary.estimand, []).append(summary.algorithm)
    if len(found) == 1:
        return f"Means: {TEXTS['means'][next(iter(found))]}."
    parts = [f"{TEXTS['means'][kind]} ({', '.join(names)})" for kind, names in found.items()]
    return f"Means: {'; '.join(parts)}."


def _summary_cells(plan: Plan, summary: Summary) -> list[str]:
    """Return the cells of one algorithm."""
    is_baseline = summary.algorithm in names_of(plan.baselines)
    has_spread = math.isfinite(summary.sd)
    half = summary.sd_interval.half_width
    return [
        summary.algorithm + (" (baseline)" if is_baseline else ""),
        mean_text(summary),
        interval_text(summary.user_interval),
        f"{summary.users:,}",
        str(summary.runs),
        summary.over,
        shown(summary.sd, half) if has_spread else NONE,
        interval_text(summary.sd_interval) if has_spread else NONE,
        percent(summary.cv) if has_spread else NONE,
        shown(summary.low, summary.sd) if has_spread else NONE,
        shown(summary.high, summary.sd) if has_spread else NONE,
    ]


def _comparison_cells(comparison: Comparison) -> list[str]:
    """Return the cells of one comparison."""
    word = "higher" if comparison.difference > 0 else "lower"
    return [
        comparison.a,
        comparison.b,
        shown(comparison.difference, comparison.interval.half_width),
        interval_text(comparison.interval),
        p_text(comparison.adjusted_p).removeprefix("= "),
        f"{comparison.users:,}",
        comparison.test or NONE,
        f"a is {word}" if comparison.is_distinguishable else "not distinguishable",
        *_equivalence_cells(comparison),
    ]


def _equivalence_cells(comparison: Comparison) -> list[str]:
    """Return the cells of a comparison's equivalence; none without a margin."""
    found = comparison.equivalence
    if found is None:
        return []
    within = f"within ±{found.margin:g}"
    late = " (exploratory)" if found.is_exploratory else ""
    word = f"equivalent {within}{late}" if found.is_shown else f"not shown {within}{late}"
    return [interval_text(found.interval), p_text(found.adjusted_p).removeprefix("= "), word]


def _reason_text(verdict: Verdict | None) -> str:
    """Return the reason of a verdict; a judge's words as such."""
    if verdict is None:
        return NONE
    is_own = verdict.by in ("check", "unjudged") or not verdict.reason
    return verdict.reason if is_own else said_by("judge", verdict.reason)


def _equivalence_columns(comparison: Comparison) -> dict[str, Any]:
    """Return the columns of a comparison's equivalence; empty values without a margin."""
    found = comparison.equivalence
    return {
        "margin": found.margin if found else None,
        "ci90_low": found.interval.low if found else None,
        "ci90_high": found.interval.high if found else None,
        "tost_p": found.p_value if found else None,
        "tost_p_holm": found.adjusted_p if found else None,
        "is_equivalent": found.is_shown if found else None,
    }
