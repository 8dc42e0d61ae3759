"""Says in a plan which algorithms have nothing for users whom training does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent_core.domain import Plan, Topic
from agent_core.lenskit.scorers import SCORERS

UNSEEN = "test users are in no training: "


def with_unseen_users(plan: Plan) -> Plan:
    """Return a plan that warns of algorithms that cannot recommend to the users it tests."""
    kept = [
        (text, topic)
        for text, topic in _told(plan)
        if not text.startswith(UNSEEN)
    ]  # fmt: skip
    if warning := _warning(plan):
        kept.append((warning, Topic.MODELS))
    texts = tuple(text for text, _ in kept)
    if texts == plan.assumptions:
        return plan
    return replace(plan, assumptions=texts, topics=tuple(topic for _, topic in kept))


def _told(plan: Plan) -> Iterator[tuple[str, Topic]]:
    topics = (*plan.topics, *[Topic.MODELS] * len(plan.assumptions))
    yield from zip(plan.assumptions, topics, strict=False)


def _warning(plan: Plan) -> str:
    """Say which algorithms give unseen users no lists, and which do; empty where all do."""
    if all(level.rules.in_training for level in plan.split_levels):
        return ""
    known = {a.family: SCORERS[a.kind].folds_in for a in plan.algorithms if a.kind in SCORERS}
    unable = ", ".join(n for n, folds_in in known.items() if not folds_in)
    able = ", ".join(n for n, folds_in in known.items() if folds_in)
    if not unable:
        return ""
    others = f"; {able} can, from what they keep" if able else ""
    return f"{UNSEEN}{unable} cannot recommend to them, so all their values are 0{others}"
