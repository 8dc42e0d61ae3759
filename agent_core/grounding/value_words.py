"""The words that may stand beside a recorded value: they say whose it is and what, no more."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent_core.domain import Plan
from agent_core.grounding.stated_results import patterns

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
MARKS = re.compile(r"[a-z\s.,;:()'\ue000-\ue020-]")


def unknown_word(text: str, plan: Plan, more: Collection[str] = ()) -> str:
    """Return the first word or sign, in small letters, that may not stand beside a value.

    `more` are words of the plan that may stand there too.
    """
    if_so = {"beside seeds": len(plan.seeds) > 1, "beside folds": plan.split.folds > 1}
    known = ["beside values", *(name for name, is_so in if_so.items() if is_so)]
    allowed = [patterns()[name].compiled for name in known]
    for word in WORD.findall(text):
        plain = word.removesuffix("'s").removesuffix("'")
        if plain not in more and not any(p.fullmatch(plain) for p in allowed):
            return str(word)
    return next((c for c in text if not MARKS.match(c)), "")
