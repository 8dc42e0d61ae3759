"""How many users, and how much of each, the words of a plan hold out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_core.checks.split.sentences_of_plan import sentences_of, texts_of
from agent_core.domain import Plan

PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
TEST = re.compile(r"\b(?:test\w*|held|hold\w*|withh\w+|evaluat\w+)", re.IGNORECASE)
COUNT = re.compile(
    r"\b(?:SampleN|LastN|FirstN)\(\s*(?:n\s*=\s*)?(\d+)"
    r"|(?<!least )(?<!than )(?<!minimum )(?<!minimum of )(?<!>= )(?<!≥ )\b(\d+|one)\s+"
    r"(?:[a-z-]+\s+){0,2}?(?:interactions?|items?|ratings?|events?|purchases?|positives?)\b",
    re.IGNORECASE,
)
OF_USERS = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*(?:%|percent)|\b(?:an?|one)\s+(" + "|".join(PARTS) + r")|\b(half))"
    r"\s+(?:of\s+)?(?:(?:all|the|test|random|randomly|chosen)\s+){0,3}users\b(?!')",
    re.IGNORECASE,
)
CHOSEN = re.compile(
    r"\b(?:active|heavy|heaviest|power|frequent|prolific|cold|new|warm|casual|niche|mainstream"
    r"|first|oldest|newest|young\w*|female|male|most|fewest|largest|smallest)\s+"
    r"(?:[\w,%-]+\s+){0,4}?users\b|\busers\s+(?:with|who|whose|that|having)\b",
    re.IGNORECASE,
)
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)")
RATIO = re.compile(r"\b(\d+)\s*[/:]\s*(\d+)(?:\s*[/:]\s*(\d+))?\b")
WHOLE = 100
NEAR = 0.01
"""Rounding of a share of the users."""


def sentences(plan: Plan) -> Iterator[str]:
    """Yield what a plan says of its test, sentence by sentence."""
    return (s for text in texts_of(plan) for s in sentences_of(text) if TEST.search(s))


def counts_named(plan: Plan) -> set[int]:
    """Return the numbers of interactions per user that a plan's words hold out."""
    found = [g for s in sentences(plan) for m in COUNT.finditer(s) for g in m.groups() if g]
    return {1 if g.lower() == "one" else int(g) for g in found}


def shares_of_users(plan: Plan) -> set[float]:
    """Return the shares of the users that a plan's words test."""
    found = [g for s in sentences(plan) for m in OF_USERS.finditer(s) for g in m.groups() if g]
    return {PARTS[g.lower()] if g.lower() in PARTS else float(g) / 100 for g in found}


def is_named_share(plan: Plan, tested: int, of: int) -> bool:
    """Whether as many users are tested as a share in the plan's words makes."""
    return any(abs(tested / max(1, of) - share) <= NEAR for share in shares_of_users(plan))


def are_users_chosen(plan: Plan) -> bool:
    """Whether a plan's words choose its test users by what they are."""
    return any(CHOSEN.search(s) for s in sentences(plan))


def shares_in_text(plan: Plan) -> set[float]:
    """Return the held-out shares that the words about the split name, the rest of them too."""
    text = plan.split.text
    found = {float(n) for n in PERCENT.findall(text)}
    found |= {100 * float(n) for n in re.findall(r"(?<![\d.])0?\.\d+\b", text)}
    for match in RATIO.finditer(text):
        numbers = [float(n) for n in match.groups() if n]
        found |= set(numbers) if sum(numbers) == WHOLE else set()
    shares = {round(part / 100, 4) for n in found for part in (n, WHOLE - n)}
    return {share for share in shares if 0 < share < 1}
