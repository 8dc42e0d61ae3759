"""How many calls may be at an endpoint at once: grows slowly, shrinks when it is throttled."""

from __future__ import annotations

import time

from agent_core.execution.slots import FairSlots

START = 4.0
SHRINK = 0.7
SHRINK_EVERY_S = 1.0
"""Refusals of one burst count once."""


class AdaptiveLimiter(FairSlots):
    """Additive increase, multiplicative decrease; never below one call, never above `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(min(START, most))
        self.most = float(most)
        self.shrunk_at = float("-inf")

    def grow(self) -> None:
        """Count a call that went well."""
        self.limit = min(self.most, self.limit + 1.0 / self.limit)
        self.admit()

    def shrink(self) -> None:
        """Count a call that was throttled."""
        now = time.monotonic()
        if now - self.shrunk_at >= SHRINK_EVERY_S:
            self.shrunk_at = now
            self.limit = max(1.0, self.limit * SHRINK)
