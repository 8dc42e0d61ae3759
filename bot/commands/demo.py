"""`autoreclab demo`: the whole product on this machine, from a question to its report."""

from __future__ import annotations

import asyncio
import os
import socket
import webbrowser
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import typer
from pydantic import SecretStr
from rich.console import Console

from agent_core.domain import RunStatus
from agent_core.lab import Lab
from agent_core.synthetic import write_catalogue
from agent_core.view import RunView
from bot.commands.service import bot_of, until_told
from bot.opening import Kind, open_core
from bot.settings import Secrets, Settings
from bot.slack_settings import Credentials
from bot.workspace.server import open_workspace
from bot.workspace.workspace import Workspace

CHANNEL, PERSON = "experiments", "researcher"
QUESTION = (
    "@autoreclab How much do random seeds change NDCG@10 of ImplicitMF on this catalogue? "
    "Use 20 seeds, leave-one-out. The file is attached."
)
OWN_QUESTION = (
    "@autoreclab How much do random seeds change NDCG@10 of ImplicitMF on the attached data? "
    "Use 20 seeds, leave-one-out."
)
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Show:
    """What the command line asks for."""

    exit_when_done: bool
    opens_browser: bool
    data: tuple[Path, ...]
    researcher: str
    port: int


def show(wanted: Show, settings: Settings) -> int:
    """Run the demo; return the exit status."""
    missing = [str(p) for p in wanted.data if not p.is_file()]
    if missing:
        typer.echo(f"There is no such file: {', '.join(missing)}", err=True)
        return 2
    failed: list[str] = []
    code = until_told(perform(wanted, settings, failed))
    return code or (1 if failed else 0)


async def perform(wanted: Show, settings: Settings, failed: list[str]) -> None:
    """Open workspace and bot, ask as a person would, wait for the report."""
    console = Console(highlight=False)
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(open_workspace(wanted.port))
        announce(console, workspace, wanted)
        kind = cast(Kind, wanted.researcher)
        core = await stack.enter_async_context(open_core(settings, Secrets(), kind))
        tokens = SecretStr(workspace.bot_token), SecretStr(workspace.app_token)
        credentials = Credentials(*tokens, workspace.api_url)
        await stack.enter_async_context(bot_of(credentials, settings, core))
        view = await ask(console, workspace, core.lab, wanted, settings)
        if view.report is None:
            failed.append(view.reason)
        if not wanted.exit_when_done:
            console.print("Ask anything on the page; Ctrl-C ends the demo.")
            await asyncio.Event().wait()


def announce(console: Console, workspace: Workspace, wanted: Show) -> None:
    """Say where the page is, and how to reach it from elsewhere."""
    console.print(f"Page: {workspace.page_url}")
    if os.environ.get("SSH_CONNECTION"):
        port = workspace.page_url.rpartition(":")[2].partition("/")[0]
        host = socket.gethostname()
        console.print(f"From your machine: ssh -L {port}:127.0.0.1:{port} {host}")
    elif wanted.opens_browser:
        webbrowser.open(workspace.page_url)


async def ask(
    console: Console, workspace: Workspace, lab: Lab, wanted: Show, settings: Settings
) -> RunView:
    """Post the question, press Start, follow to the report; return how the run ended."""
    files, question = list(wanted.data), OWN_QUESTION
    if not files:
        path = settings.storage.path / "demo" / "catalogue.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_catalogue(path)
        files, question = [path], QUESTION
    message = workspace.post(CHANNEL, PERSON, question, files=files)
    console.print(f"Asked in #{CHANNEL}: {question.removeprefix('@autoreclab ')}")
    ts = str(message["ts"])
    start = await workspace.wait_for(lambda: start_button(workspace, ts), 60)
    if start is not None:
        console.print("The plan is in the thread; pressing Start.")
        await workspace.press(*start, PERSON)
    view = await finished(console, lab, ts)
    await workspace.wait_for(lambda: ending(workspace, ts, view), 120)
    tell_paths(console, view)
    return view


def start_button(workspace: Workspace, ts: str) -> tuple[str, str] | None:
    """Return the plan message and its Start button, once they are there."""
    for message in workspace.from_bot(CHANNEL, ts):
        for action, text in workspace.buttons(message).items():
            if text.strip() == "Start":
                return str(message["ts"]), action
    return None


async def finished(console: Console, lab: Lab, ts: str) -> RunView:
    """Follow the run of a thread to its end, with a word per minute or phase."""
    view = next(v for v in await lab.runs() if v.task is not None and ts in v.task.origin)
    said: RunStatus | None = None
    async with asyncio.timeout(PATIENCE_S):
        async for _ in lab.events(view.id):
            view = await lab.view(view.id)
            if view.status is not said:
                said = view.status
                console.print(f"{view.status.value.capitalize()} …")
    return await lab.view(view.id)


def ending(workspace: Workspace, ts: str, view: RunView) -> bool:
    """Whether the thread shows the end: the zip, or the reason why there is none."""
    if view.report is None:
        return bool(workspace.from_bot(CHANNEL, ts))
    names = [str(f["name"]) for m in workspace.from_bot(CHANNEL, ts) for f in files_in(m)]
    return any(name.endswith(".zip") for name in names)


def files_in(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a message."""
    return list(message.get("files") or [])


def tell_paths(console: Console, view: RunView) -> None:
    """Print the report and where its files lie."""
    report = view.report
    if report is None:
        console.print(f"No report: {view.reason}")
        return
    console.print(f"\n{report.headline}\n\n{report.summary}\n", markup=False)
    for path in (*report.figures, report.solution, report.bundle):
        if path is not None:
            console.print(str(path), markup=False, soft_wrap=True)
