from copy import deepcopy

import pytest
from builders import plan_of, requirement
from model_answers import PLAN, REVISION
from model_requests import DATA, PLAN as OLD
from pydantic import ValidationError

from agent_core.domain import Order, SplitKind
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import RevisionAnswer
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from
from agent_core.model.revising import revision_from
from agent_core.model.writing import answer_of

SPLIT = PLAN["splits"][0]
ASKED = PLAN["questions"][0]


def planned(**changes):
    return plan_from(PlanAnswer.model_validate(deepcopy(PLAN) | changes), [DATA])


def algorithm(kind, name="A", role="subject", **config):
    settings = [f"{k}={v}" for k, v in config.items()]
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
    plan = planned(algorithms=[algorithm("EASEScorer") | {"is_random": True}])

    assert not plan.algorithms[0].is_random


def test_usual_names_of_parameters_become_those_of_lenskit():
    plan = planned(algorithms=[algorithm("ImplicitMFScorer", factors=16, iterations=3)])

    assert plan.algorithms[0].config == {"embedding_size": 16, "epochs": 3}


def test_metrics_get_their_cut_off_and_name():
    plan = planned(metrics=["NDCG", "HitRate@20"])

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
    plan = planned(metrics=[name])

    assert any("end" in a and said in a for a in plan.assumptions) == bool(said)


def test_an_unknown_check_leaves_the_requirement_to_a_verdict():
    parts = [PLAN["requirements"][0] | {"check": "made_up"}]

    assert planned(requirements=parts).requirements[0].check is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"datasets": ["x.csv"]}, "no dataset “x.csv”"),
        ({"algorithms": []}, "No algorithm is given, so ImplicitMF"),
        ({"algorithms": [algorithm("ImplicitMF")]}, "is read as ImplicitMFScorer"),
        ({"algorithms": [algorithm("", "ImplcitMF")]}, "is read as ImplicitMFScorer"),
        ({"algorithms": [algorithm("NeuMF")]}, "has no NeuMF, so it is written as own code"),
        ({"algorithms": [algorithm("EASEScorer", lamda=3)]}, "is read as regularization"),
        ({"algorithms": [algorithm("EASEScorer", depth=3)]}, "has no depth, which is left out"),
        ({"algorithms": [algorithm("EASEScorer", reg="many")]}, "regularization cannot be “many”"),
        ({"algorithms": [algorithm("PopScorer")] * 2}, "is given twice"),
        ({"algorithms": [algorithm("PopScorer")]}, "no algorithm of the plan draws random"),
        ({"metrics": []}, "No usable metric is given"),
        ({"metrics": ["rmse"]}, "BiasedMF is added for RMSE"),
        ({"metrics": ["ndgc@10"]}, "is read as ndcg"),
        ({"metrics": ["ndcg@0"]}, "no cut-off within"),
        ({"factors": []}, "30 model seeds are taken"),
        ({"factors": [{"name": "model_sed", "levels": [30]}]}, "is read as model_seed"),
        ({"factors": [{"name": "mood", "levels": [1, 2]}]}, "“mood” is left out"),
        ({"questions": [ASKED | {"kind": "spred"}]}, "“spred” is read as spread"),
        ({"questions": [ASKED | {"kind": None}]}, "its kind is not given, so spread"),
        ({"questions": [ASKED | {"over": ["weather"]}]}, "no factor “weather”"),
        ({"questions": [ASKED | {"measures": ["mrr@5"]}]}, "MRR@5 is measured too"),
        ({"questions": [ASKED | {"reference": 99}]}, "level “99” as reference"),
        ({"questions": [ASKED | {"pairs": ["1 vs 99"]}]}, "no pair of levels"),
        ({"questions": [ASKED | {"test": "anova"}]}, "“anova” is not known"),
        ({"questions": "Do seeds matter?"}, "its kind is not given"),
        ({"requirements": []}, "the usual ones are taken"),
        ({"requirements": [PLAN["requirements"][1]]}, "Requirement 2 is a must"),
        ({"requirements": [PLAN["requirements"][0]] * 2}, "gets the id 2"),
        ({"splits": []}, "no usable kind is given"),
        ({"splits": [SPLIT | {"kind": "user_fraction", "holdout": 1.5}]}, "cannot be 1.5"),
        ({"splits": [SPLIT | {"kind": "leave_one_ot"}]}, "is read as leave_one_out"),
        ({"splits": [SPLIT | {"kind": "given"}]}, "the data came in no parts"),
        ({"data": [{"rule": "core"}]}, "core needs a number above 0"),
        ({"list_length": 0}, "cannot have 0 items"),
        ({"list_length": "many"}, "Length of lists: “many” cannot be used"),
    ],
)
def test_what_cannot_be_done_is_settled_and_said(changes, words):
    assert any(words in told for told in planned(**changes).assumptions)


