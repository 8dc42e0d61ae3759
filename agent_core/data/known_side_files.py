"""Published files of items and users whose columns do not say by themselves what they hold."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownSide:
    """What is known of a published file of items or users."""

    of: str
    """`item` or `user`."""
    files: tuple[str, ...]
    key: str
    """The column with the ids; empty: the one that matches."""
    columns: tuple[str, ...] = ()
    """Names of the columns, in files without a header."""
    lists: Mapping[str, str] = field(default_factory=dict)
    """Column to what parts its entries."""


def known_side(name: str, columns: tuple[str, ...], *, has_header: bool) -> KnownSide | None:
    """Return what is known of a file, by its name and its width or header."""
    for known in KNOWN:
        is_whole = {*known.lists} <= {*columns}
        fits = is_whole if has_header else len(columns) == len(known.columns)
        if name in known.files and fits:
            return known
    return None


def _known_of(table: Mapping[str, Any]) -> KnownSide:
    return KnownSide(
        of=table["of"],
        files=tuple(table["files"]),
        key=table["key"],
        columns=tuple(table.get("columns", ())),
        lists=table.get("lists", {}),
    )


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
KNOWN = tuple(map(_known_of, _TABLES.values()))
