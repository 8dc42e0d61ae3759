"""Whether the words of a plan hold out what is newest of each user, and whether that was done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

import pandas as pd

from agent_core.checks.result import Result, failed, not_applicable, passed, warned
from agent_core.checks.split.holdout import is_timed
from agent_core.checks.split.kept_data import lowest_tested
from agent_core.checks.split.sentences_of_plan import texts_of
from agent_core.checks.split.split_kinds import Fold
from agent_core.domain import Plan
from agent_core.evidence.evidence import Evidence

HELD = (
    r"(?:(?:interaction|rating|item|event|action|purchase|click|play|listen|review|positive|one)s?"
    r"|entry|entries|percent|fifth|quarter|tenth|third|half)\b|%"
)
OTHERS = r"(?!fold|epoch|iteration|position|place|rank|seed|run|row|column|layer|version)"
NEWEST = re.compile(
    r"\b(?:leave[\s-]+)?last[\s-]?(?:n|frac)\b|\bnewest\b|\bchronolog\w*|\btemporal(?:ly)?\b"
    r"|\btime[\s-]+(?:order|based)\w*|\b(?:by|of)\s+time(?:stamps?)?\b|\bmost[\s-]+recently\b"
    r"|\b(?:rated|seen|bought|consumed|played|clicked)\s+last\b|\bleave[\s-]+last\b"
    rf"|\b(?:last|latest|final|most[\s-]+recent)\s+(?:{OTHERS}[\w.'-]+\s*){{0,4}}?(?:{HELD})"
    rf"|\b(?:last|latest|final|most[\s-]+recent)\s+{OTHERS}\w+\s+(?:of|per|from)\s+(?:each|every|a|the)?\s*"
    r"(?:test\s+)?user",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\b(?:not|no|never|without|instead\s+of|rather\s+than|other\s+than|unlike|ignor\w+"
    rf"|regardless\s+of|versus|vs\.?)\s+(?:\w+\s+){{0,3}}?(?:{NEWEST.pattern})"
    rf"|(?:{NEWEST.pattern})\s+(?:\w+\s+){{0,3}}?(?:not|never|ignored|unused|disregarded)\b",
    re.IGNORECASE,
)
RANDOM = re.compile(r"\brandom\w*|\bshuffl\w*|\bsampl\w*", re.IGNORECASE)
MOST, NEARLY_ALL = 0.8, 0.98
"""Share of tested interactions that must be the newest of their users, and that surely are:
items unknown to training may have been kept out of the test."""


class Order(Enum):
    """Which of a user's interactions a plan holds out."""

    RANDOM = auto()
    NEWEST = auto()
    EITHER = auto()
    """Its words say both, or speak of the newest elsewhere than of the split."""


def order_of(plan: Plan) -> Order:
    """Return which interactions a plan holds out, where its kind of split leaves that open."""
    text = plan.split.text
    if plan.split.is_newest or (is_of_newest(text) and not RANDOM.search(text)):
        return Order.NEWEST
    return Order.EITHER if any(map(is_of_newest, texts_of(plan))) else Order.RANDOM


def says_random_only(plan: Plan) -> bool:
    """Whether what the plan says of the split itself is random, and nothing else."""
    return bool(RANDOM.search(plan.split.text)) and not is_of_newest(plan.split.text)


def is_of_newest(text: str) -> bool:
    """Whether a text speaks of the newest interactions, and does not refuse them."""
    return bool(NEWEST.search(REFUSED.sub(" ; ", text)))


def newest_held_out(evidence: Evidence, folds: Sequence[Fold]) -> Result:
    """Check that the tested interactions of each user are the newest that the user has."""
    if not any(d.timestamp_column for d in evidence.datasets):
        return not_applicable("The data have no times to tell what is newest.")
    timed = [fold for fold in folds if is_timed(fold[1]) and is_timed(fold[2])]
    if len(timed) < len(folds):
        return warned("The split was saved without times: whether the newest is tested is open.")
    lowest = lowest_tested(evidence.plan)
    share, name = min((share_of_newest(f, lowest), f[0]) for f in timed)
    text = f"{share:.1%} of the tested interactions of fold {name} are the newest of their users"
    if share < MOST:
        return failed(f"Not the newest of each user: {text}.")
    if share < NEARLY_ALL:
        return warned(f"Not quite the newest of each user: {text}.")
    return passed(f"The newest interactions of each user are tested: {text}.")


def share_of_newest(fold: Fold, lowest: float | None = None) -> float:
    """Return how many tested interactions are among as many newest ones of their users."""
    _, train, test = fold
    data = pd.concat([train.assign(is_test=False), test.assign(is_test=True)], ignore_index=True)
    if lowest is not None and "rating" in data:
        data = data[pd.to_numeric(data["rating"], errors="coerce") >= lowest]
    users = data["user_id"]
    place = data["timestamp"].groupby(users).rank(ascending=False, method="min")
    room = data["is_test"].groupby(users).transform("sum")
    return float((place <= room)[data["is_test"]].mean())
