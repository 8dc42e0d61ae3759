"""Given splits among files: by what their names say, or by what people say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent_core.data.first_look import NO_TABLE
from agent_core.data.part_names import PartFile, base_of, folds_in, part_file
from agent_core.data.sorting import Sorting, Source
from agent_core.domain import PartName
from agent_core.prose.given_words import parts_said

Parts = dict[PartName, list[Source]]


@dataclass(frozen=True, slots=True)
class Family:
    """A given split: its folds, each with its parts."""

    base: tuple[str, ...]
    """What its names have beside parts and folds."""
    folds: tuple[Parts, ...]

    @property
    def sources(self) -> list[Source]:
        """All of its files."""
        return [s for fold in self.folds for files in fold.values() for s in files]


def families_of(sources: list[Source], sorting: Sorting) -> list[Family]:
    """Return the given splits that names or words make of files."""
    said = said_of(sources, sorting)
    has_both = {PartName.TRAIN, PartName.TEST} <= {*said.values()}
    told = _family_said(said, sorting) if has_both else None
    if told:
        sources = [s for s in sources if s not in told.sources]
    by_key: dict[tuple[str, ...], dict[Source, PartFile]] = {}
    for source in sources:
        found = part_file(source.place)
        if found.part and sorting.look(source).recipe:
            by_key.setdefault(found.key, {})[source] = found
    splits = {key: _parts_in(files) for key, files in by_key.items()}
    able = {k: s for k, s in splits.items() if _is_split(s, sorting)}
    named = [
        Family(base_of(mask), tuple(able[k] for k in keys))
        for mask, keys in folds_in(able).items()
    ]
    return [*([told] if told else []), *named]


def said_of(sources: Iterable[Source], sorting: Sorting) -> dict[Source, PartName]:
    """Return the files that the task says what they are for."""
    said = parts_said(sorting.task)
    names = {s: (s.place.lower(), s.label.lower()) for s in sources}
    return {s: said[n] for s, both in names.items() for n in both if n in said}


def _family_said(said: Mapping[Source, PartName], sorting: Sorting) -> Family | None:
    """Return the split that a task tells by its files; several of one kind are folds."""
    by_key: dict[tuple[str, ...], Parts] = {}
    for source, part in said.items():
        found = part_file(source.place)
        key = found.key if found.part else ()
        by_key.setdefault(key, {}).setdefault(part, []).append(source)
    folds = [p for p in by_key.values() if {PartName.TRAIN, PartName.TEST} <= {*p}]
    if not folds:
        merged: Parts = {}
        for source, part in said.items():
            merged.setdefault(part, []).append(source)
        folds = [merged]
    first = folds[0]
    looks = [sorting.look(s) for files in first.values() for s in files]
    odd = [s.label for files in first.values() for s in files if not sorting.look(s).recipe]
    if odd:
        sorting.doubts.append(f"{', '.join(odd)}: {NO_TABLE}, so it cannot be a part of the split")
        return None
    if not all(look.is_like(looks[0]) for look in looks):
        sorting.doubts.append("the files that the task names as parts have different columns")
    return Family((), tuple(folds))


def _parts_in(files: Mapping[Source, PartFile]) -> Parts:
    """Return files by their part, pieces of one part in order."""
    found: Parts = {}
    for source, named in sorted(files.items(), key=lambda f: (f[1].shard, f[0].place)):
        if named.part:
            found.setdefault(named.part, []).append(source)
    return found


def _is_split(parts: Parts, sorting: Sorting) -> bool:
    """Whether parts are a split: something to train on, something to test on, columns alike."""
    if PartName.TRAIN not in parts or len(parts) < 2:
        return False
    first = parts[PartName.TRAIN][0]
    if sorting.look(first).is_list:
        return False
    others = [s for files in parts.values() for s in files if s is not first]
    odd = [s.label for s in others if not sorting.look(s).is_like(sorting.look(first))]
    if odd:
        sorting.doubts.append(
            f"{', '.join(odd)} and {first.label} are named as parts of one split, but have "
            "different columns: not taken as one"
        )
    return not odd
