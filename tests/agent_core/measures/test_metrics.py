"""Definitions of metrics: by hand, by their properties, and against LensKit's own."""

import math
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from agent_core.measures.metrics import RANKING, Lists, coverage, is_close, ranking, rating

LAB = Path(__file__).parents[3] / ".venv-lab/bin/python"


def lists_of(*items, user="u"):
    ranks = range(1, len(items) + 1)
    return pd.DataFrame({"user_id": user, "item_id": list(items), "rank": ranks})


def truth(*items, user="u", ratings=None):
    frame = pd.DataFrame({"user_id": user, "item_id": list(items)})
    return frame if ratings is None else frame.assign(rating=ratings)


def values(name, lists, test, k=3):
    found = ranking(name, Lists.of(lists, test, k))
    return {f.definition: f.value for f in found}


def test_ndcg_by_hand():
    found = values("ndcg", lists_of("a", "x", "b"), truth("a", "b"))

    assert found["binary, discount log2(max(rank, 2))"] == pytest.approx(
        (1 + 1 / math.log2(3)) / (1 + 1)
    )
    assert found["binary, discount log2(rank + 1)"] == pytest.approx(
        (1 + 1 / 2) / (1 + 1 / math.log2(3))
    )


def test_graded_ndcg_by_hand():
    test = truth("a", "b", ratings=[2.0, 5.0])

    found = values("ndcg", lists_of("a", "x", "b"), test)

    assert found["gain rating, discount log2(rank + 1)"] == pytest.approx(
        (2 + 5 / 2) / (5 + 2 / math.log2(3))
    )
    assert found["gain 2^rating - 1, discount log2(rank + 1)"] == pytest.approx(
        (3 + 31 / 2) / (31 + 3 / math.log2(3))
    )


def test_recall_and_precision_by_hand():
    lists, test = lists_of("a", "x"), truth("a", "b", "c", "d", "e")

    assert values("recall", lists, test) == {
        "hits / min(test items, k)": pytest.approx(1 / 3),
        "hits / test items": pytest.approx(1 / 5),
        "pooled over users: hits / test items": pytest.approx(1 / 5),
    }
    assert values("precision", lists, test) == {
        "hits / k": pytest.approx(1 / 3),
        "hits / list length": pytest.approx(1 / 2),
        "pooled over users: hits / list length": pytest.approx(1 / 2),
    }


def test_average_precision_by_hand():
    found = values("map", lists_of("a", "x", "b"), truth("a", "b", "c", "d"))
    total = 1 + 2 / 3

    assert found == {
        "/ min(test items, list length)": pytest.approx(total / 3),
        "/ min(test items, k)": pytest.approx(total / 3),
        "/ test items": pytest.approx(total / 4),
        "/ hits": pytest.approx(total / 2),
        "/ k": pytest.approx(total / 3),
    }


def test_reciprocal_rank_and_hit_by_hand():
    lists, test = lists_of("x", "a", "b"), truth("a", "b")

    assert values("mrr", lists, test)["1 / rank of the first hit"] == 0.5
    assert values("mrr", lists, test, k=1)["1 / rank of the first hit"] == 0
    assert values("hit", lists, test)["at least one hit"] == 1


def test_a_user_without_a_list_counts_as_zero_in_the_mean():
    test = pd.concat([truth("a"), truth("a", user="v")])

    found = values("hit", lists_of("a"), test)

    assert found == {"at least one hit": 0.5, "at least one hit; only users with a list": 1.0}


def test_rating_errors_pooled_and_per_user():
    predictions = pd.DataFrame(
        {"user_id": ["u", "u", "v"], "item_id": [1, 2, 1], "prediction": [3.0, 3.0, 3.0]}
    ).assign(rating=[3.0, 5.0, 4.0])

    found = {f.definition: f.value for f in rating("rmse", predictions, None)}

    assert found["pooled over predictions"] == pytest.approx(math.sqrt(5 / 3))
    assert found["mean over users"] == pytest.approx((math.sqrt(2) + 1) / 2)
    assert rating("mae", predictions, None)[0].value == pytest.approx(1)


def test_coverage_counts_listed_items_up_to_the_cutoff():
    lists = pd.concat([lists_of("a", "b"), lists_of("a", "c", user="v")])

    assert coverage(lists, 1, {"x": 4})[0].value == 0.25
    assert coverage(lists, 2, {"x": 4})[0].value == 0.75


