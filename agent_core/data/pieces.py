"""Pieces of one dataset: files of one form whose names differ in numbers or months only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent_core.data.choices import pieces_choice
from agent_core.data.first_look import Look
from agent_core.data.given_split import WantedPart
from agent_core.data.part_names import part_file
from agent_core.data.sorting import FileGroup, Sorting, Source, listed
from agent_core.domain import PartName

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
NUMBERED = re.compile(
    rf"\d+|(?<![a-z])(?:{MONTHS})(?:uary|ruary|ch|il|e|y|ust|t?ember|ober)?(?![a-z])"
)
"""What tells pieces apart: `combined_data_1`, `slice.0-999`, `2019-Oct`."""


def numbered_alike(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return paths together that differ in numbers or months only, those of a group in order."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(NUMBERED.sub("#", path.lower()), []).append(path)
    return [tuple(sorted(group, key=_in_order)) for group in found.values()]


def whole_groups(tables: Sequence[Source], sorting: Sorting) -> list[FileGroup]:
    """Return the datasets that files are, pieces of one together, unless people say otherwise."""
    places = {s.place: s for s in tables}
    groups = []
    for alike in numbered_alike(places):
        pieces = [places[p] for p in alike]
        if len(pieces) > 1 and _are_pieces(pieces, sorting):
            groups.append(_group_of(pieces))
            told = f"{listed([s.label for s in pieces])} are taken as pieces of one dataset"
            if not sorting.words.is_together:
                sorting.doubts.append(pieces_choice(told))
        else:
            groups += [FileGroup(source) for source in pieces]
    return sorted(groups, key=lambda g: tables.index(g.source))


def has_pieces(members: Iterable[str]) -> bool:
    """Whether files of an archive are told apart by numbers only, and are no folds of a split."""
    whole = [m for m in members if not part_file(m).part]
    return any(len(group) > 1 for group in numbered_alike(whole))


def _are_pieces(files: Sequence[Source], sorting: Sorting) -> bool:
    """Whether files of names alike are of one form, and nobody speaks of each by itself."""
    said = sorting.words.is_together
    is_meant = not any(map(sorting.is_named, files)) if said is None else said
    return is_meant and len({_form(sorting.look(s)) for s in files}) == 1


def _form(look: Look) -> tuple[object, ...]:
    recipe = look.recipe
    return (look.has_header, recipe and (recipe.layout, recipe.columns, recipe.delimiter))


def _group_of(pieces: Sequence[Source]) -> FileGroup:
    """Return one dataset of several files: all of it is to be trained on, nothing is given."""
    wanted = (WantedPart(0, PartName.TRAIN, s.path, s.file, s.member) for s in pieces)
    return FileGroup(pieces[0], tuple(wanted))


def _in_order(path: str) -> list[tuple[int, str]]:
    """Order numbers by what they are, and months as in a year."""
    parts = re.findall(rf"\d+|{MONTHS}|[^\d]", path.lower())
    months = {m: n for n, m in enumerate(MONTHS.split("|"), start=1)}
    return [(int(p), "") if p.isdigit() else (months.get(p, 0), p) for p in parts]
