"""What of a text nothing answers, each clause in the text's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from agent_core.domain import Unanswered
from agent_core.offline.designs.asked import Clause, reason_against, says
from agent_core.offline.designs.text import blotted
from agent_core.offline.designs.vocabulary import strange_words

UNREAD = "I found nothing in it that an experiment of mine measures"


def unanswered_of(clauses: Sequence[Clause], used: Collection[str]) -> tuple[Unanswered, ...]:
    """Return the clauses that nothing answers, each with the reason.

    Parameters
    ----------
    clauses
        All of a text.
    used
        Those that a question came from.
    """
    return tuple(_unanswered(clauses, used))


def _unanswered(clauses: Sequence[Clause], used: Collection[str]) -> Iterator[Unanswered]:
    begun = False
    for clause in clauses:
        begun = begun or clause.said in used or bool(clause.measures)
        is_unread = clause.said not in used and begun and _is_other_question(clause)
        reason = reason_against(clause) or (UNREAD if is_unread else "")
        if reason:
            yield Unanswered(clause.said.strip(" ,;"), reason)


def _is_other_question(clause: Clause) -> bool:
    """Whether a clause asks for something beside the experiment; what opens a text leads in."""
    asks_for = says("asks_for", clause.text)
    is_told = clause.said.rstrip().endswith("?") or says("tells_me", clause.text)
    is_asked = asks_for or (clause.is_asked and is_told)
    if not is_asked or (says("request", clause.text) and not asks_for):
        return False  # what is wished is told by the rest of the text
    if clause.measures:
        return False
    is_known = says("of_the_field", clause.text) or bool(clause.algorithms)
    return not is_known or bool(strange_words(_without_names(clause)))


def _without_names(clause: Clause) -> str:
    """Return the text of a clause without the names of algorithms."""
    return blotted(clause.text, [(m.start, m.end) for m in clause.algorithms])
