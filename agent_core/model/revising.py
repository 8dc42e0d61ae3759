"""What a reply does to a plan: ids stay, the difference is computed, never taken on trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent_core.domain import Dataset, Plan, PlanChange, Requirement, Revision, with_design
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import RevisionAnswer
from agent_core.model.bounds import clip
from agent_core.model.planning import plan_from
from agent_core.prose.clipping import on_one_line
from agent_core.researcher import ReviseRequest
from agent_core.rules.design_changes import design_changes

MAX_REPLY = 1500
UNANSWERED = {
    "question": "reply: a question needs an answer",
    "wish": "plan: a wish needs the whole next plan, or a reply that says why not",
}


def revision_from(answer: RevisionAnswer, plan: Plan, datasets: Sequence[Dataset]) -> Revision:
    """Turn an answer into a revision; only a wish changes the plan.

    Raises
    ------
    AnswerFault
        When a wish comes without a plan, or with an impossible one.
    """
    reply, offer = clip(answer.reply.strip(), MAX_REPLY), on_one_line(answer.offer)
    if answer.kind == "chatter":
        return Revision()
    if answer.kind == "question" or answer.plan is None:
        if not reply:
            raise AnswerFault(UNANSWERED[answer.kind])
        return Revision(reply=reply, offer=offer)
    after = plan_from(
        answer.plan, datasets, plan.version + 1, cost=plan.estimate_cost, before=plan
    )
    after = replace(after, requirements=_stable(plan.requirements, after.requirements))
    change = _difference(with_design(plan), after, [c.line for c in answer.changes])
    if change.is_empty:
        return Revision(reply=reply, offer=offer)
    return Revision(after, change, reply, offer)


def reply_with_data(request: ReviseRequest) -> str:
    """Return a reply with what it changed in the data."""
    if not request.reread:
        return request.reply
    return (
        f"The files were read again as I said: {'; '.join(request.reread)}. Change in the plan "
        f"what follows from that, and nothing else. {request.reply}"
    ).strip()


def _stable(
    before: Sequence[Requirement], after: Sequence[Requirement]
) -> tuple[Requirement, ...]:
    """Keep known requirements under their ids and give new ones ids after all others."""
    known = {r.id: r for r in before}
    by_text = {on_one_line(r.text).lower(): r.id for r in before}
    taken = {r.id for r in after if r.id in known}
    fresh = max(known, default=0) + 1
    kept = []
    for requirement in after:
        number = requirement.id
        if number not in known:
            same = by_text.get(on_one_line(requirement.text).lower())
            if same is not None and same not in taken:
                number = same
                taken.add(same)
            else:
                number, fresh = fresh, fresh + 1
        old = known.get(number, requirement)
        kept.append(replace(requirement, id=number, weight=old.weight, limit=old.limit))
    return tuple(sorted(kept, key=lambda r: r.id))


def _difference(before: Plan, after: Plan, reasons: Sequence[str]) -> PlanChange:
    """Compute what changed; the researcher's reasons word it."""
    old = {r.id: r for r in before.requirements}
    new = {r.id: r for r in after.requirements}
    added = tuple(sorted(set(new) - set(old)))
    dropped = tuple(sorted(set(old) - set(new)))
    changed = tuple(i for i in sorted(set(old) & set(new)) if _differs(old[i], new[i]))
    protocol = _protocol_changes(before, after)
    if not (added or dropped or changed or protocol):
        return PlanChange()
    worded = tuple(on_one_line(r) for r in reasons if r.strip())[:20]
    return PlanChange(
        added,
        changed,
        dropped,
        worded or (*_told("added", added, new), *_told("dropped", dropped, old), *protocol),
    )


def _differs(before: Requirement, after: Requirement) -> bool:
    """Whether two versions of a requirement say different things."""
    same = on_one_line(before.text).lower() == on_one_line(after.text).lower()
    return not same or (before.priority, before.check) != (after.priority, after.check)


def _told(verb: str, ids: Sequence[int], known: dict[int, Requirement]) -> list[str]:
    """Word added or dropped requirements."""
    return [f"{verb} {number} ({on_one_line(known[number].text, 80)})" for number in ids]


def _protocol_changes(before: Plan, after: Plan) -> list[str]:
    """Name the parts of the protocol that differ; of the design with what they were and are."""
    told = [change.line for change in design_changes(before, after)]
    named = {
        "datasets": (before.datasets, after.datasets),
        "feedback": (before.feedback, after.feedback),
        "algorithms": _shared(_algorithms(before), _algorithms(after)),
        "roles of factors": _shared(_roles(before), _roles(after)),
        "combinations left out": (before.excluded, after.excluded),
        "seeds": (before.seeds[:1], after.seeds[:1]),
        "list length": (before.list_length, after.list_length),
        "equivalence margin": (before.margin, after.margin),
        "what is reported": (before.reported, after.reported),
    }
    return [*told, *(f"changed {name}" for name, (old, new) in named.items() if old != new)]


def _algorithms(plan: Plan) -> dict[str, object]:
    return {a.name: (a.kind, a.config, a.role) for a in plan.algorithms}


def _roles(plan: Plan) -> dict[str, object]:
    return {factor.name: (factor.role, factor.of) for factor in plan.factors}


def _shared(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[object, object]:
    """Return what two plans say of what both have; what only one has is a level of a factor."""
    both = sorted({*old} & {*new})
    return [old[name] for name in both], [new[name] for name in both]
