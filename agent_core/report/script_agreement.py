"""How independently written scripts agree, and in what a deviating one differs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Metric, Node
from agent_core.evidence.evidence import recorded_algorithms
from agent_core.prose.clipping import on_one_line
from agent_core.prose.number_format import shown
from agent_core.prose.quotation import is_measure, quoted, short
from agent_core.report.number_texts import names_of, resolution_of
from agent_core.report.report_inputs import ReportInputs, named_filters, table_of
from agent_core.statistics.facts import Facts, Summary
from agent_core.statistics.quotable import compares_parts

APART = 0.05
"""Share of a mean from which scripts deviate, where no interval over users is known."""
SHOWN = 3
"""Differences told of one script."""
Run = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What independently written scripts come to in the primary metric of one algorithm."""

    algorithm: str
    means: list[str]
    deviations: list[str]
    """What is told of scripts whose value is apart from the chosen one's."""


def agreement(inputs: ReportInputs) -> Agreement | None:
    """Compare independently written scripts; None where fewer than two have a value.

    Of levels that differ in training or test, a mean over them all is the value of none.
    """
    plan = inputs.plan
    if compares_parts(plan):
        return None
    ranked = inputs.facts.of(plan.primary) if inputs.facts else ()
    bases = names_of(plan.baselines)
    subject = next((s.algorithm for s in ranked if s.algorithm not in bases), None)
    if subject is None:
        return None
    facts = [(n, inputs.facts_of(n)) for n in inputs.drafts]
    found = [(n, f.summary(plan.primary, subject)) for n, f in facts if f is not None]
    values = [(n, s) for n, s in found if s is not None]
    if len(values) < 2:
        return None
    half = max((resolution_of(s) for _, s in values), key=lambda h: -1 if math.isnan(h) else h)
    means = [f"{shown(s.mean, half)} (script {n.id})" for n, s in values]
    return Agreement(subject, means, [d for n, s in values if (d := _deviation(inputs, n, s))])


def _deviation(inputs: ReportInputs, node: Node, found: Summary) -> str:
    """Say in what a script whose value is apart from the chosen one's differs; empty if it is not.

    What the scripts recorded of themselves is compared first; without any difference there the
    script's own plan is quoted.
    """
    best, facts = inputs.best, inputs.facts
    chosen = facts.summary(found.metric, found.algorithm) if facts else None
    if best is None or chosen is None or node.id == best.id or not _is_apart(chosen, found):
        return ""
    theirs = inputs.runs.get(int(node.id), {})
    reasons = list(_differences(inputs.recorded, theirs, found.algorithm))
    reasons += _definition_difference(facts, inputs.facts_of(node), found.metric)
    gap = found.mean - chosen.mean
    side = "above" if gap > 0 else "below"
    why = f"it differs: {'; '.join(reasons[:SHOWN])}" if reasons else f"its plan: {_plan_of(node)}"
    return f"Script {node.id} is {shown(abs(gap), abs(gap) / 5)} {side}; {why}"


def _plan_of(node: Node) -> str:
    """Return a script's own plan as its words."""
    return quoted(node.script.plan.rstrip("."), 160)


def _is_apart(chosen: Summary, found: Summary) -> bool:
    """Whether two scripts' means differ by more than the interval over users."""
    half = resolution_of(chosen)
    limit = half if math.isfinite(half) else APART * abs(chosen.mean)
    return abs(found.mean - chosen.mean) > limit


def _definition_difference(
    chosen: Facts | None, other: Facts | None, metric: Metric
) -> Iterator[str]:
    """Say that another definition of the metric agreed with the script's values."""
    mine = chosen.definitions.get(metric.key, "") if chosen else ""
    theirs = other.definitions.get(metric.key, "") if other else ""
    if mine and theirs and mine != theirs:
        yield f"{metric.label} as “{theirs}”, not “{mine}”"


def _differences(mine: Run, theirs: Run, algorithm: str) -> Iterator[str]:
    """Compare what two scripts recorded of data, split, candidates and configuration."""
    first, second = _table(mine, "dataset"), _table(theirs, "dataset")
    if second and _filters_of(first) != _filters_of(second):
        yield f"filters {_filters_of(second) or 'none'}, not {_filters_of(first) or 'none'}"
    yield from _difference_text("interactions", first, second)
    yield from _difference_text("feedback", first, second)
    for part in ("kind", "seed", "holdout"):
        yield from _difference_text(part, _table(mine, "split"), _table(theirs, "split"), "split ")
    yield from _difference_text("candidates", mine, theirs)
    configs = [_table(recorded_algorithms(r).get(algorithm, {}), "config") for r in (mine, theirs)]
    for key in sorted(k for k in configs[0].keys() & configs[1].keys() if not is_measure(k)):
        yield from _difference_text(key, configs[0], configs[1])


def _difference_text(key: str, mine: Run, theirs: Run, before: str = "") -> Iterator[str]:
    """Say that both recorded something, and not the same; words as theirs."""
    known = mine.get(key), theirs.get(key)
    if None not in known and known[0] != known[1]:
        yield f"{before}{short(key)} {short(known[1], 60)}, not {short(known[0], 60)}"


def _table(run: Run, key: str) -> Run:
    """Return a part of a run.json; empty where it is no table."""
    return table_of(run, key) or {}


def _filters_of(described: Run) -> str:
    """Return the filters that a script names, in words."""
    names = (quoted(f.get("name"), 60) for f in named_filters(described))
    return on_one_line(", ".join(names), 120)
