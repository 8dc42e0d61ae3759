from copy import deepcopy

import pytest
from builders import plan_of, requirement
from model_answers import PLAN, REVISION
from model_requests import DATA, PLAN as OLD

from agent_core.domain import Order
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import PlanAnswer, RevisionAnswer
from agent_core.model.planning import answer_of, plan_from
from agent_core.model.revising import revision_from


def planned(**changes):
    return plan_from(PlanAnswer.model_validate(deepcopy(PLAN) | changes), [DATA])


def algorithm(kind, name="A", role="subject", **config):
    settings = [{"name": k, "value": v} for k, v in config.items()]
    return {"name": name, "kind": kind, "config": settings, "role": role, "is_random": False}


def test_a_plan_keeps_ids_seeds_and_checks():
    plan = planned()

    assert plan.seeds == tuple(range(30))
    assert [(r.id, r.check) for r in plan.requirements] == [(1, "seeds_as_planned"), (2, None)]
    assert plan.algorithms[0].is_random


def test_a_missing_baseline_is_added_and_said():
    plan = planned(algorithms=[algorithm("ImplicitMFScorer")])

    assert plan.baselines[0].kind == "PopScorer"
    assert "Popularity is added as the baseline." in plan.assumptions


def test_whether_an_algorithm_is_random_is_known_and_not_believed():
    plan = planned(algorithms=[algorithm("EASEScorer") | {"is_random": True}], study="comparison")

    assert not plan.algorithms[0].is_random


def test_usual_names_of_parameters_become_those_of_lenskit():
    plan = planned(algorithms=[algorithm("ImplicitMFScorer", factors=16, iterations=3)])

    assert plan.algorithms[0].config == {"embedding_size": 16, "epochs": 3}


def test_metrics_get_their_cut_off_and_name():
    plan = planned(metrics=[{"name": "NDCG", "k": None}, {"name": "HitRate@20", "k": None}])

    assert [m.key for m in plan.metrics] == ["ndcg@10", "hit@20"]
    assert plan.list_length == 20


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ndcg", ""),
        ("mse", ""),
        ("arp", "(neither end is better): algorithms are ordered by it and none is called best."),
        ("wonder", "(which end is better is not known): algorithms are ordered by it"),
    ],
)
def test_a_primary_metric_without_a_better_end_is_an_assumption(name, said):
    plan = planned(metrics=[{"name": name, "k": None}])

    assert any("end" in a and said in a for a in plan.assumptions) == bool(said)


def test_an_unknown_check_leaves_the_requirement_to_a_verdict():
    parts = [PLAN["requirements"][0] | {"check": "made_up"}]

    assert planned(requirements=parts).requirements[0].check is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"datasets": ["x.csv"]}, r"x\.csv not there; there are u\.data"),
        ({"algorithms": []}, "algorithms: none"),
        ({"algorithms": [algorithm("ImplicitMF")]}, "ImplicitMFScorer"),
        ({"algorithms": [algorithm("EASEScorer", lamda=3)]}, "EASEScorer has no lamda"),
        ({"algorithms": [algorithm("PopScorer")] * 2, "study": "other"}, "occurs twice"),
        ({"algorithms": [algorithm("PopScorer")]}, "none draws random numbers"),
        ({"metrics": []}, "metrics: none"),
        ({"metrics": [{"name": "rmse", "k": None}]}, "predicts ratings"),
        ({"metrics": [{"name": "ndcg", "k": 0}]}, "cut-off 0"),
        ({"seed_count": 1}, "at least 2 seeds"),
        ({"seed_count": 10**9}, "not within"),
        ({"requirements": []}, "requirements: 0"),
        ({"requirements": [PLAN["requirements"][1]]}, "none is a must"),
        ({"requirements": [PLAN["requirements"][0]] * 2}, "unique"),
        ({"split": PLAN["split"] | {"kind": "user_fraction", "holdout": 1.5}}, "holdout"),
    ],
)
def test_an_impossible_plan_is_refused_with_the_reason(changes, words):
    with pytest.raises(AnswerFault, match=words):
        planned(**changes)


