"""Whether the results of a cell depend on what ran before it in the same process."""

from __future__ import annotations

from collections.abc import Iterable

from agent_core.checks.result import (
    Detail,
    Result,
    failed,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.independence import Dependent

FEW = 3
"""Cells that ran before which are named."""


def cells_independent(evidence: Evidence) -> Result:
    """Check that cells made alone have the lists that they have behind others, bit for bit."""
    found = evidence.independence
    if found is None:
        return not_applicable("No cells were made alone.")
    if not found.cells:
        return not_applicable("No cell ran behind another in one process.")
    counts = {"cells": found.cells, "of": found.of}
    told = "Made alone in new processes: {cells} of {of} cells"
    if carried := [d for d in found.dependent if d.repeats]:
        more = ". Results depend on what ran before in the same process: {carried:6}."
        return failed(told + more, **counts, carried=_named(evidence, carried))
    if found.dependent:
        more = ". Not deterministic, the same order differs too: {unstable:6}."
        return warned(told + more, **counts, unstable=_named(evidence, found.dependent))
    return passed(told + ", with the same results as behind others.", **counts)


def _named(evidence: Evidence, some: Iterable[Dependent]) -> list[Detail]:
    """Name cells, each with the last of those that ran before it."""
    names = {cell.id: run_label(*run) for run, cell in evidence.of_runs.items()}
    return [
        Detail(
            "{cell} (behind {before})",
            cell=names.get(d.cell, d.cell),
            before=[names.get(i, i) for i in d.after[-FEW:]],
        )
        for d in some
    ]
