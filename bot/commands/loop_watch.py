"""Tells where the event loop stood still: while it does, nobody is acknowledged or answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

STILL_S = 0.2
"""From how long on standing still is told."""
LOOK_S = 0.25
"""Between two looks: four wakings a second."""
OWN = Path(__file__).resolve().parents[2]
"""The product's sources."""
IDLE = "select"
"""What a loop without work is in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standstill:
    """A time in which the loop ran one callback only."""

    seconds: float
    cpu_s: float
    """What the loop's thread worked meanwhile: little where it waited, or others had the CPU."""
    place: str
    """The innermost line of the product, and what it called."""


def warn_of(standstill: Standstill) -> None:
    """Write a standstill to the log."""
    facts = {"seconds": round(standstill.seconds, 2), "cpu_s": round(standstill.cpu_s, 2)}
    log.warning("The event loop stood still", extra=facts | {"place": standstill.place})


@contextlib.contextmanager
def watching_loop(tell: Callable[[Standstill], None] = warn_of) -> Iterator[None]:
    """Tell of each standstill of the running loop, from a thread of its own."""
    watch = _Watch(asyncio.get_running_loop(), threading.get_ident(), tell)
    thread = threading.Thread(target=watch.run, name="loop-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.ended.set()
        thread.join()


class _Watch:
    """Asks the loop for a sign, and looks what it is at when none comes."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ident: int, tell: Callable[[Standstill], None]
    ) -> None:
        self.ended = threading.Event()
        self._loop, self._ident, self._tell = loop, ident, tell
        self._clock = time.pthread_getcpuclockid(ident)

    def run(self) -> None:
        """Look until the watch is ended."""
        while not self.ended.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        sign = threading.Event()
        began, worked = time.perf_counter(), time.clock_gettime(self._clock)
        self._loop.call_soon_threadsafe(sign.set)
        if sign.wait(STILL_S):
            return
        place = _place_of(sys._current_frames().get(self._ident))
        while not sign.wait(LOOK_S) and not self.ended.is_set():
            pass
        # Without a place the machine stood still; at the end the loop waits for this thread.
        if place and not self.ended.is_set():
            still = time.perf_counter() - began
            self._tell(Standstill(still, time.clock_gettime(self._clock) - worked, place))


def _place_of(frame: FrameType | None) -> str:
    """Return the innermost line of the product on a stack, and what it called; none when idle."""
    stack = traceback.extract_stack(frame) if frame else None
    if not stack or stack[-1].name == IDLE:
        return ""
    own = [f for f in stack if Path(f.filename).is_relative_to(OWN) and "venv" not in f.filename]
    line = own[-1] if own else stack[-1]
    called = f", in {stack[-1].name}" if line is not stack[-1] else ""
    path = Path(line.filename)
    name = path.relative_to(OWN) if own else path.name
    return f"{name}:{line.lineno} {line.name}{called}"
