"""Opens a lab, and does what it does by itself: leases, requests, runs left behind, old runs."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from agent_core.domain import Packages, RunId
from agent_core.domain.events import Logged, Resumed, RunFailed
from agent_core.errors import DamagedRun
from agent_core.execution.executor import Executor
from agent_core.execution.slots import FairSlots
from agent_core.lab.lab import Lab
from agent_core.lab.refusals import require_sound
from agent_core.lab.run_driver import ApiLookup, LabServices
from agent_core.researcher import Researcher
from agent_core.run.journal import LEASE_TTL_S, Journal, process_name
from agent_core.run.resuming import fruitless_resumes
from agent_core.run.view import fold
from agent_core.settings import LabSettings
from sandbox.sandbox import Sandbox
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

BEATS = 15
"""Renewals of a lease in its time to live."""
TERMINAL = "terminal:"
"""Beginning of the origin of runs that a person follows in a terminal."""
RESUME_WITHIN = timedelta(hours=24)
"""Unfinished runs older than this are not taken up by themselves."""
MOST_RESUMES = 3
"""Resumes without any progress after which a run is taken for what ends the service."""
KILLS = (
    "The service ended {times} times while it worked on this run at the same place; that may be "
    "what ends it, by its memory for example. Nothing is lost, resume to try once more."
)


class Housekeeper:
    """Keeps the house of one lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.journal = lab.journal
        self.damaged: set[RunId] = set()
        """Runs that cannot be read; said once."""

    async def take_up(self) -> None:
        """Go on with what earlier processes left; what is too old is marked as interrupted.

        Runs of the terminal are left to `tasks resume`.
        """
        for run in await self.journal.orphans():
            is_driven = run in self.lab.submitting or run in self.lab.drivers
            if is_driven or run in self.damaged:
                continue
            try:
                await self.take_up_one(run)
            except DamagedRun as error:
                self.damaged.add(run)
                log.error("a run is left as it is: %s", error, extra={"run": run})

    async def take_up_one(self, run: RunId) -> None:
        """Go on with one run, unless it is left to somebody else or to people.

        Raises
        ------
        DamagedRun
            When what is recorded of it cannot be read.
        """
        task = await self.journal.task(run)
        if task.origin.startswith(TERMINAL):
            return
        events = await self.journal.read(run)
        view = fold(run, events)
        require_sound(view)
        if view.status.is_final:  # its row was brought back from a copy
            await self.journal.set_status(run, view.status)
            return
        if not await self.journal.claim(run):
            return
        reason = await self.why_left(run, events)
        if reason:
            await self.journal.append(run, RunFailed(reason))
            await self.journal.release(run)
        else:
            await self.journal.append(run, Resumed(self.journal.owner))
            await self.lab.work_on(run)

    async def why_left(self, run: RunId, events: Sequence[Logged]) -> str:
        """Say why a run is not taken up by itself; empty where it is."""
        if self.journal.now() - await self.journal.last_change(run) >= RESUME_WITHIN:
            return "Interrupted more than a day ago; nothing is lost, resume to go on."
        if fruitless_resumes(run, events) >= MOST_RESUMES:
            return KILLS.format(times=MOST_RESUMES + 1)
        return ""

    async def forget_old(self) -> None:
        """Delete ended runs that are older than they are kept."""
        days = self.lab.settings.retention_days
        for view in await self.lab.runs() if days else ():
            ended = view.finished_at
            if view.status.is_final and ended and self.journal.now() - ended > timedelta(days):
                await self.journal.forget(view.id)

    async def keep_house(self) -> None:
        """Renew leases, carry out what others ask, take up what they left; for ever."""
        for beat in itertools.count(1):
            await asyncio.sleep(LEASE_TTL_S / BEATS)
            try:
                await self.beat(takes_up=self.lab.settings.takes_up and beat % BEATS == 0)
            except StorageError:
                log.exception("the database cannot be used; trying again")

    async def beat(self, *, takes_up: bool) -> None:
        """Do the housework of one moment."""
        driven = list(self.lab.drivers)
        held = await self.journal.renew()
        for run in [r for r in driven if r in self.lab.drivers and r not in held]:
            log.warning("lost the lease of a run to another process", extra={"run": run})
            await self.lab.drivers.pop(run).abandon()
        for request in await self.journal.pending_requests(sorted(held)):
            await self.lab.stop(request.run, request.by)
            await self.journal.settle(request, "stopped")
        for run in [r for r, w in self.lab.drivers.items() if w.is_over]:
            del self.lab.drivers[run]
            await self.journal.release(run)
        if takes_up:
            await self.take_up()


async def _no_lookup(_: str) -> str:
    """Know nothing of library names."""
    return ""


@asynccontextmanager
async def open_lab(
    settings: LabSettings,
    database: Database,
    sandbox: Sandbox,
    researcher: Researcher,
    packages: Packages,
    api_lookup: ApiLookup = _no_lookup,
) -> AsyncIterator[Lab]:
    """Open the lab: take up unfinished runs, keep leases, leave everything resumable."""
    journal = Journal(database, process_name())
    executor = Executor(sandbox, FairSlots(sandbox.slots), settings.limits)
    lab = Lab(journal, LabServices(researcher, executor, packages, api_lookup), settings)
    keeper = Housekeeper(lab)
    if settings.takes_up:
        await keeper.forget_old()
        await keeper.take_up()
    house = asyncio.create_task(keeper.keep_house())
    try:
        yield lab
    finally:
        house.cancel()
        await asyncio.gather(house, return_exceptions=True)
        await lab.close()
