"""Split rules that sentences name: how many users, how much and which of each, leaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent_core.domain import Order
from agent_core.rules.plan_texts import sentences_of

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


TESTED = re.compile(
    r"(\d[\d,]*)\s+(?:\w+\s+){0,2}(?:test\s+|tested\s+)?users\b"
    r"|\btest\w*\s+(?:only\s+)?(?:on\s+)?(\d[\d,]*)\s+(?:\w+\s+)?users\b",
    re.IGNORECASE,
)
VALIDATION = re.compile(
    r"\b(?:users?\s+(?:\w+\s+){0,3}validation|validation\s+users?)\b", re.IGNORECASE
)
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
NOT_NEWEST = re.compile(
    r"\b(?:not|no|never|without|instead\s+of|rather\s+than|other\s+than|unlike|ignor\w+"
    rf"|regardless\s+of|versus|vs\.?)\s+(?:\w+\s+){{0,3}}?(?:{NEWEST.pattern})"
    rf"|(?:{NEWEST.pattern})\s+(?:\w+\s+){{0,3}}?(?:not|never|ignored|unused|disregarded)\b",
    re.IGNORECASE,
)
RANDOM = re.compile(r"\brandom\w*|\bshuffl\w*|\bsampl\w*", re.IGNORECASE)
LEAK = r"leak(?:s|age|ages|ed|ing)?\b"
FEW = r"(?:[\w-]+\s+){0,3}"
WITH_AND_WITHOUT = re.compile(
    rf"\bwith\W+(?:and|or|versus|vs\.?)\W+without\s+{FEW}{LEAK}", re.IGNORECASE
)
UNWANTED = re.compile(
    r"\b(?:without|avoid\w*|prevent\w*|no|not|never|free\s+(?:of|from)|rul\w+\s+out|exclud\w+"
    r"|against|eliminat\w+|remov\w+|fix\w*|guard\w*|protect\w*|risk\s+of|safe\s+from|detect\w*"
    rf"|control\w*\s+for|prone\s+to)\s+(?:out\s+)?{FEW}{LEAK}(?:[\s-]+(?:avoid|prevent)\w*)?"
    rf"|\b{LEAK}[\s-]*(?:free|proof|safe|avoidance|prevention|protection|check\w*|control\w*)\b"
    r"|\bnon[\s-]leak\w*|\bunleak\w*",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"\b(?:effects?|impact|influence|costs?|role|size|extent|consequences?|harm|study|analysis"
    rf"|amount|degree|severity|bias|inflation)\s+(?:of|by|from|due\s+to|through)\s+{FEW}{LEAK}"
    rf"|\b{LEAK}\s+{FEW}(?:inflat|help|rais|chang|affect|distort|bias|matter|influenc|improv"
    rf"|increas|overstat|exaggerat|effect|impact|stud)"
    rf"|\bhow\s+(?:much|far|strongly|badly|severely)\s+(?:do(?:es)?|can|will|would|may)\s+"
    rf"{FEW}{LEAK}"
    rf"|\b{LEAK}\s+(?:versus|vs\.?)\s|\b(?:versus|vs\.?)\s+{FEW}{LEAK}",
    re.IGNORECASE,
)


def tests_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield what texts say of a test, sentence by sentence."""
    return (s for text in texts for s in sentences_of(text) if TEST.search(s))


def counts_held_out(texts: Iterable[str]) -> set[int]:
    """Return the numbers of interactions per user that texts hold out."""
    found = [g for s in tests_in(texts) for m in COUNT.finditer(s) for g in m.groups() if g]
    return {1 if g.lower() == "one" else int(g) for g in found}


def test_users(texts: Iterable[str]) -> set[int]:
    """Return the numbers of test users that texts name."""
    found = [m for text in texts for s in sentences_of(text) for m in TESTED.finditer(s)]
    return {int(g.replace(",", "")) for m in found for g in m.groups() if g}


def shares_of_users(texts: Iterable[str]) -> set[float]:
    """Return the shares of the users that texts test."""
    found = [g for s in tests_in(texts) for m in OF_USERS.finditer(s) for g in m.groups() if g]
    return {PARTS[g.lower()] if g.lower() in PARTS else float(g) / 100 for g in found}


def chooses_users(texts: Iterable[str]) -> bool:
    """Whether texts choose test users by what they are."""
    return any(CHOSEN.search(s) for s in tests_in(texts))


def keeps_users_to_choose_on(texts: Iterable[str]) -> bool:
    """Whether texts speak of validation users."""
    return any(VALIDATION.search(s) for text in texts for s in sentences_of(text))


def shares_of_split(text: str) -> set[float]:
    """Return the held-out shares that the words of a split name, the rest of them too."""
    found = {float(n) for n in PERCENT.findall(text)}
    found |= {100 * float(n) for n in re.findall(r"(?<![\d.])0?\.\d+\b", text)}
    for match in RATIO.finditer(text):
        numbers = [float(n) for n in match.groups() if n]
        found |= set(numbers) if sum(numbers) == WHOLE else set()
    shares = {round(part / 100, 4) for n in found for part in (n, WHOLE - n)}
    return {share for share in shares if 0 < share < 1}


def order_of(split: str, texts: Iterable[str]) -> Order:
    """Return which interactions of a user are held out.

    Parameters
    ----------
    split
        What is said of the split itself.
    texts
        Everything that is said, the split among it.
    """
    if is_of_newest(split) and not RANDOM.search(split):
        return Order.NEWEST
    return Order.EITHER if any(map(is_of_newest, texts)) else Order.RANDOM


def is_of_newest(text: str) -> bool:
    """Whether a text speaks of the newest interactions, and does not refuse them."""
    return bool(NEWEST.search(NOT_NEWEST.sub(" ; ", text)))


def asks_about_leaks(text: str) -> bool:
    """Whether a sentence has leaks as its subject."""
    if WITH_AND_WITHOUT.search(text):
        return True
    return bool(ABOUT.search(UNWANTED.sub(" ; ", text)))
