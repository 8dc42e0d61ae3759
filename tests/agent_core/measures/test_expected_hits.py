"""How many hits are to be expected, against lists that are made one by one."""

import numpy as np
import pandas as pd
import pytest

from agent_core.measures.expected_hits import (
    NOTHING,
    chance_share,
    expected_hits,
    found_share,
)


def split(seed, users=12, items=30):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(u, int(i)) for u in range(users) for i in rng.permutation(items)[: rng.integers(3, 9)]],
        columns=["user_id", "item_id"],
    )
    test = frame.groupby("user_id").sample(n=1, random_state=seed)
    return frame.drop(index=test.index), pd.concat(
        [test, pd.DataFrame([(0, 99)], columns=frame.columns)]
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 5, 20])
def test_popular_items_hit_as_lists_of_them_do(seed, k):
    train, test = split(seed)
    order = train["item_id"].value_counts().index
    hits = 0
    for user, own in test.groupby("user_id")["item_id"]:
        seen = set(train.loc[train["user_id"] == user, "item_id"])
        hits += len({i for i in order if i not in seen} & set(own)) and len(
            set([i for i in order if i not in seen][:k]) & set(own)
        )

    found = expected_hits(train, test, k)

    assert found.by_popularity == hits
    assert found.tested == len(test)
    assert found.known == test["item_id"].isin(train["item_id"]).sum()
    assert (found + NOTHING) == found


def test_chance_hits_as_often_as_drawn_lists_do():
    train, test = split(1)
    rng = np.random.default_rng(0)
    items = train["item_id"].unique()
    users = []
    for user, own in test.groupby("user_id")["item_id"]:
        seen = train.loc[train["user_id"] == user, "item_id"]
        left = items[~np.isin(items, seen)]
        users.append((len(left), np.flatnonzero(np.isin(left, own))))
    drawn = [
        sum(np.isin(rng.permutation(left)[:5], own).sum() for left, own in users)
        for _ in range(1000)
    ]

    assert expected_hits(train, test, 5).by_chance == pytest.approx(np.mean(drawn), rel=0.05)


def test_long_lists_among_few_items_have_much_by_chance():
    train, test = split(2)

    assert chance_share(train, test[:-1], 30) == 1.0
    assert chance_share(train, test[:-1], 3) < 0.2
    assert found_share(
        np.array([1.0, 4.0]), np.array([[1.0, 0, 0], [1, 1, 0]]), 3
    ) == pytest.approx(5 / 6)
