"""Every clause of a task is in its plan, or named as not answered: for both researchers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent_core.domain import Dataset, Plan, PlanChange, Revision, Unanswered
from agent_core.lab.clauses import has_most_words, plain_words, same_words
from agent_core.lab.run_files import file_spans
from agent_core.lab.second_reading import not_asked
from agent_core.lab.unseen_users import with_unseen_users
from agent_core.rules.accounting import unaccounted
from agent_core.rules.design_changes import untold_changes

QUOTED = re.compile(r"“([^”]+)”,? *(.*)", re.DOTALL)
"""A clause in the task's own words, and why nothing covers it."""
LONGER = 1.5
"""How much longer the clause of a question may be than the one that it stands for."""


def settled(plan: Plan, text: str, datasets: Sequence[Dataset] = ()) -> Plan:
    """Return a plan in which each clause of its task is used, or named as not answered."""
    plan = with_unseen_users(_in_one_place(plan))
    found = unaccounted(text, plan, datasets, plan.struck, spared=file_spans(text, datasets))
    asked = not_asked(text, plan, datasets)
    return replace(plan, unanswered=each_once((*plan.unanswered, *found, *asked)))


def settled_revision(
    revision: Revision, before: Plan, reply: str, datasets: Sequence[Dataset] = ()
) -> Revision:
    """Return a revision whose plan answers for the reply, and keeps what was open before.

    What was not answered stays so until a field or a question covers it, or the requester strikes
    it; the change says all that differs, whatever the researcher told of it.
    """
    if revision.plan is None:
        return revision
    after = with_unseen_users(_in_one_place(replace(revision.plan, struck=before.struck)))
    kept = [u for u in before.unanswered if not _is_covered(u, before, after, datasets)]
    own = [u for u in after.unanswered if not _is_struck(u, before)]
    spared = file_spans(reply, datasets)
    found = unaccounted(reply, after, datasets, before.struck, (before,), spared)
    after = replace(after, unanswered=each_once((*kept, *own, *found)))
    return replace(revision, plan=after, change=full_change(revision.change, before, after))


def full_change(change: PlanChange, before: Plan, after: Plan) -> PlanChange:
    """Return a change that tells every difference of the designs."""
    untold = untold_changes(before, after, change.summary)
    return replace(change, summary=(*change.summary, *untold))


def each_once(clauses: Iterable[Unanswered]) -> tuple[Unanswered, ...]:
    """Return clauses without those whose words another one has already."""
    kept: list[Unanswered] = []
    for clause in clauses:
        if not any(same_words(clause.clause, other.clause) for other in kept):
            kept.append(clause)
    return tuple(kept)


def _in_one_place(plan: Plan) -> Plan:
    """Return a plan whose clauses that nothing covers are all in `unanswered`.

    What a question of the plan asks in the same words is answered, whatever else is told of it.
    """
    told = [u for u in map(_unanswered_of, plan.unmapped) if not _is_asked(u, plan)]
    return replace(plan, unanswered=each_once((*plan.unanswered, *told)), unmapped=())


def _unanswered_of(line: str) -> Unanswered:
    """Return a clause from a line about it: the task's own words in it, and the reason."""
    found = QUOTED.fullmatch(line)
    return Unanswered(found[1], found[2]) if found else Unanswered(line)


def _is_asked(clause: Unanswered, plan: Plan) -> bool:
    """Whether a question stands for a clause: for all of it, and for not much more."""
    most = LONGER * len(plain_words(clause.clause))
    return any(
        same_words(q.clause, clause.clause) and len(plain_words(q.clause)) <= most
        for q in plan.questions
    )


def _is_struck(clause: Unanswered, plan: Plan) -> bool:
    return any(same_words(clause.clause, struck) for struck in plan.struck)


def _is_covered(
    clause: Unanswered, before: Plan, after: Plan, datasets: Sequence[Dataset]
) -> bool:
    """Whether something of the next version answers a clause that nothing did before."""
    was = unaccounted(clause.clause, replace(before, unanswered=()), datasets)
    if was:
        return not unaccounted(clause.clause, replace(after, unanswered=()), datasets)
    return any(has_most_words(text, clause.clause) for text in _texts(after) - _texts(before))


def _texts(plan: Plan) -> set[str]:
    """Return the words of a task that questions and requirements of a plan stand for."""
    asked = {t for q in plan.questions for t in (q.clause, q.text)}
    return asked | {t for r in plan.requirements for t in (r.clause, r.text)}