@pytest.mark.parametrize(
    ("claimed", "computed", "expected"),
    [
        (0.155312345, 0.155312345, True),
        (0.155312345, 0.155312399, True),
        (0.155312345, 0.155313, False),
        (0.1553, 0.15534, True),
        (0.1554, 0.15534, False),
        (0.155, 0.15534, False),
        (0.16, 0.15534, False),
        (0.0, 0.0, True),
        (float("nan"), 0.5, False),
        (1.0, 1.0, True),
    ],
)
def test_agreement_allows_rounding_of_four_digits_and_no_more(claimed, computed, expected):
    assert is_close(claimed, computed) is expected


ITEMS = st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=20)


@given(listed=ITEMS, tests=ITEMS, k=st.integers(1, 25))
def test_shares_lie_between_none_and_all(listed, tests, k):
    ratings = [1.0 + t % 5 for t in tests]
    joined = Lists.of(lists_of(*listed), truth(*tests, ratings=ratings), k)

    for name in RANKING:
        for found in ranking(name, joined):
            assert 0 <= found.value <= 1 + 1e-12, (name, found.definition)


@given(listed=ITEMS, tests=ITEMS, low=st.integers(1, 12), high=st.integers(12, 25))
def test_a_cut_is_the_same_as_a_shorter_list(listed, tests, low, high):
    lists, test = lists_of(*listed), truth(*tests)
    whole, short = Lists.of(lists, test, high).cut(low), Lists.of(lists, test, low)

    for name in RANKING:
        assert [f.value for f in ranking(name, whole)] == [f.value for f in ranking(name, short)]


@given(tests=ITEMS, k=st.integers(1, 25))
def test_the_ideal_list_is_worth_one(tests, k):
    found = values("ndcg", lists_of(*tests), truth(*tests), k)

    assert found["binary, discount log2(max(rank, 2))"] == pytest.approx(1)
    assert found["binary, discount log2(rank + 1)"] == pytest.approx(1)


MEASURE = """
import sys
import pandas as pd
from lenskit.data import ItemListCollection, UserIDKey
from lenskit.metrics import NDCG, RBP, Hit, Precision, RecipRank, Recall, RunAnalysis
from lenskit.metrics.ranking import AveragePrecision

lists, test = pd.read_parquet("lists.parquet"), pd.read_parquet("test.parquet")
recs = ItemListCollection.from_df(lists, UserIDKey)
truth = ItemListCollection.from_df(test, UserIDKey)
tables = []
for k in (1, 3, 5, 10, 20):
    plain = (NDCG, Recall, Precision, Hit, RecipRank, AveragePrecision, RBP)
    run = RunAnalysis(*(metric(k) for metric in plain))
    run.add_metric(NDCG(k, gain="rating"), label=f"graded@{k}")
    tables.append(run.measure(recs, truth).list_metrics())
pd.concat(tables, axis=1).reset_index().to_parquet("measured.parquet")
"""
SHARED = {
    "NDCG": ("ndcg", "binary, discount log2(max(rank, 2))"),
    "graded": ("ndcg", "gain rating, discount log2(max(rank, 2))"),
    "Recall": ("recall", "hits / min(test items, k)"),
    "Precision": ("precision", "hits / list length"),
    "Hit": ("hit", "at least one hit"),
    "RecipRank": ("mrr", "1 / rank of the first hit"),
    "AveragePrecision": ("map", "/ min(test items, list length)"),
    "RBP": ("rbp", "patience 0.85"),
}


def random_lists(rng, users=300, items=60):
    listed, tested = [], []
    for user in range(users):
        long, held = rng.integers(1, 26), rng.integers(1, 15)
        chosen = rng.choice(items, long, replace=False)
        listed.append(
            pd.DataFrame({"user_id": user, "item_id": chosen, "rank": range(1, long + 1)})
        )
        chosen = rng.choice(items, held, replace=False)
        ratings = rng.integers(1, 6, held).astype(float)
        tested.append(pd.DataFrame({"user_id": user, "item_id": chosen, "rating": ratings}))
    lists = pd.concat(listed, ignore_index=True)
    return lists.assign(score=-lists["rank"].astype(float)), pd.concat(tested, ignore_index=True)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_definitions_shared_with_lenskit_agree_on_random_lists(tmp_path):
    lists, test = random_lists(np.random.default_rng(20))
    lists.to_parquet(tmp_path / "lists.parquet")
    test.to_parquet(tmp_path / "test.parquet")
    subprocess.run([LAB, "-c", MEASURE], cwd=tmp_path, check=True, capture_output=True)
    measured = pd.read_parquet(tmp_path / "measured.parquet").set_index("user_id")

    for k in (1, 3, 5, 10, 20):
        joined = Lists.of(lists, test, k)
        for label, (name, definition) in SHARED.items():
            own = {f.definition: f.per_user for f in ranking(name, joined)}[definition]
            theirs = measured[f"{label}@{k}"].reindex(own.index)
            assert np.allclose(own, theirs, atol=1e-12), (label, k)
