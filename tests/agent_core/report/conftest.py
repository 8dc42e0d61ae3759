"""Reports with figures and tables, written once for the tests that only read them."""

import pytest
from reported import NO_WORDS
from results import comparison_evidence, inputs_of, seed_evidence

from agent_core.report.writer import write_report


@pytest.fixture(scope="package")
def seed_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seed") / "report"
    return write_report(inputs_of(seed_evidence()), NO_WORDS, folder)


@pytest.fixture(scope="package")
def comparison_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison") / "report"
    return write_report(inputs_of(comparison_evidence()), NO_WORDS, folder)
