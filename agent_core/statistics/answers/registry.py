"""Which function answers which kind of question."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from agent_core.domain import Estimand, FactorKind, Question
from agent_core.evidence.saved_parts import ODD_DATA
from agent_core.statistics.answers.answer import Answer, Limit, Missing
from agent_core.statistics.answers.choices import choice_answer
from agent_core.statistics.answers.costs import cost_answer
from agent_core.statistics.answers.data_counts import counts_answer
from agent_core.statistics.answers.differences import difference_answer
from agent_core.statistics.answers.false_alarms import false_alarms_answer
from agent_core.statistics.answers.group_gains import group_gains_answer
from agent_core.statistics.answers.grouped import groups_answer
from agent_core.statistics.answers.interactions import interaction_answer
from agent_core.statistics.answers.levels import level_answer
from agent_core.statistics.answers.list_stability import is_of_pairs
from agent_core.statistics.answers.orders import order_answer
from agent_core.statistics.answers.quoted import quoted_answer
from agent_core.statistics.answers.responses import response_answer
from agent_core.statistics.answers.spreads import spread_answer, spread_ratio_answer
from agent_core.statistics.answers.stopping import stopping_answer
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.answers.trade_offs import trade_off_answer
from agent_core.statistics.answers.variance_shares import variance_shares_answer

log = logging.getLogger(__name__)

Answering = Callable[[Question, StudyValues], Answer]


def _interaction(question: Question, study: StudyValues) -> Answer:
    """Return how a difference changes over a second factor, or between groups of users."""
    return (group_gains_answer if question.groups else interaction_answer)(question, study)


ANSWERS: Mapping[Estimand, Answering] = {
    Estimand.LEVEL: level_answer,
    Estimand.DIFFERENCE: difference_answer,
    Estimand.CHOICE: choice_answer,
    Estimand.COST: cost_answer,
    Estimand.COUNTS: counts_answer,
    Estimand.INTERACTION: _interaction,
    Estimand.ORDER: order_answer,
    Estimand.RESPONSE: response_answer,
    Estimand.SPREAD: spread_answer,
    Estimand.SPREAD_RATIO: spread_ratio_answer,
    Estimand.VARIANCE_SHARES: variance_shares_answer,
    Estimand.STOPPING: stopping_answer,
    Estimand.TRADE_OFF: trade_off_answer,
    Estimand.GROUPS: groups_answer,
    Estimand.FALSE_ALARMS: false_alarms_answer,
    Estimand.SCRIPTS_OWN: quoted_answer,
}


VARIED: Mapping[Limit, frozenset[FactorKind]] = {
    Limit.OTHER_SPLITS: frozenset({FactorKind.SPLIT_SEED, FactorKind.FOLD, FactorKind.SPLIT}),
    Limit.OTHER_SEEDS: frozenset({FactorKind.MODEL_SEED}),
    Limit.OTHER_DATA: frozenset({FactorKind.DATASET}),
}
"""What an answer does not show unless one of these factors is varied: then it shows some."""


def answer_to(question: Question, study: StudyValues) -> Answer:
    """Return the answer to a question of a plan, by the definitions of docs/statistics.md.

    The first question of a plan confirms, every other explores.
    """
    asked = question
    if question.measures and all(map(is_of_pairs, question.measures)):
        asked = replace(question, kind=Estimand.LEVEL)  # no cell has a value that differs
    found = ANSWERS[asked.kind](asked, study)
    is_primary = bool(study.plan.questions) and study.plan.questions[0] == question
    limits = tuple(x for x in found.not_shown if not VARIED.get(x, frozenset()) & _varied(study))
    missing = _missing(question, study)
    return replace(found, is_primary=is_primary, missing=missing, not_shown=limits)


def answers_of(study: StudyValues) -> tuple[Answer, ...]:
    """Return the answers to all questions of a plan, the primary one first.

    What a script delivered in an odd form costs the questions that need it, and no other.
    """
    return tuple(_answer_or_none(question, study) for question in study.plan.questions)


def _answer_or_none(question: Question, study: StudyValues) -> Answer:
    try:
        return answer_to(question, study)
    except ODD_DATA as error:
        log.warning("a question cannot be answered", exc_info=error)
        return Answer(question)


def _varied(study: StudyValues) -> set[FactorKind]:
    """Return what has several levels in a study."""
    return {f.kind for f in study.plan.factors if len(f.levels) > 1}


def _missing(question: Question, study: StudyValues) -> tuple[Missing, ...]:
    """Return the planned cells without results of a measure that is asked about."""
    found = [m for measure in question.measures for m in study.missing(measure)]
    return tuple(dict.fromkeys(found))
