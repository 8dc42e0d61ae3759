"""How the file of a dataset is read: all decided once, so that nobody guesses again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Layout(StrEnum):
    """How interactions lie in a file."""

    DELIMITED = "delimited"
    """One a line, fields parted by `delimiter`."""
    SPACED = "spaced"
    """One a line, fields parted by any white space."""
    PARQUET = "parquet"
    JSON_LINES = "json_lines"
    """One object a line; columns are keys, `a.b` of an object in it."""
    JSON_ARRAY = "json_array"
    """A list of objects."""
    JSON_ROWS = "json_rows"
    """Lists, each an interaction: one a line, in a list, or at the key `inner`."""
    JSON_COLUMNS = "json_columns"
    """An object of columns, each a list or an object of its values."""
    JSON_MAP = "json_map"
    """An object of users, each an object of items to ratings or a list of items."""
    LISTS = "lists"
    """Several items a line: all fields from `lead` on, or those of field `lead` at `inner`."""
    WIDE = "wide"
    """A line a user, a column an item from `lead` on."""
    BLOCKS = "blocks"
    """`item:` and below it one line each of its users, as the Netflix Prize had it; with `inner` a
    user and a number parted by that, and below them the user's items, as Yahoo! Music had it."""
    RECORDS = "records"
    """`key: value` lines, a blank line behind each interaction."""
    RELATIONS = "relations"
    """Event, number, time, properties, and as JSON `subjects` and `objects`, as Idomaar has it."""
    LIBFM = "libfm"
    """`rating user:1 item:1` a line."""


class When(StrEnum):
    """When a line is dropped."""

    IS = "is"
    """Its value is one of `values`."""
    IS_NOT = "is_not"
    BELOW = "below"
    """Its number is below the one value."""
    ABOVE = "above"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    STARTS = "starts"
    """Its value starts with one of `values`."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A rule that leaves lines of a file out, and why."""

    column: str
    when: When
    values: tuple[str, ...]
    why: str = ""


ORDER = "order"
"""Time format of numbers that only order interactions."""
EPOCHS = ("s", "ms", "us", "ns")
"""Time formats of numbers that count from 1970."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that turns a file into interactions, resolved; needs nothing but pandas."""

    layout: Layout = Layout.DELIMITED
    compression: str = ""
    """`gzip`, `zstd`, `zip`; empty: none."""
    member: str = ""
    """The file inside an archive."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = ""
    """The quotation mark; empty where quotation marks are ordinary characters."""
    around: tuple[str, ...] = ()
    """What each line begins and ends with, left away: `(` and `)`; of lists, what users end in."""
    inner: str = ""
    """What parts the items of one field; of objects the keys (`a/b`) of lists to unfold."""
    items: tuple[str, ...] = ()
    """Names of the items of a matrix; empty: their places."""
    lead: int = 0
    """Fields before the first item, where a line has several."""
    labels: int = 0
    """1 where items end in a label (`N123-1`), which becomes a column of its own."""
    has_user: bool = False
    """Whether the first of several fields is the user; else a line's number is."""
    skip: int = 0
    """Physical lines above the first interaction."""
    bad_lines: tuple[int, ...] = ()
    """Physical lines, from 0, that have another number of fields and are left out."""
    columns: tuple[str, ...] = ()
    """In file order."""
    user: str = "user_id"
    item: str = "item_id"
    rating: str = ""
    timestamp: str = ""
    """Columns of the roles; empty: there is none."""
    is_user_number: bool = False
    """Whether each user id is a whole number in its usual form; else ids are text."""
    is_item_number: bool = False
    decimal: str = "."
    thousands: str = ""
    """What parts the thousands of ratings."""
    ending: str = ""
    """What ratings end in (`/20`), left away."""
    time_format: str = ""
    """`s`, `ms`, `us`, `ns` since 1970, `iso`, `order`, or the format of a date (`%d/%m/%Y`)."""
    missing: tuple[str, ...] = ("",)
    """Fields that stand for no rating or no time; never for an id."""
    drops: tuple[Drop, ...] = ()
    """Applied in their order, before anything is counted."""
    kinds: tuple[str, ...] = ()
    """Of side data what each column becomes: `int`, `float`, `str`, `list`; empty: left out."""
    separators: tuple[str, ...] = ()
    """Of side data what parts the entries of each list; `[`: a list as JSON or Python has it."""
    keeps_lists: bool = False
    """Whether lists inside objects are values, as they are of side data."""

    @property
    def sha256(self) -> str:
        """Its hash: two files read alike have the same."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    @property
    def roles(self) -> dict[str, str]:
        """Role to column, where there is one."""
        named = {r: getattr(self, a) for r, a in ROLE_FIELDS.items()}
        return {role: column for role, column in named.items() if column}

    def with_roles(self, columns: Mapping[str, str]) -> Recipe:
        """Return it with these columns, by role; roles that are not there have none."""
        return replace(
            self,
            user=columns.get("user_id", ""),
            item=columns.get("item_id", ""),
            rating=columns.get("rating", ""),
            timestamp=columns.get("timestamp", ""),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, as the helper of scripts takes it."""
        return asdict(self)


ROLE_FIELDS = {
    "user_id": "user",
    "item_id": "item",
    "rating": "rating",
    "timestamp": "timestamp",
}
