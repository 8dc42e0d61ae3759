"""From a task to its first plan: which files it means, what is in them, what will be done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agent_core.data.child import Wanted, group_in_child, read_in_child
from agent_core.data.choices import text_of
from agent_core.data.file_scopes import without_scopes, words_of_file
from agent_core.data.given_files import RECIPES, table_name, write_recipes
from agent_core.data.joined_sides import join_sides
from agent_core.data.plain_file import is_data, is_zip
from agent_core.data.sorting import FileGroup, Grouping, Source, listed
from agent_core.domain import Dataset, Plan, PlanChange, Task
from agent_core.errors import BadDataset

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MOST_FILES = 200
"""Of a folder; the largest published dataset that comes as a folder has about 60."""
NAMED_FILE = re.compile(r"[\w.-]+\.\w{1,8}\b")


def files_of(task: Task, workspace: Path) -> dict[str, Path]:
    """Return the datasets of a task: what is attached, else files of the workspace it names.

    Raises
    ------
    BadDataset
        When there is none, with how to give one.
    """
    if task.files:
        return _file_names([f for path in task.files for f in _files_in(path)])
    names = dict.fromkeys(NAMED_FILE.findall(task.text))
    found = [workspace / n for n in names if (workspace / n).is_file()]
    if found:
        return _file_names((p.name, p) for p in found)
    missing = f" ({', '.join(names)} is not in {workspace})" if names else ""
    raise BadDataset(
        f"There is no dataset{missing}. Attach a file with user and item columns (CSV, TSV, "
        f"u.data), or name one that lies in the folder `exec.workspace`."
    )


async def read_files(
    files: Mapping[str, Path], folder: Path, task: str = ""
) -> tuple[Dataset, ...]:
    """Read all datasets among files, each in a process of its own; put tables and recipes away.

    Parameters
    ----------
    files
        Name to the file, as attached.
    folder
        Where scripts are given their data from.
    task
        The user's words, which may say what columns hold and what files are for.

    Raises
    ------
    BadDataset
        When none of them can be used; why not the first.
    """
    grouping = await _grouping_of(files, without_scopes(task, files))
    groups = {g.source.file: g for g in reversed(grouping.groups)}
    names = [n for n in files if n in groups]
    words = _words_of_each([groups[n] for n in names], task)
    wanted = [
        _wanted(groups[n], files[n], folder, said) for n, said in zip(names, words, strict=True)
    ]
    results = await asyncio.gather(*map(read_in_child, wanted), return_exceptions=True)
    found, faults = [], []
    for result in results:
        if isinstance(result, Dataset):
            found.append(result)
        elif isinstance(result, BadDataset):
            faults.append(result)
        else:
            raise result
    if not found:
        raise faults[0]
    asked = [d for n in names for d in groups[n].doubts]
    asked += [f"not used: {fault}" for fault in faults]
    left = [g.source.label for g in grouping.groups if g is not groups[g.source.file]]
    asked += [f"{label} is another dataset of the archive and not used" for label in left]
    joined = await join_sides(_each_once(found), grouping.rest, files, folder, task)
    grouping = replace(grouping, rest=joined.rest)
    datasets = _with_remarks([*joined.datasets], grouping, [*asked, *joined.doubts])
    write_recipes(folder / RECIPES, datasets)
    return datasets


async def _grouping_of(files: Mapping[str, Path], task: str) -> Grouping:
    """Return what the files are; one that is no archive needs no look."""
    if len(files) == 1 and not any(map(is_zip, files.values())):
        ((name, path),) = files.items()
        return Grouping((FileGroup(Source(name, str(path))),))
    return await group_in_child(files, task)


def _words_of_each(groups: Sequence[FileGroup], task: str) -> list[str]:
    """Return what is said of each dataset: all but what speaks of others alone."""
    files = [{g.source.file, *(p.file for p in g.parts)} for g in groups]
    every = frozenset[str]().union(*files)
    return [words_of_file(task, own, every - own) for own in files]


def _wanted(group: FileGroup, path: Path, folder: Path, task: str) -> Wanted:
    name = group.source.file
    table = folder / table_name(name)
    return Wanted(path, name, task, table, group.source.member, group.parts)


def _each_once(datasets: list[Dataset]) -> list[Dataset]:
    """Leave out a dataset whose rows are those of another, whatever their files look like."""
    known: dict[str, Dataset] = {}
    for dataset in datasets:
        first = known.setdefault(dataset.table_sha256, dataset)
        if first is not dataset:
            note = f"{dataset.name} holds the same interactions as {first.name}; used once"
            known[dataset.table_sha256] = replace(first, notes=(*first.notes, note))
    return [*known.values()]


def _with_remarks(
    datasets: list[Dataset], grouping: Grouping, asked: list[str]
) -> tuple[Dataset, ...]:
    """Return the datasets, the first with what is to be said of all files."""
    rest = [s.label for s in grouping.rest]
    why = "neither the interactions nor side data"
    notes = [*grouping.notes, *([f"not used: {listed(rest)} ({why})"] if rest else [])]
    first = replace(
        datasets[0],
        notes=(*datasets[0].notes, *notes),
        doubts=(*datasets[0].doubts, *map(text_of, grouping.doubts), *asked),
        questions=(
            *datasets[0].questions,
            *(replace(d, is_of_all=True) for d in grouping.doubts if not isinstance(d, str)),
        ),
    )
    return (first, *datasets[1:])


def before_last_change(plans: tuple[Plan, ...], changes: tuple[PlanChange, ...]) -> Plan:
    """Return the version that the last change, undone changes skipped, was made on."""
    stack: list[Plan] = []
    for plan, change in zip(plans, changes, strict=True):
        undone = len(stack) > 1 and change.back_to == stack[-2].version
        stack = stack[:-1] if undone else [*stack, plan]
    return stack[-2] if len(stack) > 1 else stack[0]


def _files_in(path: Path) -> list[tuple[str, Path]]:
    """Return a file, or the files of a folder that can hold data, each with its name.

    Raises
    ------
    BadDataset
        When the folder holds none, or too many.
    """
    if not path.is_dir():
        return [(path.name, path)]
    found = [(f.relative_to(path).as_posix(), f) for f in sorted(path.rglob("*")) if f.is_file()]
    found = [(name, f) for name, f in found if is_data(name) and f.stat().st_size]
    if not 0 < len(found) <= MOST_FILES:
        raise BadDataset(
            f"The folder {path} holds {len(found):,} files that can be data; 1 to {MOST_FILES} "
            "are taken. Name the files."
        )
    return found


def _file_names(files: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    """Give each file a plain name of its own inside the working directory."""
    result: dict[str, Path] = {}
    for said, path in files:
        name = UNSAFE.sub("_", said).lstrip(".") or "data"
        while name in result:
            name = f"_{name}"
        result[name] = path
    return result
