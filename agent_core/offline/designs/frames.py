"""What a clause says by words of several classes, in whatever order they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_core.prose.text_tables import read_table


@dataclass(frozen=True, slots=True)
class Frame:
    """Classes of words that a clause must all have one of, and those that it must not have."""

    all: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    matches: tuple[str, ...]
    spares: tuple[str, ...]

    def fits(self, text: str) -> bool:
        """Whether a text has a word of each class, each at a place of its own."""
        if any(pattern.search(text) for pattern in self.none):
            return False
        return _are_apart([[m.span() for m in p.finditer(text)] for p in self.all])

    def wrong_examples(self) -> tuple[str, ...]:
        """Return the examples that the frame takes otherwise than they say."""
        missed = tuple(t for t in self.matches if not self.fits(t))
        return (*missed, *(t for t in self.spares if self.fits(t)))


def read_frames(path: Path) -> Mapping[str, tuple[Frame, ...]]:
    """Read the frames of a table by what they say."""
    table = read_table(path)
    classes = {
        name: re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE)
        for name, words in table["classes"].items()
    }
    found: dict[str, list[Frame]] = {}
    for row in table["frames"]:
        wanted, barred = (tuple(classes[n] for n in row.get(part, ())) for part in ("all", "none"))
        frame = Frame(wanted, barred, tuple(row["matches"]), tuple(row["spares"]))
        found.setdefault(row["says"], []).append(frame)
    return {name: tuple(frames) for name, frames in found.items()}


def _are_apart(places: list[list[tuple[int, int]]]) -> bool:
    """Whether each class has a place that no other one needs; there are few of both."""
    if not places:
        return True
    first, *rest = places
    return any(
        _are_apart([[p for p in some if p[1] <= a or b <= p[0]] for some in rest])
        for a, b in first
    )
