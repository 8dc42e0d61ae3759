"""Whether a split is a random draw is found out without its seed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import honest, with_plan

from agent_core.checks.split.holdout_randomness import draws_of, held_out_at_random
from agent_core.domain import Finding, SplitKind

USERS, EACH = 200, 20


def data_of(rng):
    users = np.repeat(np.arange(USERS), EACH)
    items = np.concatenate([rng.choice(60, EACH, replace=False) ** 2 // 60 for _ in range(USERS)])
    frame = pd.DataFrame({"user_id": users.astype(str), "item_id": items.astype(str)})
    frame["rating"] = rng.integers(1, 6, len(frame)).astype(float)
    return frame.drop_duplicates(["user_id", "item_id"], ignore_index=True)


def judged(tmp_path, frame, held, text="", **split):
    return of_folds(tmp_path, {"0": (frame.drop(held.index), held)}, text, **split)


def of_folds(tmp_path, made, text="", **split):
    tmp_path.mkdir(exist_ok=True)
    evidence = honest().evidence(tmp_path)
    plan = evidence.plan.with_split(text=text, **split)
    train, test = ({f: parts[i] for f, parts in made.items()} for i in (0, 1))
    return replace(with_plan(evidence, plan, made), train=train, test=test)


def timed(frame, rng):
    return frame.assign(timestamp=rng.permutation(len(frame)))


def newest(frame, share=0.2):
    place = frame.groupby("user_id")["timestamp"].rank(ascending=False)
    return frame[place <= (frame.groupby("user_id")["item_id"].transform("size") * share).round()]


def long_tail(rng, users=3000, each=40, items=20000):
    chance = 1 / np.arange(1, items + 1) ** 1.1
    drawn = rng.choice(items, users * each, p=chance / chance.sum())
    named = {"user_id": np.repeat(np.arange(users), each), "item_id": drawn}
    return pd.DataFrame(named).drop_duplicates(ignore_index=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_random_draw_is_one(tmp_path, seed, share):
    frame = data_of(np.random.default_rng(seed))
    held = frame.groupby("user_id").sample(frac=share, random_state=seed)

    evidence = judged(tmp_path, frame, held)

    assert held_out_at_random(evidence).finding is Finding.PASS
    draws = list(draws_of(evidence, [("0", evidence.train["0"], evidence.test["0"])]))
    assert [abs(d.deviations) < 4 for d in draws] == [True, True]


def test_everybodys_most_popular_item_is_no_draw(tmp_path):
    frame = data_of(np.random.default_rng(1))
    popularity = frame["item_id"].map(frame["item_id"].value_counts())
    held = frame.loc[popularity.groupby(frame["user_id"]).idxmax()]

    found = held_out_at_random(judged(tmp_path, frame, held))

    assert found.finding is Finding.FAIL
    assert str(found.values["what"]).startswith("percentile of popularity")


def liked(frame):
    return frame[frame["rating"] >= 4].groupby("user_id").sample(n=1, random_state=1)


def test_a_draw_among_high_ratings_only_is_no_draw_from_all(tmp_path):
    frame = data_of(np.random.default_rng(1))

    found = held_out_at_random(judged(tmp_path, frame, liked(frame)))

    assert found.finding in (Finding.WARN, Finding.FAIL)
    assert found.values["what"] == "rating of tested interactions"


def test_a_draw_among_high_ratings_is_one_where_the_plan_says_so(tmp_path):
    frame = data_of(np.random.default_rng(1))
    text = "leave one out; only ratings of at least 4 are held out for the test"

    found = held_out_at_random(judged(tmp_path, frame, liked(frame), text))

    assert found.finding is Finding.PASS, found.reason


def test_few_users_tell_nothing(tmp_path):
    made = honest()

    found = held_out_at_random(made.evidence(tmp_path))

    assert found.finding is Finding.NOT_APPLICABLE


NEWEST = (
    "the newest 20 % of each user's interactions are held out (LastFrac)",
    "per user, the last 20 % by time are held out",
    "LastFrac(0.2) of each user",
    "each user's most recent fifth of interactions for test",
    "the latest interactions of each user (20 %)",
    "chronological split of each user, 80/20",
    "time-based split of each user",
    "each user's final interactions (20 %)",
    "hold-out of the most recent 4 of each user",
    "last 4 per user",
)


@pytest.fixture
def both(tmp_path):
    """Judge a test of the newest and one of a draw under the same words."""

    def found(text):
        rng = np.random.default_rng(1)
        frame = timed(data_of(rng), rng)
        drawn = frame.groupby("user_id").sample(frac=0.2, random_state=1)
        return (
            held_out_at_random(judged(tmp_path, frame, newest(frame), text)),
            held_out_at_random(judged(tmp_path / "random", frame, drawn, text)),
        )

    return found


@pytest.mark.parametrize("text", NEWEST)
def test_the_newest_of_each_user_are_no_draw_where_the_plan_holds_them_out(both, text):
    found, other = both(text)

    assert found.finding is Finding.PASS, found.reason
    assert other.finding is Finding.FAIL
    assert other.values["share"] < 0.8


NOT_NEWEST = (
    "20 % of each user's interactions held out at random",
    "leave-one-out, drawn at random, not temporal",
    "20 % of each user's interactions instead of the newest ones",
    "leave-one-out; temporal order is not used",
    "five folds, the last fold is tested",
    "20 % held out at random; the order of time does not matter",
    "20 % of each user's interactions, the last layer is trained longer",
    "20 % of each user's interactions; the last 10 positions of lists do not count",
    "one interaction of each user, no chronological order",
)


@pytest.mark.parametrize("text", NOT_NEWEST)
def test_the_newest_are_no_random_draw(both, text):
    found, other = both(text)

    assert found.finding is Finding.FAIL
    assert found.values["what"] == "percentile of time of tested interactions"
    assert other.finding is Finding.PASS, other.reason


def test_where_a_plan_says_newest_and_random_both_will_do(tmp_path):
    rng = np.random.default_rng(1)
    frame = timed(data_of(rng), rng)
    drawn = frame.groupby("user_id").sample(frac=0.2, random_state=1)

    def finding(held, place):
        evidence = judged(tmp_path / place, frame, held, "20 % of each user at random")
        asked = "Compare both on the newest 20 % of each user's ratings"
        return held_out_at_random(
            with_plan(evidence, replace(evidence.plan, question=asked))
        ).finding

    assert finding(newest(frame), "newest") is Finding.WARN
    assert finding(drawn, "drawn") is Finding.PASS
    assert finding(newest(frame.assign(timestamp=-frame["timestamp"])), "oldest") is Finding.FAIL


@pytest.mark.parametrize("way", ["kept", "removed", "moved"])
def test_items_unknown_to_training_may_be_left_out_of_the_test(tmp_path, way):
    frame = long_tail(np.random.default_rng(1))
    held = frame.groupby("user_id").sample(frac=0.2, random_state=1)
    train = frame.drop(held.index)
    is_cold = ~held["item_id"].isin(train["item_id"])
    parts = {
        "kept": (train, held),
        "removed": (train, held[~is_cold]),
        "moved": (pd.concat([train, held[is_cold]]), held[~is_cold]),
    }

    found = held_out_at_random(of_folds(tmp_path, {"0": parts[way]}))

    assert is_cold.sum() > 500
    assert found.finding is Finding.PASS, found.reason


def test_a_test_of_popular_items_only_is_found_in_a_long_tail(tmp_path):
    frame = long_tail(np.random.default_rng(1))
    frame["n"] = frame["item_id"].map(frame["item_id"].value_counts())
    place = frame.groupby("user_id")["n"].rank(ascending=False, method="first")

    found = held_out_at_random(judged(tmp_path, frame, frame[place <= 5]))

    assert found.finding is Finding.FAIL


def unlike(rng, users=600, each=20):
    """Return interactions of users of whom the first third likes what many like."""
    items = [
        rng.choice(50, each, replace=False)
        if user < users / 3
        else 50 + rng.choice(500, each, replace=False)
        for user in range(users)
    ]
    named = {"user_id": np.repeat(np.arange(users), each), "item_id": np.concatenate(items)}
    return pd.DataFrame(named)


@pytest.mark.parametrize("kind", [SplitKind.LEAVE_ONE_OUT, SplitKind.CROSSFOLD_USERS])
def test_chosen_test_users_are_no_draw_of_users(tmp_path, kind):
    rng = np.random.default_rng(1)
    frame = unlike(rng)

    def found(chosen, text="120 random test users", place="a"):
        held = frame[frame["user_id"].isin(chosen)].groupby("user_id").sample(n=1, random_state=1)
        return held_out_at_random(judged(tmp_path / place, frame, held, text, kind=kind))

    lucky, random = np.arange(120), rng.choice(600, 120, replace=False)
    assert found(lucky).finding is Finding.FAIL
    assert found(lucky, place="b").values["where"] == "users"
    assert found(random, place="c").finding is Finding.PASS
    named = "the 120 most active users are tested, one random interaction of each"
    assert found(lucky, named, "d").finding is Finding.PASS


def test_folds_of_few_users_are_judged_together(tmp_path):
    rng = np.random.default_rng(1)
    frame = data_of(rng)
    frame["n"] = frame["item_id"].map(frame["item_id"].value_counts())
    place = frame.groupby("user_id")["n"].rank(ascending=False, method="first")

    def found(held, where):
        own = [held[held["user_id"].astype(int) % 4 == fold] for fold in range(4)]
        folds = {str(f): (frame.drop(test.index), test) for f, test in enumerate(own)}
        kind = SplitKind.CROSSFOLD_USERS
        return held_out_at_random(of_folds(tmp_path / where, folds, kind=kind, folds=4))

    popular = found(frame[place <= 4], "popular")
    drawn = found(frame.groupby("user_id").sample(n=4, random_state=1), "drawn")
    assert popular.finding is Finding.FAIL
    assert popular.values["where"] == "all folds"
    assert drawn.finding is Finding.PASS


def test_blocks_of_a_sorted_file_are_no_draw_of_records(tmp_path):
    frame = data_of(np.random.default_rng(1))

    def found(order, where):
        folds = {
            str(f): (frame.drop(frame.index[part]), frame.iloc[part])
            for f, part in enumerate(np.array_split(order, 3))
        }
        kind = SplitKind.CROSSFOLD_RECORDS
        return held_out_at_random(of_folds(tmp_path / where, folds, kind=kind, folds=3))

    sorted_file = found(np.arange(len(frame)), "sorted")
    shuffled = found(np.random.default_rng(2).permutation(len(frame)), "shuffled")
    assert sorted_file.finding is Finding.FAIL
    assert sorted_file.values["users"] > 0.9 * sorted_file.values["of"]
    assert shuffled.finding is Finding.PASS
