"""Executions forked from warm zygotes: libraries imported already, namespaces of their own."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox import workspace
from sandbox.chores import Chores, to_end
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.execution import Execution, IsolationLevel, Job, OnOutput
from sandbox.groups import Group, Place, group_of, with_group_limits
from sandbox.inside.request import EARLIER, Request
from sandbox.isolation import SHARED_MIB, resources, variables
from sandbox.local import can_switch_user, iter_uids
from sandbox.nest import Nest
from sandbox.outer import zygote_command
from sandbox.output import Output
from sandbox.ownership import make_owned
from sandbox.packages import InstalledPackages, read_packages
from sandbox.sandbox import Standing
from sandbox.supervision import Running, drive, outcome
from sandbox.workspace import Workspace
from sandbox.zygotes import ForkedProcess, Zygote, ZygoteLost

log = logging.getLogger(__name__)

LIBRARIES = (
    *("numpy", "pandas", "scipy.sparse", "scipy.stats", "sklearn.model_selection", "joblib"),
    *("pyarrow.parquet", "matplotlib.pyplot", "torch", "threadpoolctl"),
    *("lenskit", "lenskit.als", "lenskit.basic", "lenskit.knn", "lenskit.batch", "lenskit.data"),
    *("lenskit.metrics", "lenskit.pipeline", "lenskit.splitting", "lenskit.training"),
    *("lenskit.random", "lenskit.sklearn.svd", "lenskit.funksvd"),
)
"""What a warm zygote imports, as far as it is installed."""
SLOTS_PER_ZYGOTE = 8
"""A zygote forks one child after the other, about 20 ms each."""
ATTEMPTS = 3
INHERITED_SHARE = 2
"""How many times what a script inherits its memory limit must be."""


class WarmSandbox:
    """Runs each script in a fork of a warm interpreter.

    Two kinds of zygote: a light one that imports nothing serves from the start, a full one with
    all libraries once it has imported them.
    """

    level = IsolationLevel.WARM

    def __init__(
        self,
        packages: InstalledPackages,
        slots: int,
        folder: Path,
        libraries: Sequence[str] = LIBRARIES,
        place: Place | None = None,
    ) -> None:
        self.packages = packages
        self.slots = slots
        self.place = place
        self.folder = folder
        """The files of requests lie here; all zygotes see it."""
        self.print = _fingerprint(packages)
        self.numbers = itertools.count(1)
        self.uids = iter_uids()
        self.chores = Chores()
        self.wants_libraries = False
        self.light = Nest(self.command, (), 1)
        self.full = Nest(self.command, libraries, zygotes_for(slots))

    def command(self) -> list[str]:
        """Return the command line of a zygote."""
        uid = self.uids() if can_switch_user() else None
        return zygote_command(self.packages, self.folder, uid)

    async def warm_up(self, after_s: float = 0.0) -> None:
        """Import all libraries; return when that is done."""
        await asyncio.sleep(after_s)
        self.wants_libraries = True
        try:
            zygote = await self.full.zygote()
        except SandboxError as error:
            log.warning("no warm libraries", extra={"reason": str(error)})
            return
        said = zygote.ready.result()
        log.info(
            "libraries are warm",
            extra={"threads": said["threads"], "standing": str(self.standing)},
        )

    @property
    def standing(self) -> Standing:
        """What its zygotes hold."""
        return Standing(
            self.light.ready_count + self.full.ready_count,
            self.light.memory_mib + self.full.memory_mib,
            has_groups=self.place is not None,
        )

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
        workspace.check_inputs(job.inputs)
        await self.follow_changes()
        reason = ""
        for _ in range(ATTEMPTS):
            try:
                return await self.attempt(job, collect_into, on_output, stop)
            except ZygoteLost as error:
                reason = str(error)
                log.warning("a script had to be started again", extra={"reason": reason})
        raise SandboxError(f"No zygote could start the script: {reason}")

    async def attempt(
        self,
        job: Job,
        collect_into: Path,
        on_output: OnOutput | None,
        stop: asyncio.Event | None,
    ) -> Execution:
        """Execute once; raise `ZygoteLost` when nothing has been seen of the script."""
        async with group_of(self.place, job.limits) as group, self.started(job, group) as process:
            space = Workspace(self.folder, process.folder, has_quota=True)
            running = Running(job, process, Output(on_output), space, stop, group)
            ended = await drive(running)
            if process.fault and running.ended is None:
                raise ZygoteLost(f"it could not be confined: {process.fault}")
            if ended.is_lost and running.ended is None and running.has_shown_nothing:
                raise ZygoteLost("its zygote died when it had just begun")
            return await to_end(lambda: outcome(running, ended, self.level, collect_into))

    @asynccontextmanager
    async def started(self, job: Job, group: Group | None) -> AsyncIterator[ForkedProcess]:
        """Have a zygote start the script; let go of everything afterwards."""
        number = next(self.numbers)
        files = self.folder / str(number)

        def remove() -> None:
            shutil.rmtree(files, ignore_errors=True)

        names = await self.chores.do(lambda: _lay_out(job, files, self.folder / "kept"), remove)
        try:
            async with self.zygote(job.limits.memory_mib) as zygote:
                process = await zygote.begin(_request_of(number, names, job, group), group)
                try:
                    yield process
                finally:
                    await zygote.drop(number, process)
        finally:
            await to_end(remove)

    @asynccontextmanager
    async def zygote(self, memory_mib: int) -> AsyncIterator[Zygote]:
        """Yield a zygote, with all libraries if one is ready; one that fails is replaced.

        A script that may use little memory would be over its limit by what it inherits.
        """
        if self.wants_libraries:
            self.full.revive()
        has_room = memory_mib >= INHERITED_SHARE * self.full.memory_mib / max(1, self.full.size)
        nest = self.full if self.full.is_ready and has_room else self.light
        zygote = await nest.zygote()
        try:
            yield zygote
        except ZygoteLost:
            nest.retire(zygote)
            raise

    async def follow_changes(self) -> None:
        """Read the packages again and renew the zygotes when the environment has changed."""
        found = _fingerprint(self.packages)
        if found == self.print:
            return
        try:
            packages = await asyncio.to_thread(read_packages, self.packages.executable)
        except SandboxUnavailable as error:
            log.warning("the environment cannot be read just now", extra={"reason": str(error)})
            return
        self.print, self.packages = found, packages
        self.light.renew()
        self.full.renew()

    async def close(self) -> None:
        """End all zygotes."""
        await asyncio.gather(self.light.close(), self.full.close(), self.chores.close())


@asynccontextmanager
async def open_warm(
    packages: InstalledPackages,
    slots: int,
    libraries: Sequence[str] = LIBRARIES,
    place: Place | None = None,
) -> AsyncIterator[WarmSandbox]:
    """Open a warm sandbox whose light zygote runs.

    Raises
    ------
    SandboxError
        When a zygote cannot run here; says what bubblewrap complained of.
    """
    folder = await asyncio.to_thread(_make_folder)
    sandbox = WarmSandbox(packages, slots, folder, libraries, place)
    try:
        await sandbox.light.zygote()
        yield sandbox
    finally:
        await sandbox.close()
        await to_end(lambda: workspace.remove_folder(folder))


def zygotes_for(slots: int) -> int:
    """Return how many zygotes with libraries serve so many slots, two or one per core at most."""
    return min(1 + (slots - 1) // SLOTS_PER_ZYGOTE, max(2, len(os.sched_getaffinity(0))))


def _make_folder() -> Path:
    """Make the folder that all zygotes see."""
    folder = make_owned(workspace.make_folder)
    folder.chmod(0o755)
    (folder / "kept").mkdir(mode=0o755)
    (folder / "passwd").write_text("researcher:x:65534:65534::/tmp:/bin/sh\n")
    return folder


def _request_of(number: int, names: tuple[str, ...], job: Job, group: Group | None) -> Request:
    """Return what is asked of a zygote."""
    return Request(
        number=number,
        folder=str(number),
        files=names,
        arguments=job.arguments,
        environment=variables(job),
        limits=resources(with_group_limits(job.limits, group)),
        disk_mib=job.limits.disk_mib,
        inodes=job.limits.inodes,
        shared_mib=SHARED_MIB,
    )


def _lay_out(job: Job, folder: Path, kept: Path) -> tuple[str, ...]:
    """Put script, helper and inputs into a folder; return their names."""
    folder.mkdir(mode=0o755)
    workspace.write_sources(folder, job)
    for item in job.inputs:
        workspace.link_input(item, folder / item.name, kept)
    names = tuple(sorted(path.name for path in folder.iterdir()))
    if job.earlier is not None:
        workspace.copy_earlier(job.earlier, folder / EARLIER)
    return names


def _fingerprint(packages: InstalledPackages) -> tuple[int, ...]:
    """Return what changes when packages are installed or removed."""
    places = [packages.prefix / "pyvenv.cfg", *packages.prefix.glob("lib/python*/site-packages")]
    return tuple(p.stat().st_mtime_ns for p in places if p.exists())
