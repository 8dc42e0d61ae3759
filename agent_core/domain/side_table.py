"""Side data: what is known of users or items beside their interactions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from agent_core.domain.recipe import Recipe


class SideOf(StrEnum):
    """What side data are about."""

    ITEM = "item"
    USER = "user"


class SideKind(StrEnum):
    """What a column of side data holds."""

    INT = "int"
    """Whole numbers, none missing."""
    FLOAT = "float"
    STR = "str"
    """Texts as they stand; dates too."""
    LIST = "list"
    """Lists of texts: `a|b`, JSON lists."""


@dataclass(frozen=True, slots=True)
class SideColumn:
    """One column of side data."""

    name: str
    kind: SideKind
    distinct: int
    """Different values; of lists different entries."""
    missing: int = 0
    """Rows of the table without a value."""
    examples: tuple[str, ...] = ()
    """Two values; of users none, which are about people."""


@dataclass(frozen=True, slots=True)
class SideTable:
    """A table with one row an item or a user of a dataset, beside its interactions."""

    file: str
    """The file as scripts see it; `recipe` names the part of an archive."""
    of: SideOf
    recipe: Recipe
    """How its file is read: the key is in the role, the other columns by `kinds`."""
    columns: tuple[SideColumn, ...]
    """Without the key."""
    rows: int
    matched: int
    """Items or users of the dataset that have a row."""
    share: float
    """Share of the dataset's items or users that have one."""
    sha256: str
    """Of the file."""
    table_sha256: str = ""
    is_own: bool = False
    """Whether the columns stand in the file of the interactions itself: the most frequent value
    of each item or user is taken."""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return what the file is called, without archive and folders."""
        return PurePosixPath((self.recipe.member or self.file).replace("\\", "/")).name

    @property
    def key(self) -> str:
        """Return the column with the ids."""
        return self.recipe.item if self.of is SideOf.ITEM else self.recipe.user


@dataclass(frozen=True, slots=True)
class SideFile:
    """What a file that holds no interactions came to: a table, or why it is not used."""

    name: str
    table: SideTable | None = None
    reason: str = ""
    """Why it is not used, as the end of a sentence that begins with its name."""
    doubts: tuple[str, ...] = ()
    """What was guessed, for people to correct."""
    share: float = 0.0
    """Of the dataset's items or users, those that it has rows for."""
