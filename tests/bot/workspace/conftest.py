from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.rules import Rules
from bot.workspace.server import open_workspace
from bot.workspace.workspace import Workspace

QUICK = Rules(speed=50, ack_s=25)


@dataclass(slots=True)
class Bot:
    app: AsyncApp
    client: AsyncWebClient
    handler: AsyncSocketModeHandler
    seen: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.seen]


def listening(bot: Bot) -> None:
    async def note(event: dict[str, Any], body: dict[str, Any]) -> None:
        bot.seen.append(event)
        bot.bodies.append(body)

    for kind in ("app_mention", "message", "agent_session_stopped", "app_home_opened"):
        bot.app.event(kind)(note)


@asynccontextmanager
async def connect(
    workspace: Workspace, listen: Callable[[Bot], None] = listening
) -> AsyncIterator[Bot]:
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, workspace.app_token, ping_interval=1)
    bot = Bot(app, client, handler)
    listen(bot)
    before = workspace.connections
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await workspace.wait_for(lambda: workspace.connections > before)
        yield bot
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
        await asyncio.gather(*(task for task in stragglers()), return_exceptions=True)


def stragglers() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if "slack_bolt" in repr(task.get_coro())]


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with open_workspace(rules=QUICK) as opened:
        yield opened


@pytest.fixture
def attach(workspace: Workspace) -> Callable[..., AbstractAsyncContextManager[Bot]]:
    return partial(connect, workspace)


@pytest.fixture
async def bot(workspace: Workspace) -> AsyncIterator[Bot]:
    async with connect(workspace) as connected:
        yield connected


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
