"""Later questions about a design are answered at its levels, or by the plan's answers."""

import pytest
from studied_cores import cores

from agent_core.domain import Packages, RunId
from agent_core.grounding.answer_text import untested
from agent_core.offline.answering import answer
from agent_core.report.answer_chapters import told_answers
from agent_core.researcher import AnswerRequest, Context
from agent_core.statistics.facts import Facts
from agent_core.statistics.quotable import answerable


def request(question):
    plan, answers = cores()
    facts = answerable(plan, Facts({}), answers)
    context = Context(RunId("r"), plan.question, (), Packages("3.11", {}))
    told = told_answers(plan, answers)
    return AnswerRequest(context, plan, question, facts.values, "report", "", told)


def test_a_value_is_that_of_the_level_and_algorithm_that_are_named():
    asked = request("What is NDCG@10 of EASE at 10-core?")

    (reference,) = {asked.facts[r] for r in answer(asked).quoted}
    assert reference == asked.facts["ndcg@10|EASE (data=10-core)|mean"]


def test_two_algorithms_at_a_level_are_told_by_their_test_there():
    asked = request("Is Popularity better than EASE at 5-core?")
    found = answer(asked)

    assert [r.partition("|")[2] for r in found.quoted] == [
        "EASE - Popularity (data=5-core)|difference"
    ]
    assert "EASE is higher than Popularity" in found.text
    assert untested(found.text, asked.facts, "") == ()


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("How does NDCG@10 change?", 0),
        ("Do they stand in the same order?", 2),
        ("How far do the seeds scatter?", 3),
    ],
)
def test_other_questions_get_the_answer_that_is_about_them(question, place):
    asked = request(question)

    assert asked.answers[place].sentences[0] in answer(asked).text


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("EASE is higher than Popularity at 5-core.", True),
        ("EASE is higher than Popularity.", True),
        ("EASE is lower than Popularity at 5-core.", False),
        ("Popularity is better than EASE at 10-core.", False),
    ],
)
def test_a_comparison_at_a_level_needs_its_test_there(text, stands):
    assert (untested(text, request("").facts, "") == ()) is stands
