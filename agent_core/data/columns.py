"""What a column holds, by its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from agent_core.errors import BadDataset

ROLES = {
    "user_id": (
        r"user|users|userid|uid|u|customer|customers|reviewer|member|account|visitor|reader|viewer"
        r"|listener|client|session|person|student|patient|subscriber|buyer"
    ),
    "item_id": (
        r"item|items|itemid|iid|i|movie|movies|film|product|products|asin|parentasin|stock|isbn|book|books|track"
        r"|song|artist|business|anime|game|article|news|video|course|recipe|restaurant|hotel|poi"
        r"|venue|sku|document|doc|page|url|app|show|album"
    ),
    "rating": (
        r"rating|ratings|score|scores|stars|star|value|r|bookrating|userrating|overall|weight"
        r"|plays|playcount|play|count|clicks|preference|feedback"
    ),
    "timestamp": (
        r"timestamp|time|date|datetime|unixtime|unixreviewtime|ts|t|created|createdat|reviewtime"
        r"|reviewdate|timestampms|eventtime|ratedat|tdat|invoicedate|orderdate|purchasedate"
    ),
}
"""Usual names, without case, digits and punctuation; an ending such as `id` may follow."""
ENDING = r"(?:ids?|idx|index|no|nr|num|number|key|code|hash)?"


def role_of(column: str) -> str | None:
    """Return what a column holds, by its name."""
    plain = re.sub(r"[^a-z]", "", column.lower().removeprefix("synthetic_"))
    for role, pattern in ROLES.items():
        if re.fullmatch(f"(?:{pattern}){ENDING}", plain):
            return role
    return None


def numbered_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names, repeated or empty ones numbered."""
    seen: list[str] = []
    for number, name in enumerate(names):
        label = name or f"column_{number}"
        seen.append(f"{label}_{number}" if label in seen else label)
    return tuple(seen)


def by_place(count: int) -> tuple[str, ...]:
    """Name the columns of a table without a header by their place, from 1."""
    return tuple(f"column_{i}" for i in range(1, count + 1))


def existing_column(column: str, names: Sequence[str], name: str) -> str:
    """Return the column that a task means; refuse one that is not there, naming the nearest."""
    by_case = {n.lower(): n for n in names}
    if column.lower() in by_case:
        return by_case[column.lower()]
    near = difflib.get_close_matches(column.lower(), by_case, n=1, cutoff=0.5)
    nearest = f" The nearest is {by_case[near[0]]}." if near else ""
    raise BadDataset(
        f"{name} has no column {column!r}, which the task names; it has {', '.join(names)}."
        f"{nearest} Ask again with one of these."
    )
