"""What a citable report states: data, split, configurations, metrics, intervals, machine."""

from __future__ import annotations

from agent_core.report.rendering import render_part
from agent_core.report.report_inputs import ReportInputs

SUBJECTS = (
    "Data",
    "Data read",
    "Filters",
    "Rating to feedback",
    "Split",
    "Candidates",
    "Algorithm",
    "Seeds",
    "Users",
    "Metric",
    "Intervals",
    "Machine",
    "Researcher",
    "Prompts",
    "Protocol",
    "Scripts",
    "Repetition",
    "Independent training",
    "Waivers",
    "Requirements not met",
)
"""Each has its macro in `statements.md.j2`, under its name."""


def statements(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return what must stand beside the numbers, as (subject, statement)."""
    plan = inputs.plan
    data = {"Data": inputs.datasets, "Data read": inputs.datasets}
    several = data | {"Algorithm": plan.algorithms, "Metric": plan.metrics}
    return [
        (subject, _statement(subject, inputs, one) or "not recorded")
        for subject in SUBJECTS
        for one in several.get(subject, (None,))
    ]


def _statement(subject: str, inputs: ReportInputs, one: object) -> str:
    """Return what is stated of a subject, or of one dataset, algorithm or metric."""
    macro = subject.lower().replace(" ", "_")
    return render_part("statements.md.j2", macro, inputs=inputs, one=one)
