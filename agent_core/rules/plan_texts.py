"""The sentences of a plan in which rules may stand, number words as digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agent_core.domain import Plan
from agent_core.prose.number_words import with_digits
from agent_core.prose.patterns import read_patterns

PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
UNPLANNED = read_patterns(Path(__file__).with_name("assertion_patterns.toml"))
"""Ways to name a rule and not to plan it."""


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


def planned_sentences(text: str) -> list[str]:
    """Return the sentences that plan something: not what is supposed, told or done by others."""
    return [s for s in sentences_of(text) if not any(p.search(s) for p in UNPLANNED.values())]


def number_of(text: str) -> float:
    """Return the value of a number, of a percentage, or of a part such as `a fifth`.

    Examples
    --------
    >>> number_of("1,000"), number_of("20 %"), number_of("a quarter")
    (1000.0, 0.2, 0.25)
    """
    words = text.lower().split()
    if words and words[-1] in PARTS:
        return PARTS[words[-1]]
    bare = re.sub(r"[\s,]|%|per ?cent", "", text.lower())
    return float(bare) / (100 if re.search(r"%|per ?cent", text, re.IGNORECASE) else 1)
