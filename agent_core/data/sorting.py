"""Files on their way to datasets: each looked at once, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from agent_core.data.choices import Doubt
from agent_core.data.file_words import FileWords
from agent_core.data.first_look import Look, first_look
from agent_core.data.given_split import WantedPart
from agent_core.domain import PartName

MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was attached, or one of an archive."""

    file: str
    """The name that it was given; of the archive, where it lies in one."""
    path: str
    member: str = ""

    @property
    def label(self) -> str:
        """The file as people know it."""
        return WantedPart(0, PartName.TRAIN, self.path, self.file, self.member).label

    @property
    def place(self) -> str:
        """Its path with folders."""
        return self.member or self.file


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one dataset."""

    source: Source
    """The file that it is known by."""
    parts: tuple[WantedPart, ...] = ()
    """Of a given split; empty: the file is all of it."""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grouping:
    """What all files are."""

    groups: tuple[FileGroup, ...] = ()
    rest: tuple[Source, ...] = ()
    """No interactions of a dataset."""
    notes: tuple[str, ...] = ()
    """What is not used, and why."""
    doubts: tuple[Doubt, ...] = ()


@dataclass(slots=True)
class Sorting:
    """Files on their way to groups."""

    task: str
    words: FileWords
    looks: dict[Source, Look] = field(default_factory=dict)
    groups: list[FileGroup] = field(default_factory=list)
    rest: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def look(self, source: Source) -> Look:
        """Return what a file is, looked at once."""
        if source not in self.looks:
            name = source.label if source.member else source.file
            self.looks[source] = first_look(Path(source.path), name, self.words, source.member)
        return self.looks[source]

    def is_named(self, source: Source) -> bool:
        """Whether the task names a file."""
        return self.words.mentions(source.place) or self.words.mentions(source.label)

    def leave(self, sources: Iterable[Source], why: str) -> None:
        """Say that files are not used."""
        labels = [s.label for s in sources]
        if labels:
            self.notes.append(f"not used: {listed(labels)} ({why})")


def listed(labels: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(labels) - MOST_LISTED
    return ", ".join(labels[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
