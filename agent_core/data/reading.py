"""A file on its way to a table: what is decided of it, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from agent_core.data.choices import Doubt
from agent_core.data.file_words import FileWords
from agent_core.data.known_files import KnownFile
from agent_core.data.plain_file import PlainFile
from agent_core.data.plain_numbers import are_plain_numbers
from agent_core.data.table import (
    Trouble,
    number_source,
    quoted_text,
    run,
    source_of,
    write_table,
)
from agent_core.domain.recipe import Recipe


@dataclass(slots=True)
class Reading:
    """A file on its way to a table."""

    name: str
    plain: PlainFile
    recipe: Recipe
    opened: duckdb.DuckDBPyConnection
    folder: Path
    target: Path
    words: FileWords
    has_header: bool = True
    others: tuple[str, ...] = ()
    """Time formats that fit the first lines as well."""
    known: KnownFile | None = None
    notes: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    """What was guessed, for people to correct."""
    source: str = ""
    unused: tuple[str, ...] = ()
    """The files of its archive that are not read."""

    @property
    def table(self) -> str:
        """Return the SQL of the table that was written."""
        return f"read_parquet({quoted_text(self.target)})"

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Return what a query on the file or the table gives."""
        return run(self.opened, sql)

    def numbers(self, *fields: str, of: str = "") -> list[int]:
        """Return whole numbers that are counted over the table, or over something else."""
        source = of or self.table
        row = self.query(f"SELECT {', '.join(fields)} FROM {source}")[0]
        return [int(str(v or 0)) for v in row]

    def count(self, condition: str) -> int:
        """Return how many lines of the file meet a condition."""
        return self.numbers("count(*)", of=f"{self.source} WHERE {condition}")[0]

    def write(self) -> None:
        """Write the table by the recipe."""
        self.source = source_of(self.opened, self.plain, self.recipe, self.folder)
        if not self._is_written_as_numbers():
            write_table(self.opened, self.source, self.recipe, self.target)

    def _is_written_as_numbers(self) -> bool:
        """Write the table of a file of plain numbers, where it is one; it is the same table."""
        if not are_plain_numbers(self.plain, self.recipe):
            return False
        numbers = number_source(self.plain, self.recipe)
        try:
            write_table(self.opened, numbers, self.recipe, self.target, has_numbers=True)
        except Trouble:
            # A number that no type holds, or an open field.
            return False
        return True
