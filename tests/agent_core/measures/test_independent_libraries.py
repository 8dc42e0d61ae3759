"""Measures of ranked lists against TREC's own evaluation, by way of ir-measures."""

import ir_measures as trec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from agent_core.measures.metrics import Lists, ranking

ITEMS = st.lists(st.integers(0, 14), min_size=1, max_size=8, unique=True)
RATED = st.dictionaries(st.integers(0, 14), st.integers(1, 5), min_size=1, max_size=8)
PEOPLE = st.lists(st.tuples(ITEMS, RATED), min_size=1, max_size=5)
BINARY = {
    ("ndcg", "binary, discount log2(rank + 1)"): trec.nDCG,
    ("recall", "hits / test items"): trec.R,
    ("precision", "hits / k"): trec.P,
    ("hit", "at least one hit"): trec.Success,
    ("mrr", "1 / rank of the first hit"): trec.RR,
    ("map", "/ test items"): trec.AP,
}
"""Metric and definition to the measure that TREC's evaluation has by the same definition."""
GRADED = {("ndcg", "gain rating, discount log2(rank + 1)"): trec.nDCG}


def check(people, k, same, *, is_graded):
    lists = [
        (str(u), str(i), r) for u, (own, _) in enumerate(people) for r, i in enumerate(own, 1)
    ]
    tests = [(str(u), str(i), g) for u, (_, own) in enumerate(people) for i, g in own.items()]
    listed = pd.DataFrame(lists, columns=["user_id", "item_id", "rank"])
    tested = pd.DataFrame(tests, columns=["user_id", "item_id", "rating"])
    run = [trec.ScoredDoc(u, i, -float(r)) for u, i, r in lists]
    qrels = [trec.Qrel(u, i, g if is_graded else 1) for u, i, g in tests]
    joined = Lists.of(listed, tested, k)
    for (metric, definition), measure in same.items():
        found = next(f for f in ranking(metric, joined) if f.definition == definition)
        theirs = {v.query_id: v.value for v in trec.iter_calc([measure @ k], qrels, run)}
        assert found.per_user.to_dict() == pytest.approx(theirs, abs=1e-9), metric
        assert found.value == pytest.approx(np.mean(list(theirs.values())), abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(PEOPLE, st.integers(1, 10))
def test_binary_measures_are_those_of_trec(people, k):
    check(people, k, BINARY, is_graded=False)


@settings(deadline=None, max_examples=25)
@given(PEOPLE, st.integers(1, 10))
def test_graded_ndcg_is_that_of_trec(people, k):
    check(people, k, GRADED, is_graded=True)
