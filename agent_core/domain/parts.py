"""The parts of a split that came with the data: files for training, to choose on, for the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from agent_core.domain.recipe import Recipe


class PartName(StrEnum):
    """What a part is for, in the order in which tables have their rows."""

    TRAIN = "train"
    VALIDATION = "validation"
    """To choose on; never trained on by the product's own scripts, never tested."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class GivenPart:
    """One file of a given split; a part may have several."""

    fold: int
    """From 0."""
    name: PartName
    file: str
    """As it was attached: the archive, where it lies in one."""
    sha256: str = ""
    rows: int = 0
    users: int = 0
    items: int = 0
    known_users: int = 0
    """Of its users, those whom the training part of its fold has."""
    known_items: int = 0
    shared_pairs: int = 0
    """Its (user, item) pairs that the training part has as well."""
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def label(self) -> str:
        """Its file as people know it."""
        return PurePosixPath(self.recipe.member.replace("\\", "/")).name or self.file


def is_split(parts: Sequence[GivenPart]) -> bool:
    """Whether files are for different things; else they are pieces of one dataset."""
    return len({p.name for p in parts}) > 1


def given_column(fold: int) -> str:
    """Return the column of a table that says to which part of a fold each row belongs."""
    return f"given_{fold}"
