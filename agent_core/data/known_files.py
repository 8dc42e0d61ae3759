"""Published files whose columns do not say by themselves what they hold: one table of recipes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from agent_core.domain.recipe import ROLE_FIELDS, Drop, When

PACKED = (".gz", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is known of a published file."""

    title: str
    roles: Mapping[str, str | int]
    """Role to column, by name or by place from 1."""
    columns: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    width: int = 0
    not_rated: tuple[str, ...] = ()
    events: Mapping[str, tuple[Drop, ...]] = field(default_factory=dict)
    """What people may ask for to the rules that leave the rest out."""
    usual: str = ""
    """The event that alone counts unless people say otherwise."""
    inner: str = ""
    """What parts the items of one field."""
    label: str = ""
    """The column that the labels become in which these items end (`N123-1`)."""
    items: tuple[int, ...] = ()
    """Places of other columns that could be the item."""
    remark: str = ""
    """What is to be known of how it is read."""
    cite: str = ""
    licence: str = ""

    def column_of(self, role: str, columns: tuple[str, ...]) -> str:
        """Return the column of a role; empty where it has none here."""
        column = self.roles.get(role, "")
        if isinstance(column, int):
            return columns[column - 1]
        return column if column in columns else ""


def file_rank(name: str) -> int | None:
    """Return the place of a name among those of published files; None where it is none."""
    return RANKS.get(_plain(name))


def known_file(
    names: Iterable[str], columns: tuple[str, ...], *, has_header: bool
) -> KnownFile | None:
    """Return what is known of a file, by its header or by one of its names and its width."""
    plain = {*map(_plain, names)}
    for known in KNOWN:
        is_named = plain & {*known.files} and len(columns) == known.width and not has_header
        if is_named or (has_header and known.columns and known.columns <= {*columns}):
            return known
    return None


def _plain(name: str) -> str:
    """Return the name of a file without folders, unpacked."""
    plain = PurePosixPath(name.replace("\\", "/")).name
    for ending in PACKED:
        plain = plain.removesuffix(ending)
    return plain


def _known_of(table: Mapping[str, Any]) -> KnownFile:
    events = {
        event: tuple(
            Drop(r["column"], When(r["when"]), tuple(r["values"]), r["why"]) for r in rules
        )
        for event, rules in table.get("events", {}).items()
    }
    return KnownFile(
        title=table["title"],
        roles={role: table[f] for role, f in ROLE_FIELDS.items() if f in table},
        columns=frozenset(table.get("columns", ())),
        files=tuple(table.get("files", ())),
        width=table.get("width", 0),
        not_rated=tuple(table.get("not_rated", ())),
        events=events,
        usual=table.get("usual", ""),
        inner=table.get("inner", ""),
        label=table.get("label", ""),
        items=tuple(table.get("items", ())),
        remark=table.get("remark", ""),
        cite=table.get("cite", ""),
        licence=table.get("licence", ""),
    )


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
KNOWN = tuple(map(_known_of, _TABLES.values()))
"""In the order of the table: the first that fits is taken."""
USUAL = (
    "ratings.csv",
    "ratings.dat",
    "ratings.tsv",
    "interactions.csv",
    "reviews.csv",
    "events.csv",
)
RANKS = {f: n for n, f in enumerate(dict.fromkeys((*(f for k in KNOWN for f in k.files), *USUAL)))}
"""Names of files of interactions, those of whole datasets before those of their folds."""
