"""The numbers of a sentence as lists of levels, each with what it counts: one reading for all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from agent_core.offline.catalogue import PARAMETERS
from agent_core.offline.designs.text import REMEMBERED, Sentence, blotted
from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_name("quantity_patterns.toml"))
BESIDE = 45
"""Characters beside a list in which its unit or its topic stands."""
FAR = 90
"""Characters before a list of several levels in which its topic may stand."""

_CLOSED = re.compile(r"^\s*[}\]]")


class Role(StrEnum):
    """What the numbers of a list are levels or amounts of."""

    CUT = "cut"
    CORE = "core"
    RATING = "rating"
    RATIO = "ratio"
    FOLD = "fold"
    SPLIT = "split"
    SEED = "seed"
    CANDIDATES = "candidates"
    SETTING = "setting"
    """A hyperparameter; `name` says which."""
    PROFILE = "profile"
    TRAINING = "training"
    """Shares of the training part."""
    SHARE = "share"
    """Of anything."""
    PERSON = "person"
    EVENT = "event"
    UNKNOWN = "unknown"


UNITS = (
    Role.PROFILE, Role.CORE, Role.FOLD, Role.SPLIT, Role.SEED, Role.CANDIDATES, Role.RATING,
    Role.PERSON,
    Role.EVENT,
)  # fmt: skip
"""Roles that what stands right behind numbers tells, the most special first."""
TOPICS = (
    Role.CUT, Role.CORE, Role.SPLIT, Role.SEED, Role.FOLD, Role.PROFILE, Role.TRAINING,
    Role.RATING,
)  # fmt: skip
"""Roles that what stands before numbers tells."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A list of numbers, often one alone, and of words for none or all of something."""

    start: int
    end: int
    values: tuple[float, ...]
    role: Role = Role.UNKNOWN
    name: str = ""
    """Of a setting."""
    has_none: bool = False
    """Whether one of its levels is the data, the training or the profile as it is."""
    is_strict: tuple[bool, ...] = ()
    """Of each number, whether only what lies above it counts."""
    is_range: bool = False
    """Whether it is the ends of one: `seeds 1 to 8`."""


@dataclass(frozen=True, slots=True)
class _Item:
    start: int
    end: int
    value: float | None
    """None for a word."""
    is_share: bool = False


def quantities_of(sentence: Sentence) -> tuple[Quantity, ...]:
    """Return the lists of numbers of a sentence; one without a unit is of what was spoken of."""
    return _quantities(sentence.text, sentence.topic)


def seen_by(sentence_text: str, roles: Collection[Role]) -> str:
    """Return a text of the same length in which only numbers of some roles, or of none, stand.

    Lists that stand side by side are parted, so that none is read as going on with the other.
    """
    found = _quantities(sentence_text, "")
    spans = [(q.start, q.end) for q in found if q.role not in (*roles, Role.UNKNOWN)]
    if Role.SPLIT not in roles:
        spans += _ratios(sentence_text)
    for one, other in pairwise(found):
        between = sentence_text[one.end : other.start]
        if one.role is not other.role and not re.search(r"\w{4}", between):
            spans.append((one.end, other.start))
    return blotted(sentence_text, spans)


def without_ratios(text: str) -> str:
    """Return a text of the same length without parts of a whole, which are of the split."""
    return blotted(text, _ratios(text))


