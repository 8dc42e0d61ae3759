"""Data rules that sentences name: filters, thresholds, and parts of the data.

Read once, when a plan comes to be; what is read is shown with the plan and frozen with it. Where a
sentence leaves data out by a rule that no field holds, the rule keeps its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent_core.domain import DataRule, DataRuleKind, DataRules, Of
from agent_core.rules.plan_texts import sentences_of

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
DATA = re.compile(rf"\b{OF_DATA}\b", re.IGNORECASE)
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
BESIDE = re.compile(
    r"\b(?:bootstrap\w*|intervals?|confidence|candidates?|negatives?|recommend\w*|lists?|rank\w*|"
    r"seen|report|group(?:s|ed)?|strat\w+|called|compared|tests?\s+need\w*|tables?|metrics?)\b",
    re.IGNORECASE,
)
"""Words of sentences that speak of evaluation, not of what data are kept."""


COUNTS = tuple(p.pattern.replace("(\\d", "(?:\\d") for p in (CORE, FEWEST, MORE))
"""The patterns of demands on numbers of interactions, without groups."""
DROPS = (
    r"(?:remov\w+|drop(?:s|ped|ping)?|discard\w*|exclud\w+|filter\w*|prun\w+|clean\w*|omit\w*|"
    r"left\s+out|leav\w+\s+out)"
)
REMOVAL = re.compile(
    rf"\b(?:{DROPS}|ignor\w+|outliers?)\b|\bonly\b[^.;]*\b(?:kept|keep|used?)\b"
    r"|\b(?:keep|use)\s+only\b|\b(?:restrict|limit)\w*\s+to\b",
    re.IGNORECASE,
)
NOT_DONE = re.compile(
    r"\b(?:not|never|n't|instead\s+of|rather\s+than|without|nothing\s+(?:is|was))\s+(?:be\s+|to\s+)?"
    rf"{DROPS}\b|\b(?:no|none\s+of\s+the)\s+(?:\w+\s+){{1,8}}?(?:is|are|was|were|be|gets?)\s+{DROPS}\b"
    rf"|\b{DROPS}\s+(?:no|none|nothing|neither)\b",
    re.IGNORECASE,
)
"""A removal that is refused: `do not drop`, `no users are removed`, `drop no items`."""
GOES = re.compile(
    rf"\b(?:{DROPS}|go|goes|ignor\w+|need|requir\w+|negativ\w+|not\s+(?:count|kept|positive|relevant)"
    r"|only)\b",
    re.IGNORECASE,
)
BELOW = re.compile(rf"{FEW}|at\s+most\b", re.IGNORECASE)
LOW = re.compile(r"\b(?:below|under|lower)\b|<(?!=)", re.IGNORECASE)
FIELDS = re.compile(
    r"\b(?:columns?|fields?|files?|scale|values?|headers?|types?)\b", re.IGNORECASE
)
"""Things of a table or a rating scale that no filter takes away."""


def count_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text asks for numbers of interactions of users and items."""
    return [m.span() for p in (CORE, FEWEST, MORE) for m in p.finditer(text)]


def data_rules(texts: Iterable[str]) -> tuple[DataRule, ...]:
    """Return the data rules that texts name, each once."""
    found: list[DataRule] = []
    for text in texts:
        told = [s for s in sentences_of(text) if not is_refused(s)]
        read = [rule for s in told for rule in (*count_rules(s), *threshold_rules(s))]
        others = [r for s in told for r in other_rules(s, is_understood=bool(read))]
        found += [*read, *others]
    return tuple({(r.kind, r.amount, r.of): r for r in reversed(found)}.values())[::-1]


def is_refused(sentence: str) -> bool:
    """Whether a sentence says that nothing is left out, or does not speak of what is kept."""
    return bool(REFUSED.search(sentence) or NOT_DONE.search(sentence))


def count_rules(sentence: str) -> Iterator[DataRule]:
    """Yield what a sentence asks of the number of interactions of users and items."""
    if BESIDE.search(sentence):
        return
    for pattern, more in ((CORE, 0), (FEWEST, 0), (MORE, 1)):
        kind = DataRuleKind.CORE if pattern is CORE else DataRuleKind.FEWEST
        for match in pattern.finditer(sentence):
            if BELOW.match(match[0]) and not goes(sentence):
                continue
            least = int(next(g for g in match.groups() if g).replace(",", "")) + more
            users, items = sides(sentence, match, is_core=pattern is CORE)
            of = Of.BOTH if users and items else Of.USERS if users else Of.ITEMS
            yield DataRule(kind, least, of, text=sentence.strip())


def goes(sentence: str) -> bool:
    """Whether a sentence leaves something out, not only speaks of it."""
    return bool(GOES.search(sentence))


def threshold_rules(sentence: str) -> Iterator[DataRule]:
    """Yield the lowest ratings that a sentence lets count for all of the data."""
    if not ON_TEST.search(sentence) or OF_ALL.search(sentence):
        yield from lowest_ratings(sentence)


def lowest_ratings(sentence: str) -> Iterator[DataRule]:
    """Yield the lowest ratings that a sentence lets count."""
    for pattern in (LOWEST, ABOVE):
        for match in pattern.finditer(sentence):
            if LOW.search(match[0]) and not goes(sentence):
                continue
            amount = float(next(g for g in match.groups() if g))
            yield DataRule(
                DataRuleKind.LOWEST_RATING,
                amount,
                is_above=pattern is ABOVE,
                text=sentence.strip(),
            )


def other_rules(sentence: str, *, is_understood: bool) -> Iterator[DataRule]:
    """Yield the sentence itself where it leaves data out by a rule that no field holds."""
    if BESIDE.search(sentence):
        return
    is_part = PART.search(sentence) and not IN_TEST.search(sentence)
    is_removal = REMOVAL.search(sentence) and DATA.search(sentence)
    if is_part or (is_removal and not is_understood and not FIELDS.search(sentence)):
        yield DataRule(DataRuleKind.OTHER, text=sentence.strip())


def lowest_tested(texts: Iterable[str], pattern: re.Pattern[str] = ON_TEST) -> float | None:
    """Return the lowest rating that is tested, where a sentence limits the test only."""
    sentences = [s for text in texts for s in sentences_of(text) if not is_refused(s)]
    chosen = [s for s in sentences if pattern.search(s) and not OF_ALL.search(s)]
    rules = DataRules(tuple(rule for s in chosen for rule in lowest_ratings(s)))
    return rules.lowest_rating


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
