"""Whether a cell depends on what ran before it in its process: a sample of cells is made alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pandas as pd

from agent_core.domain.cell_samples import REPEATS
from agent_core.domain.cells import CHOSEN, Cell
from agent_core.evidence.independence import Dependent, Independence
from agent_core.execution.cells_in_place import read_record
from sandbox.execution import Artifact, Execution

MOST = 6
"""Cells that are made alone."""
TABLES = ("lists.parquet", "predictions.parquet")
"""What must be the same bit for bit; of cells without them the rows."""
Again = Callable[[tuple[str, ...]], Awaitable[Execution]]
"""Makes cells in this order, in one process."""


def order_sample(cells: Sequence[Cell], execution: Execution) -> tuple[str, ...]:
    """Return one cell of each random algorithm and one of each kind of block, few of them.

    Of those that others ran before in the same process the last ones: most can have come to them.
    """
    after = cells_before(execution)
    behind = [c for c in cells if after.get(c.id) and CHOSEN not in c.levels.values()]
    found: dict[object, str] = {}
    for cell in sorted(behind, key=lambda c: -len(after[c.id])):
        kind = frozenset((n, v) for n, v in cell.block.levels.items() if n not in REPEATS)
        signs = [kind, *([cell.algorithm.name] if cell.algorithm.is_random else [])]
        for sign in signs:
            found.setdefault(sign, cell.id)
    return tuple(dict.fromkeys(found.values()))[:MOST]


def cells_before(execution: Execution) -> dict[str, tuple[str, ...]]:
    """Return, of each delivered cell, those that its process had entered before it."""
    found = {}
    for artifact in execution.artifacts:
        parts = artifact.name.split("/")
        if len(parts) == 3 and parts[0] == "cells" and parts[2] == "cell.json":
            before = read_record(artifact.path).get("after")
            found[parts[1]] = tuple(str(i) for i in before) if isinstance(before, list) else ()
    return found


async def independence_of(
    first: Execution, alone: Execution, sample: Sequence[str], again: Again
) -> Independence:
    """Compare cells that were made alone with what they came to behind others.

    Where one is otherwise, its process is repeated: what differs then too is not deterministic,
    and says nothing of the order.
    """
    after, made = cells_before(first), cells_before(alone)
    looked_at = [i for i in sample if i in made]
    differing = [i for i in looked_at if not _is_same(first, alone, i)]
    found: dict[str, Dependent] = {}
    for cell in sorted(differing, key=lambda i: -len(after[i])):
        if cell in found:
            continue
        repeated = await again((*after[cell], cell))
        for one in differing:
            if one == cell or (one in after[cell] and one not in found):
                repeats = _is_same(first, repeated, one)
                found[one] = Dependent(one, after[one], repeats)
    return Independence(len(looked_at), len(after), tuple(found.values()))


def _is_same(one: Execution, other: Execution, cell: str) -> bool:
    """Whether a cell has the same results in two executions, bit for bit."""
    first, second = _files_of(one, cell), _files_of(other, cell)
    names = [n for n in TABLES if n in first or n in second] or ["rows.json"]
    return all(_are_same(first.get(name), second.get(name)) for name in names)


def _are_same(one: Artifact | None, other: Artifact | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.path.suffix != ".parquet":
        return one.path.read_bytes() == other.path.read_bytes()
    return bool(pd.read_parquet(one.path).equals(pd.read_parquet(other.path)))


def _files_of(execution: Execution, cell: str) -> dict[str, Artifact]:
    place = f"cells/{cell}/"
    return {a.name.removeprefix(place): a for a in execution.artifacts if a.name.startswith(place)}
