"""What answers are computed from, read out of what a script left."""

import math
from dataclasses import replace

import pytest
from designed import EASE, FACTORIZATION, NEIGHBOURS, POPULARITY, designed, liked_training, study
from made_studies import swept

from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Level,
    Masked,
    Question,
    SplitKind,
    SplitRules,
)
from agent_core.domain.design import GroupBy
from agent_core.domain.rules import Candidates
from agent_core.statistics.answers.answer import CautionKind, Grade, Reason, Statistic
from agent_core.statistics.answers.delivered_values import rule_of
from agent_core.statistics.answers.registry import answer_to, answers_of
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.facts import collect_facts

ALGORITHMS = (EASE, FACTORIZATION, POPULARITY)


@pytest.mark.parametrize("version", [1, 2])
def test_answers_agree_with_the_facts_of_a_plain_comparison(tmp_path, version):
    evidence = designed(study(*ALGORITHMS, seeds=(0, 1))).evidence(tmp_path, version)

    (found,) = answers_of(StudyValues.of(evidence))

    facts = collect_facts(evidence)
    for name in ("EASE", "ImplicitMF", "Popularity"):
        key = f"ndcg@10|{name}|mean"
        assert found.values[key] == pytest.approx(facts.values[key])
    for one in found.of(Statistic.DIFFERENCE):
        known = facts.comparison(one.levels["algorithm"], one.against["algorithm"], "ndcg@10")
        assert abs(one.value) == pytest.approx(abs(known.difference))
        assert one.test.p == pytest.approx(known.p_value, abs=0.02)
    assert not found.missing
    assert found.is_primary


def rated_training(candidates, masked):
    """Return a plan no level of which trains on all."""
    return liked_training(candidates, masked, ("known", "liked"))


def thinned(candidates, masked):
    split = SplitRules(SplitKind.LEAVE_ONE_OUT, candidates=candidates, masked=masked)
    asked = Question(Estimand.RESPONSE, ("train_share",), ("ndcg@10",))
    return study(
        EASE, NEIGHBOURS, factors=(Factor("train_share", (0.5, 1.0)),), splits=(Level(split),),
        question=asked,
    )  # fmt: skip


@pytest.mark.parametrize("plan", [thinned, liked_training, rated_training])
def test_thinned_training_is_the_same_only_where_the_full_one_is_ranked_and_left_out(
    plan, tmp_path
):
    grades = {}
    for name, kinds in {
        "own": (Candidates.TRAINING, Masked.TRAINING),
        "full": (Candidates.FULL_TRAINING, Masked.FULL_TRAINING),
    }.items():
        values = StudyValues.of(designed(plan(*kinds)).evidence(tmp_path / name, 2))
        grades[name] = values.grade(*values.parts)

    assert grades["full"] == (Grade.SAME, Reason.NONE)
    assert grades["own"][0] is Grade.COMMON


def test_data_levels_are_counted_by_their_rules(tmp_path):
    rated = DataRules((DataRule(DataRuleKind.LOWEST_RATING, 4), DataRule(DataRuleKind.CORE, 3)))
    plan = study(
        EASE, POPULARITY, factors=(Factor("data", ("all", "liked")),),
        data=(Level(DataRules(), "all"), Level(rated, "liked")),
        question=Question(Estimand.COUNTS, ("data",)),
    )  # fmt: skip
    evidence = designed(plan).evidence(tmp_path, 2)

    found = answer_to(evidence.plan.questions[0], StudyValues.of(evidence))

    liked = evidence.interactions[evidence.interactions["rating"] >= 4]
    steps = found.table[found.table["data"] == "liked"].set_index("step")
    assert list(steps.index) == ["before", "1 lowest_rating", "after"]
    assert steps.loc["1 lowest_rating", "interactions"] == len(liked)
    assert steps.loc["after", "interactions"] <= len(liked)


def test_groups_come_from_the_training_of_the_first_block(tmp_path):
    asked = Question(
        Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="share of popular items of users"
    )
    evidence = designed(study(EASE, POPULARITY, question=asked)).evidence(tmp_path, 2)

    found = answer_to(asked, StudyValues.of(evidence))

    groups = {e.within["group"] for e in found.of(Statistic.DIFFERENCE)}
    assert {g[0] for g in groups} <= {"1", "2", "3"}
    assert len(groups) > 1


def test_groups_of_items_are_over_the_test_items_of_the_group(tmp_path):
    asked = Question(
        Estimand.GROUPS, ("algorithm",), ("recall@10", "ndcg@10"), groups="popularity of items"
    )
    evidence = designed(study(EASE, POPULARITY, question=asked)).evidence(tmp_path, 2)

    found = answer_to(asked, StudyValues.of(evidence))

    means = [e for e in found.of(Statistic.MEAN, "recall@10") if e.levels["algorithm"] == "EASE"]
    # Each user has one test item, so that groups part the users and weigh up to the whole.
    facts = collect_facts(evidence)
    assert sum(e.n for e in means) == len(evidence.test["0"])
    whole = sum(e.value * e.n for e in means) / sum(e.n for e in means)
    assert whole == pytest.approx(facts.values["recall@10|EASE|mean"])
    assert not found.of(Statistic.MEAN, "ndcg@10")
    assert CautionKind.NOT_ASKED in {c.kind for c in found.cautions}
    assert CautionKind.LEFT_OUT_USERS in {c.kind for c in found.cautions}


