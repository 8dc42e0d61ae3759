"""What a citable report states: data, split, configurations, metrics, intervals, machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent_core.domain import FactorKind, blocks_of, study_of
from agent_core.report.algorithm_classes import classes_of
from agent_core.report.answer_methods import methods_of_answers
from agent_core.report.rendering import render_part
from agent_core.report.report_inputs import ReportInputs
from agent_core.rules.wording import data_text
from agent_core.statistics.answered import FAMILIES

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
    """Return what must stand beside the numbers, as (subject, statement).

    Of algorithms one a class, however many of its configurations a design has.
    """
    plan = inputs.plan
    told = methods_of_answers(inputs.answers, inputs.means)
    several: Mapping[str, Sequence[object]] = {
        "Data": inputs.datasets,
        "Data read": inputs.datasets,
        "Filters": _described(inputs),
        "Algorithm": classes_of(plan, inputs.recorded),
        "Metric": plan.metrics,
        "Intervals": (told if study_of(plan) not in FAMILIES else "",),
    }
    return [
        (subject, _statement(subject, inputs, one) or "not recorded")
        for subject in SUBJECTS
        for one in several.get(subject, (None,))
    ]


def _described(inputs: ReportInputs) -> list[tuple[str, Mapping[str, Any] | None]]:
    """Return each level of the data in words, with what the script recorded of it."""
    plan, blocks = inputs.plan, inputs.recorded_table("blocks") or {}
    if len(plan.data_levels) < 2:
        return [("", inputs.recorded_table("dataset"))]
    first = {
        b.levels.get(FactorKind.DATA.value): blocks.get(b.name) for b in reversed(blocks_of(plan))
    }
    return [(f"{n.name}: {data_text(n.rules)}", first.get(n.name)) for n in plan.data_levels]


def _statement(subject: str, inputs: ReportInputs, one: object) -> str:
    """Return what is stated of a subject, or of one dataset, class or metric."""
    macro = subject.lower().replace(" ", "_")
    return render_part("statements.md.j2", macro, inputs=inputs, one=one)
