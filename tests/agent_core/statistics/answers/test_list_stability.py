"""What lists of two seeds have in common, computed from the lists that cells saved."""

import itertools

import numpy as np
import pytest
from designed import FACTORIZATION, POPULARITY, designed, study
from made_studies import MF, study_plan, study_values

from agent_core.domain import Estimand, Question
from agent_core.domain.metric import with_own_first
from agent_core.report.answer_sentences import answer_text
from agent_core.statistics.answers.answer import metric_of
from agent_core.statistics.answers.list_stability import MOST_LEVELS, stabilities_of
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.study_values import StudyValues

KEYS = ("overlap@10", "rbo@10")
ASKED = Question(Estimand.LEVEL, ("model_seed",), KEYS)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    plan = study(FACTORIZATION, POPULARITY, seeds=(1, 2, 3), question=ASKED)
    return designed(plan).evidence(tmp_path_factory.mktemp("seeds"))


def test_the_overlap_of_two_seeds_is_a_mean_over_pairs_and_users(evidence):
    overlap, rbo = stabilities_of(evidence)

    runs = [run for run in evidence.of_runs if run[0] == "ImplicitMF"]
    items = [
        {u: set(own["item_id"]) for u, own in evidence.lists[run].groupby("user_id")}
        for run in runs
    ]
    shared = [
        np.mean([len(one[u] & other[u]) / 10 for u in one])
        for one, other in itertools.combinations(items, 2)
    ]
    assert overlap.levels == {"algorithm": "ImplicitMF"}
    assert overlap.pairs == pytest.approx(shared)
    assert overlap.values.mean() == pytest.approx(np.mean(shared))
    assert overlap.without == 0
    assert (rbo.measure, len(rbo.pairs)) == ("rbo@10", 3)
    assert 0 < rbo.values.mean() < 1


def test_a_question_of_stability_is_answered_with_an_interval_over_users(evidence):
    found = answer_to(ASKED, StudyValues.of(evidence))

    overlap, rbo = found.estimates
    assert overlap.interval.low < overlap.value < overlap.interval.high
    assert overlap.interval.over == "users"
    assert overlap.more["min"] <= overlap.value <= overlap.more["max"]
    assert "Overlap@10" in answer_text(found).lead
    assert "ndcg" not in "".join(found.values)
    assert rbo.n == overlap.n


def test_of_many_seeds_each_is_held_against_the_next(tmp_path):
    seeds = tuple(range(MOST_LEVELS + 1))
    plan = study(
        FACTORIZATION, seeds=seeds, question=Question(Estimand.LEVEL, ("model_seed",), KEYS[:1])
    )

    (found,) = stabilities_of(designed(plan).evidence(tmp_path))

    assert len(found.pairs) == len(seeds)


def test_without_lists_nothing_is_told():
    plan = study_plan(MF, seeds=(0, 1), questions=[ASKED])

    assert not answer_to(ASKED, study_values(plan, lambda c, m, u: u * 0.0)).estimates


@pytest.mark.parametrize(
    ("named", "first"),
    [
        (("overlap@10",), "ndcg@10"),
        (("rbo@5", "mrr@10"), "mrr@10"),
        (("training_time", "memory"), "ndcg@10"),
        (("memory", "overlap@5", "rmse"), "rmse"),
        ((), None),
    ],
)
def test_what_no_single_result_has_leads_no_plan(named, first):
    metrics = [metric_of(key) for key in named]

    found = with_own_first(metrics)

    assert [m.key for m in found][:1] == ([first] if first else [])
    assert set(metrics) <= set(found)