def with_topics(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return sentences with what the one before was about, where they are lists alone."""
    found: list[Sentence] = []
    topic = ""
    for sentence in sentences:
        is_list = PATTERNS["list_alone"].match(sentence.text) is not None
        found.append(replace(sentence, topic=topic) if is_list else sentence)
        topic = _topic_of(sentence.text) or (topic if is_list else "")
    return tuple(found)


@lru_cache(REMEMBERED)
def _quantities(text: str, topic: str) -> tuple[Quantity, ...]:
    found: list[Quantity] = []
    for items in _lists(text):
        for part in _parted(text, items):
            found.append(_quantity(text, part, topic, found[-1] if found else None))
    return tuple(found)


def _lists(text: str) -> Iterator[list[_Item]]:
    """Yield numbers and words of levels that stand in one list."""
    group: list[_Item] = []
    for item in _items(text):
        between = text[group[-1].end : item.start] if group else ""
        goes_on = bool(group) and (
            PATTERNS["between"].compiled.fullmatch(between) or _is_range(between)
        )
        if group and not (goes_on and _is_list(text, group, item)):
            yield from _with_numbers(group)
            group = []
        group.append(item)
    yield from _with_numbers(group)


def _is_list(text: str, group: Sequence[_Item], item: _Item) -> bool:
    """Whether an item goes on with a list: in units and marks as those before."""
    if text[max(0, group[-1].start - 1) : group[-1].start] == "@":
        is_marked = text[item.start - 1] == "@"
        return is_marked or PATTERNS["alone"].match(text[item.end :]) is not None
    last = group[-1]
    is_known = last.value is not None and item.value is not None
    return not (is_known and last.is_share and not item.is_share)


def _is_range(between: str) -> bool:
    return PATTERNS["range"].compiled.fullmatch(between) is not None


def _items(text: str) -> Iterator[_Item]:
    ratios = _ratios(text)
    for match in PATTERNS["item"].compiled.finditer(text):
        if any(a <= match.start() < b for a, b in ratios):
            continue
        if match[1] is None:
            yield _Item(*match.span(), None)
        else:
            share = text[match.end(1) : match.end(1) + 1] == "%"
            yield _Item(match.start(), match.end(), float(match[1]), share)


def _ratios(text: str) -> list[tuple[int, int]]:
    """Return where parts of a whole stand: `80/20`, not `1 / 3 / 9`."""
    found = PATTERNS["ratio"].compiled.finditer(text)
    return [m.span() for m in found if sum(map(int, re.findall(r"\d+", m[0]))) in (10, 100)]


def _with_numbers(group: list[_Item]) -> Iterator[list[_Item]]:
    if any(i.value is not None for i in group):
        yield group


def _parted(text: str, items: list[_Item]) -> Iterator[list[_Item]]:
    """Yield the lists of which one looks like more: `32, 64, 128 and 5, 10 or 15`."""
    for place in range(1, len(items) - 1):
        between = text[items[place - 1].end : items[place].start]
        after = text[items[place].end : items[place + 1].start]
        if re.search(r"\b(?:and|or)\b", between) and "," in after and "," not in between:
            yield items[:place]
            yield from _parted(text, items[place:])
            return
    topic, unit = _topic_before(text, items[0].start), _unit_behind(text, items[-1].end)
    if len(items) > 1 and topic[0] is Role.UNKNOWN:
        topic = _unit_behind(text, items[-2].end)
    is_apart = Role.UNKNOWN not in (topic[0], unit[0]) and topic != unit
    if is_apart and any(i.value is not None for i in items[:-1]):
        yield items[:-1]
        yield items[-1:]
        return
    yield items


def _quantity(text: str, items: list[_Item], topic: str, last: Quantity | None) -> Quantity:
    start, end = items[0].start, items[-1].end
    numbers = [i for i in items if i.value is not None]
    role, name = _role_of(text, items, topic)
    if (
        role is Role.UNKNOWN
        and last
        and PATTERNS["and_of_it"].compiled.fullmatch(text[last.end : start])
    ):
        role, name = last.role, last.name
    return Quantity(
        start, end, tuple(dict.fromkeys(i.value for i in numbers if i.value is not None)),
        role, name, len(numbers) < len(items),
        tuple(PATTERNS["strictly"].search(text[max(0, i.start - 8) : i.start]) is not None
              for i in numbers),
        len(items) == 2 and _is_range(text[items[0].end : items[1].start]),
    )  # fmt: skip


def _role_of(text: str, items: list[_Item], topic: str) -> tuple[Role, str]:
    start, end = items[0].start, items[-1].end
    numbers = [i for i in items if i.value is not None]
    if any(PATTERNS["core_unit"].match(text[i.end :]) for i in numbers):
        return Role.CORE, ""
    if PATTERNS["cut_mark"].search(text[:start]):
        return Role.CUT, ""
    beside = _topic_before(text, start)
    if numbers[-1].is_share:
        return beside if beside[0] is Role.TRAINING else (Role.SHARE, "")
    unit = _unit_behind(text, end)
    if unit[0] is Role.UNKNOWN and len(numbers) > 1:
        unit = _unit_behind(text, numbers[0].end)  # `at 3 stars, at 4 or at 5`
    if unit[0] is not Role.UNKNOWN:
        return unit
    if beside[0] is not Role.UNKNOWN:
        return beside
    if len(items) > 1 and (far := _far_topic(text, start))[0] is not Role.UNKNOWN:
        return far
    if topic:
        kind, _, name = topic.partition(":")
        return Role(kind), name
    return Role.UNKNOWN, ""


def _unit_behind(text: str, end: int) -> tuple[Role, str]:
    """Return what the words right behind numbers say that they count."""
    behind = _CLOSED.sub("", text[end : end + BESIDE])
    if name := next((n for n in PARAMETERS if _setting_unit(n).match(behind)), ""):
        return Role.SETTING, name
    role = next((r for r in UNITS if PATTERNS[f"{r}_unit"].match(behind)), Role.UNKNOWN)
    return role, ""


def _topic_before(text: str, start: int) -> tuple[Role, str]:
    """Return what the words right before numbers say that they are levels of."""
    before = PATTERNS["lead_in"].sub("", text[max(0, start - BESIDE) : start])
    if name := next((n for n in PARAMETERS if _setting_topic(n).search(before)), ""):
        return Role.SETTING, name
    role = next((r for r in TOPICS if PATTERNS[f"{r}_topic_end"].search(before)), Role.UNKNOWN)
    return role, ""


def _far_topic(text: str, start: int) -> tuple[Role, str]:
    """Return the topic that was named last before numbers, if no other numbers stand between."""
    before = re.split(r"[\d;]", text[max(0, start - FAR) : start])[-1]
    told = _topic_of(before)
    kind, _, name = told.partition(":")
    return (Role(kind), name) if told else (Role.UNKNOWN, "")


def _topic_of(text: str) -> str:
    """Return the role, and the name of a setting, that a text speaks of last."""
    found = [
        *((r.value, PATTERNS[f"{r}_topic"].compiled) for r in TOPICS),
        *((f"{Role.SETTING}:{n}", _setting(n)) for n in PARAMETERS),
    ]
    places = [(m.end(), told) for told, pattern in found for m in pattern.finditer(text)]
    return max(places)[1] if places else ""


@cache
def _setting(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{PARAMETERS[name]})(?![\w-])", re.IGNORECASE)


@cache
def _setting_unit(name: str) -> re.Pattern[str]:
    words = r"\s*(?:latent\s+|nearest\s+|training\s+|embedding\s+)*"
    return re.compile(rf"{words}(?:{PARAMETERS[name]})(?![\w-])", re.IGNORECASE)


@cache
def _setting_topic(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{PARAMETERS[name]})$", re.IGNORECASE)
