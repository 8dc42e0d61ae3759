"""What of a plan may not fit into what a script may use: said before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Dataset, Plan, Room
from agent_core.lenskit.memory import memory_cautions
from agent_core.lenskit.seconds import time_cautions


def cautions(plan: Plan, datasets: Sequence[Dataset], room: Room) -> tuple[str, ...]:
    """Return what may not fit into memory or time, and what to do about it."""
    return (
        *memory_cautions(plan.algorithms, datasets, room),
        *time_cautions(plan, datasets, room),
    )
