"""Designs of every kind as models give them: planned, written and planned again."""

import json
from copy import deepcopy
from dataclasses import fields, replace

import pytest
from composed_designs import DESIGNS as COMPOSED
from hypothesis import given, settings, strategies as st
from model_designs import DESIGNS
from model_requests import DATA

from agent_core.domain import Estimand, FactorKind, FactorRole, cells_of
from agent_core.domain.cells import CHOSEN
from agent_core.model.answers import RevisionAnswer
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from
from agent_core.model.revising import revision_from
from agent_core.model.writing import answer_of


def planned(name, **changes):
    return plan_from(PlanAnswer.model_validate(deepcopy(DESIGNS[name]) | changes), [DATA])


def differing(one, other):
    return [f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)]


def test_all_kinds_of_questions_are_among_the_designs():
    asked = {q.kind for name in DESIGNS for q in planned(name).questions}

    assert asked == set(Estimand)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_is_planned_as_it_is_given(name):
    plan = planned(name)

    assert plan.assumptions == tuple(DESIGNS[name]["assumptions"])
    assert [q.kind.value for q in plan.questions] == [
        q["kind"] for q in DESIGNS[name]["questions"]
    ]
    assert bool(cells_of(plan)) is any(q.kind.needs_algorithms for q in plan.questions)
    assert len({c.id for c in cells_of(plan)}) == len(cells_of(plan))


@pytest.mark.parametrize("name", DESIGNS)
def test_a_plan_comes_back_whole_from_its_own_words(name):
    plan = planned(name)

    assert differing(plan_from(answer_of(plan), [DATA]), plan) == []


@pytest.mark.parametrize("name", COMPOSED)
def test_plans_of_the_other_researcher_come_back_whole(name):
    plan = COMPOSED[name]
    data = replace(DATA, name="catalogue.tsv")

    assert differing(plan_from(answer_of(plan), [data], before=plan), plan) == []


NUMBERS = st.lists(st.integers(1, 400), min_size=2, max_size=5, unique=True)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(DESIGNS)),
    sizes=NUMBERS,
    shares=st.lists(st.floats(0.01, 1), min_size=2, max_size=4, unique=True),
    seeds=st.sets(st.integers(0, 10**6), min_size=2, max_size=6),
    holdout=st.floats(0.01, 0.99),
    lowest=st.none() | st.floats(0.5, 5),
    flags=st.sets(st.sampled_from(["moment", "users_chosen", "leak_study"])),
    is_first=st.booleans(),
)
def test_any_design_comes_back_whole(name, sizes, shares, seeds, holdout, lowest, flags, is_first):
    answer = deepcopy(DESIGNS[name])
    new = [
        {"name": "profile_size", "levels": [*sizes, "all"]},
        {"name": "train_share", "levels": shares},
        {"name": "model_seed", "levels": sorted(seeds), "role": "repeated"},
    ]
    known = {f["name"] for f in answer["factors"]}
    added = [f for f in new if f["name"] not in known]
    answer["factors"] = [*added, *answer["factors"]] if is_first else [*answer["factors"], *added]
    own = {"holdout": holdout, "lowest_test_rating": lowest, "special": sorted(flags)}
    answer["splits"] = [s | own for s in answer["splits"]]

    plan = plan_from(PlanAnswer.model_validate(answer), [DATA])

    assert differing(plan_from(answer_of(plan), [DATA]), plan) == []


def test_variants_come_from_the_product_of_levels():
    plan = planned("grid")

    levels = [dict(a.levels) for a in plan.algorithms if a.family == "ImplicitMF"]
    assert len(levels) == 3 * 2 - 1 + 1
    assert {"embedding_size": 64, "epochs": 5} not in levels
    assert {"embedding_size": CHOSEN, "epochs": CHOSEN} in levels
    told = [a for a in plan.algorithms if CHOSEN not in a.levels.values()]
    assert all(a.config | dict(a.levels) == a.config for a in told)
    assert {a.base for a in plan.algorithms if a.levels} == {"ImplicitMF"}


def test_a_model_may_list_the_variants_itself():
    listed = [
        {"name": f"ALS with {n}", "kind": "ImplicitMFScorer", "config": [f"embedding_size={n}"]}
        for n in (8, 16)
    ]
    factor = {"name": "embedding_size", "levels": [8, 16]}
    plan = planned("sweep", algorithms=listed, factors=[factor], questions=[
        {"kind": "response", "over": ["embedding_size"], "measures": ["ndcg@10"]}
    ])  # fmt: skip

    names = {a.name: dict(a.levels) for a in plan.algorithms}
    assert names == {
        "ALS with 8": {"embedding_size": 8}, "ALS with 16": {"embedding_size": 16},
        "Popularity": {},
    }  # fmt: skip


def test_levels_that_do_the_same_are_one():
    same = [{"level": name, "rule": "core", "amount": 5} for name in ("5-core", "five")]
    plan = planned("k-cores", data=[*same, {"level": "20-core", "rule": "core", "amount": 20}])

    assert [level.name for level in plan.data_levels] == ["all", "5-core", "20-core"]
    assert any("“five” is left out" in told for told in plan.assumptions)


