"""Clauses that nothing answers, struck by the requester: only so are they gone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_core.domain import Plan, PlanChange, Revision, Unanswered
from agent_core.lab.clauses import same_words

ASKED = re.compile(
    r"\b(?P<verb>leave (?:out|off|away)|drop|strike|skip|forget|ignore|remove|without)\b"
    r"(?P<what>[^;\n]+)",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[“\"]([^”\"]+)[”\"]")
JOINT = re.compile(r",?\s(?:and|but)\s|[,.]\s")
FILLING = {
    *("the", "a", "an", "about", "of", "on", "for", "to", "in", "i", "it", "and", "or", "thi"),
    *("that", "these", "with", "by", "from", "at", "be", "my", "our", "question", "part", "how"),
    *("clause", "point", "bit", "whole", "please", "also", "whether"),
}
"""Words, without their ends, that point at nothing."""
MENTIONED = 0.5
"""Share of a clause's telling words that point at it, where its mention has more of its own."""


@dataclass(frozen=True, slots=True)
class Strike:
    """What a reply strikes of a plan, and what else it says."""

    plan: Plan
    """Without the struck clauses, still under the number that it had."""
    change: PlanChange
    rest: str

    def as_revision(self, further: Revision) -> Revision:
        """Return what was struck with what the rest of the reply comes to."""
        if further.plan is None:
            plan = replace(self.plan, version=self.plan.version + 1)
            return replace(further, plan=plan, change=self.change)
        lines = (*self.change.summary, *further.change.summary)
        return replace(further, change=replace(further.change, summary=lines))


def strike(plan: Plan, reply: str) -> Strike | None:
    """Return the plan without the clauses that a reply strikes; None where it strikes none."""
    struck: list[Unanswered] = []
    rest = reply
    for asked in ASKED.finditer(reply):
        part, meant = _object(plan, asked["what"])
        struck += meant
        if meant:
            rest = rest.replace(f"{asked['verb']}{part}", "", 1)
    if not struck:
        return None
    clauses = tuple(dict.fromkeys(u.clause for u in struck))
    after = replace(
        plan,
        unanswered=tuple(u for u in plan.unanswered if u not in struck),
        struck=(*plan.struck, *clauses),
    )
    told = tuple(f"left out at your word: “{clause}”" for clause in clauses)
    return Strike(after, PlanChange(summary=told), rest.strip(" ,;.\n"))


def _object(plan: Plan, words: str) -> tuple[str, list[Unanswered]]:
    """Return what is struck, in the words for it and as clauses: quoted, or part after part."""
    quoted = QUOTED.search(words)
    if quoted:
        return words[: quoted.end()], _meant(plan, words)
    parts = [m.start() for m in JOINT.finditer(words)]
    end, found = 0, list[Unanswered]()
    for start, stop in itertools.pairwise((0, *parts, len(words))):
        meant = _meant(plan, words[start:stop])
        if not meant:
            break
        end, found = stop, [*found, *meant]
    return (words[:end], found) if found else (words, _meant(plan, words))


def _meant(plan: Plan, words: str) -> list[Unanswered]:
    """Return the clauses that words point at: quoted, or by what tells them from the others."""
    quoted = QUOTED.findall(words)
    if quoted:
        return [u for u in plan.unanswered if any(same_words(q, u.clause) for q in quoted)]
    said = _telling(words)
    if not said or said & _planned(plan):
        return []
    shared = {u.clause: len(said & _telling(u.clause)) for u in plan.unanswered}
    most = max(shared.values(), default=0)
    if most < max(1, MENTIONED * len(said)):
        return []
    return [u for u in plan.unanswered if shared[u.clause] == most]


def _planned(plan: Plan) -> set[str]:
    """Return the words by which parts of the plan itself are dropped."""
    names = (*(a.name for a in plan.algorithms), *(m.label for m in plan.metrics))
    return _telling(" ".join(names))


def _telling(text: str) -> set[str]:
    """Return the words of a text that tell it from others, without their ends."""
    words: Sequence[str] = re.findall(r"[\w@%]+", text.lower())
    return {w.rstrip("s") for w in words} - FILLING
