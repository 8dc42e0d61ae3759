"""The answers to a plan's questions in thread and report: the first one leads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from agent_core.domain import Estimand, Plan, Study, ToldAnswer, study_of, with_design
from agent_core.prose.number_format import shown
from agent_core.prose.sentences import sentences
from agent_core.report.answer_phrases import shortened
from agent_core.report.answer_sentences import AnswerText, answer_text
from agent_core.report.headline import summaries_over_seeds
from agent_core.report.number_texts import methods_of
from agent_core.report.report_inputs import ReportInputs
from agent_core.rules.design_words import label_text, question_text
from agent_core.statistics.answered import FAMILIES
from agent_core.statistics.answers.answer import Answer, Statistic
from agent_core.statistics.quotable import VALUES, factor_of, values_of

MOST_LINES = 20
"""Of a table in the report; the file beside it has all."""

MOST_HEADLINE = 600
"""Characters of the first paragraph."""
TOLD_LINES, TOLD_CAUTIONS, TOLD_REFERENCES = 10, 6, 16
"""Of an answer that a researcher is given."""
Table = tuple[tuple[str, ...], ...]
"""Lines of texts; the first is the head."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One question with its answer, as the report prints it."""

    number: int
    question: str
    text: AnswerText
    table: Table
    lines: int
    """Of the whole table."""
    over: str
    held: str
    not_shown: tuple[str, ...]
    method: str
    """How differences were tested; empty where none were."""
    is_primary: bool


def answer_headline(inputs: ReportInputs) -> str:
    """Return the answer to the primary question in one paragraph; empty where none leads.

    What does not fit into it stands in the chapter of the question.
    """
    if has_own_headline(inputs):
        return ""
    text = answer_text(inputs.answers[0])
    told = [s.strip() for part in (text.lead, *text.more[:2]) for s in sentences(part)]
    if not text.lead:
        return ""
    first, *rest = told
    first = shortened(first, MOST_HEADLINE)
    return " ".join((f"**{first}**", *_that_fit(rest, MOST_HEADLINE - len(first))))


def _that_fit(texts: Sequence[str], room: int) -> list[str]:
    """Return the first texts that fit into some characters together."""
    lengths = itertools.accumulate(len(text) + 1 for text in texts)
    return [text for text, length in zip(texts, lengths, strict=True) if length <= room]


def chapters_of(
    inputs: ReportInputs, *, is_whole: bool = False, lines: int = MOST_LINES
) -> list[Chapter]:
    """Return what the report says of each question that has an answer.

    `is_whole`: of the primary question too, where the report's own headline tells it; `lines`: of
    a table.
    """
    first = 0 if is_whole or not has_own_headline(inputs) else 1
    numbered = [*enumerate(inputs.answers, start=1)][first:]
    return [
        Chapter(
            number,
            question_text(inputs.plan, answer.question),
            text,
            table_of(answer.table)[: lines + 1],
            len(answer.table),
            answer.over,
            answer.held,
            tuple(limit.value for limit in answer.not_shown),
            _method_of(answer),
            answer.is_primary,
        )
        for number, answer in numbered
        if (text := answer_text(answer)).lead
    ]


def _method_of(answer: Answer) -> str:
    """Return how differences were tested, in one sentence."""
    tests = [(e, e.test) for e in answer.of(Statistic.DIFFERENCE) if e.test]
    if not tests:
        return ""
    intervals = " or ".join(methods_of(e.interval for e, _ in tests)) or "no interval"
    families = {t.family for _, t in tests}
    family = "this pair" if families == {1} else "the pairs of the question"
    return (
        f"Paired over the same users, two-sided tests as the table names, "
        f"interval by {intervals}; p adjusted by Holm over {family}."
    )


def told_answers(plan: Plan, answers: Iterable[Answer]) -> tuple[ToldAnswer, ...]:
    """Return the answers to all questions as a researcher is given them."""
    return tuple(_told(plan, answer) for answer in answers)


