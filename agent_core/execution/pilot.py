"""Which cells of a design a script is tried on before it runs whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod

from agent_core.domain.cells import CHOSEN, Cell
from agent_core.domain.design import FactorKind
from agent_core.domain.rules import COUNTING, DataRuleKind
from agent_core.execution.experiment import Experiment

STRICT = (*COUNTING, DataRuleKind.LOWEST_RATING)
"""Rules of which a higher amount leaves less."""
PILOT_FROM_S = 90.0
"""Expected seconds of a script from which a pilot pays."""
PILOT_TIMEOUT_S = 300.0
PILOT_CELL_S = 300.0
"""Expected seconds of a cell from which a pilot would hardly end one."""


def pays(experiment: Experiment) -> bool:
    """Whether a script is worth a pilot: it takes long, but no cell longer than a pilot may."""
    longest_s = PILOT_CELL_S * len(experiment.cells) if experiment.cells else inf
    return experiment.has_pilot and PILOT_FROM_S <= experiment.expected_s <= longest_s


def pilot_limit_s(left_s: float) -> float:
    """Return how long a pilot may take of the time that is left."""
    return min(left_s, PILOT_TIMEOUT_S)


def pilot_cells(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the ids of the cheapest cell of each algorithm, in the order of the design.

    A cell that waits for others is none of them.
    """
    cheapest: dict[str, Cell] = {}
    for cell in (c for c in cells if CHOSEN not in c.levels.values()):
        name = str(cell.levels[FactorKind.ALGORITHM.value])
        known = cheapest.get(name)
        if known is None or _costs(cell) < _costs(known):
            cheapest[name] = cell
    return tuple(cell.id for cell in cheapest.values())


def _costs(cell: Cell) -> tuple[float, ...]:
    """Return what a cell takes, to be compared: share of the data, then what else makes it less.

    How many interactions a rule leaves is not known before it is applied; the more it asks of
    users, items or ratings, the fewer.
    """
    block = cell.block
    samples = [r.amount for r in block.data.rules if r.kind is DataRuleKind.SAMPLE and r.amount]
    strictness = sum(r.amount or 0.0 for r in block.data.rules if r.kind in STRICT)
    profile = inf if block.profile_size is None else block.profile_size
    settings = prod(v for v in cell.algorithm.config.values() if isinstance(v, int | float) and v)
    share = prod(amount for amount in samples if amount < 1) * block.train_share
    return (share, -strictness, profile, settings)
