"""Corpora by people who have not seen the rule: what honest reports say stands, the rest not.

`honest_more` and `false_more` were written beside the rule, before it was mended for them.
"""

import pytest
from reported_studies import studies, told

from agent_core.grounding.report_text import Part

HONEST = {"honest_reports.txt": 0.95, "near_misses.txt": 0.9, "honest_more.txt": 0.95}
"""Share of each corpus that has to stand."""
FRESH = {"a": (0.85, 0.05), "b": (0.85, 0.1), "c": (0.85, 0.1), "d": (0.6, 0.1), "f": (0.8, 0.1)}
"""Batches by a fresh hand: share of honest ones that stands, and of false ones at most.

The reading of words was learned from the first three, never from the last two: those are seen for
the first time.
"""
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


@pytest.mark.parametrize(("batch", "shares"), FRESH.items())
def test_fresh_batches_stand_as_far_as_is_told(batch, shares):
    honest, false = f"fresh_{batch}_honest.txt", f"fresh_{batch}_false.txt"

    assert len(standing(honest)) >= shares[0] * len(told(honest))
    assert len(standing(false, *Part)) <= shares[1] * len(told(false))
