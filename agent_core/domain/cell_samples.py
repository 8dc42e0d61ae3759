"""Samples of the cells of a design in which everything that is compared occurs."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

from agent_core.domain.cells import CHOSEN, Cell
from agent_core.domain.design import FactorKind

K = TypeVar("K")
REPEATS = frozenset(
    {FactorKind.MODEL_SEED.value, FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value}
)
"""Factors of which any level will do."""


def covering_sample(cells: Sequence[Cell]) -> frozenset[str]:
    """Return few cells that have each algorithm and each compared level at least once.

    Cells that wait for a grid are none of them: they would need all of it.
    """
    ready = [c for c in cells if CHOSEN not in c.levels.values()]
    told = {
        c.id: {(n, v) for n, v in c.levels.items() if n not in REPEATS} | {("", c.algorithm.name)}
        for c in ready
    }
    return frozenset(fewest_covering(told))


def fewest_covering(values: Mapping[K, Collection[Hashable]]) -> list[K]:
    """Return keys that have all values together, each time the first that adds most.

    Examples
    --------
    >>> fewest_covering({"a": {1}, "b": {1, 2}, "c": {3}})
    ['b', 'c']
    """
    missing = {v for own in values.values() for v in own}
    found: list[K] = []
    while missing:
        best = max(values, key=lambda key: len(missing.intersection(values[key])))
        found.append(best)
        missing.difference_update(values[best])
    return found