def compared_measures(inputs: ReportInputs) -> set[str]:
    """Return the measures whose differences a chapter tells."""
    told = {c.number for c in chapters_of(inputs)}
    answers = [a for n, a in enumerate(inputs.answers, start=1) if n in told]
    return {e.measure for a in answers for e in a.of(Statistic.DIFFERENCE)}


def asks_differences(plan: Plan) -> bool:
    """Whether differences of algorithms are asked about: else tables of them answer nothing."""
    asked = with_design(plan).questions
    is_asked = any(q.kind is Estimand.DIFFERENCE for q in asked)
    return is_asked or not asked or study_of(plan) in FAMILIES


def numbered_answers(inputs: ReportInputs) -> list[tuple[int, Answer]]:
    """Return the answers that are drawn, each with the number of its question.

    The primary question of a family has figures of its own.
    """
    first = 1 if is_of_family(inputs) else 0
    return [*enumerate(inputs.answers, start=1)][first:]


def is_of_family(inputs: ReportInputs) -> bool:
    """Whether the primary question is over algorithms or seeds alone, or nothing answers it."""
    return study_of(inputs.plan) in FAMILIES or not _has_answer(inputs)


def has_own_headline(inputs: ReportInputs) -> bool:
    """Whether the statistics of runs tell the primary question, not an answer.

    They tell which of the values tried is best, and why nothing is told of seeds.
    """
    if not _has_answer(inputs):
        return True
    match study_of(inputs.plan):
        case Study.SWEEP:
            return True
        case Study.SEED_VARIANCE:
            return inputs.facts is None or not summaries_over_seeds(inputs.plan, inputs.facts)
    return False


def _has_answer(inputs: ReportInputs) -> bool:
    """Whether the primary question has an answer, or a reason why it has none."""
    return bool(inputs.answers) and bool(answer_text(inputs.answers[0]).lead)


def leads_by_answer(plan: Plan, answers: Sequence[Answer]) -> bool:
    """Whether the answer to the primary question says more than a line of algorithms."""
    return study_of(plan) not in FAMILIES and bool(answers and answers[0].estimates)


def save_tables(answers: Iterable[Answer], folder: Path) -> None:
    """Save each answer's table and the data of its figure as CSV."""
    for number, answer in enumerate(answers, start=1):
        for name, frame in (("", answer.table), ("_figure", answer.figure.frame)):
            if len(frame):
                frame.to_csv(folder / f"question_{number}{name}.csv", index=False)


def table_of(frame: pd.DataFrame, *, is_own: bool = True) -> Table:
    """Return the first lines of a table as texts, without columns that say nothing.

    Levels of the product's own are named as people do: `10 % of the training`.
    """
    told = [c for c in frame if frame[c].notna().any() and (frame[c].astype(str) != "").any()]
    kept = frame[told].head(MOST_LINES)
    head = tuple(label_text(str(c)) if is_own else str(c) for c in kept)
    lines = (_line(row) for row in kept.itertuples(index=False))
    return (head, *(tuple(map(label_text, line)) if is_own else line for line in lines))


def _told(plan: Plan, answer: Answer) -> ToldAnswer:
    text = answer_text(answer)
    quoted = [r for r in values_of([answer]) if factor_of(r) or r.rpartition("|")[2] in VALUES]
    return ToldAnswer(
        question_text(plan, answer.question),
        tuple(sentence for sentence in (text.lead, *text.more) if sentence),
        text.cautions[:TOLD_CAUTIONS],
        answer.question.measures,
        table_of(answer.table)[: TOLD_LINES + 1] if len(answer.table) else (),
        tuple(quoted[:TOLD_REFERENCES]),
    )


def _line(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(_entry(value) for value in row)


def _entry(value: object) -> str:
    """Return an entry of a table; whole numbers stay whole."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() else shown(number)
