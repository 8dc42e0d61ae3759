"""What was attached: which files are one dataset, which are parts of its split, what is unused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agent_core.data.choices import family_choice, file_choice, split_choice
from agent_core.data.file_words import file_words
from agent_core.data.first_look import Look
from agent_core.data.given_split import WantedPart
from agent_core.data.known_files import file_rank
from agent_core.data.members import chosen_member
from agent_core.data.part_names import part_file
from agent_core.data.pieces import has_pieces, whole_groups
from agent_core.data.plain_file import content_sha256, is_data, is_zip, members_of
from agent_core.data.sorting import FileGroup, Grouping, Sorting, Source, listed
from agent_core.data.split_families import Family, Parts, families_of, said_of
from agent_core.domain import PartName
from agent_core.errors import BadDataset
from agent_core.prose.given_words import says_given

UNKNOWN = 10**6
TO = re.compile(r"\b(?:to|through|till|until)\b|[\u2013\u2014\u2026]|\.\.|(?<=\d)\s*-\s*(?=\w)")
"""Between two names that stand for those between them as well: `u1.base to u5.base`."""


def group_files(files: Mapping[str, Path], task: str = "") -> Grouping:
    """Return which of the files are datasets, which are parts of their given splits.

    Parameters
    ----------
    files
        Name to path, as attached.
    task
        The user's words, which may say what files are for.
    """
    sorting = Sorting(task, file_words(task))
    sources = [s for name, path in files.items() for s in _sources_of(name, path, sorting)]
    if len(sources) < 2:
        return Grouping(tuple(map(FileGroup, sources)))
    sorting.rest = [s for s in sources if not is_data(s.place)]
    sources = _without_copies([s for s in sources if s not in sorting.rest], sorting)
    families = families_of(sources, sorting)
    taken = {s for f in families for s in f.sources}
    whole = [s for s in sources if s not in taken]
    _take(families, whole, sorting)
    if not sorting.groups:
        # Reading the largest says what is wrong with it.
        largest = max(sources or sorting.rest, key=lambda s: Path(s.path).stat().st_size)
        sorting.groups.append(FileGroup(largest))
        sorting.rest = [s for s in sorting.rest if s != largest]
    return Grouping(
        tuple(sorting.groups), tuple(sorting.rest), tuple(sorting.notes), tuple(sorting.doubts)
    )


def _sources_of(name: str, path: Path, sorting: Sorting) -> Iterator[Source]:
    """Yield a file, or those of an archive where names or words say that parts are in it."""
    if not is_zip(path):
        yield Source(name, str(path))
        return
    members = [Source(name, str(path), m) for m in members_of(path, name)]
    named = {part_file(m.place).part for m in members} | {*said_of(members, sorting).values()}
    has_parts = PartName.TRAIN in named and len(named - {None}) > 1
    if len(members) > 1 and (has_parts or has_pieces(m.place for m in members)):
        yield from members
    else:
        yield Source(name, str(path))


def _without_copies(sources: list[Source], sorting: Sorting) -> list[Source]:
    """Leave out what is there twice, packed or under another name, and say so."""
    known: dict[str, list[Source]] = {}
    for source in sources:
        try:
            member = source.member or _read_member(source, sorting)
            digest = content_sha256(Path(source.path), source.file, member)
        except BadDataset:
            digest = f"{source.file}/{source.member}"
        same = known.setdefault(digest, [])
        first = next((s for s in same if not _are_other_parts(s, source)), None)
        if first is None:
            same.append(source)
        else:
            sorting.notes.append(
                f"{source.label} holds the same as {first.label}; it is used once"
            )
    kept = {s for same in known.values() for s in same}
    return [s for s in sources if s in kept]


def _are_other_parts(one: Source, other: Source) -> bool:
    """Whether two files are named as different parts, which may hold the same."""
    named = [part_file(s.place) for s in (one, other)]
    return all(n.part for n in named) and len({(n.key, n.part, n.shard) for n in named}) > 1


def _read_member(source: Source, sorting: Sorting) -> str:
    """Return the file of an archive that would be read."""
    return chosen_member(Path(source.path), source.file, sorting.words).name


def _take(families: list[Family], whole: list[Source], sorting: Sorting) -> None:
    """Decide which given splits and which whole files are the datasets."""
    named = [f for f in families if any(map(sorting.is_named, f.sources))]
    families, unused = (
        (named, [f for f in families if f not in named])
        if named
        else (_one_each(families, sorting), [])
    )
    for family in unused:
        sorting.leave(family.sources, "the task names other files")
    tables = _tables(whole, sorting, has_split=bool(families))
    is_said = bool(named) or says_given(sorting.task)
    if families and not is_said and any(map(sorting.is_named, tables)):
        for family in families:
            sorting.leave(family.sources, "the task names other files")
        families = []
    elif families and tables and not is_said:
        families = _beside_whole(families, tables, sorting)
    elif families:
        sorting.leave(tables, "the given split is used")
        tables = []
    for family in families:
        sorting.groups.append(_group_of(_folds_named(family, sorting), sorting))
    sorting.groups += whole_groups(tables, sorting)


def _one_each(families: list[Family], sorting: Sorting) -> list[Family]:
    """Return one of several given splits of the same dataset, the one with most folds."""
    best: dict[tuple[str, ...], Family] = {}
    for family in families:
        known = best.get(family.base)
        if known is None or len(family.folds) > len(known.folds):
            best[family.base] = family
    for family in families:
        chosen = best[family.base]
        if family is not chosen:
            told = (
                f"{listed([s.label for s in chosen.sources])} are used as the given split, not "
                f"{listed([s.label for s in family.sources])}, which are another one"
            )
            sorting.doubts.append(family_choice(told, [_ends(f) for f in (chosen, family)]))
    return [f for f in families if best[f.base] is f]


def _ends(family: Family) -> tuple[str, str]:
    """Return the first and the last file of a given split, which stand for all of it."""
    return family.sources[0].label, family.sources[-1].label


def _tables(whole: list[Source], sorting: Sorting, *, has_split: bool) -> list[Source]:
    """Return the files that are datasets of their own; say why others are none."""
    looks = {s: sorting.look(_read_of(s, sorting)) for s in whole}
    sorting.rest += [s for s, look in looks.items() if look.recipe is None]
    able = [s for s, look in looks.items() if look.recipe]
    lone = [s for s in able if part_file(s.place).part and not looks[s].is_list]
    said = [s for s in able if sorting.is_named(s)]
    sure = [s for s in able if looks[s].is_sure and s not in lone]
    kept = said or sure or [s for s in able if s not in lone] or ([] if has_split else lone)
    for source in lone:
        if source in kept:
            part = part_file(source.place).part
            sorting.doubts.append(
                f"{source.label} is named as the {part} part of a split; the other parts are not "
                "there, so all of it is used as the dataset"
            )
    kept = kept if said else _best_of_each(kept, looks, sorting)
    others = [s for s in able if s not in kept]
    sorting.rest += [s for s in others if s not in lone]
    sorting.leave([s for s in others if s in lone], "a part without the rest of its split")
    return kept


def _read_of(source: Source, sorting: Sorting) -> Source:
    """Return the file of an archive that is read where the archive as a whole is meant."""
    try:
        return replace(source, member=source.member or _read_member(source, sorting))
    except BadDataset:
        return source


def _best_of_each(
    tables: list[Source], looks: Mapping[Source, Look], sorting: Sorting
) -> list[Source]:
    """Return of files about the same users and items the one of interactions: not the tags."""
    best: dict[tuple[str, str, str], Source] = {}
    for source in sorted(tables, key=lambda s: _fitness(s, looks[s])):
        recipe = looks[source].recipe
        if recipe is None:
            continue
        # Files with all the same columns are datasets of their own.
        same = [k for k, s in best.items() if _are_of_one(looks[s], looks[source])]
        if not same:
            best[(recipe.user, recipe.item, source.place)] = source
        elif not _is_plainly_meant(best[same[0]], looks):
            labels = [best[same[0]].label, source.label]
            told = "{} is used, not {}, which is about the same users and items".format(*labels)
            sorting.doubts.append(file_choice(told, labels))
    return [s for s in tables if s in best.values()]


def _is_plainly_meant(source: Source, looks: Mapping[Source, Look]) -> bool:
    """Whether a file has ratings, or the name of one of interactions."""
    recipe = looks[source].recipe
    return bool(recipe and recipe.rating) or file_rank(source.place) is not None


def _are_of_one(one: Look, other: Look) -> bool:
    """Whether two files with a header speak of the same ids in different columns."""
    if not (one.has_header and other.has_header and one.recipe and other.recipe):
        return False
    return one.is_like(other) and one.recipe.columns != other.recipe.columns


def _fitness(source: Source, look: Look) -> tuple[int, int, int, int]:
    rank = file_rank(source.place)
    size = Path(source.path).stat().st_size
    return (UNKNOWN if rank is None else rank, look.lacking, len(look.doubts), -size)


def _beside_whole(families: list[Family], tables: list[Source], sorting: Sorting) -> list[Family]:
    """Leave given splits aside where the whole dataset lies beside them, and ask."""
    kept = []
    for family in families:
        own = sorting.look(family.sources[0])
        beside = [t for t in tables if sorting.look(_read_of(t, sorting)).is_like(own)]
        if not beside:
            kept.append(family)
            continue
        files = listed([s.label for s in family.sources])
        told = f"{beside[0].label} is used whole, not {files}, the parts of a given split"
        sorting.doubts.append(split_choice(told, beside[0].label))
    return kept


def _folds_named(family: Family, sorting: Sorting) -> Family:
    """Return the folds of a split that the task names, else all."""
    named = [n for n, f in enumerate(family.folds) if any(map(sorting.is_named, _of(f)))]
    if not named:
        return family
    if len(named) > 1 and _is_range(family, named, sorting):
        named = [*range(named[0], named[-1] + 1)]
    left = [s for n, f in enumerate(family.folds) if n not in named for s in _of(f)]
    sorting.leave(left, "the task names other files")
    return Family(family.base, tuple(family.folds[n] for n in named))


def _is_range(family: Family, named: list[int], sorting: Sorting) -> bool:
    """Whether a task names the first and the last of several folds for all of them."""
    text = sorting.task.lower()
    first, last = (
        [text.index(s.label.lower()) for s in _of(family.folds[n]) if s.label.lower() in text]
        for n in (named[0], named[-1])
    )
    return bool(first and last) and TO.search(text[min(first) : max(last)]) is not None


def _of(fold: Parts) -> list[Source]:
    return [s for files in fold.values() for s in files]


def _group_of(family: Family, sorting: Sorting) -> FileGroup:
    """Return the files of a given split, its last part tested where none is called test."""
    wanted, doubts = [], []
    for number, fold in enumerate(family.folds):
        parts = dict(fold)
        if PartName.TEST not in parts:
            parts[PartName.TEST] = parts.pop(PartName.VALIDATION)
            labels = ", ".join(s.label for s in parts[PartName.TEST])
            doubts.append(f"{labels} is tested on: there is no part called test")
        wanted += [
            WantedPart(number, part, s.path, s.file, s.member)
            for part in PartName
            for s in parts.get(part, ())
        ]
    return FileGroup(family.folds[0][PartName.TRAIN][0], tuple(wanted), tuple(doubts))
