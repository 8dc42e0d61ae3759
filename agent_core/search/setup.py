"""What a search works with, the same for all nodes; and how it waits for the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent_core.domain import (
    Packages,
)
from agent_core.execution.executor import Executor
from agent_core.researcher import (
    Researcher,
)
from agent_core.search.outages import OUTAGE_WAITS_S, through_outages
from agent_core.settings import ExecSettings, TreeSearchSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a search works with; the same for all nodes."""

    researcher: Researcher
    executor: Executor
    packages: Packages
    search: TreeSearchSettings
    execution: ExecSettings
    files: Mapping[str, Path]
    api_lookup: Callable[[str], Awaitable[str]]
    """Looks up the library names of a traceback; empty where nothing is known."""
    folds: int = 1
    outage_waits_s: tuple[float, ...] = OUTAGE_WAITS_S

    async def through_outages(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the model, again after each pause of an outage (which its meter logs)."""
        return await through_outages(ask, self.outage_waits_s)
