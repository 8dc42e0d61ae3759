"""Opens what every command works with: storage, sandbox, researcher, lab; closes in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent_core.domain import Packages
from agent_core.lab.housekeeping import open_lab
from agent_core.lab.lab import Lab
from agent_core.lenskit.api_reference import lookup_with, runner
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Researcher
from bot.settings import Secrets, Settings
from sandbox.opening import open_sandbox
from sandbox.packages import read_packages
from sandbox.sandbox import Sandbox
from storage.database import Database, open_database

ResearcherKind = Literal["offline", "model", "auto"]


@dataclass(frozen=True, slots=True)
class Core:
    """The opened parts."""

    lab: Lab
    database: Database
    sandbox: Sandbox
    researcher: Researcher


@asynccontextmanager
async def open_core(
    settings: Settings,
    secrets: Secrets,
    kind: ResearcherKind = "auto",
    *,
    takes_up: bool = False,
    offline: OfflineResearcher | None = None,
    record: Path | None = None,
) -> AsyncIterator[Core]:
    """Open the lab and what it stands on.

    `offline` stands in for the rule-based researcher; conversations with a model are kept in the
    folder `record`.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.storage, mends=takes_up))
        sandbox = await stack.enter_async_context(open_sandbox(settings.sandbox))
        researcher = await stack.enter_async_context(
            _open_researcher(settings, secrets, kind, offline or OfflineResearcher(), record)
        )
        lab = await stack.enter_async_context(
            open_lab(
                settings.lab(takes_up=takes_up),
                database,
                sandbox,
                researcher,
                packages_of(settings),
                lookup_with(runner(sandbox)),
            )
        )
        yield Core(lab, database, sandbox, researcher)


def packages_of(settings: Settings) -> Packages:
    """Read what experiments may import."""
    installed = read_packages(settings.sandbox.python)
    return Packages(installed.python, installed.versions, installed.modules)


@asynccontextmanager
async def _open_researcher(
    settings: Settings,
    secrets: Secrets,
    kind: ResearcherKind,
    offline: OfflineResearcher,
    record: Path | None,
) -> AsyncIterator[Researcher]:
    """Open the model researcher where a key is set, else the rule-based one."""
    key = secrets.openai_api_key
    if kind == "offline" or (kind == "auto" and not key.get_secret_value()):
        yield offline
        return
    from agent_core.model.researcher import open_model_researcher

    model = settings.model
    if secrets.openai_base_url:
        model = model.model_copy(update={"base_url": secrets.openai_base_url})
    opened = open_model_researcher(model, settings.agent, settings.privacy, key, record=record)
    async with opened as researcher:
        yield researcher
