"""The sentences of a plan in which rules may stand, number words as digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_core.domain import Plan

DIGITS = {
    word: str(n)
    for n, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=2
    )
} | {"twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "fifty": "50"}
"""Number words; `one` is mostly none."""
WORD = re.compile(rf"\b(?:{'|'.join(DIGITS)})\b", re.IGNORECASE)
QUOTED = re.compile(r"“([^”]+)”")


def texts_of(plan: Plan) -> Iterator[str]:
    """Yield what a plan says: number words as digits, without wishes that it leaves undone."""
    refused = [w for u in plan.unmapped for w in (QUOTED.findall(u) or [u])]
    found = (
        plan.title, plan.question, plan.feedback, plan.split.text, *plan.assumptions,
        *(t for r in plan.requirements for t in (r.text, r.clause)),
    )  # fmt: skip
    for text in found:
        for wish in refused:
            text = text.replace(wish, " ")
        yield WORD.sub(lambda m: DIGITS[m[0].lower()], text)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; the point of `u.data` or `min. 5` ends none."""
    return [s for s in re.split(r"[.;](?=\s|$)(?!\s+\d)", text) if s.strip()]
