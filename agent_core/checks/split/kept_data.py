"""What the words of a plan name beside its fields: filters, thresholds and numbers of users.

Words are read twice. Numbers that are understood say what the data must come to. Where a sentence
speaks of a filter that is not understood, it allows one all the same: a reader is told to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent_core.checks.split.sentences_of_plan import sentences_of, texts_of
from agent_core.domain import Plan

N = r"(\d[\d,]*)"
THING = (
    r"(?:\w+\s+)?(?:ratings?|interactions?|reviews?|events?|clicks?|plays?|items?|movies?|films?|"
    r"songs?|books?|times|entries|records)\b"
)
FEW = r"(?:fewer\s+than|less\s+than|under|below|<)"
LEAST = r"(?:at\s+least|min(?:imum|\.)?(?:\s+of)?|no\s+fewer\s+than|>=|≥|\w+\s*=)"
CORE = re.compile(
    r"(?<!\d)(\d+)[\s_-]*core\b|\bk-?\s?core\b[^\d]{0,25}(\d+)|(?<![a-z])core\D{0,3}(\d+)"
    r"|min_(?:user|item)\w*\D(\d+)",
    re.IGNORECASE,
)
FEWEST = re.compile(
    rf"(?:{LEAST}|{FEW})\s*{N}\s+{THING}|{N}\s*(?:\+|or\s+more)\s+{THING}|{N}\s+{THING}\s+or\s+more"
    rf"|\bby\s+(?:{LEAST}|{FEW})\s*{N}\s+users\b|\bper\s+(?:user|item)\s*(?:>=|≥)\s*{N}"
    rf"|\([^()]*(?:user|item)[^()]*\)\s*(?:>=|≥)\s*{N}|\bsupport\s*<\s*{N}",
    re.IGNORECASE,
)
MORE = re.compile(
    rf"(?:more\s+than|over|above|>)\s*{N}\s+{THING}|\bat\s+most\s*{N}\s+{THING}", re.IGNORECASE
)
STARS = r"(\d(?:\.\d+)?)"
LOWEST = re.compile(
    rf"\brat(?:ings?|ed)\s+(?:\w+\s+)?(?:of\s+|with\s+)?(?:at\s+least|>=|≥|from|below|under|lower"
    rf"\s+than|<)\s*{STARS}(?![\d.])(?!\s+(?:\w+\s+)?(?:movies|items|ratings|interactions|times))"
    rf"|(?<![\d-]){STARS}\s+(?:stars?\s+)?(?:or|and)\s+(?:more|higher|above|better|up|5)\b"
    rf"(?!\s+\w+ings)|\bat\s+least\s+{STARS}\s+stars?|\brat\w+\s+of\s+{STARS}\s*\+"
    rf"|(?<![\d-]){STARS}\s*\+\s+rat\w+|(?<![\d-]){STARS}-?\s+and\s+5-star"
    rf"|\bbinari[sz]\w+\s+(?:\w+\s+)?at\s+{STARS}|\bthreshold\s+(?:of\s+)?{STARS}"
    rf"|\brating\b[^.;]*\bis\s+at\s+least\s+{STARS}",
    re.IGNORECASE,
)
ABOVE = re.compile(
    rf"\brat(?:ings?|ed)\s+(?:\w+\s+)?(?:above|over|greater\s+than|higher\s+than|more\s+than|>)\s*"
    rf"{STARS}(?![\d.])(?!\s+(?:\w+\s+)?(?:movies|items|ratings|interactions|times))",
    re.IGNORECASE,
)
A_BIT = 1e-6
"""Added to what a rating must be above."""
OF_DATA = r"(?:users?|items?|movies?|data|interactions?|ratings?|rows)"
PART = re.compile(
    rf"\bsub-?sampl\w+\s+(?:of\s+|the\s+)*{OF_DATA}|\bsubset\s+of\s+(?:the\s+)?{OF_DATA}|\b\d+\s*%\s+"
    rf"sub-?sample|\bdown-?sampl\w+|\bsample\s+of\s+(?:the\s+|all\s+)*{OF_DATA}"
    rf"|\d\s*%\s+of\s+(?:the\s+|all\s+){OF_DATA}|{N}\s+(?:\w+\s+){{1,2}}users\b|{N}\s+users\s+(?:drawn|"
    rf"chosen|sampled|at\s+random)|\bmost\s+(?:active|popular)\b|\b(?:top|first)\s+{N}\s+{OF_DATA}"
    rf"|\blast\s+(?:year|month)|\bsince\s+\d{{4}}|\busers\s+\d+\s+to\s+\d+",
    re.IGNORECASE,
)
REMOVAL = re.compile(
    r"\b(?:remov\w+|drop(?:s|ped|ping)?|discard\w*|exclud\w+|filter(?:s|ed|ing)?|prun\w+|clean\w*|outliers?|"
    r"kept|keep|restrict\w*|limit(?:ed|s)?)\b",
    re.IGNORECASE,
)
DATA = re.compile(rf"\b{OF_DATA}\b", re.IGNORECASE)
TESTED = re.compile(
    rf"{N}\s+(?:\w+\s+){{0,2}}(?:test\s+|tested\s+)?users\b"
    rf"|\btest\w*\s+(?:only\s+)?(?:on\s+)?{N}\s+(?:\w+\s+)?users\b",
    re.IGNORECASE,
)
IN_TEST = re.compile(r"\b(?:test\w*|held[\s-]?out|hold[\s-]?out)\b", re.IGNORECASE)
ON_TEST = re.compile(rf"{IN_TEST.pattern}|\brelevan\w+", re.IGNORECASE)
OF_ALL = re.compile(
    r"\b(?:dropped|removed|discarded|ignored|excluded|not\s+used|positives?|training)\b",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\b(?:cannot|can't|(?:no|without(?:\s+an?y?)?)\s+(?:\w+\s+)?(?:filter\w*|cores?|thresholds?)|"
    r"not\s+(?:applied|filtered)|all\s+(?:users|interactions|ratings)[\w\s]*\s(?:stay|kept|count)|"
    r"(?:every|each|all)\s+ratings?\s+counts?)\b",
    re.IGNORECASE,
)
VALIDATION = re.compile(
    r"\b(?:users?\s+(?:\w+\s+){0,3}validation|validation\s+users?)\b", re.IGNORECASE
)
BESIDE = re.compile(
    r"\b(?:bootstrap\w*|intervals?|confidence|candidates?|negatives?|recommend\w*|lists?|rank\w*|"
    r"seen|report|group(?:s|ed)?|strat\w+|called|compared?|tests?\s+need\w*|tables?|metrics?)\b",
    re.IGNORECASE,
)
"""Words of sentences that speak of evaluation, not of what data are kept."""


@dataclass(frozen=True, slots=True)
class Fewest:
    """The fewest interactions that users and items must have; 1 for any."""

    users: int = 1
    items: int = 1

    def with_least(self, least: int, *, users: bool, items: bool) -> Fewest:
        """Return it with one more demand."""
        return Fewest(
            max(self.users, least if users else 1), max(self.items, least if items else 1)
        )


def texts(plan: Plan) -> Iterator[list[str]]:
    """Yield what a plan says in words, text by text, each as sentences; refusals are left out."""
    return ([s for s in sentences_of(text) if not REFUSED.search(s)] for text in texts_of(plan))


def sentences(plan: Plan) -> Iterator[str]:
    """Yield what a plan says in words, sentence by sentence."""
    return (s for text in texts(plan) for s in text)


def of_data(plan: Plan) -> Iterator[str]:
    """Yield the sentences that may speak of what data are kept."""
    return (s for s in sentences(plan) if not BESIDE.search(s))


def numbers(pattern: re.Pattern[str], text: str) -> list[float]:
    """Return the numbers that a pattern finds."""
    return [
        float(group.replace(",", ""))
        for match in pattern.finditer(text)
        for group in match.groups()
        if group
    ]


def planned_fewest(plan: Plan) -> Fewest:
    """Return the most interactions that a plan's words ask of users and items."""
    found = Fewest()
    for sentence in of_data(plan):
        for pattern, more in ((CORE, 0), (FEWEST, 0), (MORE, 1)):
            for match in pattern.finditer(sentence):
                least = int(next(g for g in match.groups() if g).replace(",", "")) + more
                users, items = sides(sentence, match, is_core=pattern is CORE)
                found = found.with_least(least, users=users, items=items)
    return found


