"""A report stays within its length: what does not fit stands in other files of the zip."""

import pytest
from reported import report
from results import comparison_evidence, inputs_of

from agent_core.domain import Check, Finding
from agent_core.report.writer import MOST_REPORT

REASON = "a reason that says at length what was seen and where, " * 4


@pytest.mark.parametrize("count", [1, 60])
def test_checks_that_passed_are_told_by_name_where_there_are_many(tmp_path, count):
    passed = [Check(f"passed_{i}", Finding.PASS, REASON) for i in range(count)]
    wrong = Check("went_wrong", Finding.WARN, REASON)
    inputs = inputs_of(comparison_evidence(), checks=(*passed, wrong))

    text = report(tmp_path, inputs).markdown

    assert len(text) <= MOST_REPORT
    assert f"passed_{count - 1}" in text
    assert REASON.strip() in text
    assert ("checks.json" in text) is (count > 1)
