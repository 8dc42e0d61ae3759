"""The zygote: imports the libraries once, then forks a confined child for every request.

It never computes: thread pools of the libraries that had been used would be dead in its children.
It is started with an empty environment and never holds a secret.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sandbox.inside import kernel
from sandbox.inside.confinement import confine, take_output
from sandbox.inside.request import EARLIER, INPUTS, JOB, WORK, Request, receive, send
from sandbox.inside.screenless import draw_without_screen
from sandbox.inside.script import run, settle

INIT = ("/bin/sh", "-c", 'trap "" CHLD; exec sleep 2147483647')
"""First process of an execution's pid namespace: ignoring SIGCHLD, it reaps all orphans."""
CONFINED = b"confined"
NOT_CONFINED = 70
POLITENESS = 5
"""Imports ahead, and scripts forked from them, give way to the service and its first scripts."""


@dataclass(slots=True)
class Child:
    """An execution under way."""

    request: Request
    init: int
    init_fd: int
    script: int
    script_fd: int
    report: int
    """The child writes here that it is confined, or why not."""
    status: int | None = None
    used: resource.struct_rusage | None = None


class ZygoteServer:
    """Serves requests until the service goes away."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self.children: dict[int, Child] = {}
        """By the descriptors that tell of an end."""
        self.poll = select.poll()
        self.poll.register(channel, select.POLLIN)

    def serve(self) -> None:
        """Answer until the other end is closed."""
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.channel.fileno():
                    if not self.answer():
                        return
                elif descriptor in self.children:
                    self.ended(descriptor)

    def answer(self) -> bool:
        """Take one message; False when the service is gone."""
        message, descriptors = receive(self.channel)
        if message is None:
            return False
        if "drop" in message:
            _drop(int(message["drop"]))
        else:
            self.begin(Request.from_json(message), descriptors[0], descriptors[1:])
        return True

    def begin(self, request: Request, output: int, entrances: list[int]) -> None:
        """Fork the execution and say which processes and folder it has."""
        try:
            _mount_work(request)
            child = self.fork(request, output, entrances)
        except OSError as error:
            _drop(request.number)
            send(self.channel, {"refused": request.number, "fault": str(error)})
            return
        finally:
            for descriptor in (output, *entrances):
                os.close(descriptor)
        for descriptor in (child.script_fd, child.init_fd):
            self.children[descriptor] = child
            self.poll.register(descriptor, select.POLLIN)
        folder = os.open(request.work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        handed = (child.init_fd, child.script_fd, folder)
        send(self.channel, {"started": request.number}, handed)
        os.close(folder)

    def fork(self, request: Request, output: int, entrances: list[int]) -> Child:
        """Make a pid namespace with its first process, then the script's in it."""
        kernel.unshare(kernel.CLONE_NEWPID)
        try:
            init = os.posix_spawn(INIT[0], INIT, {})
            try:
                return _fork_into(request, output, entrances, init)
            except BaseException:
                os.kill(init, signal.SIGKILL)
                os.waitpid(init, 0)
                raise
        finally:
            kernel.enter(self.home, kernel.CLONE_NEWPID)

    def ended(self, descriptor: int) -> None:
        """Reap one process of an execution; when the script is gone, so goes all the rest."""
        child = self.children.pop(descriptor)
        self.poll.unregister(descriptor)
        if descriptor == child.script_fd:
            _, status, child.used = os.wait4(child.script, 0)
            child.status = os.waitstatus_to_exitcode(status)
            signal.pidfd_send_signal(child.init_fd, signal.SIGKILL)
        else:
            os.waitpid(child.init, 0)
        if child.script_fd not in self.children and child.init_fd not in self.children:
            self.tell_end(child)

    def tell_end(self, child: Child) -> None:
        """Say how an execution ended."""
        said = os.read(child.report, 4096)
        for descriptor in (child.report, child.script_fd, child.init_fd):
            os.close(descriptor)
        fault = "" if said == CONFINED else said.decode("utf-8", "replace") or "died early"
        used = child.used
        message = {
            "ended": child.request.number,
            "status": child.status,
            "cpu_s": used.ru_utime + used.ru_stime if used else 0.0,
            "largest_kib": used.ru_maxrss if used else 0,
            "memory_kib": _status_line("RssAnon"),
            "fault": fault if child.status == NOT_CONFINED or said != CONFINED else "",
        }
        send(self.channel, message)


def main() -> None:
    """Import, say that all is ready, serve."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    if sys.argv[2:]:
        os.nice(POLITENESS)
    failed = _preload(sys.argv[2:])
    ready: dict[str, Any] = {
        "ready": os.getpid(),
        "threads": _status_line("Threads"),
        "memory_kib": _status_line("RssAnon"),
        "failed": failed,
    }
    send(channel, ready)
    ZygoteServer(channel).serve()
    os._exit(0)


def _fork_into(request: Request, output: int, entrances: list[int], init: int) -> Child:
    """Fork the script's process into the pid namespace of `init`."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        script = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if script == 0:
        _be_the_script(request, output, entrances, writer)
    os.close(writer)
    return Child(request, init, os.pidfd_open(init), script, os.pidfd_open(script), reader)


def _be_the_script(request: Request, output: int, entrances: list[int], report: int) -> NoReturn:
    """Confine this forked child, then run the script in it; never half confined."""
    status = NOT_CONFINED
    try:
        for descriptor in entrances:
            os.write(descriptor, b"0")
        confine(request)
        take_output(output, report)
        settle(request.environment, request.arguments)
    except BaseException as error:  # noqa: BLE001  whatever it is, the script must not run
        os.write(report, f"{type(error).__name__}: {error}".encode()[:4096])
        os._exit(NOT_CONFINED)
    os.write(report, CONFINED)
    os.close(report)
    try:
        status = run(f"{JOB}/script.py")
    finally:
        os._exit(status)


def _mount_work(request: Request) -> None:
    """Mount the working directory: a file system of its own with hard limits."""
    os.mkdir(request.work)  # noqa: PTH102
    options = f"size={request.disk_mib}m,nr_inodes={request.inodes},mode=0700"
    kernel.mount("tmpfs", request.work, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    for name in request.files:
        os.close(os.open(f"{request.work}/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444))
    _copy_tree(f"{INPUTS}/{request.folder}/{EARLIER}", request.work)


def _copy_tree(source: str, target: str) -> None:
    """Copy the files below a folder, where there is one; the script may change its copies."""
    for place, folders, names in os.walk(source):
        there = target + place.removeprefix(source)
        for folder in folders:
            os.mkdir(f"{there}/{folder}")  # noqa: PTH102
        for name in names:
            with open(f"{place}/{name}", "rb") as read, open(f"{there}/{name}", "wb") as written:  # noqa: PTH123
                while chunk := read.read(1 << 20):
                    written.write(chunk)


def _drop(number: int) -> None:
    """Unmount the working directory of an execution that is over."""
    folder = f"{WORK}/{number}"
    with contextlib.suppress(OSError):
        kernel.unmount(folder)
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def _preload(names: list[str]) -> dict[str, str]:
    """Import libraries; return what could not be imported, and why.

    Their finalizers would only unload, 40 ms for each child, what dies with it anyway.
    """
    failed = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  a library may fail in any way
            failed[name] = f"{type(error).__name__}: {error}"[:300]
    draw_without_screen()
    for finalizer in tuple(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False
    gc.collect()
    gc.freeze()
    return failed


def _status_line(name: str) -> int:
    """Return a number from /proc/self/status; see proc(5)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
