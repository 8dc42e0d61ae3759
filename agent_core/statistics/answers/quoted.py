"""The question that only the script answers: its figures are quoted, not computed."""

from __future__ import annotations

from agent_core.domain import Question
from agent_core.statistics.answers.answer import Answer, Caution, CautionKind
from agent_core.statistics.answers.study_values import StudyValues


def quoted_answer(question: Question, study: StudyValues) -> Answer:
    """Return an answer without numbers of the product: those of the script stand in its files."""
    return Answer(question, cautions=(Caution(CautionKind.SCRIPTS_OWN, question.text),))
