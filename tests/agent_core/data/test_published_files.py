"""Published and home-made shapes of files are read right or asked about, never wrong in silence.

The shapes are of somebody who had not read the code; all values are invented.
"""

import pytest
from published_files import outcome_of, published_files

from agent_core.data.profile import profile

CASES = published_files()
MOST_ASKED = 5
"""Of 115: advertising logs, orders without people, a file of people, marks for no rating."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return {c.id: outcome_of(c, tmp_path_factory.mktemp("published")) for c in CASES}


def test_none_is_read_wrong_without_a_word(outcomes):
    wrong = {i: o.differences for i, o in outcomes.items() if o.verdict == "wrong"}

    assert wrong == {}


def test_most_are_read_right_and_only_those_are_asked_that_may_be(outcomes):
    asked = {i for i, o in outcomes.items() if o.verdict == "asked"}
    may_be_asked = {c.id for c in CASES if c.or_asked or c.expect is None}

    as_wanted = [
        c.id for c in CASES if outcomes[c.id].verdict == ("right" if c.is_read else "refused")
    ]

    assert len(as_wanted) >= len(CASES) - MOST_ASKED
    assert asked <= may_be_asked


def test_values_of_odd_ratings_are_numbers(tmp_path):
    cases = {c.id: c for c in CASES}
    for case, values in (
        ("ratebeer_blocks", {8, 13, 14}),
        ("home_thousands", {12_030, 1_204, 987}),
        ("home_german", {5, 2.5, 3}),
    ):
        path = tmp_path / cases[case].file
        path.write_text(cases[case].content, encoding="utf-8", newline="")

        assert values <= set(profile(path).rating_values), case
