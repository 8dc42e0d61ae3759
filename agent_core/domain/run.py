"""What a run is about and how it stands: ids, tasks, budgets, statuses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType

RunId = NewType("RunId", str)
NodeId = NewType("NodeId", int)
UserId = NewType("UserId", str)


class RunStatus(StrEnum):
    """Where a run stands."""

    PLANNING = "planning"
    """Data are profiled, the plan is being written."""
    WAITING = "waiting"
    """The plan is shown; nothing has run; waits for its start."""
    RUNNING = "running"
    REPORTING = "reporting"
    FINISHED = "finished"
    """Ended with a report (also one that says that nothing worked)."""
    CANCELLED = "cancelled"
    """Ended before anything ran."""
    FAILED = "failed"
    """Could not run; says why; resumable."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in (RunStatus.FINISHED, RunStatus.CANCELLED, RunStatus.FAILED)


class Outcome(StrEnum):
    """How a finished run ended."""

    SATISFIED = "satisfied"
    """All must requirements are met and no binding check failed."""
    PARTIAL = "partial"
    """Something worked, not everything."""
    NOTHING = "nothing"
    """No script worked."""


class Ending(StrEnum):
    """What ended a search."""

    SATISFIED = "satisfied"
    """A script meets all that a plan must have."""
    STOPPED = "stopped"
    """Somebody asked for it."""
    NODES = "nodes"
    """The limit of scripts."""
    SECONDS = "seconds"
    COST = "cost"
    MODEL = "model"
    """The model could not be asked any more: its quota, its key or its server."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the user asks, with its datasets."""

    text: str
    files: tuple[Path, ...] = ()
    """The attached datasets, as files on this machine, named as the user named them."""
    requester: UserId = UserId("local")
    origin: str = "terminal"
    """Where it came from, e.g. `slack:T1/C1/1700000000.000100`; unique per task."""
    seed: int = 0
    """Seed of the run's own random choices."""
    budget: Budget | None = None
    """None: the configured one."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend at most."""

    nodes: int = 13
    seconds: float = 14400.0
    cost: float = 2.0
    """Dollars; 0: no model spend is expected (rule-based researcher)."""
    tokens: int = 0
    """Tokens where prices are unknown; 0: no limit."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What model calls used."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float = 0.0
    """Dollars, of the calls whose price is known."""
    unpriced_calls: int = 0
    """Calls whose price is unknown."""

    def __add__(self, other: Usage) -> Usage:
        """Add up two usages."""
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cost + other.cost,
            self.unpriced_calls + other.unpriced_calls,
        )
