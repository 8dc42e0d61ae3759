"""What was delivered, as the blocks and cells of the plan's design."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from agent_core.domain import Block, Cell, Plan, SplitKind, blocks_of
from agent_core.evidence.algorithm_names import bare_name
from agent_core.evidence.cells import Run, pairs_in
from agent_core.evidence.result_files import folder_of, key_text, table_of

COUNTS = ("train_rows", "test_rows", "train_users", "train_items", "test_users")
"""What the product counts itself where the split was saved."""
TIMES = ("train_s", "recommend_s", "peak_mib")
"""What a cell says of itself."""
CELL_COLUMNS = ("id", "variant", "block", "seed", *TIMES, *COUNTS, "ended")
"""Of the table of cells, beside a column for each factor."""


def blocks_of_folds(plan: Plan, folds: Iterable[str], run: Mapping[str, Any]) -> dict[str, Block]:
    """Return the block of each fold: by its name, else by what the script says of it.

    A fold that could be several blocks, or shares one with another, has none.
    """
    blocks = {folder_of(b.name): b for b in blocks_of(plan)}
    names = list(dict.fromkeys(folds))
    found = {fold: blocks[fold] for fold in names if fold in blocks}
    described = table_of(table_of(run, "split"), "parts")
    for is_same in (
        lambda fold, block: bare_name(fold) == bare_name(block.name),
        lambda fold, block: _may_be(table_of(described, fold), block),
    ):
        left = [b for b in blocks.values() if b not in found.values()]
        found |= _pairs([f for f in names if f not in found], left, is_same)
    return found


def cells_of_runs(
    design: Sequence[Cell], runs: Iterable[Run], blocks: Mapping[str, Block]
) -> dict[Run, Cell]:
    """Return the cell of the design that each run is; other runs are left out."""
    known = {(c.algorithm.name, c.block.name, key_text(c.seed)): c for c in design}
    seeds: dict[tuple[str, str], list[str]] = {}
    for name, block, seed in known:
        seeds.setdefault((name, block), []).append(seed)
    found: dict[Run, Cell] = {}
    for run in runs:
        own = blocks.get(run[1])
        place = (run[0], own.name if own else "")
        if place not in seeds:
            continue
        wanted = seeds[place]
        # A run may leave the only seed out, or have one where nothing is drawn.
        seed = run[2] if run[2] in wanted else wanted[0]
        if run[2] == seed or (len(wanted) == 1 and "" in (run[2], seed)):
            found[run] = known[(*place, seed)]
    return found


def table_of_cells(
    found: Mapping[Run, Cell],
    records: Mapping[Run, Mapping[str, Any]],
    counts: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:
    """Return a line for each cell that was delivered.

    Parameters
    ----------
    found
        Runs with their cells.
    records
        What the cells say of themselves.
    counts
        Fold to what its parts hold.
    """
    factors = dict.fromkeys(name for cell in found.values() for name in cell.levels)
    lines: dict[str, dict[str, Any]] = {}
    for run, cell in found.items():
        said = records.get(run, {})
        line = {"id": cell.id, "variant": run[0], "block": cell.block.name, "seed": run[2]}
        measured = {name: said.get(name) for name in (*TIMES, *COUNTS)}
        told = {"ended": str(said.get("ended") or "")}
        lines.setdefault(
            cell.id, {**line, **cell.levels, **measured, **counts.get(run[1], {}), **told}
        )
    names = [n for n in factors if n not in CELL_COLUMNS]
    columns = [*CELL_COLUMNS[:4], *names, *CELL_COLUMNS[4:]]
    table = pd.DataFrame(list(lines.values()), columns=columns)
    numbers = {c: pd.to_numeric(table[c], errors="coerce") for c in (*TIMES, *COUNTS)}
    return table.assign(**numbers)


def counts_of_parts(
    train: Mapping[str, pd.DataFrame], test: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, int]]:
    """Return what the parts of each fold hold; one is in memory at a time."""
    found: dict[str, dict[str, int]] = {}
    for fold in dict.fromkeys([*train, *test]):
        own = found.setdefault(fold, {})
        if fold in train:
            part = pairs_in(train, fold)
            own["train_rows"] = len(part)
            own |= {f"train_{c}s": part[f"{c}_id"].nunique() for c in ("user", "item")}
        if fold in test:
            part = pairs_in(test, fold)
            own |= {"test_rows": len(part), "test_users": part["user_id"].nunique()}
    return found


def _pairs(
    folds: Sequence[str], blocks: Sequence[Block], is_same: Callable[[str, Block], bool]
) -> dict[str, Block]:
    """Return the folds that are like one block only, which is like no other fold."""
    options = {fold: [b for b in blocks if is_same(fold, b)] for fold in folds}
    takers = Counter(b.name for own in options.values() for b in own)
    return {
        fold: own[0] for fold, own in options.items() if len(own) == 1 and takers[own[0].name] == 1
    }


def _may_be(said: Mapping[str, Any], block: Block) -> bool:
    """Whether nothing that a script says of a fold speaks against a block."""
    kind = re.sub(r"[\s-]+", "_", str(said.get("kind") or "").strip().lower())
    pairs = (
        (kind if kind in set(SplitKind) else "", block.split.kind.value),
        ("" if said.get("seed") is None else str(said["seed"]), str(block.split.seed)),
        (str(said.get("file") or ""), block.dataset),
    )
    return all(own in ("", wanted) for own, wanted in pairs)
