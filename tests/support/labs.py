"""A lab over a real database and the real sandbox, and tasks run through it."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from unittest.mock import patch

from agent_core.checks.registry import RULES
from agent_core.data import child
from agent_core.domain import Packages, RunStatus, Task, UserId
from agent_core.domain.events import RunFinished
from agent_core.errors import BadDataset
from agent_core.lab.housekeeping import open_lab
from agent_core.settings import LabSettings, TreeSearchSettings
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings
from storage.database import open_database
from storage.settings import StorageSettings

ANN = UserId("ann")
NEVER_S = 3600.0
RATINGS = "user_id,item_id,rating\n" + "".join(
    f"{u},{i},{1 + (u + i) % 5}\n" for u in range(6) for i in range(4)
)
BINDING = [rule.name for rule in RULES if rule.is_binding]


def settings(**search):
    return LabSettings(
        search=TreeSearchSettings(**{"num_draft_nodes": 1, "max_iterations": 2} | search)
    )


def reading_here():
    """Have data read in this process, not in another as it is elsewhere, and in the scenarios.

    Most of what the other process takes is the time of its imports.
    """
    return patch.object(child, "_asked_of_child", _read_here)


async def _read_here(name, asked):
    """Answer as a process that reads data does, without the start of one."""
    try:
        return json.loads(json.dumps(await asyncio.to_thread(child._found, asked)))
    except BadDataset as error:
        raise BadDataset(str(error)) from None


@asynccontextmanager
async def lab_in(folder, researcher, given=None, preload_after_s=NEVER_S):
    """Open a lab; libraries are imported ahead only where scripts need them."""
    async with AsyncExitStack() as stack:
        stack.enter_context(reading_here())
        database = await stack.enter_async_context(open_database(StorageSettings(path=folder)))
        sandbox = await stack.enter_async_context(
            open_sandbox(SandboxSettings(slots=2, preload_after_s=preload_after_s))
        )
        yield await stack.enter_async_context(
            open_lab(given or settings(), database, sandbox, researcher, Packages("3.11", {}))
        )


async def until(lab, run, wanted, after=0):
    async for logged in lab.events(run, after):
        if wanted(logged.event):
            return logged
    return None


async def waiting(lab, run):
    await until(lab, run, lambda e: getattr(e, "status", None) is RunStatus.WAITING)


async def run_through(lab, task):
    run = await lab.submit(task)
    await waiting(lab, run)
    await lab.start(run, ANN)
    await until(lab, run, lambda e: isinstance(e, RunFinished))
    return await lab.view(run)


def task(ratings, origin="test:1", **more):
    return Task("how much do seeds matter", (ratings,), ANN, origin, **more)
