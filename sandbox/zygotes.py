"""Zygotes as the service sees them: started, asked to run scripts, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sandbox.errors import SandboxError
from sandbox.groups import Group
from sandbox.inside.request import Request, receive, send
from sandbox.process import Exit

log = logging.getLogger(__name__)

READY_TIMEOUT_S = 120
"""Importing everything from a cold disk takes 15 s and more."""
START_TIMEOUT_S = 30
"""A zygote that has not started a script by then hangs."""
CLOSE_TIMEOUT_S = 5
TELL_TIMEOUT_S = 5
"""A zygote that has not told of an end by then hangs."""
RETRY_S = 0.01
GROWTH_KIB = 64 * 1024
"""How much more than at its start a zygote may hold before it is replaced."""
LOST = Exit(-signal.SIGKILL, 0.0, 0, is_lost=True)


class ZygoteLost(SandboxError):
    """A zygote went away before it had started a request; another one can be asked."""


@dataclass(slots=True)
class ForkedProcess:
    """A script forked from a zygote."""

    output_fd: int
    init_fd: int
    """Pidfd of the first process of its namespace; its death is the death of all others."""
    script_fd: int
    folder_fd: int
    """Its working directory, which lies in another mount namespace."""
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)
    exit: Exit = LOST
    fault: str = ""
    """Why it could not be confined; the script did not run then."""

    @property
    def folder(self) -> Path:
        """The working directory, by descriptor."""
        return Path(f"/proc/self/fd/{self.folder_fd}")

    def follow(self) -> None:
        """Do nothing: the zygote tells of the end."""

    def kill(self) -> None:
        """Kill the namespace's first process, and with it everything; see pid_namespaces(7).

        A zygote that hangs tells of no end; it is not waited for.
        """
        if not self.has_ended.is_set():
            asyncio.get_running_loop().call_later(TELL_TIMEOUT_S, self.has_ended.set)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.init_fd, signal.SIGKILL)

    def watched_pids(self) -> tuple[int, ...]:
        """Return the first process, which inherits orphans, and the script's."""
        return tuple(p for p in (_pid_of(self.init_fd), _pid_of(self.script_fd)) if p > 0)

    def reap(self) -> Exit:
        """Say how it ended; the zygote has reaped it."""
        for descriptor in (self.output_fd, self.init_fd, self.script_fd):
            os.close(descriptor)
        return self.exit


