"""What a running script says, as progress: seldom enough to be kept, its steps never lost."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent_core.domain import NodeId
from agent_core.domain.events import NodeProgress

STEP = re.compile(r"\[labbook\] ((cell )?(\d+)(?:/| of )(\d+).*)")
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
