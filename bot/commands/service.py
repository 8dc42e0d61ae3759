"""`autoreclab serve`, `workspace` and `manifest`: what runs until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, cast

import typer

from agent_core.errors import AgentError
from bot.app import Bot, open_bot
from bot.blocks.rounds import RoundPrice
from bot.commands.loop_watch import watching_loop
from bot.errors import SlackError
from bot.settings import Secrets, Settings
from bot.slack.manifest import app_manifest
from bot.slack.settings import Credentials
from bot.wiring import Core, ResearcherKind, open_core
from bot.workspace.errors import PortTakenError
from bot.workspace.server import open_workspace
from sandbox.errors import SandboxError
from storage.errors import StorageError

CANNOT_RUN = (AgentError, SandboxError, SlackError, StorageError, PortTakenError)


def run_until_told(work: Coroutine[Any, Any, None]) -> int:
    """Run until SIGINT or SIGTERM; return the exit status."""

    async def through() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with watching_loop():
            await task

    try:
        asyncio.run(through())
    except asyncio.CancelledError:
        return 0
    except CANNOT_RUN as error:
        typer.echo(str(error), err=True)
        return 1
    return 0


def serve_bot(researcher: str, settings: Settings, record: Path | None) -> int:
    """Connect to Slack and work until told to stop."""
    secrets = Secrets()
    if not secrets.slack_bot_token.get_secret_value() or not secrets.slack_app_token:
        typer.echo(
            "SLACK_BOT_TOKEN (xoxb-) and SLACK_APP_TOKEN (xapp-) are not set. `autoreclab "
            "workspace` prints a set for this machine; README.md says how to get real ones.",
            err=True,
        )
        return 2
    return run_until_told(_serve(settings, secrets, cast(ResearcherKind, researcher), record))


def open_bot_over(
    credentials: Credentials, settings: Settings, core: Core
) -> AbstractAsyncContextManager[Bot]:
    """Return the bot over an opened core, not connected yet."""
    return open_bot(
        credentials,
        settings.slack,
        settings.access,
        core.database,
        core.lab,
        price=RoundPrice(settings.treesearch.max_iterations, settings.budget.max_cost),
    )


def open_local(port: int) -> int:
    """Serve the local workspace until told to stop."""

    async def through() -> None:
        async with open_workspace(port) as workspace:
            for name, value in workspace.environment().items():
                typer.echo(f"export {name}={value}")
            typer.echo(f"# page: {workspace.page_url}")
            await asyncio.Event().wait()

    return run_until_told(through())


def print_manifest() -> int:
    """Print the app's manifest as JSON."""
    typer.echo(json.dumps(app_manifest(), indent=2))
    return 0


async def _serve(
    settings: Settings, secrets: Secrets, kind: ResearcherKind, record: Path | None
) -> None:
    """Open everything, serve until cancelled, close in reverse order."""
    credentials = Credentials(
        secrets.slack_bot_token, secrets.slack_app_token, secrets.slack_api_url
    )
    async with AsyncExitStack() as stack:
        opening = open_core(settings, secrets, kind, takes_up=True, record=record)
        core = await stack.enter_async_context(opening)
        await stack.enter_async_context(open_bot_over(credentials, settings, core))
        typer.echo(f"Connected. {core.researcher.name}; isolation: {core.sandbox.level.value}.")
        await asyncio.Event().wait()
