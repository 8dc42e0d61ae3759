"""Which questions the report answers today; the next kind of answer widens this."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import Estimand, Factor, Question, Study, Unanswered, with_design
from agent_core.statistics.answered import is_left_open, open_questions


@pytest.mark.parametrize("study", [s for s in Study if s is not Study.OTHER])
def test_the_three_families_have_their_answers(study):
    swept = tuple(
        replace(a, config={"factors": n}, name=f"MF factors={n}")
        for n, a in zip((8, 16), plan_of().algorithms, strict=True)
    )
    plan = replace(plan_of(study=study), swept="factors" if study is Study.SWEEP else None)
    plan = replace(plan, algorithms=swept) if study is Study.SWEEP else plan

    assert open_questions(plan) == ()
    assert not is_left_open(plan)


@pytest.mark.parametrize(
    "question",
    [
        Question(Estimand.SCRIPTS_OWN, text="Which is nicer?"),
        Question(Estimand.ORDER, ("algorithm",), ("ndcg@10",)),
        Question(Estimand.LEVEL, ("model_seed",), ("rbo@10",)),
        Question(Estimand.SPREAD_RATIO, ("split_seed", "model_seed"), ("ndcg@10",)),
        Question(Estimand.DIFFERENCE, ("algorithm",), ("ndcg@10",), margin=0.1, is_relative=True),
    ],
)
def test_other_kinds_are_open(question):
    plan = with_design(plan_of(study=Study.COMPARISON))

    assert open_questions(replace(plan, questions=(*plan.questions, question))) == (question,)


def test_a_difference_over_variants_of_the_data_is_open():
    plan = with_design(plan_of(study=Study.COMPARISON))
    plan = replace(plan, factors=(*plan.factors, Factor("data", ("all", "5-core"))))

    assert open_questions(plan) == plan.questions


def test_a_clause_that_nothing_covers_leaves_a_plan_open():
    plan = plan_of(study=Study.COMPARISON)

    assert is_left_open(replace(plan, unanswered=(Unanswered("in euro"),)))
