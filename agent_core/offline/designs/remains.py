"""What of a text no experiment answers, each clause in the text's own words."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Unanswered
from agent_core.offline.designs.asked import Clause, reason_against


def unanswered_of(clauses: Sequence[Clause]) -> tuple[Unanswered, ...]:
    """Return the clauses that nothing answers, each with the reason."""
    told = ((c.said.strip(" ,;"), reason_against(c)) for c in clauses)
    return tuple(Unanswered(said, reason) for said, reason in told if reason)
