"""A given split in words: its files, sizes, and what its parts share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.domain import GivenPart, PartName

MOST_NAMED = 3
"""Files of a part that are named; of more the first and the last."""


def files_by_part(parts: Sequence[GivenPart]) -> tuple[str, ...]:
    """Return each part with its files, e.g. `train u1.base to u5.base`."""
    labels = {name: [p.label for p in parts if p.name is name] for name in PartName}
    return tuple(f"{name} {_files_text(files)}" for name, files in labels.items() if files)


def given_text(parts: Sequence[GivenPart]) -> str:
    """Return what came in parts: files, rows, and how much of a part training knows."""
    folds = sorted({p.fold for p in parts})
    told = [f"given split{f' in {len(folds)} folds' if len(folds) > 1 else ''}"]
    told += [text for name in PartName if (text := _part_text(name, parts, len(folds)))]
    return "; ".join(told)


def pieces_text(pieces: Sequence[GivenPart]) -> str:
    """Return what came in pieces: files and rows of each."""
    return f"one dataset in {len(pieces)} files, {_files_text([p.label for p in pieces])}"


def _files_text(files: list[str]) -> str:
    if len(files) > MOST_NAMED:
        return f"{files[0]} to {files[-1]}"
    return ", ".join(files)


def _part_text(name: PartName, parts: Sequence[GivenPart], folds: int) -> str:
    """Return one part with its counts, of several folds the range."""
    own = [p for p in parts if p.name is name]
    if not own:
        return ""
    text = f"{name} {_files_text([p.label for p in own])}: {_range(_rows(own))} rows"
    if name is PartName.TRAIN:
        return text
    return f"{text}{' a fold' if folds > 1 else ''}, {', '.join(_shared(own))}"


def _rows(own: Sequence[GivenPart]) -> list[int]:
    """Return the rows of each fold; a part may have several files."""
    folds = sorted({p.fold for p in own})
    return [sum(p.rows for p in own if p.fold == f) for f in folds]


def _shared(own: Sequence[GivenPart]) -> Iterator[str]:
    for what, known, count in (
        ("users", [p.known_users for p in own], [p.users for p in own]),
        ("items", [p.known_items for p in own], [p.items for p in own]),
    ):
        yield f"{_range(known)} of {_range(count)} {what} are in training"
    yield f"{_range([p.shared_pairs for p in own])} of its pairs are in training too"


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
