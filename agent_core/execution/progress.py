"""What a running script says, as progress: seldom enough to be kept, its steps never lost."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent_core.domain import NodeId
from agent_core.domain.events import NodeProgress

STEP = re.compile(r"\[labbook\] ((cell )?(\d+)(?:/| of )(\d+)(.*))")
"""`cell 3 of 12: ...` begins the third, `3/12 seeds` ends it."""
LONGEST = 200
"""Characters of a line that are told."""
OnProgress = Callable[[NodeProgress], None]


def untold(progress: NodeProgress) -> None:
    """Take progress that nobody waits for."""


@dataclass(slots=True)
class Ticker:
    """Turns output lines into progress, at most one a second.

    The helper's lines count the steps of a script. They outrank its own lines, however many there
    are: one that comes too soon waits for its turn, and the last one leads what is told after it.
    """

    node: NodeId
    tell: OnProgress
    interval_s: float = 1.0
    last: float = field(default=-1e9)
    step: str = ""
    done: int = 0
    total: int = 0
    waiting: asyncio.TimerHandle | None = None

    def line(self, text: str) -> None:
        """Take one line of output."""
        found, own = STEP.search(text), text.strip()
        if found:
            self.step, self.total = found[1].strip(), int(found[4])
            self.done = int(found[3]) - bool(found[2])
            own = ""
        if not own and not found:
            return
        rest_s = self.last + self.interval_s - time.monotonic()
        if rest_s <= 0:
            self.pass_on(own)
        elif found and self.waiting is None:
            self.waiting = asyncio.get_running_loop().call_later(rest_s, self.pass_on)

    def pass_on(self, own: str = "") -> None:
        """Tell the last step, and behind it a line of the script."""
        self.close()
        self.last = time.monotonic()
        line = " · ".join(part for part in (self.step, own) if part)
        self.tell(NodeProgress(self.node, line[:LONGEST], self.done, self.total))

    def close(self) -> None:
        """Tell nothing more by itself."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None


@dataclass(slots=True)
class CellSteps:
    """Counts the cells of all processes of a script together, whichever of them tells."""

    ticker: Ticker
    total: int
    there: int = 0
    """Cells in place."""
    made: dict[int, int] = field(default_factory=dict)
    """Process to the cells that it has ended."""

    def line_of(self, process: int, given: int = 0) -> Callable[[str], None]:
        """Return what takes the lines of a process, which counts those it was given as its own."""
        self.made[process] = 0
        return lambda text: self._line(process, given, text)

    def end(self, process: int, there: int) -> None:
        """Count what is in place once a process has ended."""
        self.made.pop(process, None)
        self.there = there

    def _line(self, process: int, given: int, text: str) -> None:
        """Pass a line on, a step of the process as one of the script."""
        if (found := STEP.search(text)) and process in self.made:
            self.made[process] = int(found[3]) - bool(found[2]) - given
            done = min(self.total, self.there + sum(self.made.values()))
            is_beginning = bool(found[2]) and done < self.total
            step = f"cell {done + 1} of {self.total}" if is_beginning else f"{done}/{self.total}"
            text = f"[labbook] {step}{found[5]}"
        self.ticker.line(text)
