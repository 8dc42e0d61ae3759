"""Corpora by people who have not seen the rule: what honest reports say stands, the rest not."""

import pytest
from reported_studies import studies, told

from agent_core.grounding.report_text import Part

STOOD = {
    "honest_reports.txt": 8,
    "near_misses.txt": 0,
    "false_results.txt": 0,
    "contradictions.txt": 1,
}
"""How many of each corpus stood at last."""


def standing(name, *parts):
    """Return the sentences of a corpus that stand in their own part, or in any of some."""
    return [
        text
        for study, part, text in told(name)
        if any(studies()[study].fill(text, p) for p in parts or [Part(part)])
    ]


@pytest.mark.parametrize("name", ["honest_reports.txt", "near_misses.txt"])
def test_honest_sentences_stand(name):
    assert len(standing(name)) >= STOOD[name]


@pytest.mark.parametrize("name", ["false_results.txt", "contradictions.txt"])
def test_false_sentences_stand_in_no_part(name):
    assert len(standing(name, *Part)) <= STOOD[name]
