"""Names of calls that tell what a script does, from the table beside this module."""

from __future__ import annotations

import tomllib
from pathlib import Path

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def names_of(kind: str) -> frozenset[str]:
    """Return the names of one kind."""
    return frozenset(_TABLE[kind])
