"""Drives one execution: reads its output, watches its limits, ends it, says how it ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from asyncio import FIRST_COMPLETED
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import workspace
from sandbox.execution import Ended, Execution, IsolationLevel, Job
from sandbox.groups import Group
from sandbox.output import Output
from sandbox.process import READ_SIZE, Exit, Process
from sandbox.watch import ProcessUse, sample
from sandbox.workspace import MIB, Workspace

log = logging.getLogger(__name__)

WATCH_INTERVAL_S = 0.1
EARLY_S = 2.0
PROCESS_MARGIN = 0.95
"""Share of the process limit from which an execution counts as having reached it."""


@dataclass(slots=True)
class Running:
    """An execution under way: what it may use, what it has used, why it was ended."""

    job: Job
    process: Process
    output: Output
    workspace: Workspace
    stop: asyncio.Event | None = None
    """Ends it when set."""
    group: Group | None = None
    """The control group that it is in."""
    began: float = field(default_factory=time.monotonic)
    ended: Ended | None = None
    peak_kib: int = 0
    cpu_s: float = 0.0

    def end(self, why: Ended) -> None:
        """Kill it for a reason; the first reason stands."""
        if self.ended is None:
            self.ended = why
        self.process.kill()

    @property
    def has_shown_nothing(self) -> bool:
        """Whether it began just now and has said nothing: it may begin again unnoticed."""
        return not self.output.total and time.monotonic() - self.began < EARLY_S

    def exceeded(self, used: ProcessUse) -> Ended | None:
        """Return the limit that is exceeded, if one is."""
        allowed = self.job.limits
        self.peak_kib = max(self.peak_kib, used.memory_kib)
        self.cpu_s = max(self.cpu_s, used.cpu_s)
        if used.memory_kib > allowed.memory_mib * 1024:
            return Ended.MEMORY
        if used.tasks >= allowed.processes * PROCESS_MARGIN:
            return Ended.PROCESSES
        if allowed.cpu_s and used.cpu_s > allowed.cpu_s:
            return Ended.CPU
        return None


def outcome(running: Running, ended: Exit, level: IsolationLevel, collect_into: Path) -> Execution:
    """Collect the artifacts and say how it ended."""
    job, output = running.job, running.output
    duration_s = time.monotonic() - running.began
    why, number = _how_it_ended(running, ended)
    hidden = {item.name for item in job.inputs}
    artifacts, skipped = workspace.collect(running.workspace, hidden, job.limits, collect_into)
    has_status = running.ended is None and number is None and not ended.is_lost
    return Execution(
        exit_code=ended.status if has_status else None,
        ended=why,
        output=output.text,
        duration_s=duration_s,
        level=level,
        signal=number,
        cpu_s=max(running.cpu_s, ended.cpu_s),
        peak_memory_mib=max(running.peak_kib, ended.largest_kib) / 1024,
        output_bytes=output.total,
        artifacts=artifacts,
        skipped=skipped,
    )


async def drive(running: Running) -> Exit:
    """Read, watch and wait until the process has ended; kill it when cancelled."""
    loop = asyncio.get_running_loop()
    process = running.process
    process.follow()
    drained = asyncio.Event()
    loop.add_reader(process.output_fd, lambda: _read_some(running, loop, drained))
    watchdog = asyncio.create_task(_watch(running))
    try:
        if why := await _reason_to_end(running):
            running.end(why)
            await process.has_ended.wait()
    except asyncio.CancelledError:
        running.end(Ended.STOPPED)
        await process.has_ended.wait()
        raise
    finally:
        watchdog.cancel()
        process.kill()
        await _drain(running, loop, drained)
        ended = process.reap()
    running.output.finish()
    return ended


def _how_it_ended(running: Running, ended: Exit) -> tuple[Ended, int | None]:
    """Return why an execution ended and the signal that did it, if one did."""
    if ended.is_lost and running.ended is None:
        return Ended.LOST, None
    number = _signal_of(ended)
    if running.ended is not None:
        return running.ended, number
    if number == signal.SIGXCPU:
        return Ended.CPU, number
    why = _limit_behind(running) if ended.status else None
    if why is not None:
        return why, number
    return (Ended.FINISHED, None) if number is None else (Ended.SIGNAL, number)


def _limit_behind(running: Running) -> Ended | None:
    """Return the limit that the kernel held a script to that did not end well."""
    group = running.group
    if group is not None and group.oom_kills:
        return Ended.MEMORY
    if group is not None and group.refused_forks:
        return Ended.PROCESSES
    return Ended.DISK if workspace.is_full(running.workspace, running.job.limits) else None


def _signal_of(ended: Exit) -> int | None:
    """Return the signal behind an exit status, also one that bubblewrap passes on as 128 + n."""
    if ended.status < 0:
        return -ended.status
    fatal = {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL}
    fatal |= {signal.SIGFPE, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSYS}
    number = ended.status - 128
    return number if ended.is_passed_on and number in fatal else None


async def _reason_to_end(running: Running) -> Ended | None:
    """Wait for its end, its time limit or a stop; say why to end it, None when it has ended."""
    over = asyncio.ensure_future(running.process.has_ended.wait())
    stop = asyncio.ensure_future((running.stop or asyncio.Event()).wait())
    try:
        limit_s = running.job.limits.timeout_s
        done, _ = await asyncio.wait({over, stop}, timeout=limit_s, return_when=FIRST_COMPLETED)
    finally:
        over.cancel()
        stop.cancel()
    if over in done:
        return None
    return Ended.STOPPED if stop in done else Ended.TIMEOUT


async def _drain(
    running: Running, loop: asyncio.AbstractEventLoop, drained: asyncio.Event
) -> None:
    """Read what is left in the pipe; nobody can write to it any more."""
    try:
        await asyncio.wait_for(drained.wait(), 1.0)
    except TimeoutError:
        log.warning("output was still open after the end")
    loop.remove_reader(running.process.output_fd)


def _read_some(running: Running, loop: asyncio.AbstractEventLoop, drained: asyncio.Event) -> None:
    """Read what is there; too much of it ends the execution."""
    descriptor = running.process.output_fd
    try:
        data = os.read(descriptor, READ_SIZE)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:
        loop.remove_reader(descriptor)
        drained.set()
        return
    running.output.feed(data)
    if running.output.total > running.job.limits.output_mib * MIB:
        running.end(Ended.OUTPUT)


async def _watch(running: Running) -> None:
    """Measure at intervals and end what exceeds its limits."""
    allowed = running.job.limits
    while True:
        await asyncio.sleep(WATCH_INTERVAL_S)
        used = await asyncio.to_thread(
            sample, running.process.watched_pids(), allowed.memory_mib * 1024
        )
        why = running.exceeded(used)
        if why is None and running.group is not None and running.group.oom_kills:
            why = Ended.MEMORY
        if why is None and await asyncio.to_thread(_is_over_disk, running):
            why = Ended.DISK
        if why is not None:
            running.end(why)
            return


def _is_over_disk(running: Running) -> bool:
    """Whether a working directory without a quota of its own is over its size."""
    if running.workspace.has_quota:
        return False
    size, count = workspace.usage(running.workspace.job)
    return size > running.job.limits.disk_mib * MIB or count > running.job.limits.inodes