def sides(sentence: str, match: re.Match[str], *, is_core: bool) -> tuple[bool, bool]:
    """Return whether a demand is of users and of items; of both where nothing says so."""
    whole = match[0].lower()
    if is_core:
        side = re.search(r"(user|item)[\s_-]*$", sentence[: match.start()], re.IGNORECASE)
        named = (side[1] if side else whole).lower()
        is_one = "user" in named, "item" in named
        return is_one if any(is_one) else (True, True)
    after = re.match(r"\s*(?:per|for\s+each|of\s+each)\s+(\w+)", sentence[match.end() :])
    if after:
        return "user" in after[1].lower(), "user" not in after[1].lower()
    before = re.split(r"\band\s+all\b|,", sentence[: match.start()])[-1]
    before += whole if re.search(r"\bper\b|\(", whole) else ""
    of_users = bool(re.search(r"\busers?\b", before, re.IGNORECASE))
    of_items = bool(
        re.search(r"\b(?:items?|movies?|films?|books?|songs?)\b", before, re.IGNORECASE)
    )
    return (of_users, of_items) if of_users or of_items else (True, True)


def planned_cores(plan: Plan) -> set[int]:
    """Return the numbers of interactions that a plan's words name."""
    return {
        int(n) + more
        for s in of_data(plan)
        for pattern, more in ((CORE, 0), (FEWEST, 0), (MORE, 1))
        for n in numbers(pattern, s)
    }