@dataclass(slots=True, eq=False)
class Zygote:
    """One running zygote."""

    popen: subprocess.Popen[bytes]
    channel: socket.socket
    errors: IO[bytes]
    ready: asyncio.Future[dict[str, Any]]
    starting: dict[int, tuple[asyncio.Future[ForkedProcess], int]] = field(default_factory=dict)
    """Number of a request to its future process and the end of its output's pipe."""
    running: dict[int, ForkedProcess] = field(default_factory=dict)
    abandoned: set[asyncio.Task[None]] = field(default_factory=set)
    """Requests that nobody waits for any more, until they have been killed."""
    is_dead: bool = False
    memory_kib: int = 0
    """What it held when it last told."""

    @property
    def load(self) -> int:
        """How many executions it has."""
        return len(self.starting) + len(self.running)

    @property
    def is_worn(self) -> bool:
        """Whether it has grown: it should not, since it computes nothing."""
        if not self.ready.done() or self.ready.exception() is not None:
            return False
        return self.memory_kib > int(self.ready.result()["memory_kib"]) + GROWTH_KIB

    async def begin(self, request: Request, group: Group | None = None) -> ForkedProcess:
        """Have the zygote start a script in a control group; return once it runs.

        Raises
        ------
        ZygoteLost
            When the zygote went away first, or could not start it.
        """
        started: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        self.starting[request.number] = started, reader
        try:
            with group.open_entrances() if group else nullcontext(()) as entrances:
                await self.send(request.to_json(), (writer, *entrances))
        except BaseException:
            self.starting.pop(request.number, None)
            os.close(reader)
            raise
        finally:
            os.close(writer)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                return await asyncio.shield(started)
        except TimeoutError as error:
            self.popen.kill()
            self.note_death()
            raise ZygoteLost("The zygote did not answer.") from error
        except asyncio.CancelledError:
            task = asyncio.create_task(self.discard(request.number, started))
            self.abandoned.add(task)
            task.add_done_callback(self.abandoned.discard)
            raise

    async def discard(self, number: int, started: asyncio.Future[ForkedProcess]) -> None:
        """Kill a script that nobody waits for any more as soon as there is one.

        Its files are gone by then: it can no longer be confined, and does not run.
        """
        await asyncio.wait([started])
        if started.exception() is not None:
            return
        process = started.result()
        process.kill()
        await process.has_ended.wait()
        process.reap()
        await self.drop(number, process)

    async def drop(self, number: int, process: ForkedProcess) -> None:
        """Let go of the working directory of a script that has ended."""
        os.close(process.folder_fd)
        with contextlib.suppress(ZygoteLost):
            await self.send({"drop": number})

    async def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """Send a message, waiting while the zygote has too many of them."""
        while not self.is_dead:
            try:
                send(self.channel, message, descriptors)
            except BlockingIOError:
                await asyncio.sleep(RETRY_S)
            except OSError:
                break
            else:
                return
        raise ZygoteLost("The zygote went away.")

    def take(self) -> None:
        """Take one message of the zygote."""
        try:
            message, descriptors = receive(self.channel)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = None, []
        if message is None:
            self.note_death()
        elif "ready" in message:
            self.memory_kib = message["memory_kib"]
            if not self.ready.done():
                self.ready.set_result(message)
        elif "started" in message:
            started, reader = self.starting.pop(message["started"])
            init_fd, script_fd, folder_fd = descriptors
            process = ForkedProcess(reader, init_fd, script_fd, folder_fd)
            self.running[message["started"]] = process
            started.set_result(process)
        elif "refused" in message:
            started, reader = self.starting.pop(message["refused"])
            os.close(reader)
            started.set_exception(ZygoteLost(message["fault"]))
        elif "ended" in message:
            self.note_end(message)

    def note_end(self, message: dict[str, Any]) -> None:
        """Note how a script ended."""
        self.memory_kib = message["memory_kib"]
        process = self.running.pop(message["ended"])
        process.fault = message["fault"]
        process.exit = Exit(message["status"], message["cpu_s"], message["largest_kib"])
        process.has_ended.set()

    def note_death(self) -> None:
        """Let everybody who waits know that the zygote is gone; all its scripts went with it."""
        if self.is_dead:
            return
        self.is_dead = True
        asyncio.get_running_loop().remove_reader(self.channel)
        if not self.ready.done():
            self.ready.set_exception(ZygoteLost(self.complaint()))
            self.ready.exception()
        for started, reader in self.starting.values():
            os.close(reader)
            started.set_exception(ZygoteLost("The zygote went away."))
        for process in self.running.values():
            process.has_ended.set()
        self.starting.clear()
        self.running.clear()

    def complaint(self) -> str:
        """Return the end of what it and bubblewrap wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read()[-2000:].decode("utf-8", "replace").strip()

    async def idle(self) -> None:
        """Wait until it has no executions."""
        while (self.load and not self.is_dead) or self.abandoned:
            waits: list[asyncio.Future[Any]] = [s for s, _ in self.starting.values()]
            waits += self.abandoned
            waits += [asyncio.ensure_future(p.has_ended.wait()) for p in self.running.values()]
            await asyncio.wait(waits)

    async def close(self) -> None:
        """End it and all its scripts, and wait for that."""
        is_listening = self.ready.done() and not self.is_dead
        self.note_death()
        await asyncio.gather(*self.abandoned)
        self.channel.close()
        if not is_listening:
            self.popen.kill()
        try:
            await asyncio.to_thread(self.popen.wait, CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            await asyncio.to_thread(self.popen.wait)
        self.errors.close()


def start_zygote(command: Sequence[str], modules: Sequence[str]) -> Zygote:
    """Start a zygote that imports `modules`; it may be asked before it is ready."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    errors = tempfile.TemporaryFile()  # noqa: SIM115  the zygote owns it
    try:
        popen = subprocess.Popen(
            [*command, str(theirs.fileno()), *modules],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env={"PATH": os.defpath},
            start_new_session=True,
            pass_fds=[theirs.fileno()],
        )
    except OSError as error:
        ours.close()
        errors.close()
        raise SandboxError(f"A zygote could not be started: {error}.") from error
    finally:
        theirs.close()
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    zygote = Zygote(popen, ours, errors, loop.create_future())
    loop.add_reader(ours, zygote.take)
    return zygote


def _pid_of(pidfd: int) -> int:
    """Return the process behind a pidfd in our own namespace; -1 when it is gone."""
    try:
        lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines()
    except OSError:
        return -1
    return next((int(line.split()[1]) for line in lines if line.startswith("Pid:")), -1)
