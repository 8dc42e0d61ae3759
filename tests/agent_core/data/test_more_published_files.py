"""Two further corpora of published and home-made shapes.

The second is of somebody else who had not read the code. One entry in four is held out: the reader
is mended by the others alone, never by looking at those, and failures name none of them. At first
sight (before the reader was changed) seen / held out: right 86 / 33, asked where that is fine
12 / 2, refused rightly 29 / 11, otherwise with a word 25 / 5, otherwise without one 38 / 10.

The third is of those who mended the reader by the second; 54 of its 60 were right or asked about
at first.
"""

from collections import Counter

import pytest
from published_files import SECOND, THIRD, outcome_of, published_files

pytestmark = pytest.mark.timeout(900)  # 251 files are read twice
CASES = published_files(SECOND)
SEEN = [c for c in CASES if not c.is_held_out]
HELD_OUT = [c for c in CASES if c.is_held_out]
MOST_ASKED = 50
"""Of the 189 that are seen: catalogues, networks, forms that no table has, and their like."""
MOST_WRONG_HELD_OUT, MOST_WORDED_HELD_OUT = 7, 1
MOST_WORDED_THIRD = 1


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return {c.id: outcome_of(c, tmp_path_factory.mktemp("published")) for c in CASES}


def test_none_that_is_seen_is_read_wrong(outcomes):
    seen = {c.id: outcomes[c.id] for c in SEEN}
    wrong = {
        i: (o.differences, o.told) for i, o in seen.items() if o.verdict in ("wrong", "worded")
    }

    assert wrong == {}
    assert Counter(o.verdict for o in seen.values())["right"] >= len(SEEN) - MOST_ASKED


def test_files_that_are_held_out_are_read_as_well(outcomes):
    score = Counter(outcomes[c.id].verdict for c in HELD_OUT)

    assert score["wrong"] <= MOST_WRONG_HELD_OUT, score
    assert score["worded"] <= MOST_WORDED_HELD_OUT, score


def test_further_shapes_are_read_right_or_asked_about(tmp_path_factory):
    found = {c.id: outcome_of(c, tmp_path_factory.mktemp("third")) for c in published_files(THIRD)}

    assert {i: o.differences for i, o in found.items() if o.verdict == "wrong"} == {}
    assert Counter(o.verdict for o in found.values())["worded"] <= MOST_WORDED_THIRD
