"""What the patterns of result checks must match, and what they must not."""

import pytest

from agent_core.checks.results.files import COUNTED
from agent_core.checks.results.metrics import SAMPLED

CASES = {
    SAMPLED: (
        ["the test item and 100 sampled items", "99 negatives", "random items per user",
         "100 other items", "Negative sampling"],
        ["all items not in train", "every unseen item", "the whole catalogue", "all 1,682 movies"],
    ),
    COUNTED: (
        ["2 plots", "3 figures of NDCG", "1 Chart", "10  graphs"],
        ["a plot", "plots of 2 metrics", "figure 2", "2 tables", "2-plots"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("pattern", CASES, ids=lambda p: p.pattern[:20])
def test_words_are_told_apart(pattern):
    matches, spares = CASES[pattern]

    assert [t for t in matches if not pattern.search(t)] == []
    assert [t for t in spares if pattern.search(t)] == []
