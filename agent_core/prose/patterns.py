"""Patterns of English that carry their examples: what each must match, and what it must spare.

One test runs the examples of all patterns of the package; a new pattern needs no test of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, blind to case, beside the examples that tell what it is for."""

    expression: str
    matches: tuple[str, ...]
    """Texts in which it finds something."""
    spares: tuple[str, ...]
    """Texts near by in which it finds nothing."""
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the expression once."""
        object.__setattr__(self, "compiled", re.compile(self.expression, re.IGNORECASE))

    def search(self, text: str) -> re.Match[str] | None:
        """Return where the pattern is found first."""
        return self.compiled.search(text)

    def sub(self, mark: str, text: str) -> str:
        """Return a text with a mark in place of what is found."""
        return self.compiled.sub(mark, text)

    def wrong_examples(self) -> tuple[str, ...]:
        """Return the examples that the pattern takes otherwise than they say."""
        missed = tuple(t for t in self.matches if not self.search(t))
        return (*missed, *(t for t in self.spares if self.search(t)))