def test_what_has_no_quantity_is_not_grouped(tmp_path):
    asked = Question(Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="genres")
    evidence = designed(study(EASE, POPULARITY, question=asked)).evidence(tmp_path, 2)

    assert not answer_to(asked, StudyValues.of(evidence)).estimates


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("three groups of users by the share of popular items in their training profile",
         ("users", "popular_share")),
        ("activity of users", ("users", "interactions")),
        ("popularity of items", ("items", "interactions")),
        ("age of the item", ("items", "age")),
        ("percentage of known items", ("users", "")),
        ("number of genres", ("users", "")),
    ],
)  # fmt: skip
def test_words_of_a_question_name_a_quantity(text, rule):
    assert rule_of(Question(Estimand.GROUPS, groups=text)) == rule


def test_the_rule_of_a_question_goes_before_its_words():
    asked = Question(Estimand.GROUPS, groups="light and heavy", group_by=GroupBy.ITEM_AGE)

    assert rule_of(asked) == ("items", "age")


def test_cells_that_are_missing_are_named(tmp_path):
    made = designed(study(*ALGORITHMS, seeds=(0, 1)))
    made.rows = [r for r in made.rows if str(r.get("seed")) != "1"]
    evidence = made.evidence(tmp_path, 2)

    (found,) = answers_of(StudyValues.of(evidence))

    assert [(m.variant, m.seed) for m in found.missing] == [("ImplicitMF", "1")]
    assert all(math.isfinite(v) for v in found.values.values())


def test_times_of_cells_answer_what_they_cost(tmp_path):
    asked = Question(Estimand.COST, ("algorithm",), ("training_time",), reference="Popularity")
    evidence = designed(study(EASE, POPULARITY, question=asked)).evidence(tmp_path, 2)

    found = answer_to(asked, StudyValues.of(evidence))

    assert found.values["training_time|EASE - Popularity|ratio"] == pytest.approx(1.0)


def test_what_is_chosen_by_is_recomputed_on_validation_and_no_test(tmp_path):
    asked = Question(Estimand.CHOICE, ("max_nbrs",), ("ndcg@10",))
    grid = Factor("max_nbrs", (5, 10, "chosen"), of=("ItemKNN",))
    plan = study(
        *swept(NEIGHBOURS, "max_nbrs", (5, 10, "chosen")), factors=(grid,), question=asked
    )
    evidence = designed(plan).evidence(tmp_path, 2)
    values = {"ItemKNN max_nbrs=5": 0.9, "ItemKNN max_nbrs=10": 0.2}
    rows = evidence.rows[(evidence.rows["metric"] == "ndcg")]
    rows = rows[rows["algorithm"].isin(list(values))]
    rows = rows.assign(value=rows["algorithm"].map(values))
    computed = rows.assign(claimed=rows["value"], computed=[0.1, 0.3], definition="", agrees=False)
    records = {
        run: {**said, "on": "validation" if run[0] in values else "test"}
        for run, said in evidence.records.items()
    }
    evidence = replace(
        evidence, validated=rows, records=records,
        validated_agreement=computed[list(evidence.agreement.columns)],
    )  # fmt: skip

    found = answer_to(asked, StudyValues.of(evidence))

    (one,) = found.of(Statistic.CHOSEN)
    facts = collect_facts(evidence)
    assert one.found == {"max_nbrs": 10}
    assert one.more["validation"] == pytest.approx(0.3)
    assert one.value == pytest.approx(facts.values["ndcg@10|ItemKNN max_nbrs=chosen|mean"])


def test_groups_are_made_by_the_whole_training_part_however_levels_are_ordered(tmp_path):
    """By a thinned one users would be sorted by what happens to be left of them."""
    asked = Question(Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="activity of users")
    shares = Factor("train_share", (0.2, 1.0))
    plan = study(EASE, POPULARITY, factors=(shares,), question=asked)
    evidence = designed(plan).evidence(tmp_path, 2)

    (grouping,) = StudyValues.of(evidence).groupings.values()

    whole = next(f for f, b in evidence.blocks.items() if b.train_share == 1.0)
    sizes = evidence.train[whole].groupby("user_id").size()
    means = sizes.groupby(grouping.members.reindex(sizes.index)).mean()
    assert [means[name] for name in grouping.names] == sorted(means)
    assert grouping.block == evidence.blocks[whole].name
