"""One script to run for one node, and what may be left out of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent_core.domain import NodeId, Packages, RunId, Script
from agent_core.domain.cells import Cell


@dataclass(frozen=True, slots=True)
class Experiment:
    """One script to run for one node."""

    run: RunId
    user: str
    node: NodeId
    script: Script
    files: Mapping[str, Path]
    """Dataset name to the file on this machine."""
    folder: Path
    """Where the artifacts go; emptied first."""
    timeout_s: float
    expected_s: float = 0.0
    has_pilot: bool = True
    """Whether some of it is tried first, where that pays."""
    cells: tuple[Cell, ...] = ()
    """Of the design, where its file is among `files`."""
    wanted: frozenset[str] | None = None
    """The cells to make, without what follows behind the last; None: all, with that."""
    alone: frozenset[str] = frozenset()
    """Cells that have a process of their own each."""
    is_one_process: bool = False
    """Whether the cells that are wanted are made in one process, in their order."""
    lock: str = ""
    """Digest of interpreter and packages: cells made with others are made anew."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends the script when set; what it left is kept."""
    has_slot: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from when the script may run."""
    is_enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Once set, a sample of its cells is all that is still wanted."""

    @property
    def print(self) -> str:
        """Digest of what a cell is made by, beside what its id says."""
        return hashlib.sha256(f"{self.lock}\n{self.script.source}".encode()).hexdigest()[:16]


def lock_of(packages: Packages) -> str:
    """Return the digest of interpreter and packages."""
    told = json.dumps([packages.python, dict(packages.versions)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
