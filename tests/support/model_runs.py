"""Whole runs of the model researcher on a server that sometimes answers badly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from malformed import malformed
from model_roles import role_of
from model_server import Answer, Asked, Play, Say, open_model_server
from playing_model import playing_model
from pydantic import SecretStr

from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Packages, RunStatus, Task, UserId
from agent_core.domain.events import RunFailed, RunFinished, StatusChanged
from agent_core.lab.housekeeping import open_lab
from agent_core.lab.lab import Lab
from agent_core.model.researcher import open_model_researcher
from agent_core.run.view import RunView
from agent_core.settings import (
    AgentSettings,
    LabSettings,
    ModelSettings,
    PrivacySettings,
    TreeSearchSettings,
)
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings
from storage.database import open_database
from storage.settings import StorageSettings

NODES = 13
DATA = "ratings.csv"
QUESTION = "How much does NDCG@10 of ImplicitMF vary with the seed? ratings.csv is attached."
FORMS = ("json_schema", "tools", "text")
CODE = ("draft", "debug", "improve", "merge")
ANN = UserId("ann")


def small_scripts(share: float, rng: Random) -> Play:
    """Answer well but for a share; scripts are small, ever new, and never satisfy the plan."""
    well = playing_model(DATA, seeds=2)

    def play(asked: Asked) -> Answer:
        if rng.random() < share:
            return malformed(asked, rng)
        if role_of(asked) not in CODE:
            return well(asked)
        number = rng.randrange(10**9)
        fails = "raise ValueError('no such column')" if number % 3 == 0 else ""
        return Say(f"Try {number}.\n```python\nprint({number})\n{fails}\n```")

    return play


@asynccontextmanager
async def lab_on(
    play: Play, folder: Path, *, speaks: Iterable[str] = FORMS, **search: int
) -> AsyncIterator[Lab]:
    """Open a lab whose model is played; a run has `NODES` nodes."""
    settings = {"num_draft_nodes": 3, "max_iterations": NODES - 3} | search
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(open_model_server(play, speaks=frozenset(speaks)))
        model = ModelSettings(base_url=server.base_url, deadline_s=3.0, idle_s=1.0)
        researcher = await stack.enter_async_context(
            open_model_researcher(
                model, AgentSettings(), PrivacySettings(), SecretStr("sk-test"), pause_s=0.01
            )
        )
        database = await stack.enter_async_context(open_database(StorageSettings(path=folder)))
        sandbox = await stack.enter_async_context(
            open_sandbox(SandboxSettings(slots=2, preload_after_s=3600))
        )
        given = LabSettings(search=TreeSearchSettings(**settings))
        packages = Packages("3.11", {"lenskit": "2025.8.1", "pandas": "2.3.3"})
        yield await stack.enter_async_context(
            open_lab(given, database, sandbox, researcher, packages)
        )


async def run_through(lab: Lab, folder: Path, number: int) -> RunView:
    """Submit one task and follow it to its end."""
    path = folder / DATA
    if not path.exists():
        write_catalogue(path, users=40, items=30)
    run = await lab.submit(Task(QUESTION, (path,), ANN, f"soak:{number}"))
    async for logged in lab.events(run):
        event = logged.event
        if isinstance(event, StatusChanged) and event.status is RunStatus.WAITING:
            await lab.start(run, ANN)
        if isinstance(event, RunFinished | RunFailed):
            break
    return await lab.view(run)
