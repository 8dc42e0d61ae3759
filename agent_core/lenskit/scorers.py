"""What LensKit 2025 offers as scorers: where they live, what they take, what they are good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent_core.prose.text_tables import read_table


@dataclass(frozen=True, slots=True)
class Scorer:
    """One LensKit scorer."""

    kind: str
    module: str
    parameters: tuple[str, ...]
    """Names of its configuration."""
    example: str
    """A sensible construction for top-n."""
    is_random: bool = False
    predicts: bool = False
    """Whether its scores are ratings."""
    ranks: bool = True
    """Whether it is sensible for top-n."""
    folds_in: bool = True
    """Whether it ranks for users whom training does not see, from what they keep."""
    note: str = ""
    ignores_seed: bool = False
    """Whether it draws from NumPy's global generator, whatever seed it is given."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other names that people use for a parameter."""
    memory: Mapping[str, float] = field(default_factory=dict)
    """Bytes that training takes for each interaction, item_pair and so on."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds for each million interactions, 1,000 users and so on."""


def _read_table() -> dict[str, Scorer]:
    """Read the table beside this module, by LensKit class."""
    table = read_table(Path(__file__).with_suffix(".toml"))
    return {
        kind: Scorer(kind, **(row | {"parameters": tuple(row["parameters"])}))
        for kind, row in table.items()
    }


SCORERS = _read_table()
"""LensKit class to what it is."""
