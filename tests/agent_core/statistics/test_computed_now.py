"""What a later question asks for is computed from saved lists, or said not to be there."""

import pytest
from designed import EASE, FACTORIZATION, POPULARITY, designed, study

from agent_core.domain import Estimand, Metric
from agent_core.measures.recomputation import Delivered, RunMetrics
from agent_core.report.computed_text import EXPLORATORY, MARK, computed_answer
from agent_core.rules.asked_values import asked_values
from agent_core.statistics.computed_now import computed_now


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    plan = study(EASE, FACTORIZATION, POPULARITY, seeds=(0, 1))
    return designed(plan).evidence(tmp_path_factory.mktemp("study"), 2)


def told(evidence, question):
    found = computed_now(evidence, question)
    return found, computed_answer(found)


@pytest.mark.parametrize(
    ("question", "metrics", "fewest", "most"),
    [
        ("What is Recall@5?", (Metric("recall", 5),), None, None),
        ("NDCG@10 of users with under 50 ratings?", (Metric("ndcg", 10),), None, 49),
        ("And users who rated at least 20?", (), 20, None),
        ("MRR at 3 for listeners with 10 or more plays", (Metric("mrr", 3),), 10, None),
    ],
)
def test_measures_and_users_of_a_question_are_read(evidence, question, metrics, fewest, most):
    found = asked_values(question, evidence.plan)

    assert (found.metrics, found.fewest, found.most) == (metrics, fewest, most)


def test_what_the_plan_has_is_not_computed_again(evidence):
    assert computed_now(evidence, "How high is NDCG@10 of EASE?") is None
    assert computed_now(evidence, "Which is best?") is None


def test_another_cut_off_comes_from_the_saved_lists(evidence):
    found, answer = told(evidence, "What is Recall@1 of the algorithms?")

    parts = {"train": evidence.train, "test": evidence.test}
    delivered = Delivered(
        evidence.rows, evidence.lists, evidence.predictions, evidence.per_user, parts, False
    )
    by_hand = {}
    for run in evidence.of_runs:
        own = RunMetrics(delivered, run, evidence.lists[run], None)
        by_hand.setdefault(run[0], []).append(own.definitions_of("recall", 1)[0].value)
    for name, values in by_hand.items():
        mean = found.answer.values[f"recall@1|{name}|mean"]
        assert mean == pytest.approx(sum(values) / len(values))
    assert MARK in answer.text
    assert EXPLORATORY in answer.text
    assert not found.answer.is_primary


def test_users_are_told_by_their_training_interactions(evidence):
    counts = next(iter(evidence.train.values())).groupby("user_id").size()
    bound = int(counts.median())

    found, answer = told(evidence, f"NDCG@10 of users with at most {bound} interactions?")

    assert found.users == int((counts <= bound).sum())
    assert f"at most {bound}" in answer.text


def test_groups_are_computed_within_the_saved_values(evidence):
    found, answer = told(evidence, "How does NDCG@10 look for niche and mainstream users?")

    assert found.answer is not None, found.why_not
    assert found.answer.kind is Estimand.GROUPS
    assert len({e.within.get("group") for e in found.answer.estimates}) > 1
    assert MARK in answer.text


def test_users_who_are_all_alike_make_no_groups(evidence):
    found, answer = told(evidence, "How does NDCG@10 look by activity of the users?")

    assert found.answer is None
    assert found.why_not
    assert MARK not in answer.text


@pytest.mark.parametrize("question", ["What is Recall@500?", "What is the RMSE?"])
def test_what_was_not_saved_is_refused_with_the_reason(evidence, question):
    found, answer = told(evidence, question)

    assert found.answer is None
    assert found.why_not
    assert MARK not in answer.text
    assert answer.offer


def test_nobody_is_left_of_whom_to_tell(evidence):
    found, answer = told(evidence, "NDCG@10 of users with at least 99999 interactions?")

    assert found.answer is None
    assert "cannot say" in answer.text


def test_a_question_about_a_comparison_is_tested(evidence):
    found, _ = told(evidence, "Does EASE differ from Popularity in Recall@1?")

    assert found.answer.kind is Estimand.DIFFERENCE
    assert any(e.test for e in found.answer.estimates)


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ({"algorithm": frozenset({"EASE"})}, {"EASE"}),
        ({"algorithm": frozenset({"EASE", "Popularity"})}, {"EASE", "Popularity"}),
        ({}, {"EASE", "ImplicitMF", "Popularity"}),
    ],
)
def test_it_is_computed_for_the_levels_that_are_named(evidence, named, shown):
    found = computed_now(evidence, "What is Recall@1?", named)

    assert {e.levels["algorithm"] for e in found.answer.estimates} == shown
    assert not found.answer.missing
    assert found.runs == sum(run[0] in shown for run in evidence.of_runs)


def test_one_named_algorithm_is_held_against_the_others_and_two_against_each_other(evidence):
    def pairs(*names):
        named = {"algorithm": frozenset(names)}
        found = computed_now(evidence, "Is there a difference in Recall@1?", named)
        return [e for e in found.answer.estimates if e.test]

    assert {e.test.family for e in pairs("EASE")} == {3}
    assert {e.test.family for e in pairs("EASE", "Popularity")} == {1}
