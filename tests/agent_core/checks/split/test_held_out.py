"""How much is held out, where a plan's words say it or few users are left out."""

from dataclasses import replace

import pytest
from builders import plan_of
from studies import honest

from agent_core.domain import Finding, SplitKind
from agent_core.rules.plan_texts import texts_of
from agent_core.rules.split_words import counts_held_out, shares_of_split, shares_of_users


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("5 interactions of a test user held out", {5}),
        ("five ratings of each test user are held out", {5}),
        ("crossfold_users with SampleN(5), 20 % of the users tested", {5}),
        ("users with at least 5 interactions are tested", set()),
        ("users with fewer than 5 ratings are not tested", set()),
        ("20 % of each user's interactions held out", set()),
        ("the 10 items of a list", set()),
    ],
)
def test_a_number_of_held_out_interactions_is_read(text, counts):
    assert counts_held_out(texts_of(replace(plan_of(), title=text))) == counts


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("20 % of the users are tested, all others stay in training", {0.2}),
        ("A fifth of the users is tested", {0.2}),
        ("half of all users are tested", {0.5}),
        ("20 % of each user's interactions are tested", set()),
        ("20% of the users' interactions are tested", set()),
        ("95 % of the users have ten interactions", set()),
    ],
)
def test_a_share_of_tested_users_is_read(text, shares):
    assert shares_of_users([text]) == shares


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("the newest 20 % for test", {0.2, 0.8}),
        ("a cut in time, 80/20", {0.2, 0.8}),
        ("80/10/10 by time", {0.1, 0.2, 0.8, 0.9}),
        ("all after the 90th percentile (0.9)", {0.1, 0.9}),
        ("tested from 01/20/1998 on", set()),
        ("a cut in time", set()),
    ],
)
def test_shares_of_a_split_are_read(text, shares):
    assert shares_of_split(text) == shares


def split_of(made, held, **split):
    made.plan = made.plan.with_split(**split)
    train = made.data.index.difference(held.index).tolist()
    made.splits["0"] = (train, sorted(held.index))
    return made


def of_users(made, users, n):
    frame = made.data[made.data["user_id"] <= users]
    return frame.groupby("user_id").sample(n=n, random_state=1)


def test_a_number_of_interactions_in_words_goes_before_a_share_by_default(tmp_path):
    def finding(text, place):
        made = honest()
        kind = {"kind": SplitKind.CROSSFOLD_USERS, "holdout": 0.2, "text": text}
        return split_of(made, of_users(made, 30, 5), **kind).findings(tmp_path / place)

    (tmp_path / "said").mkdir()
    (tmp_path / "silent").mkdir()
    said = finding("half of the users tested, 5 interactions of each held out", "said")
    silent = finding("half of the users tested", "silent")
    assert said["split_as_planned"].finding is Finding.PASS
    assert silent["split_as_planned"].finding is Finding.FAIL


def test_a_share_of_the_users_may_be_tested_where_words_say_so(tmp_path):
    made = honest()
    made = split_of(made, of_users(made, 15, 1), text="a quarter of the users is tested")

    assert made.findings(tmp_path)["split_as_planned"].finding is Finding.PASS


def test_a_user_without_a_test_is_told(tmp_path):
    made = honest()
    made = split_of(made, of_users(made, 59, 1))

    found = made.findings(tmp_path)["split_as_planned"]
    assert found.finding is Finding.WARN
    assert found.values.items() >= {"users": 1, "of": 60}.items()


@pytest.mark.parametrize(
    ("share", "text", "finding"),
    [
        (0.2, "the newest 20 % for test", Finding.PASS),
        (0.02, "the newest 20 % for test", Finding.FAIL),
        (0.02, "all after a moment", Finding.PASS),
    ],
)
def test_a_cut_in_time_is_where_the_words_put_it(tmp_path, share, text, finding):
    made = honest()
    times = made.data["timestamp"]
    held = made.data[times > times.quantile(1 - share)]
    made = split_of(made, held, kind=SplitKind.GLOBAL_TIME, text=text)

    found = made.findings(tmp_path)["split_as_planned"]

    assert found.finding is finding, found.reason
