"""Which file of an archive holds the interactions: what people name, known names, shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent_core.data.choices import Doubt, file_choice
from agent_core.data.file_words import FileWords
from agent_core.data.first_look import first_look
from agent_core.data.known_files import file_rank
from agent_core.data.plain_file import is_zip, members_of
from agent_core.errors import BadDataset

MOST_TRIED = 40
"""Files of an archive that are looked into: those of known names, then the largest."""
UNKNOWN = 10**6
MOST_NAMED = 8
FOLD_PARTS = frozenset(("train", "test", "valid", "validation", "val", "dev", "base", "probe"))


@dataclass(frozen=True, slots=True)
class Member:
    """The file of an archive that is read."""

    name: str
    note: Doubt = ""
    """Which other files are not used; a question where it is a guess."""
    others: tuple[str, ...] = ()
    """The files that are not read, the likeliest first."""


@dataclass(frozen=True, slots=True, order=True)
class _Shape:
    """How well a file fits; the least fits best."""

    rank: int
    """Place among the names of published files."""
    is_fold: bool
    lacking: int
    """Roles that no column has."""
    guesses: int
    size: int
    """The larger the less."""
    name: str


def chosen_member(path: Path, name: str, words: FileWords) -> Member:
    """Return the file of an archive that holds the interactions; an empty name without archive.

    Raises
    ------
    BadDataset
        When no file of it is a table of interactions.
    """
    if not is_zip(path):
        return Member("")
    members = members_of(path, name)
    if len(members) == 1:
        return Member(next(iter(members)))
    said = [m for m in members if words.mentions(m)]
    if said:
        unread = tuple(m for m in members if m != said[0])
        return Member(said[0], unused_note(said[0], unread), unread)
    likeliest = sorted(members, key=lambda m: (_rank(m), -members[m]))[:MOST_TRIED]
    tried = [_shape(path, name, m, members[m]) for m in likeliest]
    shapes = sorted(s for s in tried if s)
    if not shapes:
        raise BadDataset(
            f"{name} holds {len(members)} files, none of them a table of interactions that I "
            f"know ({_listed([*members])}). Say which one is the data, e.g. “use "
            f"{_plain(likeliest[0])}”, and its columns."
        )
    best, *others = (s.name for s in shapes)
    unread = (*others, *(m for m in members if m not in (best, *others)))
    told = unused_note(best, unread)
    if others and file_rank(best) is None:
        asked = file_choice(told, [_plain(m) for m in (best, *others)])
        return Member(best, asked, unread)
    return Member(best, told, unread)


def _shape(path: Path, archive: str, member: str, size: int) -> _Shape | None:
    """Return how well a file of an archive fits; None where it is no table of interactions."""
    is_fold = bool(FOLD_PARTS & {*PurePosixPath(member).name.lower().replace("_", ".").split(".")})
    look = first_look(path, archive, FileWords(), member)
    if look.recipe is None:
        return None
    return _Shape(_rank(member), is_fold, look.lacking, len(look.doubts), -size, member)


def _rank(member: str) -> int:
    rank = file_rank(member)
    return UNKNOWN if rank is None else rank


def unused_note(chosen: str, others: Sequence[str]) -> str:
    """Say which files of an archive are not used, and how another is named."""
    if not others:
        return f"{_plain(chosen)} of the archive is read"
    return (
        f"{_plain(chosen)} of the archive is read; not used: {_listed(others)} (say “use "
        f"{_plain(others[0])}” to read another)"
    )


def _listed(members: Sequence[str]) -> str:
    named = ", ".join(map(_plain, members[:MOST_NAMED]))
    more = len(members) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _plain(member: str) -> str:
    return PurePosixPath(member.replace("\\", "/")).name
