"""What a task asks and no question of the plan stands for is named, whoever planned."""

from dataclasses import replace

import pytest
from expected_designs import datasets_of, designs, plan_from

from agent_core.domain import Estimand, Nature, Priority, Requirement
from agent_core.lab.second_reading import not_asked
from agent_core.lab.settling import settled

EVERY = (*designs(), *designs("held_out"))
TASK = (
    "How do item kNN and ImplicitMF rank against popularity in NDCG@10, and does that depend on "
    "how many ratings a user has?"
)
RANKED = "How do item kNN and ImplicitMF rank against popularity in NDCG@10"
BY_USERS = "does that depend on how many ratings a user has"


def planned():
    design = next(d for d in EVERY if d["id"] == "comparison-1")
    return plan_from(design)


@pytest.mark.parametrize("every", [pytest.param(8), pytest.param(1, marks=pytest.mark.wide)])
def test_a_question_taken_out_of_a_plan_is_named(every):
    tried, missed = 0, []
    for design in [d for d in EVERY if len(d["questions"]) > 1][::every]:
        whole = plan_from(design)
        told = len(settled(whole, design["text"], datasets_of(design)).unanswered)
        for place, question in enumerate(whole.questions):
            less = replace(whole, questions=whole.questions[:place] + whole.questions[place + 1 :])
            tried += 1
            if len(settled(less, design["text"], datasets_of(design)).unanswered) <= told:
                missed.append((design["id"], question.kind))

    assert tried > 5
    assert len(missed) <= 0.04 * tried, missed


@pytest.mark.parametrize("every", [pytest.param(8), pytest.param(1, marks=pytest.mark.wide)])
def test_a_plan_that_asks_all_is_not_accused(every):
    for design in EVERY[::every]:
        told = not_asked(design["text"], plan_from(design), datasets_of(design))
        assert told == (), design["id"]


def test_another_kind_of_question_made_of_the_same_words_answers_them():
    plan = planned()
    quoted = replace(plan.questions[0], clause=RANKED, kind=Estimand.ORDER, groups="")
    by_users = replace(quoted, clause=BY_USERS)

    assert not_asked(TASK, replace(plan, questions=(quoted, by_users)), ()) == ()
    (told,) = not_asked(TASK, replace(plan, questions=(quoted,)), ())
    assert BY_USERS in told.clause
    assert not told.is_main


def test_a_requirement_that_stands_for_a_clause_answers_it():
    """A requirement is judged: what it words need not be a question too."""
    plan = planned()
    quoted = replace(plan.questions[0], clause=RANKED, kind=Estimand.ORDER, groups="")
    required = Requirement(1, BY_USERS, Priority.MUST, Nature.SCIENCE, "", BY_USERS)

    assert not_asked(TASK, replace(plan, questions=(quoted,), requirements=(required,)), ()) == ()
