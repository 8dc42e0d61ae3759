"""What tasks and replies say: the patterns of the table beside this module, by name."""

from __future__ import annotations

from pathlib import Path

from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_suffix(".toml"))


def says(name: str, text: str) -> bool:
    """Whether a text says what a pattern stands for."""
    return PATTERNS[name].search(text) is not None


def wish_in(question: str) -> str:
    """Return a question as the wish that it holds."""
    return PATTERNS["offer"].sub("", question.strip().rstrip("?! ")).strip()
