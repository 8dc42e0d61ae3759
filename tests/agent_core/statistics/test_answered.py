"""Which questions a report leaves open: kinds that are not computed, and what has no results."""

from dataclasses import replace

import numpy as np
import pytest
from builders import plan_of
from results import evidence_of

from agent_core.domain import Estimand, Question, Study, Unanswered, with_design
from agent_core.statistics.answered import (
    answers_for,
    empty_answers,
    is_left_open,
    open_questions,
)


@pytest.mark.parametrize("study", [s for s in Study if s is not Study.OTHER])
def test_the_three_families_have_their_answers(study):
    swept = tuple(
        replace(a, config={"factors": n}, name=f"MF factors={n}")
        for n, a in zip((8, 16), plan_of().algorithms, strict=True)
    )
    plan = replace(plan_of(study=study), swept="factors" if study is Study.SWEEP else None)
    plan = replace(plan, algorithms=swept) if study is Study.SWEEP else plan

    assert open_questions(plan) == ()
    assert not is_left_open(plan, ())


def test_what_only_a_script_can_tell_is_open():
    plan = with_design(plan_of(study=Study.COMPARISON))
    question = Question(Estimand.SCRIPTS_OWN, text="Which is nicer?")

    assert open_questions(replace(plan, questions=(*plan.questions, question))) == (question,)


@pytest.mark.parametrize(
    "question",
    [
        Question(Estimand.LEVEL, ("model_seed",), ("rbo@10",)),
        Question(Estimand.SPREAD_RATIO, ("split_seed", "model_seed"), ("ndcg@10",)),
        Question(Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="zodiac sign of users"),
    ],
)
def test_a_question_for_which_nothing_was_delivered_is_open(question):
    plan = with_design(plan_of(study=Study.COMPARISON))
    plan = replace(plan, questions=(*plan.questions, question))
    runs = {("ImplicitMF", "0", "0"): np.full(9, 0.2), ("Popularity", "0", ""): np.full(9, 0.1)}

    answers = answers_for(evidence_of(plan, runs))

    assert [a.question for a in empty_answers(plan, answers)] == [question]
    assert is_left_open(plan, answers)


def test_a_clause_that_nothing_covers_leaves_a_plan_open():
    plan = plan_of(study=Study.COMPARISON)

    assert is_left_open(replace(plan, unanswered=(Unanswered("in euro"),)), ())