def test_only_a_plan_that_asks_nothing_is_refused():
    nothing = {k: v for k, v in PLAN.items() if k != "questions"}

    for answer in (nothing, PLAN | {"questions": []}, PLAN | {"questions": None}, {}):
        with pytest.raises(ValidationError, match="questions: none"):
            PlanAnswer.model_validate(answer)


def test_numbers_as_text_are_read_without_a_word():
    split = {"kind": "user_fraction", "holdout": "10 %", "seed": "42"}
    plan = planned(list_length="20", splits=[split])

    assert (plan.list_length, plan.split.holdout) == (20, 0.1)
    assert plan.split.kind is SplitKind.USER_FRACTION
    assert plan.assumptions == tuple(PLAN["assumptions"])


def test_texts_and_objects_for_lists_are_read_and_said():
    plan = planned(
        datasets="u.data",
        metrics="ndcg@10, recall@20",
        reported="SD, with its interval",
        factors={"model_seed": {"levels": "30", "role": "repeated"}},
    )

    assert (plan.seeds, plan.datasets) == (tuple(range(30)), ("u.data",))
    assert [m.key for m in plan.metrics] == ["ndcg@10", "recall@20"]
    assert plan.reported == ("SD, with its interval",)
    for named in ("Datasets", "Metrics", "Reported", "Factors"):
        assert any(told.startswith(named) for told in plan.assumptions), named


@pytest.mark.parametrize(
    "levels", [[30], [{"count": 30}], ["30 seeds"], ["0 to 29"], list(range(30))]
)
def test_seeds_are_given_as_their_number_or_one_by_one(levels):
    factor = PLAN["factors"][0] | {"levels": levels}

    assert planned(factors=[factor]).seeds == tuple(range(30))


def test_one_fixed_seed_makes_no_factor():
    fixed = {"name": "model_seed", "levels": [42], "role": "fixed"}
    plan = planned(factors=[fixed], questions=[{"kind": "level", "measures": ["ndcg@10"]}])

    assert plan.seeds == (42,)
    assert [f.name for f in plan.factors] == ["algorithm"]


def test_a_plan_of_counts_needs_no_algorithm_and_gets_no_baseline():
    levels = [{"level": f"{k}-core", "rule": "core", "amount": k} for k in (5, 10)]
    plan = planned(
        algorithms=[], data=levels, factors=[], metrics=[], questions=[{"kind": "counts"}]
    )

    assert plan.algorithms == ()
    assert plan.primary.key == "ndcg@10"
    assert not any("metric" in told or "baseline" in told for told in plan.assumptions)
    assert plan.questions[0].over == ("data",)


@pytest.mark.parametrize(
    ("kind", "is_newest"), [("user_fraction", True), ("crossfold_users", True), ("other", False)]
)
def test_the_newest_share_of_each_user_is_planned_as_such(kind, is_newest):
    asked = SPLIT | {"kind": kind, "order": "newest", "folds": 2}

    assert (planned(splits=[asked]).split.order is Order.NEWEST) is is_newest


def test_a_split_without_a_share_takes_no_notice_of_one():
    assert planned(splits=[SPLIT | {"holdout": 0.0}]).split.holdout == 0.2


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
    plan = planned(questions=[ASKED | {"margin": 0.01}])
    wider = deepcopy(PLAN) | {"questions": [ASKED | {"margin": 0.02}]}
    answer = RevisionAnswer.model_validate(deepcopy(REVISION) | {"plan": wider})

    revision = revision_from(answer, plan, [DATA])

    assert plan.margin == 0.01
    assert answer_of(plan).questions[0].margin == 0.01
    assert planned().margin is None
    assert revision.plan.margin == 0.02


@pytest.mark.parametrize("margin", [0.0, -0.01, 1.5])
def test_what_cannot_be_a_margin_is_none_and_said(margin):
    plan = planned(questions=[ASKED | {"margin": margin}])

    assert plan.margin is None
    assert any("is no margin of equivalence" in told for told in plan.assumptions)
