"""Whole scripts of cells: honest ones in ways of their own, and sins of evidence."""

import pytest
from honest_cells import HONEST_CELLS
from sins_in_whole_cells import SINS_IN_CELLS
from whole_cells import evidence_of, findings_of

from agent_core.domain import Finding

EXPECTED = {"temporal_leak", "identical_results", "levels_took_effect", "parts_as_ruled"}
"""What may be warned of honest scripts: properties of a design that readers are told."""


def named(cases):
    return [pytest.param(case, id=case.name.replace(" ", "-")) for case in cases]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", named(HONEST_CELLS))
def test_nothing_is_said_against_an_honest_script_of_cells(tmp_path, case):
    evidence = evidence_of(tmp_path / "study", case.plan, case.source, case.data())

    found = findings_of(evidence)

    assert evidence.problems == ()
    assert evidence.missing == ()
    assert {n: c.reason for n, c in found.items() if c.finding is Finding.FAIL} == {}
    warned = {n: c.reason for n, c in found.items() if c.finding is Finding.WARN}
    assert {n: r for n, r in warned.items() if n not in EXPECTED} == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", named(SINS_IN_CELLS))
def test_a_sin_of_a_script_of_cells_is_found(tmp_path, case):
    evidence = evidence_of(tmp_path / "study", case.plan, case.source, case.data())

    found = findings_of(evidence)[case.check]

    assert found.finding in (case.finding, Finding.FAIL), found.reason