def thresholds(sentence: str) -> list[float]:
    """Return the lowest ratings that a sentence lets count."""
    return numbers(LOWEST, sentence) + [n + A_BIT for n in numbers(ABOVE, sentence)]


def lowest_planned(plan: Plan) -> float | None:
    """Return the lowest rating that counts, by field or words; None where all do."""
    if plan.min_rating is not None:
        return plan.min_rating
    chosen = [s for s in sentences(plan) if not ON_TEST.search(s) or OF_ALL.search(s)]
    return max((n for s in chosen for n in thresholds(s)), default=None)


def lowest_tested(plan: Plan) -> float | None:
    """Return the lowest rating that is tested, where a plan's words limit the test only."""
    chosen = [s for s in sentences(plan) if ON_TEST.search(s) and not OF_ALL.search(s)]
    return max((n for s in chosen for n in thresholds(s)), default=None)


def limits_test_only(plan: Plan) -> bool:
    """Whether a plan's words say that a threshold is one of the test."""
    chosen = [s for s in sentences(plan) if IN_TEST.search(s) and not OF_ALL.search(s)]
    return any(thresholds(s) for s in chosen)


def users_tested(plan: Plan) -> set[int]:
    """Return the numbers of test users that a plan's words name."""
    return {int(n) for s in sentences(plan) for n in numbers(TESTED, s)}


def is_of_a_part(plan: Plan) -> bool:
    """Whether a plan's words ask for a part of the data."""
    return any(PART.search(s) and not IN_TEST.search(s) for s in of_data(plan))


def speaks_of_filters(plan: Plan) -> bool:
    """Whether a text of a plan speaks of data that are not kept, and no number is understood.

    What is understood says itself how much is left out.
    """
    if is_of_a_part(plan) or any(VALIDATION.search(s) for s in sentences(plan)):
        return True
    return any(
        any(REMOVAL.search(s) and DATA.search(s) and not BESIDE.search(s) for s in text)
        and not any(p.search(s) for s in text for p in (CORE, FEWEST, MORE, LOWEST, ABOVE))
        for text in texts(plan)
    )
