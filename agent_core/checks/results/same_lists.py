"""Which runs have the very same lists, or predictions, though their cells must differ in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.domain import Cell
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.id_codes import are_among, pair_keys

FEW = 10
"""Users of whom lists tell something: the same ten items for fewer may be chance."""
ALIKE = 0.01
"""Share of the training interactions that two trainings must differ in to lead to other lists."""
LINES = {
    "lists": ["user_id", "item_id", "rank", "score"],
    "predictions": ["user_id", "item_id", "prediction"],
}


def served_users(evidence: Evidence, fold: str) -> NDArray[np.int32]:
    """Return the users of whom training knows something.

    Lists of all others may be those of a fallback, and the same whatever was trained.
    """
    if ("served", fold) not in evidence.memory:
        evidence.memory["served", fold] = np.unique(evidence.train[fold]["user_id"])
    found: NDArray[np.int32] = evidence.memory["served", fold]
    return found


def prints_of(evidence: Evidence) -> dict[Run, int]:
    """Return a number of what each run lists, or predicts, for users that are served.

    The order of lines does not matter; runs with too few such users have none.
    """
    if "prints" not in evidence.memory:
        evidence.memory["prints"] = _printed(evidence)
    found: dict[Run, int] = evidence.memory["prints"]
    return found


def served_lines(evidence: Evidence, fold: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of users that are served; all where training was not saved."""
    if fold not in evidence.train:
        return table
    return table[table["user_id"].isin(served_users(evidence, fold))]


def print_of(table: pd.DataFrame) -> int:
    """Return a number of lines, whatever their order."""
    return int(pd.util.hash_pandas_object(table, index=False).sum())


def copied_pairs(evidence: Evidence) -> Iterator[tuple[Run, Run]]:
    """Yield runs with the same lists whose classes or trainings are not the same."""
    groups: dict[int, list[Run]] = {}
    for run, number in prints_of(evidence).items():
        groups.setdefault(number, []).append(run)
    for runs in groups.values():
        yield from (
            pair for pair in combinations(sorted(runs), 2) if _must_differ(evidence, *pair)
        )


def factors_apart(a: Cell, b: Cell) -> set[str]:
    """Return the factors in which two cells have different levels; where both have one."""
    return {name for name in set(a.levels) & set(b.levels) if a.levels[name] != b.levels[name]}


def have_same_training(evidence: Evidence, first: str, second: str, alike: float = 0.0) -> bool:
    """Whether two folds train on the same interactions, but for a share of them."""
    if first not in evidence.train or second not in evidence.train:
        return True
    one, other = (np.unique(pair_keys(evidence.train[f])) for f in (first, second))
    shared = int(are_among(one, other).sum())
    union = len(one) + len(other) - shared
    return union - shared <= alike * union


def _printed(evidence: Evidence) -> dict[Run, int]:
    """Read the lists of all runs, one at a time."""
    found: dict[Run, int] = {}
    for fold in sorted({run[1] for run in (*evidence.lists, *evidence.predictions)}):
        for kind, columns in LINES.items():
            cells = getattr(evidence, kind)
            for run in (r for r in cells if r[1] == fold and r not in found):
                table = served_lines(evidence, fold, cells[run][columns])
                if table["user_id"].nunique() >= FEW:
                    found[run] = print_of(table)
    return found


def _must_differ(evidence: Evidence, a: Run, b: Run) -> bool:
    """Whether two runs cannot have the same lists: of another class, or of other trainings."""
    if a[1] != b[1]:
        return not have_same_training(evidence, a[1], b[1], ALIKE)
    kinds = {algorithm.name: algorithm.kind for algorithm in evidence.plan.algorithms}
    return a[0] in kinds and b[0] in kinds and kinds[a[0]] != kinds[b[0]]
