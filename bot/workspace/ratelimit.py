"""Slack's rate limits: calls per minute by tier, about one post a second per channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
MINUTE_S = 60.0
POST_BURST = 4.0


@dataclass(slots=True)
class Limiter:
    """Counts calls on a clock that tests may hand in."""

    now: Callable[[], float]
    is_on: bool = False
    _calls: defaultdict[tuple[str, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _posts: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def wait(self, caller: str, method: str, tier: int) -> int:
        """Count a call; return 0, or the whole seconds after which it may be repeated."""
        if not self.is_on or tier not in PER_MINUTE:
            return 0
        now, calls = self.now(), self._calls[caller, method]
        while calls and calls[0] <= now - MINUTE_S:
            calls.popleft()
        if len(calls) >= PER_MINUTE[tier]:
            return max(1, math.ceil(calls[0] + MINUTE_S - now))
        calls.append(now)
        return 0

    def wait_to_post(self, caller: str, channel: str) -> int:
        """Count a post to a channel: one a second, with a short burst."""
        if not self.is_on:
            return 0
        now = self.now()
        level, at = self._posts.get((caller, channel), (POST_BURST, now))
        level = min(POST_BURST, level + now - at)
        if level < 1:
            return max(1, math.ceil(1 - level))
        self._posts[caller, channel] = (level - 1, now)
        return 0
