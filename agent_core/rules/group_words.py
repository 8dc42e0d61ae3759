"""What words say of groups of users or items: by what, how many, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain.design import GroupBy
from agent_core.prose.number_words import SEVERAL
from agent_core.prose.text_tables import read_table

MOST_GROUPS = 20
_TABLE = read_table(Path(__file__).with_name("group_words.toml"))
_USERS, _ITEMS = (tuple(_TABLE[name]) for name in ("users", "items"))
_QUANTITIES: Mapping[str, Mapping[str, Sequence[str]]] = _TABLE["quantities"]
_PARTS: Mapping[str, int] = _TABLE["parts"]
_NUMBER = "|".join((r"\d{1,2}", *SEVERAL))
_COUNTED = re.compile(
    rf"\b({_NUMBER})\s+(?:[\w-]+\s+){{0,4}}?(?:groups|buckets|bins|segments|classes|strata)\b",
    re.IGNORECASE,
)
_PARTED = re.compile(rf"\b({'|'.join(_PARTS)})\b", re.IGNORECASE)
_RANKED = "|".join((*_TABLE["low"], *_TABLE["between"], *_TABLE["high"]))
_RANK = rf"(?:{_RANKED})(?:ly)?"
_JOINED = r"\s*(?:/|,|,?\s*(?:and|or|versus|vs\.?|against|than|to|from)\b)\s*(?:the\s+)?"
_OWN = r"(?:\s+(?!and\b|or\b)(?:users?|listeners?|customers?|readers?|buyers?|profiles?|groups?))?"
_RANKS = re.compile(rf"\b{_RANK}{_OWN}(?:{_JOINED}{_RANK}(?![\w-]){_OWN})+", re.IGNORECASE)
_ONE_RANK = re.compile(rf"\b{_RANK}\b", re.IGNORECASE)
_LISTED = re.compile(
    r"\bgroups?\s*(?:\(|:\s*|called\s+|named\s+)([A-Za-z][\w -]*(?:(?:\s*[/,]\s*|\s+and\s+)"
    r"(?:and\s+)?[A-Za-z][\w-]*)+)",
    re.IGNORECASE,
)
_SHARE = r"\s+(\d+(?:\.\d+)?)\s?(?:%|per ?cent)(?!\s+of\s+(?:each|every))"
_LOWEST = re.compile(rf"\b(?:lowest|bottom|least (?:active|popular)){_SHARE}", re.IGNORECASE)
_HIGHEST = re.compile(rf"\b(?:highest|top|most (?:active|popular)){_SHARE}", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[/,]\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GroupsSaid:
    """What a text says of groups."""

    by: GroupBy = GroupBy.UNSAID
    count: int = 0
    names: tuple[str, ...] = ()
    """From low to high."""
    ends: tuple[float, ...] = ()
    """Shares at which they end, where they are not of about equal size."""


def groups_said(*texts: str) -> GroupsSaid:
    """Read how many groups texts ask for, and what they call them; the first that says it counts.

    Examples
    --------
    >>> groups_said("four groups of users by activity").count
    4
    >>> groups_said("heavy, middle and light users").names
    ('light', 'middle', 'heavy')
    """
    count = next((n for text in texts if (n := _count_in(text))), 0)
    called = [names for text in texts if (names := _names_in(text))]
    ends = next((cuts for text in texts if (cuts := _ends_in(text))), ())
    count = len(ends) + 1 if ends else count
    fitting = next((c for c in called if len(c) == (count or len(c))), ())
    by = next((rule for text in texts if (rule := group_by(text))), GroupBy.UNSAID)
    return GroupsSaid(by, count or len(fitting), fitting, ends)


def group_by(text: str) -> GroupBy:
    """Return what words group users or items by.

    Examples
    --------
    >>> group_by("activity of users").value, group_by("popularity of items").value
    ('user_activity', 'item_popularity')
    """
    said = text.lower()
    is_of_items = _says(said, _ITEMS) and not _says(said, _USERS)
    own = _QUANTITIES["items" if is_of_items else "users"]
    found = next((name for name, words in own.items() if _says(said, words)), "")
    return GroupBy(found)


def _count_in(text: str) -> int:
    if counted := _COUNTED.search(text):
        word = counted[1].lower()
        number = SEVERAL.get(word) or int(word)
        return number if 1 < number <= MOST_GROUPS else 0
    parted = _PARTED.search(text)
    return _PARTS[parted[1].lower()] if parted else 0


def _ends_in(text: str) -> tuple[float, ...]:
    """Return the shares at which groups end: `the lowest 20 %, the highest 10 %`.

    Examples
    --------
    >>> _ends_in("niche (lowest 20 %), blockbuster (highest 10%), and the rest")
    (0.2, 0.9)
    """
    low, high = (
        {float(m[1]) / 100 for m in pattern.finditer(text)} for pattern in (_LOWEST, _HIGHEST)
    )
    ends = {*low, *(round(1 - share, 6) for share in high)}
    return tuple(sorted(e for e in ends if 0 < e < 1))


def _names_in(text: str) -> tuple[str, ...]:
    """Return the names of groups from low to high, as they are listed or by words of rank."""
    if listed := _LISTED.search(text):
        names = [n.strip() for n in _BETWEEN.split(listed[1])]
    elif ranks := _RANKS.search(text):
        names = _ONE_RANK.findall(ranks[0])
    else:
        return ()
    names = list(dict.fromkeys(n.lower() for n in names))
    if len(names) < 2 or len(names) > MOST_GROUPS:
        return ()
    is_falling = names[0] in _TABLE["high"] or names[-1] in _TABLE["low"]
    return tuple(reversed(names) if is_falling else names)


def _says(text: str, beginnings: Sequence[str]) -> bool:
    """Whether some word begins so."""
    return any(re.search(rf"\b{word}", text) for word in beginnings)
