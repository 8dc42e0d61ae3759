"""What the words of a plan name beside its fields: filters, thresholds and numbers of users."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_core.domain import Plan

NUMBER = r"(\d[\d,]*)"
CORE = re.compile(r"(\d+)[\s_-]*core|core\D{0,3}(\d+)|min_user\w*\D(\d+)", re.IGNORECASE)
FEWEST = re.compile(
    rf"(?:at\s+least|minimum\s+(?:of\s+)?|fewer\s+than|less\s+than|>=|≥)\s*{NUMBER}\s+"
    rf"(?:\w+\s+)?(?:ratings|interactions|items|events|users)\b"
    rf"|{NUMBER}\s+or\s+more\s+(?:ratings|interactions|items|events|users)\b",
    re.IGNORECASE,
)
LOWEST = re.compile(
    r"\brat(?:ings?|ed)\s+(?:\w+\s+)?(?:of\s+|with\s+)?"
    r"(?:at\s+least\s+|>=\s*|≥\s*|from\s+)(\d(?:\.\d+)?)\b"
    r"|(\d(?:\.\d+)?)\s+(?:stars?\s+)?(?:or|and)\s+(?:more|higher|above|better|up)\b(?!\s+\w+ings)"
    r"|\bat\s+least\s+(\d(?:\.\d+)?)\s+stars?",
    re.IGNORECASE,
)
PART = re.compile(
    r"\bsub-?sampl\w*|\bsubset\b|\b(?:random\s+)?sample\s+of\b|\bsampled?\s+\d"
    r"|\bfirst\s+\d[\d,]*\s+(?:users|interactions|rows)",
    re.IGNORECASE,
)
TESTED = re.compile(
    rf"{NUMBER}\s+(?:\w+\s+){{0,2}}(?:test\s+|tested\s+)?users\b"
    rf"|\btest\w*\s+(?:only\s+)?(?:on\s+)?{NUMBER}\s+(?:\w+\s+)?users\b",
    re.IGNORECASE,
)
ON_TEST = re.compile(r"\b(?:test\w*|held[\s-]?out|hold[\s-]?out|relevan\w+)\b", re.IGNORECASE)
REFUSED = re.compile(
    r"\b(?:cannot|can't|no\s+\w+\s+(?:is|are)|not\s+(?:applied|filtered)|without|all\s+users)\b",
    re.IGNORECASE,
)


def sentences(plan: Plan) -> Iterator[str]:
    """Yield what a plan says in words, sentence by sentence; refusals are left out."""
    texts = (
        plan.title, plan.question, plan.feedback, plan.split.text, *plan.assumptions,
        *(t for r in plan.requirements for t in (r.text, r.clause)),
    )  # fmt: skip
    for text in texts:
        for sentence in re.split(r"(?<!\d)[.;](?!\d)", text):
            if sentence.strip() and not REFUSED.search(sentence):
                yield sentence


def numbers(pattern: re.Pattern[str], text: str) -> list[float]:
    """Return the numbers that a pattern finds."""
    return [
        float(group.replace(",", ""))
        for match in pattern.finditer(text)
        for group in match.groups()
        if group
    ]


def planned_core(plan: Plan) -> int:
    """Return the most interactions that a plan's words ask of each user or item; 1 for none."""
    found = [n for s in sentences(plan) for p in (CORE, FEWEST) for n in numbers(p, s)]
    return int(max(found, default=1))


def lowest_planned(plan: Plan) -> float | None:
    """Return the lowest rating that counts, by field or words; None where all do."""
    if plan.min_rating is not None:
        return plan.min_rating
    found = [n for s in sentences(plan) if not ON_TEST.search(s) for n in numbers(LOWEST, s)]
    return max(found, default=None)


def lowest_tested(plan: Plan) -> float | None:
    """Return the lowest rating that is tested, where a plan's words limit the test only."""
    found = [n for s in sentences(plan) if ON_TEST.search(s) for n in numbers(LOWEST, s)]
    return max(found, default=None)


def users_tested(plan: Plan) -> set[int]:
    """Return the numbers of test users that a plan's words name."""
    return {int(n) for s in sentences(plan) for n in numbers(TESTED, s)}


def is_of_a_part(plan: Plan) -> bool:
    """Whether a plan's words ask for a part of the data."""
    return any(PART.search(s) for s in sentences(plan))
