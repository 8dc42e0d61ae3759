"""Joins the files that hold no interactions to the datasets they came with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent_core.data.child import read_sides_in_child
from agent_core.data.members import unused_note
from agent_core.data.plain_file import is_data
from agent_core.data.side_files import SideWanted
from agent_core.data.sorting import Source
from agent_core.domain import Dataset
from agent_core.domain.side_table import SideFile, SideTable

MOST_TRIED = 40
"""Files that are tried as side data, in the order in which they came."""
WORTH_ASKING = 0.1
"""Share of items or users from which a file that is not joined is asked about."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Datasets with their side data, and what is left."""

    datasets: tuple[Dataset, ...]
    rest: tuple[Source, ...]
    """Files that are no side data of any."""
    doubts: tuple[str, ...] = ()


async def join_sides(
    datasets: Sequence[Dataset],
    rest: Iterable[Source],
    files: Mapping[str, Path],
    folder: Path,
    task: str,
) -> Joined:
    """Read files that hold no interactions as side data of the datasets.

    Parameters
    ----------
    datasets
        Those that were read; their tables lie in `folder`.
    rest
        What was attached and holds no interactions.
    files
        Name to path, as attached: other files in the archive of a dataset are tried as well.
    folder
        Where tables of side data are written.
    task
        What people said.
    """
    rest, joined, used, doubts = tuple(rest), [], set[Source](), []
    for dataset in datasets:
        own = [Source(dataset.name, str(files[dataset.name]), m) for m in dataset.unused]
        sources = [s for s in (*rest, *own) if is_data(s.place)][:MOST_TRIED]
        found = await _read(sources, dataset, folder, task)
        taken = {s for s, f in found.items() if f.table}
        used |= taken
        told = {s: f.reason for s, f in found.items() if f.share >= WORTH_ASKING and not f.table}
        doubts += [d for f in found.values() for d in f.doubts]
        doubts += [why for s, why in told.items() if s not in used]
        sides = tuple(f.table for f in found.values() if f.table)
        joined.append(_with_sides(dataset, sides, {s.member for s in taken if s in own}))
    left = tuple(s for s in rest if s not in used)
    return Joined(tuple(joined), left, tuple(dict.fromkeys(doubts)))


async def _read(
    sources: Sequence[Source], dataset: Dataset, folder: Path, task: str
) -> dict[Source, SideFile]:
    """Return what each file came to."""
    wanted = [SideWanted(Path(s.path), s.file, dataset, folder, task, s.member) for s in sources]
    found = await read_sides_in_child(wanted) if wanted else ()
    return dict(zip(sources, found, strict=True))


def _with_sides(dataset: Dataset, sides: tuple[SideTable, ...], used: set[str]) -> Dataset:
    """Return a dataset with its side data; what it says of its archive names the rest only."""
    if not sides:
        return dataset
    member = dataset.recipe.member if dataset.recipe else ""
    left = tuple(m for m in dataset.unused if m not in used)
    before, after = (unused_note(member, o) for o in (dataset.unused, left))
    notes, doubts = (
        tuple(after if told == before else told for told in some)
        for some in (dataset.notes, dataset.doubts)
    )
    asked = tuple(replace(q, text=after) if q.text == before else q for q in dataset.questions)
    return replace(
        dataset, sides=(*dataset.sides, *sides), unused=left, notes=notes, doubts=doubts,
        questions=asked,
    )  # fmt: skip
