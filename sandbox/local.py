"""Executions on this machine: each a fresh interpreter in a confinement of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import seccomp, workspace
from sandbox.chores import to_end
from sandbox.errors import SandboxError
from sandbox.execution import Execution, IsolationLevel, Job, OnOutput
from sandbox.groups import Group, Place, entering, group_of, with_group_limits
from sandbox.isolation import Confinement, command, interpreter, limits, options, variables
from sandbox.output import Output
from sandbox.packages import SOURCES, InstalledPackages
from sandbox.process import ChildProcess, begin
from sandbox.sandbox import Standing
from sandbox.supervision import Running, drive, outcome
from sandbox.workspace import Workspace

FIRST_UID = 200_000
UIDS = 1_000
NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Frame:
    """What was made for one execution."""

    space: Workspace
    inputs: Mapping[str, Path]
    uid: int | None
    group: Group | None


class LocalSandbox:
    """Runs each script in a process of its own on this machine."""

    def __init__(
        self,
        packages: InstalledPackages,
        level: IsolationLevel,
        slots: int,
        place: Place | None = None,
    ) -> None:
        self.packages = packages
        self.level = level
        self.slots = slots
        self.place = place
        self.filter = seccomp.filter_for_this_machine()
        self.uids = iter_uids()

    @property
    def standing(self) -> Standing:
        """What it stands on; nothing waits."""
        return Standing(has_groups=self.place is not None)

    async def execute(
        self,
        job: Job,
        collect_into: Path,
        on_output: OnOutput | None = None,
        stop: asyncio.Event | None = None,
    ) -> Execution:
        """Run `job`; stream complete output lines to `on_output`; collect artifacts.

        A set `stop` kills the script and keeps what it left.

        Raises
        ------
        SandboxError
            When the machinery, not the script, failed.
        """
        uid = self.uids() if self.level is IsolationLevel.COLD and can_switch_user() else None
        async with _folder_of(job, uid) as space, group_of(self.place, job.limits) as group:
            inputs = await asyncio.to_thread(workspace.readable_inputs, space, job.inputs)
            process = self.begin(job, Frame(space, inputs, uid, group))
            running = Running(job, process, Output(on_output), space, stop, group)
            ended = await drive(running)
            return await to_end(lambda: outcome(running, ended, self.level, collect_into))

    def begin(self, job: Job, frame: Frame) -> ChildProcess:
        """Start the process, confined as the level says."""
        space, inputs, uid = frame.space, frame.inputs, frame.uid
        job = replace(job, limits=with_group_limits(job.limits, frame.group))
        try:
            if self.level is IsolationLevel.UNCONFINED:
                return self.begin_unconfined(job, frame)
            status_pipe = os.pipe2(os.O_CLOEXEC)
            filter_fd = _memory_file(self.filter) if self.filter else None
            options_fd = _memory_file(b"")
            confinement = Confinement(
                self.packages, space, inputs, uid, status_pipe[1], filter_fd, options_fd
            )
            _fill(options_fd, options(confinement, job))
            inherited = [options_fd, *([filter_fd] if filter_fd is not None else [])]
            line = entering(frame.group, command(confinement, job))
            return begin(line, status_pipe=status_pipe, inherited=inherited)
        except OSError as error:
            raise SandboxError(f"The script could not be started: {error}.") from error

    def begin_unconfined(self, job: Job, frame: Frame) -> ChildProcess:
        """Start a plain child process: limits, but no isolation; only by explicit choice."""
        space = frame.space
        for name, path in frame.inputs.items():
            (space.job / name).symlink_to(path)
        for name in ("script.py", "labbook.py"):
            if (space.root / name).exists():
                (space.job / name).write_bytes((space.root / name).read_bytes())
        environment = variables(job) | {"HOME": str(space.root), "TMPDIR": str(space.root)}
        script = str(space.job / "script.py")
        line = [*limits(job.limits), *interpreter(self.packages, str(SOURCES), script, job)]
        return begin(entering(frame.group, line), cwd=str(space.job), environment=environment)


def iter_uids() -> Callable[[], int]:
    """Return a source of user ids, no two of the last `UIDS` alike within this process."""
    base = first_uid()
    state = {"next": 0}

    def following() -> int:
        state["next"] = (state["next"] + 1) % UIDS
        return base + state["next"]

    return following


def can_switch_user() -> bool:
    """Whether this service is root and has other users; in a namespace it may be root alone."""
    return os.geteuid() == 0 and _last_uid() > 2 * UIDS


def first_uid() -> int:
    """Return the first of `UIDS` user ids for this process, within what the container has."""
    last = _last_uid()
    wanted = FIRST_UID + (os.getpid() % 10_000) * UIDS
    return wanted if wanted + UIDS <= last else max(1, min(last, NOBODY) - UIDS - 1)


@asynccontextmanager
async def _folder_of(job: Job, uid: int | None) -> AsyncIterator[Workspace]:
    """Make the folders of an execution; remove them afterwards, also when cancelled early."""
    making = asyncio.ensure_future(asyncio.to_thread(workspace.create, job, uid))
    try:
        space = await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.to_thread(workspace.remove, await making)
        raise
    except OSError as error:
        raise SandboxError(f"The script's folder could not be made: {error}.") from error
    try:
        yield space
    finally:
        await to_end(lambda: workspace.remove(space))


def _memory_file(content: bytes) -> int:
    """Return a descriptor of a file in memory, at its beginning."""
    descriptor = os.memfd_create("bubblewrap", os.MFD_CLOEXEC)
    _fill(descriptor, content)
    return descriptor


def _fill(descriptor: int, content: bytes) -> None:
    """Write to a file in memory and go back to its beginning."""
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _last_uid() -> int:
    """Return the highest user id that there is; see user_namespaces(7)."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return max(int(start) + int(count) - 1 for start, _, count in map(str.split, lines))
