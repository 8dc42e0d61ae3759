"""Two further corpora of published and home-made shapes.

The second is of somebody else who had not read the code. One entry in four was held out at first.
Before the reader was changed, seen / held out: right 86 / 33, asked where that is fine 12 / 2,
refused rightly 29 / 11, otherwise with a word 25 / 5, otherwise without one 38 / 10. When it had
been mended by those that were seen alone, the 61 held out were first looked at: right 39, asked
where that is fine 5, refused rightly 10, otherwise with a word 1, otherwise without one 6.

The third is of those who mended the reader by the second; 54 of its 60 were right or asked about
at first.
"""

from collections import Counter

import pytest
from published_files import SECOND, THIRD, outcome_of, published_files

pytestmark = pytest.mark.timeout(900)  # 251 files are read twice
CASES = published_files(SECOND)
MOST_ASKED = 66
"""Of 250: catalogues, networks, forms that no table has, and their like."""
MOST_WORDED_THIRD = 1


def outcomes_of(cases, folders):
    return {c.id: outcome_of(c, folders.mktemp("published")) for c in cases}


def test_none_of_a_sample_is_read_wrong(tmp_path_factory):
    outcomes = outcomes_of(CASES[::10], tmp_path_factory)

    assert {i: o.told for i, o in outcomes.items() if o.verdict in ("wrong", "worded")} == {}


@pytest.mark.wide
def test_none_is_read_wrong(tmp_path_factory):
    outcomes = outcomes_of(CASES, tmp_path_factory)
    wrong = {
        i: (o.differences, o.told) for i, o in outcomes.items() if o.verdict in ("wrong", "worded")
    }

    assert wrong == {}
    assert Counter(o.verdict for o in outcomes.values())["right"] >= len(CASES) - MOST_ASKED


@pytest.mark.wide
def test_further_shapes_are_read_right_or_asked_about(tmp_path_factory):
    found = outcomes_of(published_files(THIRD), tmp_path_factory)

    assert {i: o.differences for i, o in found.items() if o.verdict == "wrong"} == {}
    assert Counter(o.verdict for o in found.values())["worded"] <= MOST_WORDED_THIRD
