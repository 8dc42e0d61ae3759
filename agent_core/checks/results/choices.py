"""Whether what is chosen was chosen on the part that is kept apart for it."""

from __future__ import annotations

from agent_core.checks.result import Result, failed, not_applicable, passed
from agent_core.domain import Estimand, with_design
from agent_core.domain.cells import CHOSEN, Cell
from agent_core.evidence.evidence import Evidence


def chosen_on_validation(evidence: Evidence) -> Result:
    """Check that the configurations to choose from were measured on validation, not on the test.

    What a script tries inside one cell is no cell: `selected_without_test` reads its source.
    """
    grid = _grid(evidence)
    runs = {run[:2] for run, cell in evidence.of_runs.items() if cell in grid}
    if not runs:
        return not_applicable("No configurations to choose from have results.")
    table = evidence.validated
    measured = runs & set(zip(table["algorithm"], table["fold"], strict=True))
    if not measured:
        return failed(
            "{cells} configurations to choose from were measured on the test, and none on "
            "validation: what they tell was chosen on the test.",
            cells=len(runs),
        )
    return passed("{cells} configurations were measured on validation.", cells=len(measured))


def _grid(evidence: Evidence) -> list[Cell]:
    """Return the cells that a planned choice is between."""
    plan = with_design(evidence.plan)
    asked = [q for q in plan.questions if q.kind is Estimand.CHOICE]
    names = {f.name for f in plan.hyperparameters}
    over = {n for q in asked for n in (q.over or names) if n in names}
    return [c for c in evidence.design if any(c.levels.get(n, CHOSEN) != CHOSEN for n in over)]
