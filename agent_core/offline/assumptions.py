"""What the rule-based researcher takes for granted, each with what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from agent_core.domain import Plan, Topic


class Assumptions:
    """Assumptions in the order in which they were made, each once."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.about = dict.fromkeys(texts, Topic.MODELS)

    @classmethod
    def of(cls, plan: Plan) -> Assumptions:
        """Return those of a plan, to be added to."""
        found = cls()
        for text, topic in _pairs(plan):
            found.add(text, topic)
        return found

    def add(self, text: str, about: Topic = Topic.MODELS) -> None:
        """Note an assumption."""
        self.about.setdefault(text, about)

    @property
    def texts(self) -> tuple[str, ...]:
        """What is assumed."""
        return tuple(self.about)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What each is about."""
        return tuple(self.about.values())


def kept_assumptions(old: Plan, new: Plan) -> Assumptions:
    """Return the assumptions that still hold, and the new ones."""
    has_same_algorithms = [a.name for a in old.algorithms] == [a.name for a in new.algorithms]
    holds = {
        Topic.MODELS: has_same_algorithms and old.metrics == new.metrics,
        Topic.ALGORITHMS: has_same_algorithms,
        Topic.SPLIT: old.split == new.split,
        Topic.SEEDS: old.seeds == new.seeds,
        Topic.FEEDBACK: old.feedback == new.feedback,
    }
    kept = Assumptions()
    for text, topic in _pairs(old):
        if holds[topic]:
            kept.add(text, topic)
    for text, topic in _pairs(new):
        kept.add(text, topic)
    return kept


def _pairs(plan: Plan) -> Iterable[tuple[str, Topic]]:
    return zip_longest(plan.assumptions, plan.topics, fillvalue=Topic.MODELS)
