"""Control groups: the kernel holds the memory and the processes of an execution together.

Used where this service may make groups below its own: in version 2 where systemd delegates it, in
version 1 with the rights of root. Elsewhere the watchdog measures alone. See cgroups(7).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sandbox.chores import to_end
from sandbox.execution import Limits
from sandbox.isolation import MIB, SHARED_MIB
from sandbox.ownership import disown, make_owned, taken_over

PREFIX = "autoreclab-group-"
SERVICE = "service"
"""The service's own group: in version 2 a group with groups below holds no processes."""
OVERHEAD = 4
"""Processes of a confinement that are not the script's: bubblewrap and its first process."""
JOIN = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 70; shift; done; shift; exec "$@"'
CONTROLLERS = ("memory", "pids")
ATTEMPTS, PAUSE_S = 50, 0.01
numbers = itertools.count(1)
# Processes of two containers may have the same number and see the same groups.
TOKEN = secrets.token_hex(4)


@dataclass(frozen=True, slots=True)
class Group:
    """The group of one execution: one folder in version 2, one per controller in version 1."""

    folders: tuple[Path, ...]

    @property
    def entrances(self) -> tuple[str, ...]:
        """The files to write a process id to, 0 for one's own."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    @property
    def oom_kills(self) -> int:
        """How many processes the kernel has killed because memory ran out."""
        return self.count("oom_kill", "memory.events", "memory.oom_control")

    @property
    def refused_forks(self) -> int:
        """How often a process or thread was refused because there were too many."""
        return self.count("max", "pids.events")

    @contextlib.contextmanager
    def open_entrances(self) -> Iterator[tuple[int, ...]]:
        """Open the entrances for a process that could not: the kernel asks who opened them."""
        with contextlib.ExitStack() as stack:
            opened = [os.open(name, os.O_WRONLY | os.O_CLOEXEC) for name in self.entrances]
            for descriptor in opened:
                stack.callback(os.close, descriptor)
            yield tuple(opened)

    def count(self, field: str, *names: str) -> int:
        """Return a number from the first of these files that is there."""
        for path in (folder / name for folder in self.folders for name in names):
            with contextlib.suppress(OSError):
                pairs = (line.split() for line in path.read_text().splitlines())
                return next((int(pair[1]) for pair in pairs if pair[0] == field), 0)
        return 0

    def remove(self) -> None:
        """Kill what is left in it and remove it."""
        for folder in self.folders:
            _remove_folder(folder)
            disown(folder)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the groups of executions are made; folders as in `Group`."""

    folders: tuple[Path, ...]

    def group(self, limits: Limits) -> Group:
        """Make a group that holds its processes to these limits.

        Files in memory count too: the kernel's limit leaves room for all that may be written, and
        the watchdog holds processes to their own limit.
        """
        name = f"{PREFIX}{os.getpid()}-{TOKEN}-{next(numbers)}"
        group = Group(tuple(folder / name for folder in self.folders))
        try:
            for folder in group.folders:
                make_owned(partial(_make_folder, folder))
            for file, value in _values_of(limits):
                for folder in group.folders:
                    if (folder / file).exists():
                        (folder / file).write_text(str(value))
        except OSError:
            group.remove()
            raise
        return group

    def names(self) -> Iterator[Path]:
        """Yield the groups of executions that are there, of any service."""
        for folder in self.folders:
            yield from folder.glob(f"{PREFIX}*")

    def remove_stale(self) -> None:
        """Remove what services that died have left."""
        for folder in self.names():
            with taken_over(folder) as is_ours:
                if is_ours:
                    _remove_folder(folder)


@asynccontextmanager
async def group_of(place: Place | None, limits: Limits) -> AsyncIterator[Group | None]:
    """Make a group where there is a place for it; remove it afterwards."""
    if place is None:
        yield None
        return
    group = place.group(limits)
    try:
        yield group
    finally:
        await to_end(group.remove)


def with_group_limits(limits: Limits, group: Group | None) -> Limits:
    """Let a group speak before the limit per user, which counts the dead too and tells nobody."""
    return limits if group is None else replace(limits, processes=4 * limits.processes)