def test_a_data_level_may_be_told_by_its_name_alone():
    plan = planned("k-cores", data=[])

    assert [level.rules.fewest_per_user for level in plan.data_levels] == [1, 5, 20]


def test_questions_call_factors_as_the_answer_does():
    factors = [{"name": "neighbours", "levels": [5, 20]}]
    knn = [{"name": "ItemKNN", "kind": "ItemKNNScorer", "config": ["feedback=implicit"]}]
    asked = [{"kind": "response", "over": ["neighbours"], "measures": ["ndcg@10"]}]
    plan = planned("sweep", factors=factors, algorithms=knn, questions=asked)

    assert plan.questions[0].over == ("max_nbrs",)
    assert {f.name: f.levels for f in plan.hyperparameters} == {"max_nbrs": (5, 20)}


def test_a_response_may_follow_rules_that_grow_stricter():
    asked = [{"kind": "response", "over": ["data"], "measures": ["ndcg@10"]}]

    assert planned("k-cores", questions=asked).questions[0].kind is Estimand.RESPONSE


def test_repeated_pairs_are_kept_once_at_each_level_and_said():
    data = replace(DATA, duplicates=7)
    plan = plan_from(PlanAnswer.model_validate(deepcopy(DESIGNS["k-cores"])), [data])

    kept = [[r.kind.value for r in level.rules.rules] for level in plan.data_levels]
    assert kept == [["repeated_pairs"], ["repeated_pairs", "core"], ["repeated_pairs", "core"]]
    assert any("the last of each is kept" in told for told in plan.assumptions)
    assert differing(plan_from(answer_of(plan), [data]), plan) == []


def test_designs_without_end_are_cut_and_said():
    factors = [{"name": "model_seed", "levels": [10**9], "role": "repeated"},
               {"name": "split_seed", "levels": [10**9], "role": "repeated"}]  # fmt: skip
    plan = planned("two causes", factors=factors)

    assert len(cells_of(plan)) < 50_000
    assert any("too many trainings" in told for told in plan.assumptions)


def revised(plan, change):
    """Return what comes of a reply after which a model changes its own form of a plan."""
    answer = json.loads(answer_of(plan).model_dump_json())
    change(answer)
    reply = {"kind": "wish", "reply": "", "offer": "", "plan": answer, "changes": []}
    return revision_from(RevisionAnswer.model_validate(reply), plan, [DATA])


def smaller(answer):
    rule = {"level": "50-core", "rule": "core", "amount": 50}
    answer["data"].append(rule)
    next(f for f in answer["factors"] if f["name"] == "data")["levels"] += ["50-core"]


def without_ease(answer):
    answer["algorithms"] = [a for a in answer["algorithms"] if a["name"] != "EASE"]


def on_recall(answer):
    answer["questions"][0]["measures"] += ["recall@20"]


def ten_seeds(answer):
    answer["factors"].append({"name": "model_seed", "levels": [10], "role": "repeated"})


def newest(answer):
    answer["splits"][0] |= {"order": "newest", "holdout": 0.2}


def test_what_was_mended_once_is_not_read_as_a_rule_later():
    left_out = {k: v for k, v in DESIGNS["comparison"].items() if k not in ("data", "excluded")}
    plan = plan_from(PlanAnswer.model_validate(deepcopy(left_out)), [DATA])
    after = revised(plan, ten_seeds).plan

    assert any("excluded combinations" in told for told in plan.assumptions)
    assert (after.data_levels, after.split_levels) == (plan.data_levels, plan.split_levels)


def stronger(answer):
    answer["algorithms"][1]["config"] = ["regularization=500"]


def all_combinations(answer):
    answer["excluded"] = []


def struck(answer):
    answer["unanswered"] = []


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("k-cores", smaller, "data variants: added 50-core"),
        ("k-cores", smaller, "data: "),
        ("k-cores", without_ease, "algorithms: dropped EASE"),
        ("k-cores", on_recall, "questions: added"),
        ("k-cores", ten_seeds, "training seeds: 1 → 10"),
        ("k-cores", newest, "split: "),
        ("k-cores", stronger, "changed algorithms"),
        ("grid", all_combinations, "changed combinations left out"),
        ("popularity bias", struck, "not answered: dropped"),
    ],
)
def test_a_reply_changes_any_part_of_a_design_and_the_difference_says_it(name, change, told):
    revision = revised(planned(name), change)

    assert revision.plan is not None
    assert any(line.startswith(told) for line in revision.change.summary), revision.change.summary


def test_a_change_of_one_level_leaves_the_rest_as_it_was():
    plan = planned("k-cores")
    after = revised(plan, smaller).plan

    assert set(differing(replace(after, version=1), plan)) == {"factors", "data_levels"}
    assert after.factor(FactorKind.DATA).levels == ("all", "5-core", "20-core", "50-core")
    assert after.factor(FactorKind.DATA).role is FactorRole.COMPARED
