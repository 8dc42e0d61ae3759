"""`metadata.json`: what a citable report states, for machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent_core.domain import Algorithm, Finding
from agent_core.evidence.evidence import recorded_algorithms
from agent_core.report.provenance import asked_models
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.texts import TEXTS
from agent_core.statistics.facts import Facts


def metadata(inputs: ReportInputs, facts: Facts) -> dict[str, Any]:
    """Return all that a machine would want to know of a run, as JSON can hold it."""
    view = inputs.view
    return {
        "run": view.id,
        "task": view.task.text if view.task else "",
        "outcome": inputs.outcome.value,
        "reason": inputs.ending or "",
        "submitted_at": _moment(view.submitted_at),
        "started_at": _moment(view.started_at),
        "reported_after": _moment(inputs.log[-1].at if inputs.log else None),
        **_researcher(inputs),
        "protocol": _protocol(inputs),
        "datasets": [
            {"name": d.name, "sha256": d.sha256, "known_as": d.known_as, "rows": d.rows,
             "users": d.users, "items": d.items, "duplicates": d.duplicates,
             "first_time": d.first_time, "last_time": d.last_time}
            for d in inputs.datasets
        ],
        "algorithms": _algorithms(inputs),
        "metrics": [
            {"metric": m.key, "is_primary": m == inputs.plan.primary,
             "definition": facts.definitions.get(m.key),
             "is_recomputed": m.key in facts.definitions}
            for m in inputs.plan.metrics
        ],
        "users_averaged": max((s.users for s in facts.summaries), default=0),
        "tests": sorted({c.test for c in facts.comparisons if c.test}),
        "scripts": len(view.nodes),
        "best_script": inputs.best.id if inputs.best else None,
        "chosen_by": TEXTS["chosen_by"],
        "waivers": [{"check": w.check, "by": w.by, "reason": w.reason} for w in view.waivers],
        "failed_checks": [c.name for c in inputs.found(Finding.FAIL)],
        "requirements_not_met": [r.id for r in inputs.unmet],
        "repetitions": [
            {"script": r.node, "is_identical": r.is_identical,
             "largest_difference": r.largest_difference, "values": r.compared}
            for r in view.reruns
        ],
        **_hardware(inputs),
        "never_claimed": TEXTS["never_claimed"],
    }  # fmt: skip


def _moment(at: datetime | None) -> str | None:
    """Return a time as text."""
    return at.isoformat() if at is not None else None


def _researcher(inputs: ReportInputs) -> dict[str, Any]:
    """Return who wrote plan and scripts: models, snapshots, prompt hashes, spend."""
    usage, roles = inputs.view.usage, asked_models(inputs)
    return {
        "researcher": inputs.view.researcher,
        "models": sorted({m for a in roles for m in a.models}),
        "model_snapshots": sorted({s for a in roles for s in a.snapshots}),
        "roles": {
            a.role: {
                "models": list(a.models),
                "snapshots": list(a.snapshots),
                "prompt_sha256": list(a.prompts),
                "calls": a.calls,
            }
            for a in roles
        },
        "model_calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_dollars": usage.cost,
        "calls_of_unknown_price": usage.unpriced_calls,
    }


def _protocol(inputs: ReportInputs) -> dict[str, Any]:
    """Return the frozen protocol's identity and what it fixes."""
    plan, freeze = inputs.plan, inputs.view.freeze
    return {
        "version": plan.version,
        "frozen_version": freeze.version if freeze else None,
        "frozen_at": _moment(freeze.at if freeze else None),
        "sha256": freeze.plan_hash if freeze else None,
        "is_exploratory": inputs.is_exploratory,
        "split": {"kind": plan.split.kind.value, "folds": plan.split.folds,
                  "holdout": plan.split.holdout, "seed": plan.split.seed},
        "seeds": list(plan.seeds),
        "margin": plan.margin,
        "is_margin_exploratory": inputs.is_margin_late,
    }  # fmt: skip


def _algorithms(inputs: ReportInputs) -> list[dict[str, Any]]:
    """Return each algorithm with its configuration and tuning."""
    known = recorded_algorithms(inputs.recorded)
    return [_algorithm(inputs, a, known.get(a.name, {})) for a in inputs.plan.algorithms]


def _algorithm(
    inputs: ReportInputs, planned: Algorithm, said: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one algorithm; `config` is the one in force where the script recorded it."""
    swept = inputs.plan.swept
    space = said.get("space")
    if swept and swept in planned.config:
        space = {swept: inputs.swept_values}
    return {
        "name": planned.name,
        "role": planned.role.value,
        "class": said.get("class") or planned.kind,
        "config": said.get("config") or dict(planned.config),
        "trials": said.get("trials"),
        "tuning_space": space,
        "selected_on": said.get("selected_on"),
    }


def _hardware(inputs: ReportInputs) -> dict[str, Any]:
    """Return machine, isolation, versions, and time used."""
    best, installed = inputs.best, inputs.installed
    execution = best.execution if best else None
    return {
        "machine": inputs.machine,
        "cpus": os.cpu_count(),
        "isolation": execution.level.value if execution else inputs.view.level,
        "python": installed.python,
        "packages": dict(sorted(installed.versions.items())),
        "duration_s": execution.duration_s if execution else None,
        "cpu_s": execution.cpu_s if execution else None,
        "cpu_s_of_all_scripts": inputs.cpu_s,
        "peak_memory_mib": execution.peak_memory_mib if execution else None,
        "product_python": ".".join(map(str, sys.version_info[:3])),
    }
