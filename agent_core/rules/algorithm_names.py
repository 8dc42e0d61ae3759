"""How people call algorithms, by their classes: one table for tasks and for reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_core.prose.text_tables import read_table


@dataclass(frozen=True, slots=True)
class Wordings:
    """Alternatives of a regular expression, blind to case."""

    names: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    """What may be said of other things too: `most popular`."""

    @property
    def expression(self) -> str:
        """Pattern of all of them."""
        return "|".join((*self.names, *self.descriptions))


WORDINGS: Mapping[str, Wordings] = {
    kind: Wordings(**{side: tuple(found) for side, found in row.items()})
    for kind, row in read_table(Path(__file__).with_suffix(".toml")).items()
}
"""Class to what people call it."""
