"""`metadata.json`: what a citable report states, for machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from agent_core.domain import Algorithm, Finding
from agent_core.evidence.evidence import recorded_algorithms
from agent_core.report.asked_models import asked_models
from agent_core.report.forms import fill_form
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.texts import TEXTS
from agent_core.statistics.facts import Facts


def metadata(inputs: ReportInputs, facts: Facts) -> dict[str, Any]:
    """Return all that a machine would want to know of a run."""
    view, roles = inputs.view, asked_models(inputs)
    execution = inputs.best.execution if inputs.best else None
    return fill_form(
        "metadata",
        inputs,
        task=view.task.text if view.task else "",
        reason=inputs.ending or "",
        reported_after=inputs.log[-1].at if inputs.log else None,
        models=sorted({m for a in roles for m in a.models}),
        model_snapshots=sorted({s for a in roles for s in a.snapshots}),
        roles={a.role: fill_form("role", a) for a in roles},
        algorithms=_algorithms(inputs),
        metrics=_metrics(inputs, facts),
        users_averaged=max((s.users for s in facts.summaries), default=0),
        tests=sorted({c.test for c in facts.comparisons if c.test}),
        scripts=len(view.nodes),
        chosen_by=TEXTS["chosen_by"],
        failed_checks=[c.name for c in inputs.checks_with(Finding.FAIL)],
        cpus=os.cpu_count(),
        isolation=execution.level if execution else view.level,
        packages=dict(sorted(inputs.installed.versions.items())),
        product_python=".".join(map(str, sys.version_info[:3])),
        never_claimed=TEXTS["never_claimed"],
    )


def _metrics(inputs: ReportInputs, facts: Facts) -> list[dict[str, Any]]:
    """Return each metric with the definition that agreed with its values."""
    return [
        {
            "metric": m.key,
            "is_primary": m == inputs.plan.primary,
            "definition": facts.definitions.get(m.key),
            "is_recomputed": m.key in facts.definitions,
        }
        for m in inputs.plan.metrics
    ]


def _algorithms(inputs: ReportInputs) -> list[dict[str, Any]]:
    """Return each algorithm with its configuration and tuning."""
    known = recorded_algorithms(inputs.recorded)
    return [_algorithm(inputs, a, known.get(a.name, {})) for a in inputs.plan.algorithms]


def _algorithm(
    inputs: ReportInputs, planned: Algorithm, said: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one algorithm; `config` is the one in force where the script recorded it."""
    swept = inputs.plan.swept
    is_swept = swept is not None and swept in planned.config
    return {
        "name": planned.name,
        "role": planned.role,
        "class": said.get("class") or planned.kind,
        "config": said.get("config") or dict(planned.config),
        "trials": said.get("trials"),
        "tuning_space": {swept: inputs.swept_values} if is_swept else said.get("space"),
        "selected_on": said.get("selected_on"),
    }
