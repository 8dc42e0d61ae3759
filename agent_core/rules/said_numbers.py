"""The numbers of a text with their units, as lists where they stand in one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from agent_core.prose.number_words import COMPOUND, SEVERAL, number_of

PARTS = {"hal": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
"""What a whole is divided into, by the name of a part without its end."""
_WORDS = "|".join(sorted(SEVERAL, key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:,\d{3}){1,4}(?!\d)|\d{0,15}\.\d{1,15}|\d{1,15}"
_PART = r"(?:hal(?:f|ves)|thirds?|quarters?|fifths?|tenths?)"
_NOUN = (
    r"(?:them|test|training|user|rating|purchase|play|item|interaction|artist|record|data|history|"
    r"profile|customer|listener)"
)
_RATIO = r"(?<![\w.])(?P<first>\d{2})\s?[/:]\s?(?P<second>\d{2})(?![\w/]|\.\d)"
_AMOUNT = (
    rf"(?<![\w./-])1/(?P<nth>[2-9]|1\d|20)(?=\s*(?:[,)]|and\b|or\b|of\b|$))"
    rf"|(?P<percent>half a per ?cent\b)"
    rf"|(?<![\w.])(?P<part>(?:(?:{_DIGITS}|{_WORDS}|one|a|the(?! other)|random|newest|last)\s)?"
    rf"{_PART})\b(?P<of>(?=\s+of\s+(?:(?:the|each|every|all|\w+)\s+){{0,2}}{_NOUN}s?\b))?"
    rf"|(?<![\w.])(?P<digits>{_DIGITS})(?P<unit>\s?%|\s?per ?cent\b)?(?P<kilo>k\b)?"
    rf"(?=s\b|[^\w]|$)(?!\.\d)"
    rf"|\b(?P<word>{COMPOUND}|{_WORDS}|one)\b(?!-?one\b)(?P<word_unit>\s?%|\s?per ?cent\b)?"
)
_DATE = r"(?<![\w.-])(?P<year>(?:19|20)\d\d)-\d\d(?:-\d\d)?(?![\w-])"
FOUND = re.compile(rf"{_DATE}|{_RATIO}|{_AMOUNT}", re.IGNORECASE)
_FILLING = (
    r"(?:only|just|of|the|a|at|least|most|less than|fewer than|more than|another|then|also|"
    r"per|each|products with|>=|<=|≥|≤|>|<|=|@)"
)
SEPARATOR = re.compile(
    rf"(?:-?core|-?fold)?\s*(?:,|/|\band\b|\bor\b|,\s*(?:and|or)\b)\s*"
    rf"(?:{_FILLING}\s*)*",
    re.IGNORECASE,
)
KILO = 1000
LARGEST = 1e12
"""From here on digits are no number that a plan has: an id, a hash."""
RATIO = 0.0
"""The scale of what stands in no list: `80/20`."""
KINDS = re.compile(r"-?(core|fold)", re.IGNORECASE)
LONE = re.compile(r"\s*(?:$|[,.;:)\n]|and\b|or\b)")
"""What follows a number that nothing is said to count."""
RANGE = re.compile(r"\s*(?:to|through|until|till|\u2013|-)\s*", re.IGNORECASE)
NAMED = re.compile(r"[A-Za-z]-$")
"""A number that belongs to a name: `ml-100`."""
ALONE = (1.0, 2.0)
"""Numbers that as single words mostly count nothing: `one of the models`, `between two runs`."""


class Unit(StrEnum):
    """In what a number is given."""

    NONE = ""
    SHARE = "share"
    """Of something, 0 to 1: per cent, a fifth, 80/20."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number where it stands."""

    value: float
    start: int
    end: int
    unit: Unit = Unit.NONE
    scale: float = 1.0
    """By which numbers before it in its list are multiplied: `25, 50 or 75 percent`."""
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Numbers that belong together, often one alone."""

    amounts: tuple[Amount, ...]
    is_range: bool = False

    @property
    def start(self) -> int:
        """Where it begins in its text."""
        return self.amounts[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.amounts[-1].end

    @property
    def values(self) -> tuple[float, ...]:
        """Its numbers; shares as parts of 1."""
        return tuple(a.value for a in self.amounts)

    @property
    def is_share(self) -> bool:
        """Whether it tells parts of something."""
        return self.amounts[-1].unit is Unit.SHARE

    @property
    def is_weak(self) -> bool:
        """Whether it may count nothing: a single `one` or `two`, or a `half` of nothing told."""
        only = self.amounts[0]
        is_loose = only.value in ALONE or only.unit is Unit.SHARE
        return len(self.amounts) == 1 and only.is_word and is_loose


def listings_of(text: str) -> tuple[Listing, ...]:
    """Return the numbers of a text, those of a list together.

    Examples
    --------
    >>> [found.values for found in listings_of("20 % or 25 %, seeds 1 to 8, a fifth of users")]
    [(0.2, 0.25), (1.0, 8.0), (0.2,)]
    """
    return tuple(map(_scaled, _joined(text, tuple(_amounts(text)))))


def _amounts(text: str) -> Iterator[Amount]:
    for found in FOUND.finditer(text):
        is_name = NAMED.search(text, max(0, found.start() - 2), found.start())
        before = text[max(0, found.start() - 4) : found.start()].lower()
        if not is_name or before == "top-":
            yield from _amount(found)


def _amount(found: re.Match[str]) -> Iterator[Amount]:
    """Yield the number that is found, if it is one."""
    at = (found.start(), found.end())
    if found["year"]:
        yield Amount(float(found["year"]), *at)
    elif found["first"]:
        first, second = int(found["first"]), int(found["second"])
        if first + second == 100:
            yield Amount(second / 100, *at, Unit.SHARE, RATIO)
        else:
            middle = found.start("second")
            yield Amount(first, at[0], found.end("first"))
            yield Amount(second, middle, at[1])
    elif found["nth"]:
        yield Amount(1 / int(found["nth"]), *at, Unit.SHARE)
    elif found["percent"]:
        yield Amount(0.005, *at, Unit.SHARE)
    elif found["part"]:
        count, size = _part(found["part"])
        is_loose = found["of"] is None
        yield Amount(count / size, *at, Unit.SHARE, 1 / size, is_word=is_loose)
    else:
        unit = found["unit"] or found["word_unit"]
        written = (found["digits"] or found["word"]).lower()
        value = number_of(written)
        value *= KILO if found["kilo"] else 1
        scaled = (Unit.SHARE, 0.01) if unit else (Unit.NONE, 1.0)
        if value < LARGEST:
            yield Amount(value * scaled[1], *at, *scaled, is_word=not found["digits"])


def _part(words: str) -> tuple[float, int]:
    """Return of `three quarters` 3 and 4, of `a fifth` 1 and 5."""
    *before, name = words.lower().split()
    size = next(n for known, n in PARTS.items() if name.startswith(known))
    count = before[0] if before else ""
    is_counted = count in SEVERAL or count == "one" or count[:1].isdigit()
    return (number_of(count) if is_counted else 1.0), size


def _joined(text: str, amounts: Sequence[Amount]) -> Iterator[Listing]:
    """Yield lists and ranges of numbers, in their order."""
    group: list[Amount] = []
    for amount in amounts:
        between = text[group[-1].end : amount.start] if group else ""
        if group and RANGE.fullmatch(between) and len(group) == 1:
            yield Listing((*group, amount), is_range=True)
            group = []
            continue
        is_separated = SEPARATOR.fullmatch(between) is not None
        is_other = len(group) == 1 and _is_other_unit(between, group[-1], amount)
        if group and not (is_separated and not is_other and _goes_on(text, group[-1], amount)):
            yield Listing(tuple(group))
            group = []
        group.append(amount)
    if group:
        yield Listing(tuple(group))


def _is_other_unit(between: str, first: Amount, second: Amount) -> bool:
    """Whether a share stands beside a number of something else: `lists of 10, 20 % held out`."""
    is_share = first.unit is Unit.NONE and second.unit is Unit.SHARE
    return is_share and between.strip() == ","


def _goes_on(text: str, last: Amount, following: Amount) -> bool:
    """Whether a list goes on: with numbers of one kind, cut-offs also with a bare one."""
    if RATIO in (last.scale, following.scale):
        return False
    kind, other = (KINDS.match(text, a.end) for a in (last, following))
    if kind and (other is None or kind[1].lower() != other[1].lower()):
        return False
    is_cut = text[max(0, last.start - 1) : last.start] == "@"
    is_cut_too = text[following.start - 1] == "@"
    return not is_cut or is_cut_too or LONE.match(text, following.end) is not None


def _scaled(listing: Listing) -> Listing:
    """Return a list in which the unit of the last number is that of all."""
    last = listing.amounts[-1]
    if last.unit is Unit.NONE:
        return listing
    return replace(
        listing,
        amounts=tuple(
            a if a.unit is last.unit else replace(a, value=a.value * last.scale, unit=last.unit)
            for a in listing.amounts
        ),
    )
