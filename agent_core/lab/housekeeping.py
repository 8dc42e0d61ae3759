"""Opens a lab, and does what it does by itself: leases, requests, runs left behind, old runs."""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from agent_core.domain import Packages
from agent_core.domain.events import Resumed, RunFailed
from agent_core.execution.executor import Executor
from agent_core.execution.slots import FairSlots
from agent_core.lab.lab import Lab
from agent_core.lab.run_driver import ApiLookup, LabServices
from agent_core.researcher import Researcher
from agent_core.run.journal import LEASE_TTL_S, Journal, process_name
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


class Housekeeper:
    """Keeps the house of one lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.journal = lab.journal

    async def take_up(self) -> None:
        """Go on with what earlier processes left; what is too old is marked as interrupted.

        Runs of the terminal are left to `tasks resume`.
        """
        for run in await self.journal.orphans():
            task = await self.journal.task(run)
            is_driven = run in self.lab.submitting or run in self.lab.drivers
            if is_driven or task.origin.startswith(TERMINAL):
                continue
            if not await self.journal.claim(run):
                continue
            if self.journal.now() - await self.journal.last_change(run) < RESUME_WITHIN:
                await self.journal.append(run, Resumed(self.journal.owner))
                await self.lab.work_on(run)
            else:
                reason = "Interrupted more than a day ago; nothing is lost, resume to go on."
                await self.journal.append(run, RunFailed(reason))
                await self.journal.release(run)

    async def forget_old(self) -> None:
        """Delete ended runs that are older than they are kept."""
        days = self.lab.settings.retention_days
        for view in await self.lab.runs() if days else ():
            ended = view.finished_at
            if view.status.is_final and ended and self.journal.now() - ended > timedelta(days):
                await self.journal.forget(view.id)
                shutil.rmtree(self.journal.folder(view.id), ignore_errors=True)

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
