"""Which questions the report answers: the one place that a further kind of answer widens."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import FactorKind, Plan, Question, Study, study_of, with_design
from agent_core.rules.design_words import question_text

ANSWERED = (Study.SEED_VARIANCE, Study.COMPARISON, Study.SWEEP)
"""Families that have their own statistics: spread over seeds, differences and levels of
algorithms, response to one hyperparameter."""


def open_questions(plan: Plan) -> tuple[Question, ...]:
    """Return the questions of a plan that no report answers yet."""
    plan = with_design(plan)
    return tuple(q for q in plan.questions if not is_answered(plan, q))


def unmet_questions(plan: Plan) -> tuple[str, ...]:
    """Return the questions without an answer of their kind yet as sentences, short for all."""
    still = open_questions(plan)
    if still and len(still) == len(with_design(plan).questions):
        return ("what is asked",)
    return tuple(question_text(plan, question) for question in still)


def is_left_open(plan: Plan) -> bool:
    """Whether something of the task stays without an answer, however well scripts run."""
    return bool(plan.unanswered or open_questions(plan))


def is_answered(plan: Plan, question: Question) -> bool:
    """Whether the report has an answer of this kind for a plan's question."""
    family = study_of(replace(plan, questions=(question,)))
    if family is Study.COMPARISON and {*question.over} - {FactorKind.ALGORITHM.value}:
        return False
    return family in ANSWERED and not (question.is_relative and question.margin)
