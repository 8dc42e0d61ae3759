"""Patterns of English that carry their examples: what each must match, and what it must spare.

One test runs the examples of all patterns of the package, of code and of `*_patterns.toml`; a new
pattern needs no test of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agent_core.prose.number_words import SEVERAL
from agent_core.prose.text_tables import read_table

NUMBER = "|".join((r"\d+", *SEVERAL))
"""What `<number>` stands for in every table: digits, or a word for a number from two on."""
_GROUP = re.compile(r"<(\w+)>")
_GOES_ON = re.compile(r"\n +")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, blind to case, beside the examples that tell what it is for."""

    expression: str
    matches: tuple[str, ...]
    """Texts in which it finds something."""
    spares: tuple[str, ...]
    """Texts near by in which it finds nothing."""

    @property
    def compiled(self) -> re.Pattern[str]:
        """The expression, compiled when it is first asked for."""
        return _compiled(self.expression)

    def search(self, text: str) -> re.Match[str] | None:
        """Return where the pattern is found first."""
        return self.compiled.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """Return what the pattern finds at the start."""
        return self.compiled.match(text)

    def sub(self, mark: str, text: str) -> str:
        """Return a text with a mark in place of what is found."""
        return self.compiled.sub(mark, text)

    def wrong_examples(self) -> tuple[str, ...]:
        """Return the examples that the pattern takes otherwise than they say."""
        missed = tuple(t for t in self.matches if not self.search(t))
        return (*missed, *(t for t in self.spares if self.search(t)))


def read_patterns(path: Path) -> dict[str, Pattern]:
    """Read the patterns of a TOML file by name.

    A table holds `words` (whole words), `also` (pieces of expressions) and the examples. A line
    holds alternatives, an indented line goes on with the one above; `<name>` stands for a group
    of the table `names`, `<number>` for digits or a number word.
    """
    tables = read_table(path)
    groups = {name: "|".join(_lines(text)) for name, text in tables.pop("names", {}).items()}
    groups["number"] = NUMBER
    return {name: _pattern(table, groups) for name, table in tables.items()}


def first_found(patterns: Iterable[Pattern], text: str) -> str:
    """Return what the first of some patterns finds; empty where none does."""
    return next((found[0] for p in patterns if (found := p.search(text))), "")


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


def _pattern(table: Mapping[str, Any], groups: Mapping[str, str]) -> Pattern:
    words = _lines(table.get("words", ""))
    parts = [rf"\b(?:{'|'.join(words)})\b"] if words else []
    expression = "|".join([*parts, *_lines(table.get("also", ""))])
    while _GROUP.search(expression):
        expression = _GROUP.sub(lambda m: f"(?:{groups[m[1]]})", expression)
    return Pattern(expression, tuple(table["matches"]), tuple(table["spares"]))


def _lines(text: str) -> list[str]:
    return [line for line in _GOES_ON.sub("", text).split("\n") if line]
