"""Tasks in researchers' words, each held against the design that an expert read out of it."""

from functools import cache

import pytest

from agent_core.lab.settling import settled
from agent_core.offline.planner import build
from agent_core.offline.task_reading import read_task
from tests.support.designs import cases, datasets_of, differences

FILES = ("first", "second", "held_out/half_a", "held_out/half_b", "held_out/half_c")
CASES = {case["id"]: case for name in FILES for case in cases(name)}
ENOUGH = 131
"""Of the 136 tasks; the others must name what they leave unanswered."""


@cache
def plan_of(name):
    case = CASES[name]
    datasets = datasets_of(case)
    reading = read_task(case["text"], tuple(d.name for d in datasets))
    return settled(build(reading, datasets[0], case["text"]), case["text"], datasets)


def test_nearly_all_designs_are_read_whole():
    differing = {n: d for n, case in CASES.items() if (d := differences(case, plan_of(n)))}

    assert len(CASES) - len(differing) >= ENOUGH, differing


@pytest.mark.parametrize("name", CASES)
def test_a_design_that_is_read_otherwise_says_so(name):
    plan = plan_of(name)

    assert not differences(CASES[name], plan) or plan.unanswered


@pytest.mark.parametrize("name", ["sweep-1", "grid-2", "core-4", "split_strategies-1"])
def test_a_comparison_finds_what_differs(name):
    other = next(n for n in CASES if n.partition("-")[0] != name.partition("-")[0])

    assert differences(CASES[other], plan_of(name))


def read(text):
    case = {"data": "ratings with times", "text": text, "factors": []}
    return build(read_task(text), datasets_of(case)[0], text)


@pytest.mark.parametrize(
    "condition",
    ["on weekends", "in the evening", "for women", "for our premium customers", "on comedies"],
)
def test_a_condition_of_a_question_is_named_where_no_group_is_known(condition):
    plan = read(f"Is EASE better than ItemKNN by NDCG@10 {condition}?")

    assert [u.clause for u in plan.unanswered] == [condition]


def test_the_effect_of_one_rule_is_asked_of_the_data_without_it():
    plan = read("What is the effect of a 5-core on the NDCG@10 of EASE and ItemKNN?")

    assert [level.name for level in plan.data_levels] == ["all", "5-core"]
    assert any("5-core" in a for a in plan.assumptions)


@pytest.mark.parametrize(
    ("said", "test", "left"),
    [
        ("Wilcoxon signed-rank tests", "wilcoxon", []),
        ("a paired t-test", "t", []),
        ("McNemar's test", "", ["McNemar's test"]),
    ],
)
def test_a_test_that_is_named_is_taken_or_left_out_by_name(said, test, left):
    plan = read(f"Compare EASE and ItemKNN by NDCG@10, with {said}.")

    assert plan.questions[0].test == test
    assert [u.clause for u in plan.unanswered] == left


def test_a_hyperparameter_of_the_class_is_varied_though_the_catalogue_sets_none():
    plan = read("BPR's learning rate 0.01, 0.1, NDCG@10: which is better?")

    configured = [a.config["learning_rate"] for a in plan.algorithms if a.base == "BPR"]
    assert configured == [0.01, 0.1]
    assert not plan.unanswered


@pytest.mark.parametrize(
    "said",
    [
        "How much of the variation of NDCG@10 comes from the model seed, how much from the split?",
        "Variance components of NDCG@10.",
    ],
)
def test_shares_of_variance_are_asked_over_all_that_is_repeated(said):
    plan = read(f"{said} ImplicitMF, 4 model seeds on each of 4 split seeds, leave one out.")

    (asked,) = plan.questions
    assert (asked.kind, asked.over) == ("variance_shares", ("split_seed", "model_seed"))
    assert not plan.unanswered


def test_a_gain_is_held_against_that_of_another_group():
    plan = read(
        "Do light users gain as much as heavy users from more training data (20 %, 100 % of the "
        "training) in NDCG@10? EASE and ItemKNN, leave one out."
    )

    asked = plan.questions[0]
    assert (asked.kind, asked.over) == ("interaction", ("train_share",))
    assert asked.groups == "activity of users"
