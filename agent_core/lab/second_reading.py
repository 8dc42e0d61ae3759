"""A task read once more, by grammar: what it asks and no question of the plan stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.domain import Dataset, Estimand, Plan, Question, Unanswered
from agent_core.domain.design import BY_NAME, FactorKind
from agent_core.domain.metric import usual_name
from agent_core.lab.clauses import has_most_words
from agent_core.offline.designs.reading import read_design

MOST_TEXT = 20_000
"""Characters of a task that are read again; what is longer is no task."""
OF_GROUPS = {Estimand.GROUPS, Estimand.INTERACTION}
"""What tells how groups differ, be it in a measure or in a difference."""
NO_QUESTION = "no question of the plan asks it"


def not_asked(text: str, plan: Plan, datasets: Sequence[Dataset]) -> tuple[Unanswered, ...]:
    """Return what a task asks by its words and the plan does not, in the task's words.

    A question of the plan stands for a clause when it asks the same of the same factors, or when
    its own clause has the words; so does a requirement, which is judged. Where questions say no
    clause, what the grammar cannot place is not held against the plan.
    """
    read = read_design(text[:MOST_TEXT], tuple(d.name for d in datasets))
    required = [t for r in plan.requirements for t in (r.clause, r.text)]
    missing = [
        q
        for q in read.questions
        if q.clause and not _is_asked(q, plan) and not _is_told(q.clause, required)
    ]
    is_main = len(missing) == len(read.questions) and not _is_touched(missing, plan)
    asked = (Unanswered(q.clause, NO_QUESTION, is_main=is_main) for q in missing)
    return (*asked, *_unplaced(read.unanswered, plan, required))


def _is_touched(missing: Sequence[Question], plan: Plan) -> bool:
    """Whether the plan asks anything of the factors that are asked about."""
    wanted = {kind for q in missing for kind in _kinds(q.over)}
    return any(wanted & _kinds((*q.over, *q.within)) for q in plan.questions)


def _unplaced(
    clauses: Sequence[Unanswered], plan: Plan, required: Sequence[str]
) -> Iterator[Unanswered]:
    """Yield what nothing measures by the grammar, and the plan does not speak of."""
    if any(q.clause for q in plan.questions):
        told = [*required, *(t for q in plan.questions for t in (q.clause, q.text))]
        yield from (c for c in clauses if not _is_told(c.clause, told))


def _is_told(clause: str, texts: Sequence[str]) -> bool:
    return any(has_most_words(text, clause) for text in texts)


def _is_asked(wanted: Question, plan: Plan) -> bool:
    return any(_stands_for(question, wanted) for question in plan.questions)


def _stands_for(question: Question, wanted: Question) -> bool:
    """Whether a question of the plan is what the grammar reads, or was made of its clause."""
    if question.clause and has_most_words(question.clause, wanted.clause):
        return True
    if question.kind is Estimand.SCRIPTS_OWN:
        return not question.clause
    if not _is_alike(question, wanted):
        return False
    measures = _measured(question), _measured(wanted)
    if all(measures) and measures[0].isdisjoint(measures[1]):
        return False
    # How high something is may be said of any factors that it has.
    is_level = wanted.kind is Estimand.LEVEL
    return is_level or _kinds(wanted.over) <= _kinds(question.over)


def _is_alike(question: Question, wanted: Question) -> bool:
    """Whether questions are of one kind; those that set groups against each other are."""
    if question.grouping and wanted.grouping:
        return question.kind is wanted.kind or {question.kind, wanted.kind} <= OF_GROUPS
    return question.kind is wanted.kind and not (question.grouping or wanted.grouping)


def _measured(question: Question) -> set[str]:
    """Return the measures of a question, each by its usual name."""
    return {usual_name(m.partition("@")[0]) + m.partition("@")[2] for m in question.measures}


def _kinds(factors: Sequence[str]) -> set[FactorKind]:
    """Return what factors vary; the names of hyperparameters are the library's own."""
    return {BY_NAME.get(name, FactorKind.HYPERPARAMETER) for name in factors}