@pytest.mark.parametrize(
    ("kind", "is_newest"), [("user_fraction", True), ("crossfold_users", True), ("other", False)]
)
def test_the_newest_share_of_each_user_is_planned_as_such(kind, is_newest):
    asked = PLAN["split"] | {"kind": kind, "newest": True, "folds": 2}

    assert (planned(split=asked).split.order is Order.NEWEST) is is_newest


def test_a_split_without_a_share_takes_no_notice_of_one():
    assert planned(split=PLAN["split"] | {"holdout": 0.0}).split.holdout == 0.2


def test_all_faults_are_told_at_once():
    with pytest.raises(AnswerFault) as caught:
        planned(metrics=[], algorithms=[])

    assert len(caught.value.faults) == 2


def test_a_question_without_choices_is_not_asked():
    assert planned(ask={"text": "Which?", "options": ["a"], "default": 0}).ask is None
    assert planned(ask={"text": "Which?", "options": ["a", "b"], "default": 9}).ask.default == 0


def test_a_plan_comes_back_from_its_own_words():
    plan = planned()

    assert plan_from(answer_of(plan), [DATA]) == plan


def revised(before=OLD, **changes):
    return revision_from(RevisionAnswer.model_validate(REVISION | changes), before, [DATA])


def test_a_wish_makes_the_next_version_with_its_difference():
    revision = revised()

    assert revision.plan.version == 2
    assert revision.plan.list_length == 20
    assert revision.change.summary == ("changed 1 (K 10 → 20)",)
    assert set(revision.change.changed) == {1, 2}


def test_a_question_changes_nothing_even_with_a_plan():
    revision = revised(kind="question", reply="30 seeds.", offer="use 50 seeds")

    assert revision.plan is None
    assert (revision.reply, revision.offer) == ("30 seeds.", "use 50 seeds")


def test_chatter_changes_nothing_and_gets_no_reply():
    revision = revised(kind="chatter", reply="You are welcome!")

    assert revision.plan is None
    assert revision.reply == ""


def test_ids_stay_and_gaps_stay():
    old = plan_of(requirement(1), requirement(5))
    parts = [
        PLAN["requirements"][0] | {"id": 3, "text": "a new one"},
        PLAN["requirements"][0] | {"id": 9, "text": "requirement 5", "check": None},
    ]
    revision = revised(old, plan=REVISION["plan"] | {"requirements": parts})

    assert [(r.id, r.text) for r in revision.plan.requirements] == [
        (5, "requirement 5"),
        (6, "a new one"),
    ]
    assert revision.change.added == (6,)
    assert revision.change.dropped == (1,)


def test_a_wish_that_changes_nothing_is_no_new_version():
    old = planned()
    same = answer_of(old).model_dump()
    revision = revised(old, plan=same, changes=[], reply="It is so already.")

    assert revision.plan is None
    assert revision.reply == "It is so already."


def test_a_wish_without_a_plan_is_an_answer_fault():
    with pytest.raises(AnswerFault, match="whole next plan"):
        revised(plan=None)


def test_a_wish_that_cannot_be_met_is_explained():
    assert revised(plan=None, reply="There are no timestamps.").reply.startswith("There are no")


def test_a_margin_is_planned_kept_and_changed():
    plan = planned(margin=0.01)
    answer = RevisionAnswer.model_validate(
        deepcopy(REVISION) | {"plan": deepcopy(PLAN) | {"margin": 0.02}}
    )

    revision = revision_from(answer, plan, [DATA])

    assert plan.margin == 0.01
    assert answer_of(plan).margin == 0.01
    assert planned().margin is None
    assert revision.plan.margin == 0.02


@pytest.mark.parametrize("margin", [0.0, -0.01, 1.5])
def test_what_cannot_be_a_margin_is_refused(margin):
    with pytest.raises(AnswerFault, match="margin"):
        planned(margin=margin)
