"""The clock of a workspace: scaled durations, strictly increasing message timestamps."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Wall time for timestamps, scaled time for everything that waits or expires."""

    def __init__(self, speed: float = 1.0, first_ts: float | None = None) -> None:
        self._speed = speed
        self._is_counted = first_ts is not None
        self._last_us = round(first_ts * 1_000_000) if first_ts is not None else 0

    def now(self) -> float:
        """Return scaled seconds since some moment; for durations only."""
        return time.monotonic() * self._speed

    def wall(self) -> int:
        """Return whole seconds since 1970, as the timestamps count them."""
        return self._last_us // 1_000_000 if self._is_counted else int(time.time())

    async def sleep(self, seconds: float) -> None:
        """Wait for scaled seconds."""
        await asyncio.sleep(seconds / self._speed)

    def real(self, seconds: float) -> float:
        """Return how many real seconds scaled ones take."""
        return seconds / self._speed

    def ts(self) -> str:
        """Return the next message timestamp, later than every earlier one."""
        if self._is_counted:
            self._last_us += 1_000_000
        else:
            self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def reach(self, ts: str) -> None:
        """Let no later timestamp be earlier than `ts`."""
        seconds, _, micros = ts.partition(".")
        self._last_us = max(self._last_us, int(seconds) * 1_000_000 + int(micros or 0))
