"""One process and all it starts: begun, drained, watched, killed for sure, reaped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

READ_SIZE = 1 << 16


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended."""

    status: int
    """Exit status; -n when signal n killed it."""
    cpu_s: float
    """CPU seconds of all its processes that were waited for."""
    largest_kib: int
    """Resident size of the largest of its processes."""
    is_lost: bool = False
    """Whether the machinery went away before it had ended."""
    is_passed_on: bool = False
    """Whether another program says it, as 128 + n after signal n."""


class Process(Protocol):
    """A running script with all it starts, whatever confines it."""

    output_fd: int
    has_ended: asyncio.Event

    def follow(self) -> None:
        """Begin to watch for its end."""
        ...

    def kill(self) -> None:
        """Kill it and everything below it at once."""
        ...

    def watched_pids(self) -> tuple[int, ...]:
        """Return the processes below which everything of the execution lives."""
        ...

    def reap(self) -> Exit:
        """Say how it ended and close what it held."""
        ...


@dataclass(slots=True)
class ChildProcess:
    """A child of the service, known by descriptors that cannot come to mean another process."""

    popen: subprocess.Popen[bytes]
    pidfd: int
    output_fd: int
    status_fd: int | None
    init_fd: int | None = None
    init_pid: int | None = None
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def follow(self) -> None:
        """Begin to watch for its end."""
        asyncio.get_running_loop().add_reader(self.pidfd, self.note_end)

    def note_end(self) -> None:
        """Take note that it has ended: bubblewrap does so just before its namespace is gone."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.pidfd)
        self.learn_init()
        if self.init_fd is None:
            self.has_ended.set()
        else:
            loop.add_reader(self.init_fd, self.note_end_of_init)

    def note_end_of_init(self) -> None:
        """Take note that the namespace and all that was in it are gone."""
        if self.init_fd is not None:
            asyncio.get_running_loop().remove_reader(self.init_fd)
        self.has_ended.set()

    def kill(self) -> None:
        """Kill the process and everything below it at once.

        Inside a pid namespace the death of its first process takes all others; see
        pid_namespaces(7), and bubblewrap, which waits for it, ends by itself. A plain process is
        killed as a group.
        """
        if self.status_fd is not None and self.init_fd is None:
            self.learn_init()
        if self.init_fd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init_fd, signal.SIGKILL)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def learn_init(self) -> None:
        """Read which process is the first one of the namespace, once bubblewrap has said it."""
        if self.status_fd is None or self.init_fd is not None:
            return
        try:
            text = os.read(self.status_fd, READ_SIZE).decode()
        except BlockingIOError:
            return
        for line in text.splitlines():
            with contextlib.suppress(ValueError, ProcessLookupError, AttributeError):
                pid = json.loads(line).get("child-pid")
                if pid:
                    self.init_pid = int(pid)
                    self.init_fd = os.pidfd_open(self.init_pid)

    def watched_pids(self) -> tuple[int, ...]:
        """Return the process below which everything of the execution lives."""
        self.learn_init()
        return (self.init_pid or self.popen.pid,)

    def reap(self) -> Exit:
        """Take the exit status of the ended process and close what it held."""
        for descriptor in (self.pidfd, self.init_fd):
            if descriptor is not None:
                asyncio.get_running_loop().remove_reader(descriptor)
        _, status, used = os.wait4(self.popen.pid, 0)
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        for descriptor in (self.pidfd, self.output_fd, self.status_fd, self.init_fd):
            if descriptor is not None:
                os.close(descriptor)
        cpu_s = used.ru_utime + used.ru_stime
        is_passed_on = self.status_fd is not None
        return Exit(self.popen.returncode, cpu_s, used.ru_maxrss, is_passed_on=is_passed_on)


def begin(
    command: Sequence[str],
    *,
    cwd: str | None = None,
    environment: dict[str, str] | None = None,
    status_pipe: tuple[int, int] | None = None,
    inherited: Sequence[int] = (),
) -> ChildProcess:
    """Start a process in a session of its own; output and errors go to one pipe."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(reader, False)
    try:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            cwd=cwd,
            env=environment if environment is not None else {"PATH": os.defpath},
            start_new_session=True,
            pass_fds=[*inherited, *([status_pipe[1]] if status_pipe else [])],
        )
    except BaseException:
        for descriptor in (reader, *([status_pipe[0]] if status_pipe else [])):
            os.close(descriptor)
        raise
    finally:
        os.close(writer)
        for descriptor in (*inherited, *([status_pipe[1]] if status_pipe else [])):
            os.close(descriptor)
    status_fd = status_pipe[0] if status_pipe else None
    if status_fd is not None:
        os.set_blocking(status_fd, False)
    return ChildProcess(popen, os.pidfd_open(popen.pid), reader, status_fd)
