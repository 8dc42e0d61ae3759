"""Executions on this machine: each a fresh interpreter in a confinement of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import seccomp, workspace
from sandbox.errors import SandboxError
from sandbox.execution import Ended, Execution, Job, Level, OnOutput
from sandbox.isolation import Confinement, command, interpreter, limits, variables
from sandbox.output import Output
from sandbox.packages import InstalledPackages
from sandbox.process import READ_SIZE, Exit, Process, begin
from sandbox.watch import Sample, sample
from sandbox.workspace import MIB, Workspace

log = logging.getLogger(__name__)

WATCH_INTERVAL_S = 0.1
PROCESS_MARGIN = 0.95
"""Share of the process limit from which an execution counts as having reached it."""
FIRST_UID = 200_000
UIDS = 1_000


@dataclass(slots=True)
class Running:
    """An execution under way: what it may use, what it has used, why it was ended."""

    job: Job
    process: Process
    output: Output
    workspace: Workspace
    began: float = field(default_factory=time.monotonic)
    ended: Ended | None = None
    peak_kib: int = 0
    cpu_s: float = 0.0

    def end(self, why: Ended) -> None:
        """Kill it for a reason; the first reason stands."""
        if self.ended is None:
            self.ended = why
        self.process.kill()

    def exceeded(self, used: Sample) -> Ended | None:
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


class LocalSandbox:
    """Runs each script in a process of its own on this machine."""

    def __init__(self, packages: InstalledPackages, level: Level, slots: int) -> None:
        self.packages = packages
        self.level = level
        self.slots = slots
        self.filter = seccomp.filter_for_this_machine()
        self.uids = iter_uids()

    async def execute(
        self, job: Job, collect_into: Path, on_output: OnOutput | None = None
    ) -> Execution:
        """Run `job`; stream complete output lines to `on_output`; collect artifacts.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed.
        """
        uid = self.uids() if self.level is Level.COLD and os.geteuid() == 0 else None
        space = await asyncio.to_thread(workspace.create, job, uid)
        try:
            inputs = await asyncio.to_thread(workspace.readable_inputs, space, job.inputs)
            process = self.begin(job, space, inputs, uid)
            running = Running(job, process, Output(on_output), space)
            ended = await drive(running)
            execution = await asyncio.to_thread(self.outcome, running, ended, collect_into, inputs)
        finally:
            await asyncio.shield(asyncio.to_thread(workspace.remove, space))
        return execution

    def begin(
        self, job: Job, space: Workspace, inputs: dict[str, Path], uid: int | None
    ) -> Process:
        """Start the process, confined as the level says."""
        try:
            if self.level is Level.UNCONFINED:
                return self.begin_unconfined(job, space, inputs)
            status_pipe = os.pipe2(os.O_CLOEXEC)
            filter_fd = memory_file(self.filter) if self.filter else None
            confinement = Confinement(self.packages, space, inputs, uid, status_pipe[1], filter_fd)
            inherited = [filter_fd] if filter_fd is not None else []
            return begin(command(confinement, job), status_pipe=status_pipe, inherited=inherited)
        except OSError as error:
            raise SandboxError(f"The script could not be started: {error}.") from error

    def begin_unconfined(self, job: Job, space: Workspace, inputs: dict[str, Path]) -> Process:
        """Start a plain child process: limits, but no isolation; only by explicit choice."""
        for name, path in inputs.items():
            (space.job / name).symlink_to(path)
        for name in ("script.py", "labbook.py"):
            if (space.root / name).exists():
                (space.job / name).write_bytes((space.root / name).read_bytes())
        environment = variables(job) | {"HOME": str(space.root), "TMPDIR": str(space.root)}
        script = str(space.job / "script.py")
        line = [*limits(job.limits), *interpreter(self.packages, script, job)]
        return begin(line, cwd=str(space.job), environment=environment)

    def outcome(
        self, running: Running, ended: Exit, collect_into: Path, inputs: dict[str, Path]
    ) -> Execution:
        """Collect the artifacts and say how it ended."""
        job, output = running.job, running.output
        duration_s = time.monotonic() - running.began
        why, number = how_it_ended(running, ended)
        artifacts, skipped = workspace.collect(
            running.workspace, set(inputs), job.limits, collect_into
        )
        return Execution(
            exit_code=ended.status if running.ended is None and number is None else None,
            ended=why,
            output=output.text,
            duration_s=duration_s,
            level=self.level,
            signal=number,
            cpu_s=max(running.cpu_s, ended.cpu_s),
            peak_memory_mib=max(running.peak_kib, ended.largest_kib) / 1024,
            output_bytes=output.total,
            artifacts=artifacts,
            skipped=skipped,
        )


def how_it_ended(running: Running, ended: Exit) -> tuple[Ended, int | None]:
    """Return why an execution ended and the signal that did it, if one did."""
    number = signal_of(ended.status)
    if running.ended is not None:
        return running.ended, number
    if number == signal.SIGXCPU:
        return Ended.CPU, number
    if ended.status and workspace.is_full(running.workspace, running.job.limits):
        return Ended.DISK, number
    return (Ended.FINISHED, None) if number is None else (Ended.SIGNAL, number)


def signal_of(status: int) -> int | None:
    """Return the signal behind an exit status, also one that bubblewrap passes on as 128 + n."""
    number = -status if status < 0 else status - 128
    fatal = {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL}
    fatal |= {signal.SIGFPE, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSYS}
    return number if status < 0 or number in fatal else None


async def drive(running: Running) -> Exit:
    """Read, watch and wait until the process has ended; kill it when cancelled."""
    loop = asyncio.get_running_loop()
    process = running.process
    loop.add_reader(process.pidfd, process.has_ended.set)
    drained = asyncio.Event()
    loop.add_reader(process.output_fd, lambda: read_some(running, loop, drained))
    watchdog = asyncio.create_task(watch(running))
    try:
        try:
            await asyncio.wait_for(process.has_ended.wait(), running.job.limits.timeout_s)
        except TimeoutError:
            running.end(Ended.TIMEOUT)
            await process.has_ended.wait()
    except asyncio.CancelledError:
        running.end(Ended.STOPPED)
        await process.has_ended.wait()
        raise
    finally:
        watchdog.cancel()
        process.kill()
        loop.remove_reader(process.pidfd)
        await drain(running, loop, drained)
        ended = process.reap()
    running.output.finish()
    return ended


async def drain(running: Running, loop: asyncio.AbstractEventLoop, drained: asyncio.Event) -> None:
    """Read what is left in the pipe; nobody can write to it any more."""
    try:
        await asyncio.wait_for(drained.wait(), 1.0)
    except TimeoutError:
        log.warning(
            "output was still open after the end", extra={"pid": running.process.popen.pid}
        )
    loop.remove_reader(running.process.output_fd)


def read_some(running: Running, loop: asyncio.AbstractEventLoop, drained: asyncio.Event) -> None:
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


async def watch(running: Running) -> None:
    """Measure at intervals and end what exceeds its limits."""
    allowed = running.job.limits
    while True:
        await asyncio.sleep(WATCH_INTERVAL_S)
        used = await asyncio.to_thread(
            sample, running.process.watched_pid, allowed.memory_mib * 1024
        )
        why = running.exceeded(used)
        if why is None and await asyncio.to_thread(is_over_disk, running):
            why = Ended.DISK
        if why is not None:
            running.end(why)
            return


def is_over_disk(running: Running) -> bool:
    """Whether a working directory without a quota of its own is over its size."""
    if running.workspace.has_quota:
        return False
    size, count = workspace.usage(running.workspace.job)
    return size > running.job.limits.disk_mib * MIB or count > running.job.limits.inodes


def memory_file(content: bytes) -> int:
    """Return a descriptor of a file in memory, at its beginning."""
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def iter_uids() -> Callable[[], int]:
    """Return a source of user ids, no two of the last `UIDS` alike within this process."""
    base = FIRST_UID + (os.getpid() % 10_000) * UIDS
    state = {"next": 0}

    def following() -> int:
        state["next"] = (state["next"] + 1) % UIDS
        return base + state["next"]

    return following
