"""Answers in the form that models gave before designs, as recorded conversations have them."""

import pytest
from model_requests import DATA

from agent_core.domain import Estimand, Study
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from


def algorithm(name, kind, role="subject", **config):
    settings = [{"name": k, "value": v} for k, v in config.items()]
    return {"name": name, "kind": kind, "config": settings, "role": role, "is_random": False}


POPULARITY = algorithm("Popularity", "PopScorer", "baseline")
OLD = {
    "title": "Seed effect on ImplicitMF",
    "question": "How much does NDCG@10 vary if only the training seed changes?",
    "study": "seed_variance",
    "datasets": ["u.data"],
    "feedback": "every rating is a positive signal",
    "min_rating": 4,
    "split": {"kind": "user_fraction", "newest": True, "holdout": 0.1, "seed": 42, "text": "10 %"},
    "algorithms": [algorithm("ImplicitMF", "ImplicitMFScorer", embedding_size=32), POPULARITY],
    "metrics": [{"name": "NDCG", "k": None}, {"name": "hit", "k": 20}],
    "list_length": 10,
    "first_seed": 3,
    "seed_count": 30,
    "swept": None,
    "margin": 0.02,
    "requirements": [{"id": 4, "text": "All seeds are trained.", "check": "seeds_as_planned",
                      "clause": "seed", "priority": "must", "nature": "science"}],
    "reported": [],
    "assumptions": [],
    "unmapped": ["and in production"],
    "ask": None,
    "estimate_s": 60,
}  # fmt: skip
SWEPT = [
    algorithm(f"ItemKNN k={k}", "ItemKNNScorer", max_nbrs=k, feedback="implicit") for k in (5, 20)
]


def planned(**changes):
    return plan_from(PlanAnswer.model_validate(OLD | changes), [DATA])


def test_an_old_answer_is_read_without_a_word():
    plan = planned()

    assert plan.assumptions == ()
    assert plan.seeds == tuple(range(3, 33))
    assert plan.data.lowest_rating == 4
    assert plan.split.order == "newest"
    assert [m.key for m in plan.metrics] == ["ndcg@10", "hit@20"]
    assert plan.margin == 0.02
    assert plan.unanswered[0].clause == "and in production"


@pytest.mark.parametrize(
    ("study", "changes", "kind", "over"),
    [
        (Study.SEED_VARIANCE, {}, Estimand.SPREAD, ("model_seed",)),
        (Study.COMPARISON, {"seed_count": 1}, Estimand.DIFFERENCE, ("algorithm",)),
        (Study.OTHER, {}, Estimand.SCRIPTS_OWN, ()),
        (
            Study.SWEEP,
            {"swept": "max_nbrs", "algorithms": [*SWEPT, POPULARITY]},
            Estimand.RESPONSE,
            ("max_nbrs",),
        ),
    ],
)
def test_each_family_is_the_design_that_it_was(study, changes, kind, over):
    plan = planned(study=study.value, **changes)

    assert plan.study is study
    assert (plan.questions[0].kind, plan.questions[0].over) == (kind, over)


def test_the_values_of_a_sweep_are_levels_under_the_names_they_had():
    plan = planned(study="sweep", swept="max_nbrs", algorithms=[*SWEPT, POPULARITY], seed_count=1)

    assert plan.swept == "max_nbrs"
    assert [(a.name, dict(a.levels)) for a in plan.algorithms] == [
        ("ItemKNN k=5", {"max_nbrs": 5}),
        ("ItemKNN k=20", {"max_nbrs": 20}),
        ("Popularity", {}),
    ]
    assert plan.hyperparameters[0].levels == (5, 20)
