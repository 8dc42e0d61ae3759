"""Whether a split is a random draw is found out without its seed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import honest

from agent_core.checks.draws import draws_of, held_out_at_random
from agent_core.domain import Finding

USERS, EACH = 200, 20


def data_of(rng):
    users = np.repeat(np.arange(USERS), EACH)
    items = np.concatenate([rng.choice(60, EACH, replace=False) ** 2 // 60 for _ in range(USERS)])
    frame = pd.DataFrame({"user_id": users.astype(str), "item_id": items.astype(str)})
    frame["rating"] = rng.integers(1, 6, len(frame)).astype(float)
    return frame.drop_duplicates(["user_id", "item_id"], ignore_index=True)


def judged(tmp_path, frame, held, text=""):
    evidence = honest().evidence(tmp_path)
    plan = replace(evidence.plan, split=replace(evidence.plan.split, text=text))
    train, test = {"0": frame.drop(held.index)}, {"0": held}
    return replace(evidence, plan=plan, train=train, test=test)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_random_draw_is_one(tmp_path, seed, share):
    frame = data_of(np.random.default_rng(seed))
    held = frame.groupby("user_id").sample(frac=share, random_state=seed)

    evidence = judged(tmp_path, frame, held)

    assert held_out_at_random(evidence).finding is Finding.PASS
    draws = list(draws_of(evidence, ("0", evidence.train["0"], evidence.test["0"])))
    assert [abs(d.deviations) < 4 for d in draws] == [True, True]


def test_everybodys_most_popular_item_is_no_draw(tmp_path):
    frame = data_of(np.random.default_rng(1))
    popularity = frame["item_id"].map(frame["item_id"].value_counts())
    held = frame.loc[popularity.groupby(frame["user_id"]).idxmax()]

    found = held_out_at_random(judged(tmp_path, frame, held))

    assert found.finding is Finding.FAIL
    assert "percentile of popularity" in found.reason


def liked(frame):
    return frame[frame["rating"] >= 4].groupby("user_id").sample(n=1, random_state=1)


def test_a_draw_among_high_ratings_only_is_no_draw_from_all(tmp_path):
    frame = data_of(np.random.default_rng(1))

    found = held_out_at_random(judged(tmp_path, frame, liked(frame)))

    assert found.finding in (Finding.WARN, Finding.FAIL)
    assert "rating of tested interactions" in found.reason


def test_a_draw_among_high_ratings_is_one_where_the_plan_says_so(tmp_path):
    frame = data_of(np.random.default_rng(1))
    text = "leave one out; only ratings of at least 4 are held out for the test"

    found = held_out_at_random(judged(tmp_path, frame, liked(frame), text))

    assert found.finding is Finding.PASS, found.reason


def test_few_users_tell_nothing(tmp_path):
    made = honest()

    found = held_out_at_random(made.evidence(tmp_path))

    assert found.finding is Finding.NOT_APPLICABLE
