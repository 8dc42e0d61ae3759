"""`autoreclab demo`: the whole product on this machine, from a question to its report."""

from __future__ import annotations

import asyncio
import os
import socket
import webbrowser
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import typer
from pydantic import SecretStr
from rich.console import Console

from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Outcome, RunStatus
from agent_core.errors import BadDataset
from agent_core.lab.lab import Lab
from agent_core.run.view import RunView
from bot.blocks.buttons import ButtonAction
from bot.commands.cheating import CHEATS, QUESTION as CHEATING_QUESTION, CheatingResearcher
from bot.commands.data import files_in, read_as_run
from bot.commands.demo_question import QUESTION, question_about
from bot.commands.service import open_bot_over, run_until_told
from bot.commands.terminal import report_text
from bot.delivery.threads import origin_of
from bot.settings import Secrets, Settings
from bot.slack.incoming import ThreadPlace
from bot.slack.settings import Credentials
from bot.wiring import ResearcherKind, open_core
from bot.workspace.server import open_workspace
from bot.workspace.state import TEAM
from bot.workspace.workspace import Workspace
from storage.threads import leave_team

CHANNEL, PERSON = "experiments", "researcher"
ASKED = QUESTION.format(what="ratings")
"""About the synthetic catalogue."""
DRAFTS = 2
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """What the command line asks for."""

    exit_when_done: bool
    opens_browser: bool
    data: tuple[Path, ...]
    researcher: str
    port: int
    question: str = ASKED


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays."""

    console: Console
    workspace: Workspace
    lab: Lab


def run_demo(wanted: DemoOrder, settings: Settings) -> int:
    """Run the demo; return the exit status."""
    own = replace(wanted, data=files_in(wanted.data))
    try:
        read = read_as_run(own.data, "", settings) if own.data else ()
    except BadDataset as error:
        typer.echo(str(error), err=True)
        return 1
    question = question_about(max(read, key=lambda d: d.rows)) if read else ASKED
    failed: list[str] = []
    code = run_until_told(_perform(replace(own, question=question), settings, failed))
    return code or (1 if failed else 0)


async def _perform(wanted: DemoOrder, settings: Settings, failed: list[str]) -> None:
    """Open workspace and bot, ask as a person would, show the report, then how cheats end."""
    console = Console(highlight=False)
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(open_workspace(wanted.port))
        _announce(console, workspace, wanted)
        kind = cast(ResearcherKind, wanted.researcher)
        opening = open_core(
            _demo_settings(settings), Secrets(), kind, offline=CheatingResearcher()
        )
        core = await stack.enter_async_context(opening)
        # Each demo has a workspace of its own: the threads of earlier ones are nowhere any more.
        await leave_team(core.database, TEAM)
        tokens = SecretStr(workspace.bot_token), SecretStr(workspace.app_token)
        credentials = Credentials(*tokens, workspace.api_url)
        await stack.enter_async_context(open_bot_over(credentials, settings, core))
        await _play(Stage(console, workspace, core.lab), wanted, settings, failed)
        if not wanted.exit_when_done:
            console.print("Ask anything on the page; Ctrl-C ends the demo.")
            await asyncio.Event().wait()


def _demo_settings(settings: Settings) -> Settings:
    """Return the settings without repairs, which would hide what a cheating script is worth.

    Of each question there are as many scripts as run at once on a small machine.
    """
    fewer = {
        "max_iterations": 0,
        "num_draft_nodes": min(DRAFTS, settings.treesearch.num_draft_nodes),
    }
    search = settings.treesearch.model_copy(update=fewer)
    return settings.model_copy(update={"treesearch": search})


async def _play(stage: Stage, wanted: DemoOrder, settings: Settings, failed: list[str]) -> None:
    """Ask the honest question, then at once those whose scripts cheat; note what ended badly."""
    files, question = list(wanted.data), wanted.question
    if not files:
        path = settings.storage.path / "demo" / "catalogue.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_catalogue(path)
        files = [path]
    view = await _ask(stage, question, files)
    _print_paths(stage.console, view)
    if view.outcome is not Outcome.SATISFIED:
        failed.append(view.reason)
    cheats = CHEATS if wanted.researcher == "offline" else ()
    asked = [_ask(stage, CHEATING_QUESTION.format(cheat=c), files) for c in cheats]
    for cheat, view in zip(cheats, await asyncio.gather(*asked), strict=True):
        checks = sorted({c for n in view.nodes if n.score for c in n.score.failed_checks})
        if view.outcome is Outcome.SATISFIED or not checks:
            failed.append("a cheating script was not caught")
        stage.console.print(f"{cheat} Caught by: {', '.join(checks)}")


def _announce(console: Console, workspace: Workspace, wanted: DemoOrder) -> None:
    """Say where the page is, and how to reach it from elsewhere."""
    console.print(f"Page: {workspace.page_url}")
    if os.environ.get("SSH_CONNECTION"):
        port = workspace.page_url.rpartition(":")[2].partition("/")[0]
        host = socket.gethostname()
        console.print(f"From your machine: ssh -L {port}:127.0.0.1:{port} {host}")
    elif wanted.opens_browser:
        webbrowser.open(workspace.page_url)


async def _ask(stage: Stage, question: str, files: list[Path]) -> RunView:
    """Post a question, press Start, follow to the report; return how the run ended."""
    workspace, console = stage.workspace, stage.console
    message = workspace.post(CHANNEL, PERSON, f"@autoreclab {question}", files=files)
    console.print(f"Asked in #{CHANNEL}: {question}")
    ts = str(message["ts"])
    start = await workspace.wait_for(lambda: _start_button(workspace, ts), 120)
    if start is not None:
        console.print("The plan is in the thread; pressing Start.")
        await workspace.press(*start, PERSON)
    asked = ThreadPlace(TEAM, workspace.channels[CHANNEL], ts)
    view = await _follow_run(console, stage.lab, origin_of(asked, ts))
    await workspace.wait_for(lambda: _is_told(workspace, ts, view), 120)
    return view


def _start_button(workspace: Workspace, ts: str) -> tuple[str, str] | None:
    """Return the plan message and its Start button, once they are there."""
    for message in workspace.from_bot(CHANNEL, ts):
        if ButtonAction.START in workspace.buttons(message):
            return str(message["ts"]), ButtonAction.START
    return None


async def _follow_run(console: Console, lab: Lab, origin: str) -> RunView:
    """Follow the run of a task to its end, with a word per minute or phase."""
    view = next(v for v in await lab.runs() if v.task and v.task.origin == origin)
    said: RunStatus | None = None
    async with asyncio.timeout(PATIENCE_S):
        async for _ in lab.events(view.id):
            view = await lab.view(view.id)
            if view.status is not said:
                said = view.status
                console.print(f"{view.status.value.capitalize()} …")
    return await lab.view(view.id)


def _is_told(workspace: Workspace, ts: str, view: RunView) -> bool:
    """Whether the thread shows the end: the zip, or the reason why there is none."""
    if view.report is None:
        return bool(workspace.from_bot(CHANNEL, ts))
    names = [str(f["name"]) for m in workspace.from_bot(CHANNEL, ts) for f in _files_in(m)]
    return any(name.endswith(".zip") for name in names)


def _files_in(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a message."""
    return list(message.get("files") or [])


def _print_paths(console: Console, view: RunView) -> None:
    """Print the report and where its files lie."""
    report = view.report
    if report is None:
        console.print(f"No report: {view.reason}")
        return
    console.print("\n", report_text(report), "\n", sep="")
    for path in (*report.figures, report.solution, report.bundle):
        if path is not None:
            console.print(str(path), markup=False, soft_wrap=True)
