"""Names of calls that tell what a script does, from the table beside this module."""

from __future__ import annotations

from pathlib import Path

from agent_core.prose.text_tables import read_table

_TABLE = read_table(Path(__file__).with_suffix(".toml"))


def names_of(kind: str) -> frozenset[str]:
    """Return the names of one kind."""
    return frozenset(_TABLE[kind])
