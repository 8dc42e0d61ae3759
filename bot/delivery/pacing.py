"""Pacing of calls: token buckets, and the growing spacing of edits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the bot posts and edits."""

    posts_per_s: float = 1.0
    """Per channel, after a burst of `post_burst`."""
    post_burst: int = 4
    edits_per_minute: float = 40.0
    """All cards of the workspace together."""
    shortest_s: float = 3.0
    """Between two edits of one card in its first minute."""
    longest_s: float = 60.0
    retry_s: float = 1.0
    """First pause after a failed call."""
    shares_s: float = 30.0
    """How long an upload is waited for."""
    watch_s: float = 60.0
    """How often the connection is looked at."""

    def spacing(self, age_s: float) -> float:
        """Return the time between two edits of a card that is this old."""
        return min(self.longest_s, max(self.shortest_s, age_s / 20))


@dataclass(slots=True)
class Bucket:
    """Lets calls pass at a rate, with bursts up to a capacity."""

    per_s: float
    capacity: float
    clock: Callable[[], float] = time.monotonic
    level: float = field(default=-1.0)
    at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self) -> None:
        """Wait for a token."""
        async with self.lock:
            wait = self.wait_s()
            while wait > 0:
                await asyncio.sleep(wait)
                wait = self.wait_s()
            self.level -= 1

    def wait_s(self) -> float:
        """Fill up for the time that passed; return how long the next token takes."""
        now = self.clock()
        if self.level < 0:
            self.level, self.at = self.capacity, now
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_s)
        self.at = now
        return 0.0 if self.level >= 1 else (1 - self.level) / self.per_s

    def pause(self, seconds: float) -> None:
        """Let nothing pass for a while, as Retry-After asks."""
        self.level, self.at = 0.0, self.clock() + seconds
