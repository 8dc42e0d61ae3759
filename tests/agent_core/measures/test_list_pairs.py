"""Overlap and rank-biased overlap of lists, against plain loops and the published sums."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from agent_core.measures.list_pairs import PAIRED, ListPairs, pair_values

RANKED = st.lists(st.integers(0, 12), min_size=1, max_size=8, unique=True)


def table(*lists):
    rows = [(user, item, r) for user, items in enumerate(lists) for r, item in enumerate(items, 1)]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def rbo_by_sums(one, other, p=0.9, depth=2_000):
    """Sum the agreement over far more ranks than are listed, as if it went on as it did."""
    short, long = sorted((one, other), key=len)
    at_short = len(set(short) & set(long[: len(short)]))
    at_long = len(set(short) & set(long))
    total = 0.0
    for d in range(1, depth + 1):
        if d <= len(short):
            agreement = len(set(short[:d]) & set(long[:d])) / d
        elif d <= len(long):
            seen = len(set(short) & set(long[:d]))
            agreement = (seen + at_short * (d - len(short)) / len(short)) / d
        else:
            agreement = (at_long - at_short) / len(long) + at_short / len(short)
        total += (1 - p) * p ** (d - 1) * agreement
    return total


@settings(deadline=None, max_examples=60)
@given(RANKED, RANKED)
def test_two_lists_have_what_plain_sets_say(one, other):
    shared = len(set(one) & set(other))

    values = {n: pair_values(n, table(one), table(other), 8)[0] for n in PAIRED}
    jaccard = PAIRED["overlap"]["shared items / items in either list (Jaccard 1912)"]

    assert values["overlap"] == pytest.approx(shared / max(len(one), len(other)))
    assert values["rbo"] == pytest.approx(rbo_by_sums(one, other), abs=1e-9)
    assert jaccard(ListPairs.of(table(one), table(other), 8)) == pytest.approx(
        shared / len(set(one) | set(other))
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(RANKED, min_size=1, max_size=6))
def test_equal_lists_agree_wholly_and_order_does_not_matter_to_whom_comes_first(lists):
    shuffled = [list(reversed(items)) for items in lists]

    for name in PAIRED:
        assert pair_values(name, table(*lists), table(*lists), 8).to_numpy() == pytest.approx(1)
        there = pair_values(name, table(*lists), table(*shuffled), 8)
        back = pair_values(name, table(*shuffled), table(*lists), 8)
        assert np.allclose(there, back)


def test_only_users_with_a_list_in_both_count_and_ranks_beyond_the_cut_do_not():
    one, other = table([1, 2, 3], [4, 5, 6]), table([1, 9, 3])

    values = pair_values("overlap", one, other, 2)

    assert values.to_dict() == {0: 0.5}
