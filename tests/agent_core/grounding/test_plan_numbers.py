"""Numbers of a plan, in digits and in words."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.grounding.counting import count_of
from agent_core.grounding.plan_numbers import PlanNumbers


@pytest.mark.parametrize("text", ["both measures at each level", "a single table", "two figures"])
def test_every_word_that_counts_may_stand_in_what_is_promised(text):
    assert PlanNumbers.of(replace(plan_of(), reported=(text,)), ()) is not None


@pytest.mark.parametrize(("word", "value"), [("Both", 2), ("single", 1), ("12", 12), ("two", 2)])
def test_words_count(word, value):
    assert count_of(word) == value
