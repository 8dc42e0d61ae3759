"""Which questions the report answers: the one place that a further kind of answer widens."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from agent_core.domain import Estimand, Plan, Question, Study, study_of, with_design
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.saved_parts import ODD_DATA
from agent_core.rules.design_words import question_text
from agent_core.statistics.answers.answer import Answer, Estimate
from agent_core.statistics.answers.arms import arms_of
from agent_core.statistics.answers.levels import level_estimates
from agent_core.statistics.answers.registry import ANSWERS, answers_of
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.requested_results import Matched, missing_requests

FAMILIES = (Study.SEED_VARIANCE, Study.COMPARISON, Study.SWEEP)
"""Studies whose primary question the statistics of runs answer, without an answer of its own."""
log = logging.getLogger(__name__)


def open_questions(plan: Plan) -> tuple[Question, ...]:
    """Return the questions of a plan that no report answers yet."""
    plan = with_design(plan)
    return tuple(q for q in plan.questions if not is_answered(q))


def unmet_questions(plan: Plan) -> tuple[str, ...]:
    """Return the questions without an answer of their kind yet as sentences, short for all."""
    still = open_questions(plan)
    if still and len(still) == len(with_design(plan).questions):
        return ("what is asked",)
    return tuple(question_text(plan, question) for question in still)


def is_left_open(plan: Plan, answers: Iterable[Answer], requests: Iterable[Matched] = ()) -> bool:
    """Whether something of the task stays without an answer, however well scripts ran."""
    is_open = plan.unanswered or open_questions(plan) or empty_answers(plan, answers)
    return bool(is_open or missing_requests(requests))


def empty_answers(plan: Plan, answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return the answers for which nothing was delivered, of kinds that are computed.

    The primary question of a family has its answer from the statistics of runs.
    """
    plan = with_design(plan)
    own = plan.questions[:1] if study_of(plan) in FAMILIES else ()
    asked = [a for a in answers if a.question not in own and is_answered(a.question)]
    return tuple(a for a in asked if not a.estimates)


def answers_for(evidence: Evidence) -> tuple[Answer, ...]:
    """Return the answers to all questions of a plan; empty ones where nothing can be computed."""
    return answers_and_means(evidence)[0]


def answers_and_means(evidence: Evidence) -> tuple[tuple[Answer, ...], tuple[Estimate, ...]]:
    """Return the answers, and the mean of every combination of compared levels.

    Without means where the statistics of runs have them: in a study of algorithms or seeds alone.
    """
    plan = with_design(evidence.plan)
    try:
        study = StudyValues.of(evidence)
        means = () if study_of(plan) in FAMILIES else tuple(means_of(study))
    except ODD_DATA as error:
        log.warning("no question can be answered", exc_info=error)
        return tuple(map(Answer, plan.questions)), ()
    return answers_of(study), means


def is_answered(question: Question) -> bool:
    """Whether the product computes an answer of this kind."""
    return question.kind in ANSWERS and question.kind is not Estimand.SCRIPTS_OWN


def means_of(study: StudyValues) -> Iterator[Estimate]:
    """Yield the mean of each measure at every combination of compared levels."""
    for metric in study.plan.metrics:
        yield from level_estimates(study, metric.key, arms_of(study, metric.key, ()))