def entering(group: Group | None, command: Sequence[str]) -> list[str]:
    """Return a command that enters the group first."""
    if group is None:
        return list(command)
    return ["/bin/sh", "-c", JOIN, "sh", *group.entrances, "--", *command]


def find_place() -> Place | None:
    """Return where groups can be made and entered; None where the watchdog must do."""
    for find in (_delegated_place, _controller_place):
        with contextlib.suppress(OSError, ValueError):
            place = find()
            if place is not None and _is_usable(place):
                place.remove_stale()
                return place
    return None


def group_folder_of(controller: str, path: str, mounts: list[list[str]]) -> Path | None:
    """Find where a hierarchy is mounted and the group's folder in it; see proc(5), mountinfo."""
    kind = "cgroup" if controller else "cgroup2"
    for fields in mounts:
        root, point = fields[3], fields[4]
        found, _, options = fields[fields.index("-") + 1 :][:3]
        has_it = not controller or controller in options.split(",")
        if found == kind and has_it and Path(path).is_relative_to(root):
            return Path(point) / Path(path).relative_to(root)
    return None


def kill_all(folder: Path) -> None:
    """Kill every process of a group at once, where the kernel can; else one by one."""
    with contextlib.suppress(OSError):
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
            return
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _values_of(limits: Limits) -> list[tuple[str, int]]:
    """Return files of version 2 and 1 with what to write, those that others depend on first."""
    memory = (limits.memory_mib + limits.disk_mib + 2 * SHARED_MIB) * MIB
    return [
        ("memory.max", memory),
        ("memory.swap.max", 0),
        ("memory.oom.group", 1),
        ("memory.limit_in_bytes", memory),
        ("memory.memsw.limit_in_bytes", memory),
        ("pids.max", limits.processes + OVERHEAD),
    ]


def _is_usable(place: Place) -> bool:
    """Whether a process can enter a group there."""
    group = place.group(Limits())
    try:
        return subprocess.run(entering(group, ["true"]), capture_output=True).returncode == 0
    finally:
        group.remove()


def _delegated_place() -> Place | None:
    """Return this service's own group of version 2 where it has been handed over to it."""
    own = _own_folders().get("")
    if own is None:
        return None
    if own.name == SERVICE:
        own = own.parent
    offered = (own / "cgroup.controllers").read_text().split()
    if not _is_delegated(own) or not set(CONTROLLERS) <= set(offered):
        return None
    _make_room(own)
    return Place((own,))


def _is_delegated(folder: Path) -> bool:
    """Whether a manager leaves the groups below to this service; see systemd.resource-control(5).

    systemd marks such a group, and gives it to the user of the service.
    """
    for mark in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(folder, mark) == b"1":
                return os.access(folder, os.W_OK)
    return False


def _make_room(folder: Path) -> None:
    """Move what runs in a group into one below it, and let the others below have controllers."""
    (folder / SERVICE).mkdir(exist_ok=True)
    for pid in (folder / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (folder / SERVICE / "cgroup.procs").write_text(pid)
    wanted = " ".join(f"+{name}" for name in CONTROLLERS)
    (folder / "cgroup.subtree_control").write_text(wanted)


def _controller_place() -> Place | None:
    """Return this service's own groups of version 1, which only root may change."""
    own = _own_folders()
    folders = [own[name] for name in CONTROLLERS if name in own]
    if len(folders) < len(CONTROLLERS) or not all(os.access(f, os.W_OK) for f in folders):
        return None
    return Place(tuple(dict.fromkeys(folders)))


def _own_folders() -> dict[str, Path]:
    """Return the folder of this process's group by controller; the empty name: version 2."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    groups = [line.split(":", 2) for line in lines]
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    found = {}
    for _, controllers, path in groups:
        for name in controllers.split(","):
            folder = group_folder_of(name, path, mounts)
            if folder is not None:
                found[name] = folder
    return found


def _make_folder(folder: Path) -> Path:
    """Make a group."""
    folder.mkdir()
    return folder


def _remove_folder(folder: Path) -> None:
    """Kill the processes of a group and remove it; their end may take a moment."""
    for _ in range(ATTEMPTS):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            kill_all(folder)
            time.sleep(PAUSE_S)
        else:
            return
