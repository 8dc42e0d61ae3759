"""Conditions of questions that no plan of mine has a place for: times, people, kinds of items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from agent_core.domain import Estimand, Question, Unanswered
from agent_core.offline.designs.asked import PATTERNS, Clause

NO_GROUP = (
    "the question is asked without it: I have no rule for this time, group, kind or form of data"
)
NO_TEST = "I test pairs by sign flips over users, beside them by Wilcoxon or a t-test if asked"


def conditions_of(
    clauses: Sequence[Clause], used: Collection[str], questions: Sequence[Question]
) -> Iterator[Unanswered]:
    """Yield the conditions in clauses that are asked and answered without them.

    Parameters
    ----------
    clauses
        All of a text.
    used
        Those that a question came from.
    questions
        What is asked; where groups are compared, they are what words of people tell.
    """
    has_groups = any(q.kind is Estimand.GROUPS or q.groups for q in questions)
    for clause in clauses:
        if (test := PATTERNS["other_test"].search(clause.said)) and questions:
            yield Unanswered(test[0], NO_TEST)
        found = PATTERNS["condition"].search(clause.said)
        if found and clause.said in used and not has_groups:
            yield Unanswered(found[0].strip(" ,;"), NO_GROUP)
