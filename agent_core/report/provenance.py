"""Where results come from: machine, models and prompts, protocol, scripts that were tried."""

from __future__ import annotations

from dataclasses import dataclass

from agent_core.domain import Finding
from agent_core.domain.events import ModelCalled
from agent_core.execution.machine import machine
from agent_core.prose.number_format import cost_text
from agent_core.report.report_inputs import ReportInputs

NAMED_PACKAGES = ("lenskit", "torch", "numpy", "pandas", "scipy")
SHOWN_DIGITS = 12
"""Of a prompt's hash in the report; whole in metadata.json."""
HOW_CHOSEN = (
    "all musts met without a failed binding check, then the share of science requirements met, "
    "then the earliest; never by the metric's value"
)


@dataclass(frozen=True, slots=True)
class AskedModel:
    """What one role was asked with, over a run."""

    role: str
    models: tuple[str, ...]
    """As asked for."""
    snapshots: tuple[str, ...]
    """As the endpoint named what answered; empty where it did not."""
    prompts: tuple[str, ...]
    """SHA-256 of the prompt's template; several where it changed during the run."""
    calls: int


def asked_models(inputs: ReportInputs) -> tuple[AskedModel, ...]:
    """Return models and prompts of each role, in the order of their first call."""
    calls = [e.event for e in inputs.log if isinstance(e.event, ModelCalled)]
    roles = dict.fromkeys(c.role for c in calls)
    by_role = {role: [c for c in calls if c.role == role] for role in roles}
    return tuple(
        AskedModel(
            role,
            tuple(dict.fromkeys(c.model for c in found)),
            tuple(dict.fromkeys(c.snapshot for c in found if c.snapshot)),
            tuple(dict.fromkeys(c.prompt for c in found if c.prompt)),
            len(found),
        )
        for role, found in by_role.items()
    )


def researcher_text(inputs: ReportInputs) -> str:
    """Return who wrote plan and scripts, the snapshots that answered, and what it used."""
    usage = inputs.view.usage
    if not usage.calls:
        return f"{inputs.view.researcher or 'not recorded'}; no model calls"
    models = [m for a in asked_models(inputs) for m in a.models]
    snapshots = [s for a in asked_models(inputs) for s in a.snapshots]
    answered = ", ".join(dict.fromkeys(snapshots)) or "not recorded"
    return (
        f"{inputs.view.researcher}; asked: {', '.join(dict.fromkeys(models)) or 'not recorded'}; "
        f"answered (snapshot named by the endpoint): {answered}; {usage.calls} calls, "
        f"{usage.input_tokens:,} input and {usage.output_tokens:,} output tokens, "
        f"{cost_text(usage)}"
    )


def prompts_text(inputs: ReportInputs) -> str:
    """Return the hash of each role's prompt template."""
    if not inputs.view.usage.calls:
        return "none: no model was asked"
    found = [
        f"{a.role} {' and '.join(p[:SHOWN_DIGITS] for p in a.prompts)}"
        for a in asked_models(inputs)
        if a.prompts
    ]
    whole = f"; first {SHOWN_DIGITS} digits, whole in metadata.json"
    return f"sha256 of the templates: {', '.join(found)}{whole}" if found else ""


def machine_text(inputs: ReportInputs) -> str:
    """Return hardware, versions and time used."""
    best, installed = inputs.best, inputs.installed
    recorded = best.environment.machine if best else ""
    spent = ""
    if best and best.execution:
        e = best.execution
        spent = (
            f"; {e.duration_s:.0f} s wall, {e.cpu_s:.0f} s CPU, {e.peak_memory_mib:.0f} MiB peak, "
            f"isolation {e.level.value}; all scripts together {cpu_s(inputs):.0f} s CPU"
        )
    versions = ", ".join(
        f"{name} {installed.versions[name]}"
        for name in NAMED_PACKAGES
        if name in installed.versions
    )
    return f"{recorded or machine()}, Python {installed.python}; {versions}{spent}"


def cpu_s(inputs: ReportInputs) -> float:
    """Return the CPU seconds of all scripts that were tried."""
    return sum(n.execution.cpu_s for n in inputs.view.nodes if n.execution)


def person(inputs: ReportInputs, user: str) -> str:
    """Name somebody by their part in the run: ids of a workspace say nothing to a reader."""
    task = inputs.view.task
    return "the requester" if task is None or user == task.requester else "another person"


def protocol_text(inputs: ReportInputs) -> str:
    """Return plan version, freeze time and hash, and later changes."""
    freeze = inputs.view.freeze
    if freeze is None:
        return f"plan v{inputs.plan.version}, not frozen"
    changed = "unchanged since: no change of protocol after results"
    if inputs.is_exploratory:
        changed = f"exploratory: {exploratory_text(inputs)}"
    return (
        f"plan v{freeze.version} frozen {freeze.at:%Y-%m-%d %H:%M:%S %Z} "
        f"by {person(inputs, freeze.by)} before any result (sha256 {freeze.plan_hash}), {changed}"
    )


def exploratory_text(inputs: ReportInputs) -> str:
    """Say what was changed after results were seen."""
    freeze, parts = inputs.view.freeze, []
    if inputs.is_changed and freeze:
        parts.append(
            f"the protocol was changed (plan v{freeze.version} to v{inputs.plan.version})"
        )
    if inputs.more_scripts:
        parts.append(f"up to {inputs.more_scripts} more scripts were asked for")
    return f"{' and '.join(parts)} after results were seen"


def scripts_text(inputs: ReportInputs) -> str:
    """Return how many scripts were tried and how the winner was chosen."""
    nodes = inputs.view.nodes
    working = sum(n.is_working for n in nodes)
    best = f"script {inputs.best.id}" if inputs.best else "none"
    return f"{tried_text(inputs)}, {working} worked; chosen: {best}, by {HOW_CHOSEN}"


def tried_text(inputs: ReportInputs) -> str:
    """Count the scripts that were tried, apart from those that only repeat another."""
    nodes = inputs.view.nodes
    same = sum(n.is_duplicate for n in nodes)
    count = len(nodes) - same
    text = f"{count} script{'s' * (count != 1)} tried"
    return f"{text} ({same} more not run, because the same had run before)" if same else text


def waivers_text(inputs: ReportInputs) -> str:
    """Return the checks that were set aside."""
    found = [f"{w.check} by {person(inputs, w.by)}: {w.reason}" for w in inputs.view.waivers]
    return "; ".join(found) or "none"


def unmet_text(inputs: ReportInputs) -> str:
    """Return requirements that are not met, and failed checks."""
    found = [f"{r.id}. {r.text}" for r in inputs.unmet]
    found += [f"check {c.name}: {c.reason}" for c in inputs.found(Finding.FAIL)]
    return "; ".join(found) or "none"
