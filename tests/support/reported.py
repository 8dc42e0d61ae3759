"""Reports of tests: written without what takes time."""

from dataclasses import replace

from agent_core.domain import ReportDraft
from agent_core.report.writer import write_report

NO_WORDS = ReportDraft("")


def report(tmp_path, inputs, draft=NO_WORDS):
    """Write a report without figures and tables, which take time and other tests look at."""
    return write_report(replace(inputs, evidence=None), draft, tmp_path / "report")
