"""Lists of a sample of users are those of the draw, and the others' values fit to them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import USERS, honest

from agent_core.checks.results.metrics import recomputation_agrees
from agent_core.checks.results.sampled_lists import (
    UserSample,
    are_apart,
    place_of,
    sample_contradiction,
    sample_faults,
)
from agent_core.domain import Finding
from sandbox import labbook

COUNT = 20
ORDER = sorted(range(1, USERS + 1), key=lambda u: place_of(str(u)))
RUN = ("A", "0", "")


def sampled(users, count=COUNT):
    made = honest()
    made.run["list_sample"] = count
    for key, frame in made.lists.items():
        made.lists[key] = frame[frame["user_id"].isin(users)]
    return made


def test_the_helper_draws_the_users_of_the_rule():
    users = pd.Series(["007", "12", "u3", *map(str, range(100, 200))])

    drawn = labbook._sample(users, 30)

    order = sorted(users, key=place_of)
    assert drawn == order[:30]


@pytest.mark.parametrize("form", [str, float])
def test_the_form_of_ids_changes_no_draw(form):
    users = pd.Series(range(1, 101))

    assert labbook.ids(pd.Series(labbook._sample(users.map(form), 9))).tolist() == [
        str(u) for u in labbook._sample(users, 9)
    ]


def test_drawn_users_are_a_sample_and_readers_are_told(tmp_path):
    found = sampled(ORDER[:COUNT]).findings(tmp_path)["recomputation_agrees"]

    assert found.finding is Finding.PASS, found.reason
    assert "recomputed on 20 of 60 users" in found.reason


@pytest.mark.parametrize("users", [range(1, 21), ORDER[-20:], [ORDER[0], *ORDER[2:21]]])
def test_other_users_are_none(tmp_path, users):
    made = sampled(users)
    made.per_user["value"] = made.per_user["value"].clip(lower=0.01)
    for row in made.rows:
        row["value"] = None

    faults = [fault for _, fault in sample_faults(made.evidence(tmp_path))]

    assert len(faults) == len(made.lists)
    assert faults[0].values["listed"] == 20


def test_many_users_without_a_list_are_no_draw_even_without_hits(tmp_path):
    made = sampled(ORDER[40:])
    made.per_user["value"] = 0.0

    assert list(sample_faults(made.evidence(tmp_path)))


def test_users_whom_a_model_cannot_serve_cannot_be_drawn(tmp_path):
    made = sampled(ORDER[:COUNT])
    unserved = ORDER[3:6]
    for key, frame in made.lists.items():
        made.lists[key] = frame[~frame["user_id"].isin(unserved)]
    made.per_user.loc[made.per_user["user_id"].isin(map(str, unserved)), "value"] = 0.0

    assert list(sample_faults(made.evidence(tmp_path))) == []


def test_users_unknown_to_training_may_be_many(tmp_path):
    made = sampled(ORDER[:COUNT])
    unknown = ORDER[:12]
    for key, frame in made.lists.items():
        made.lists[key] = frame[~frame["user_id"].isin(unknown)]
    made.per_user.loc[made.per_user["user_id"].isin(map(str, unknown)), "value"] = 0.0
    train, test = made.splits["0"]
    served = ~made.data.loc[train, "user_id"].isin(unknown)
    made.splits["0"] = (np.array(train)[served].tolist(), test)

    assert list(sample_faults(made.evidence(tmp_path))) == []


def test_all_lists_are_a_sample_of_everybody(tmp_path):
    found = sampled(ORDER, count=1000).findings(tmp_path)["recomputation_agrees"]

    assert found.values.items() >= {"listed": 60, "of_users": 60}.items()


def test_an_unsampled_study_has_nothing_to_draw(tmp_path):
    evidence = honest().evidence(tmp_path)

    assert list(sample_faults(evidence)) == []
    assert "of_users" not in recomputation_agrees(evidence).values


def test_a_study_without_a_split_is_no_error(tmp_path):
    evidence = sampled(ORDER[:COUNT]).evidence(tmp_path)

    assert list(sample_faults(replace(evidence, test={}, train={}))) == []


def claims(drawn, rest):
    users = [f"d{n}" for n in range(len(drawn))], [f"r{n}" for n in range(len(rest))]
    frame = pd.DataFrame({"user_id": users[0] + users[1], "value": [*drawn, *rest]})
    sample = UserSample(RUN, frozenset(users[0]), frozenset(users[0]))
    return sample, frame.assign(metric="ndcg", k=10)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_values_of_the_others_that_differ_are_a_contradiction(share):
    chances = np.random.default_rng(0).random(1000)
    drawn = (chances[:200] < 0.2).astype(float)

    found = sample_contradiction(*claims(drawn, (chances[200:] < share).astype(float)))

    assert found.values["metric"] == "ndcg@10"
    assert found.values["drawn"] == pytest.approx(drawn.mean())
    assert sample_contradiction(*claims(drawn, (chances[200:] < 0.2).astype(float))) == ""


def test_few_users_contradict_nobody():
    assert not are_apart(np.zeros(9), np.ones(1000))
    assert not are_apart(np.zeros(1000), np.ones(9))


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("size", [10, 50, 1000])
def test_chance_alone_is_no_contradiction(share, size):
    rng = np.random.default_rng(1)
    hits = (rng.random((2000, 2 * size + 500)) < share).astype(float)

    assert not any(are_apart(h[:size], h[size:]) for h in hits)
