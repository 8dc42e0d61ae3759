"""What of a text nothing answers, each clause in the text's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from agent_core.domain import Estimand, Unanswered
from agent_core.offline.designs.asked import Clause, reason_against, says
from agent_core.offline.designs.over import names_factor
from agent_core.offline.designs.structure import Structure
from agent_core.offline.designs.text import blotted
from agent_core.offline.designs.vocabulary import strange_words

UNREAD = "I found nothing in it that an experiment of mine measures"
OPEN = (Estimand.DIFFERENCE, Estimand.LEVEL, Estimand.RESPONSE)
"""What `better`, `show` and `matter` ask of anything; other kinds have words of their own."""


def unanswered_of(
    clauses: Sequence[Clause], used: Mapping[str, Estimand], structure: Structure
) -> tuple[Unanswered, ...]:
    """Return the clauses that nothing answers, each with the reason.

    Parameters
    ----------
    clauses
        All of a text.
    used
        Those that a question came from, with what they ask.
    structure
        The factors that questions are of.
    """
    return tuple(_unanswered(clauses, used, structure))


def _unanswered(
    clauses: Sequence[Clause], used: Mapping[str, Estimand], structure: Structure
) -> Iterator[Unanswered]:
    begun = False
    for clause in clauses:
        begun = begun or clause.said in used or bool(clause.measures)
        if clause.said in used:
            is_open = used[clause.said] in OPEN and not names_factor(clause, structure)
            is_unread = is_open and _is_strange(clause)
        else:
            is_unread = begun and _is_other_question(clause, structure)
        reason = reason_against(clause) or (UNREAD if is_unread else "")
        if reason:
            yield Unanswered(clause.said.strip(" ,;"), reason)


def _is_other_question(clause: Clause, structure: Structure) -> bool:
    """Whether a clause asks for something beside the experiment; what opens a text leads in."""
    asks_for = says("asks_for", clause.text)
    if not (asks_for or clause.is_asked) or (says("request", clause.text) and not asks_for):
        return False  # what is wished is told by the rest of the text
    if clause.measures:
        return False
    is_told = asks_for or clause.said.rstrip().endswith("?") or says("tells_me", clause.text)
    if not is_told:
        return _is_strange(clause)
    is_known = says("of_the_field", clause.text) or bool(clause.algorithms)
    is_of_design = names_factor(clause, structure) or says("of_all", clause.text)
    return not (is_known and is_of_design) or bool(strange_words(_without_names(clause)))


def _is_strange(clause: Clause) -> bool:
    """Whether a clause has words that I do not know, and no names or numbers that I read."""
    if clause.measures or clause.algorithms or re.search(r"\d", clause.text):
        return False
    return bool(strange_words(clause.text))


def _without_names(clause: Clause) -> str:
    """Return the text of a clause without the names of algorithms."""
    return blotted(clause.text, [(m.start, m.end) for m in clause.algorithms])
