"""Which column of a table holds users, items, ratings and times: by name, place, or the task."""

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
        r"item|items|itemid|iid|i|movie|movies|film|product|products|asin|isbn|book|books|track"
        r"|song|artist|business|anime|game|article|news|video|course|recipe|restaurant|hotel|poi"
        r"|venue|sku|document|doc|page|url|app|show|album"
    ),
    "rating": (
        r"rating|ratings|score|scores|stars|star|value|r|bookrating|userrating|overall|weight"
        r"|plays|playcount|play|count|clicks|preference|feedback"
    ),
    "timestamp": (
        r"timestamp|time|date|datetime|unixtime|unixreviewtime|ts|t|created|createdat|reviewtime"
        r"|reviewdate|timestampms|eventtime|ratedat"
    ),
}
"""Usual names, without case, digits and punctuation; an ending such as `id` may follow."""
ENDING = r"(?:ids?|idx|index|no|nr|num|number|key|code|hash)?"
POSITIONS = ("user_id", "item_id", "rating", "timestamp")
WORDS = {"user_id": "a user", "item_id": "an item"}
SAID = {
    "user_id": r"users?(?:[ _-]?ids?)?|customers?|readers?",
    "item_id": r"items?(?:[ _-]?ids?)?|movies?|products?|books?",
    "rating": r"ratings?|scores?|stars",
    "timestamp": r"time ?stamps?|times?|dates?",
}
"""How a task names what a column holds."""
QUOTES = "\"'`\u201c\u201d\u2018\u2019"
COLUMN = rf"[{QUOTES}]?([A-Za-z_][\w.-]*)[{QUOTES}]?"
FILLERS = frozenset(
    (
        *("is", "are", "named", "called", "not", "missing", "there", "the", "a", "an"),
        *("of", "in", "and", "or", "with", "for", "to"),
    )
)
DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")


def role_of(column: str) -> str | None:
    """Return what a column holds, by its name."""
    plain = re.sub(r"[^a-z]", "", column.lower().removeprefix("synthetic_"))
    for role, pattern in ROLES.items():
        if re.fullmatch(f"(?:{pattern}){ENDING}", plain):
            return role
    return None


def roles_of(names: Sequence[str], name: str, task: str = "") -> dict[str, str]:
    """Return which column holds what; user and item are needed.

    Parameters
    ----------
    names
        The columns of the table.
    name
        The file, for messages.
    task
        The user's words, which may say what a column holds.

    Raises
    ------
    BadDataset
        When user or item are not found, or the task names a column that is not there.
    """
    found = {role: _existing(c, names, name) for role, c in _said_columns(task).items()}
    taken = set(found.values())
    for column in names:
        role = role_of(column)
        if role and role not in found and column not in taken:
            found[role] = column
    missing = [role for role in WORDS if role not in found]
    if missing:
        wanted = " and ".join(WORDS[m] for m in missing)
        raise BadDataset(
            f"{name} has the columns {', '.join(names)}; I find no column for {wanted}. Say it in "
            f"the task (“the user column is {names[0]}”), name them user_id and item_id (rating "
            "and timestamp are optional), or remove the header so that the order user, item, "
            "rating, timestamp counts."
        )
    return found


def numbered_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names, repeated or empty ones numbered."""
    seen: list[str] = []
    for number, name in enumerate(names):
        label = name or f"column_{number}"
        seen.append(f"{label}_{number}" if label in seen else label)
    return tuple(seen)


def by_position(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Name the columns of a table without a header: user, item, rating, timestamp.

    A third column that holds times in all rows is the timestamp.
    """
    count = len(rows[0])
    order = list(POSITIONS)
    if count > 2 and all(len(r) > 2 and _is_time(r[2]) for r in rows):
        order = ["user_id", "item_id", "timestamp", "rating"]
    return tuple(order[i] if i < len(order) else f"column_{i}" for i in range(count))


def _said_columns(task: str) -> dict[str, str]:
    """Return the columns that a task names for a role, e.g. `ratings are in column score`."""
    found: dict[str, str] = {}
    for role, said in SAID.items():
        patterns = (
            rf"\b(?:{said})\s+(?:is|are|stands?|lies?)\s+in\s+(?:the\s+)?column\s+{COLUMN}",
            rf"\b(?:{said})\s+(?:is|are|stands?|lies?)\s+in\s+(?:the\s+)?{COLUMN}\s+column",
            rf"\bcolumn\s+{COLUMN}\s+(?:is|holds|has|contains|are|as)\s+(?:the\s+)?(?:{said})\b",
            rf"\b(?:{said})\s+column\s*(?:is\s+(?:named|called)|is|=|:|named|called)\s*{COLUMN}",
            rf"\b(?:{said})\s+column\s+[{QUOTES}]([A-Za-z_][\w.-]*)[{QUOTES}]",
            rf"\buse\s+(?:the\s+)?(?:column\s+)?{COLUMN}\s+as\s+(?:the\s+)?(?:{said})\b",
        )
        for pattern in patterns:
            match = re.search(pattern, task, re.IGNORECASE)
            if match and match[1].lower().rstrip(".") not in FILLERS:
                found[role] = match[1].rstrip(".")
                break
    return found


def _existing(column: str, names: Sequence[str], name: str) -> str:
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


def _is_time(text: str) -> bool:
    """Whether a field is a date, or seconds or milliseconds since 1970."""
    if DAY.match(text):
        return True
    try:
        value = float(text)
    except ValueError:
        return False
    return 1e8 < value < 1e14
