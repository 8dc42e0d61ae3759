"""What experiments may import and use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packages:
    """What experiments may import: distribution name to version, read from the sandbox."""

    python: str
    versions: Mapping[str, str]
    modules: frozenset[str] = frozenset()
    """Top-level modules that can be imported; empty: not known."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a script may use, and what there is; 0 where it is not known."""

    script_mib: int = 0
    """Memory of one script, all its processes together."""
    machine_mib: int = 0
    script_s: float = 0.0
    """Seconds of the clock for one script."""
