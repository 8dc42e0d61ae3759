"""What tasks say of the parts of a design: the patterns of the tables beside this module."""

from __future__ import annotations

import re
from pathlib import Path

from agent_core.prose.patterns import read_patterns

_FOLDER = Path(__file__).parent
PATTERNS = read_patterns(_FOLDER / "level_patterns.toml") | read_patterns(
    _FOLDER / "protocol_patterns.toml"
)


def says(name: str, text: str) -> bool:
    """Whether a text says what a pattern stands for."""
    return PATTERNS[name].search(text) is not None


def found(name: str, text: str) -> re.Match[str] | None:
    """Return where a pattern is found first."""
    return PATTERNS[name].search(text)


def number_in(name: str, text: str) -> int | None:
    """Return the number that a pattern finds in one of its groups."""
    match = PATTERNS[name].search(text)
    digits = next((g for g in match.groups() if g), None) if match else None
    return int(float(digits)) if digits else None
