"""Every clause of a task is in its plan, or named as not answered: for both researchers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from agent_core.domain import Plan, Unanswered

QUOTED = re.compile(r"“([^”]+)”,? *(.*)", re.DOTALL)
"""A clause in the task's own words, and why nothing covers it."""


def settled(plan: Plan) -> Plan:
    """Return a plan whose clauses that nothing covers are all named in one place."""
    told = map(unanswered_of, plan.unmapped)
    return replace(plan, unanswered=each_once((*plan.unanswered, *told)), unmapped=())


def unanswered_of(line: str) -> Unanswered:
    """Return a clause from a line about it: the task's own words in it, and the reason."""
    found = QUOTED.fullmatch(line)
    return Unanswered(found[1], found[2]) if found else Unanswered(line)


def each_once(clauses: Iterable[Unanswered]) -> tuple[Unanswered, ...]:
    """Return clauses without those whose words another one has already."""
    kept: list[Unanswered] = []
    for clause in clauses:
        if not any(same_words(clause.clause, other.clause) for other in kept):
            kept.append(clause)
    return tuple(kept)


def same_words(a: str, b: str) -> bool:
    """Whether one of two texts holds the other, whatever their marks."""
    one, other = _plain(a), _plain(b)
    return bool(one and other) and (one in other or other in one)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w%@.]+", text.lower())).strip(" .")
