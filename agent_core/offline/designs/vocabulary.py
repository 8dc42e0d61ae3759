"""Words that the grammar knows: those of the examples in its own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from agent_core import rules
from agent_core.prose.text_tables import read_table

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1], *map(Path, rules.__path__))
WORD = re.compile(r"[a-z]+")
ENDING = re.compile(r"(?:ing|ed|es|er|est|ly|s|y|e)$")
LONG = 4
"""Letters beyond which an ending is taken off a word."""


def strange_words(text: str) -> list[str]:
    """Return the words of a text that stand in no example of the grammar, in any form.

    Examples
    --------
    >>> strange_words("are the recommendations fair to left-handed users")
    ['fair', 'handed']
    """
    return [w for w in WORD.findall(text.lower()) if len(w) > 1 and _stem(w) not in _known()]


@cache
def _known() -> frozenset[str]:
    tables = (read_table(path) for folder in FOLDERS for path in sorted(folder.glob("*.toml")))
    return frozenset(
        _stem(w) for table in tables for t in _examples(table) for w in WORD.findall(t)
    )


def _examples(part: Any) -> Iterator[str]:
    """Yield the examples below a part of a table."""
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from (t.lower() for t in inner) if name == "matches" else _examples(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _examples(inner)


def _stem(word: str) -> str:
    return ENDING.sub("", word) if len(word) > LONG else word
