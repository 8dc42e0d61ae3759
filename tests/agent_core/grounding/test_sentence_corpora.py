"""Corpora by people who have not seen the rule: what honest reports say stands, the rest not.

`honest_more` and `false_more` were written beside the rule, before it was mended for them.
"""

import pytest
from reported_studies import studies, told

from agent_core.grounding.report_text import Part

HONEST = {"honest_reports.txt": 0.95, "near_misses.txt": 0.9, "honest_more.txt": 0.95}
"""Share of each corpus that has to stand."""
FALSE = ("false_results.txt", "contradictions.txt", "false_more.txt")


def standing(name, *parts):
    """Return the sentences of a corpus that stand in their own part, or in any of some."""
    return [
        text
        for study, part, text in told(name)
        if any(studies()[study].fill(text, p) for p in parts or [Part(part)])
    ]


@pytest.mark.parametrize(("name", "share"), HONEST.items())
def test_honest_sentences_stand(name, share):
    assert len(standing(name)) >= share * len(told(name))


@pytest.mark.parametrize("name", FALSE)
def test_false_sentences_stand_in_no_part(name):
    assert standing(name, *Part) == []
