"""The levels of a plan's factors that a question names, algorithms among them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent_core.domain import FactorKind, LevelValue, Plan, with_design
from agent_core.grounding.level_names import LevelNames
from agent_core.grounding.plan_names import Kind, Names

PLAIN = frozenset({"all", "none"})
"""Levels that questions hold as plain words."""
BARE_NUMBER = re.compile(r"[\d.,]+")


def asked_levels(question: str, plan: Plan) -> Mapping[str, frozenset[LevelValue]]:
    """Return each factor of which a question names levels, with these.

    A number alone names a level only beside the word of its factor: a question has others too.

    Examples
    --------
    `What is Recall@5 of EASE at 5-core?`
    """
    design = with_design(plan)
    names, levels = Names.of(plan), LevelNames.of(plan)
    found: dict[str, set[LevelValue]] = {}
    said = {f.name.lower() for f in names.found(question) if f.kind is Kind.ALGORITHM}
    for a in design.algorithms:
        if said & {a.name.lower(), a.family.lower()}:
            found.setdefault(FactorKind.ALGORITHM.value, set()).add(a.family)
    text = names.masked(question)
    beside = [m.span() for m in levels.spelled.finditer(text)]
    for named in levels.named(text, [f.name for f in design.factors]):
        words = text[named.start : named.end].lower()
        is_spelled = any(a <= named.start and named.end <= b for a, b in beside)
        if words not in PLAIN and (is_spelled or not BARE_NUMBER.fullmatch(words)):
            found.setdefault(named.factor, set()).add(named.level)
    return {factor: frozenset(own) for factor, own in found.items()}
