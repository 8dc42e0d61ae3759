"""Whole scripts of cells: honest ones in ways of their own, and sins of evidence."""

import pytest
from honest_cells import HONEST_CELLS, TOP, changed, grid
from sins_in_whole_cells import SINS_IN_CELLS
from tiers import each_of
from whole_cells import evidence_of, findings_of

from agent_core.domain import Finding
from agent_core.statistics.answers.delivered_values import cells_with_records, measured_values

EXPECTED = {"temporal_leak", "identical_results", "levels_took_effect", "parts_as_ruled"}
"""What may be warned of honest scripts: properties of a design that readers are told."""

TOLD = {
    "sampled candidates by the rule": "metrics_as_planned",
    "small profiles of users whom training does not see": "beats_baseline",
    "errors of predictions in folds": "baseline_present",
}
"""What else is told of one of them: a ranking among few, a result, a plan without a baseline."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", each_of(HONEST_CELLS, 3))
def test_nothing_is_said_against_an_honest_script_of_cells(tmp_path, case):
    evidence = evidence_of(tmp_path / "study", case.plan, case.source, case.data())

    found = findings_of(evidence)

    assert evidence.problems == ()
    assert evidence.missing == ()
    assert {n: c.reason for n, c in found.items() if c.finding is Finding.FAIL} == {}
    warned = {n: c.reason for n, c in found.items() if c.finding is Finding.WARN}
    assert {n: r for n, r in warned.items() if n not in {*EXPECTED, TOLD.get(case.name)}} == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", each_of(SINS_IN_CELLS, 2))
def test_a_sin_of_a_script_of_cells_is_found(tmp_path, case):
    evidence = evidence_of(tmp_path / "study", case.plan, case.source, case.data())

    found = findings_of(evidence)[case.check]

    assert found.finding in (case.finding, Finding.FAIL), found.reason


AUDITED = changed((TOP, TOP + """        if c.on == "validation":
            asked = np.sort(part.test["user_id"].unique())
            own = part.train[part.train["user_id"].isin(asked)]
            c.audit(top(model.scores(matrix(own, asked, items)), asked, items, own, 10))
"""))  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_the_test_would_have_chosen_is_told_from_what_decides(tmp_path):
    evidence = evidence_of(tmp_path / "study", grid(), AUDITED)

    cells, values = cells_with_records(evidence), measured_values(evidence).runs

    audits = cells[cells["is_audit"]]
    assert set(audits["variant"]) == {"Cosine 1.0", "Cosine 20.0"}
    assert set(audits["on"]) == {"test"}
    own = values[values["cell"].isin(audits["id"]) & (values["metric"] == "ndcg@10")]
    assert len(own) == 2
    chosen = evidence.single[evidence.single["algorithm"] == "Cosine chosen"]
    final = chosen.loc[chosen["metric"] == "ndcg", "value"].item()
    # Without the validation part in training the chosen cell is one of the audited.
    assert abs(own["value"] - final).min() < 1e-9
    assert not set(evidence.single["algorithm"]) & set(audits["variant"])
    assert {n for n, c in findings_of(evidence).items() if c.finding is Finding.FAIL} == set()
