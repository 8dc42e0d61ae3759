"""The sentences of a plan in which rules may stand, number words as digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_core.domain import Plan
from agent_core.prose.number_words import with_digits


def texts_of(plan: Plan) -> Iterator[str]:
    """Yield what a plan says: number words as digits, without wishes that it leaves undone."""
    found = (
        plan.title, plan.question, plan.feedback, plan.split.text, *plan.assumptions,
        *(t for r in plan.requirements for t in (r.text, r.clause)),
    )  # fmt: skip
    for text in found:
        for wish in (*plan.refused, *plan.unmapped):
            text = text.replace(wish, " ")
        yield with_digits(text)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; the point of `u.data` or `min. 5` ends none."""
    return [s for s in re.split(r"[.;](?=\s|$)(?!\s+\d)", text) if s.strip()]
