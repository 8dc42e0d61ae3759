"""Each clause of a task and of a reply is used, or named, until the requester strikes it."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import (
    Algorithm,
    Level,
    Metric,
    PlanChange,
    Question,
    Revision,
    SplitKind,
    SplitRules,
    Study,
    Unanswered,
    with_design,
)
from agent_core.domain.design import Estimand
from agent_core.lab.settling import settled, settled_revision
from agent_core.lab.striking import strike

EURO = Unanswered("how much Euro is this in the cloud bill?", "no prices")
SITE = Unanswered("whether we'd see the same on the live site")


def plan():
    return with_design(plan_of(study=Study.COMPARISON))


def open_plan():
    return replace(plan(), unanswered=(EURO, SITE))


def test_a_task_is_quoted_as_it_stands_where_words_of_it_look_like_columns():
    text = "Simulate newcomers: 300 users are removed from training."

    told = settled(plan(), text).unanswered

    assert [u.clause for u in told] == [text.rstrip(".")]


@pytest.mark.parametrize(
    ("kind", "is_told"), [("FlexMFImplicitScorer", True), ("EASEScorer", False)]
)
def test_what_cannot_recommend_to_unseen_users_is_told_once(kind, is_told):
    before = replace(
        plan(),
        algorithms=(Algorithm("A", kind), Algorithm("B", "ItemKNNScorer")),
        split_levels=(Level(SplitRules(SplitKind.USER_FRACTION, in_training=False)),),
    )

    after = settled(settled(before, ""), "")
    told = [a for a in after.assumptions if "cannot recommend to them" in a]

    assert len(told) is int(is_told)
    assert len(after.topics) == len(after.assumptions) or not after.topics
    seen = replace(after, split_levels=(Level(SplitRules(SplitKind.USER_FRACTION)),))
    assert settled(seen, "").assumptions == plan().assumptions


def test_what_is_told_of_the_task_stands_in_one_place():
    before = replace(plan(), unmapped=("“in Euro” is not in my grammar", "u.item: not run"))

    after = settled(before, "NDCG@10 with 3 seeds, in Euro")

    assert [u.clause for u in after.unanswered] == ["in Euro", "u.item: not run"]
    assert after.unanswered[0].reason == "is not in my grammar"
    assert after.unmapped == ()


def test_what_a_question_asks_is_not_told_as_open():
    clause = "also state how many users are left"
    asked = Question(Estimand.COUNTS, clause=clause)
    longer = Question(Estimand.LEVEL, clause=f"for the 500 most active users {clause}, please")
    before = replace(plan(), unmapped=(f"“{clause}” is not in my grammar",))

    assert settled(replace(before, questions=(asked,)), "").unanswered == ()
    assert settled(replace(before, questions=(longer,)), "").unanswered != ()


def test_what_no_field_uses_is_named_and_what_is_struck_is_not():
    task = "NDCG@10 with 3 seeds. Take 700 test users."

    assert [u.clause for u in settled(plan(), task).unanswered] == ["Take 700 test users"]
    struck = replace(plan(), struck=("Take 700 test users",))
    assert settled(struck, task).unanswered == ()


def test_a_reply_that_changes_a_number_leaves_nothing_over():
    before = plan()
    after = replace(before, version=2, seeds=(0, 1, 2, 3, 4), factors=(), questions=())
    revision = Revision(with_design(after), PlanChange())

    found = settled_revision(revision, before, "5 seeds, not 3")

    assert found.plan.unanswered == ()
    assert any("3 → 5" in line for line in found.change.summary)


def test_a_part_of_a_reply_that_changes_nothing_is_named_in_the_change():
    before = plan()
    after = replace(before, version=2, metrics=(*before.metrics, Metric("recall", 20)))

    found = settled_revision(Revision(after), before, "Recall@20 too. Hold out 35 % of each user.")

    assert [u.clause for u in found.plan.unanswered] == ["Hold out 35 % of each user"]
    assert any("Recall@20" in line for line in found.change.summary)
    assert any("not answered" in line and "35 %" in line for line in found.change.summary)


def test_what_was_open_stays_open_until_something_answers_it():
    before = open_plan()
    quiet = replace(before, version=2, unanswered=())
    asked = Question(Estimand.COST, ("algorithm",), clause="how much Euro is this in the cloud")

    kept = settled_revision(Revision(quiet), before, "please").plan
    answered = settled_revision(
        Revision(replace(quiet, questions=(*before.questions, asked))), before, "please"
    ).plan

    assert kept.unanswered == before.unanswered
    assert answered.unanswered == (SITE,)


def test_an_answer_without_a_plan_stays_as_it_is():
    revision = Revision(reply="because of the ties")

    assert settled_revision(revision, open_plan(), "why 7 folds?") is revision


@pytest.mark.parametrize(
    ("reply", "left", "rest"),
    [
        ("leave out the euro question", (SITE,), ""),
        ("Drop “how much Euro is this in the cloud bill?”", (SITE,), ""),
        ("forget the live site, and use 10 seeds", (EURO,), "use 10 seeds"),
        ("skip the cloud bill and the live site", (), ""),
    ],
)
def test_only_what_a_reply_points_at_is_struck(reply, left, rest):
    found = strike(open_plan(), reply)

    assert found.plan.unanswered == left
    assert found.plan.struck == tuple(u.clause for u in (EURO, SITE) if u not in left)
    assert all(any(c in line for line in found.change.summary) for c in found.plan.struck)
    assert found.rest.removeprefix("and ") == rest


def test_a_strike_and_a_wish_make_one_version():
    struck = strike(open_plan(), "leave out the euro question, and use 5 seeds")
    wished = replace(struck.plan, version=2, seeds=(0, 1, 2, 3, 4))

    alone = struck.as_revision(Revision(reply="noted"))
    both = struck.as_revision(Revision(wished, PlanChange(summary=("seeds: 3 → 5",))))

    assert (alone.plan.version, both.plan.version) == (2, 2)
    assert alone.reply == "noted"
    assert EURO.clause in both.change.summary[0]
    assert both.change.summary[1] == "seeds: 3 → 5"


@pytest.mark.parametrize("reply", ["drop ImplicitMF", "drop requirement 11", "use 5 seeds"])
def test_other_wishes_strike_nothing(reply):
    assert strike(open_plan(), reply) is None
