"""`autoreclab tasks`: the runs on this machine, also while another process drives them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from agent_core.domain import RunId, UserId
from agent_core.domain.events import ModelCalled
from agent_core.errors import AgentError, UnknownRun
from agent_core.prose.number_format import cost_text
from agent_core.run.journal import Journal, process_name
from agent_core.run.view import RunView, fold
from bot.commands.terminal import as_json as event_json, plan_text, report_text, summary_of
from bot.settings import Settings
from storage.backup import open_to_read
from storage.database import open_database
from storage.errors import StorageError

LOCAL = UserId("local")


async def find_run(journal: Journal, beginning: str) -> RunId:
    """Return the run whose id begins so.

    Raises
    ------
    UnknownRun
        When none or several do.
    """
    found = [r for r in await journal.ids() if r.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} runs begin with" if found else "There is no run"
    raise UnknownRun(f"{several} {beginning!r}. `autoreclab tasks list` shows all of them.")


def list_runs(settings: Settings, *, as_json: bool) -> int:
    """Print one line a run."""

    async def work(journal: Journal) -> None:
        views = [await _view_of(journal, run) for run in await journal.ids()]
        if as_json:
            for view in views:
                typer.echo(json.dumps(summary_of(view, Path("out") / view.id)))
            return
        table = Table("run", "status", "submitted", "title")
        for view in views:
            title = view.plan.title if view.plan else view.task.text[:60] if view.task else ""
            at = f"{view.submitted_at:%Y-%m-%d %H:%M}" if view.submitted_at else ""
            table.add_row(view.id, view.standing, at, title)
        Console().print(table if views else "There are no runs yet.")
        for view in views:
            if view.is_damaged:
                typer.echo(view.failure, err=True)

    return _with_journal(settings, work, is_reading=True)


def show_run(settings: Settings, beginning: str, *, as_json: bool, calls: bool) -> int:
    """Print one run: its events for machines, a summary for people."""

    async def work(journal: Journal) -> None:
        run = await find_run(journal, beginning)
        if as_json:
            await _print_events(journal, run)
            return
        view = await _view_of(journal, run)
        typer.echo(f"Run {run}: {view.standing} {view.reason}\n{plan_text(view)}")
        for node in view.nodes:
            score = f"{node.score.met}/{node.score.total}" if node.score else node.error or "open"
            typer.echo(f"  script {node.id} {node.operator.value:<8} {score}  {node.script.plan}")
        if calls:
            await _print_calls(journal, run)
        if view.report:
            console = Console(highlight=False, soft_wrap=True)
            console.print("\n", report_text(view.report), sep="")

    return _with_journal(settings, work, is_reading=True)


def stop_run(settings: Settings, beginning: str) -> int:
    """Ask the process that drives a run to stop it."""

    async def work(journal: Journal) -> None:
        run = await find_run(journal, beginning)
        view = await _view_of(journal, run)
        if view.status.is_final:
            typer.echo(f"Run {run} is {view.status.value} already.")
            return
        await journal.ask(run, "stop", LOCAL)
        owner = await journal.owner_of(run)
        word = f"driven by {owner}" if owner else "driven by nobody now; it stops when resumed"
        typer.echo(f"Asked run {run} to stop ({word}).")

    return _with_journal(settings, work)


def export_run(settings: Settings, beginning: str, out: Path | None) -> int:
    """Copy a run's results to a folder."""

    async def work(journal: Journal) -> None:
        run = await find_run(journal, beginning)
        view = await _view_of(journal, run)
        if view.report is None or view.report.bundle is None:
            raise AgentError(f"Run {run} is {view.status.value}; it has no report to export yet.")
        folder = out or Path("out") / run
        source = view.report.bundle.parent
        await asyncio.to_thread(shutil.copytree, source, folder, dirs_exist_ok=True)
        typer.echo(f"Results: {folder}")

    return _with_journal(settings, work, is_reading=True)


def forget_run(settings: Settings, beginning: str) -> int:
    """Delete a run that nobody drives."""

    async def work(journal: Journal) -> None:
        run = await find_run(journal, beginning)
        owner = await journal.owner_of(run)
        if owner:
            raise AgentError(f"Run {run} is driven by {owner}; stop it first.")
        await journal.forget(run)
        typer.echo(f"Forgot run {run}.")

    return _with_journal(settings, work)


def _with_journal(
    settings: Settings, work: Callable[[Journal], Awaitable[None]], *, is_reading: bool = False
) -> int:
    """Open the log, do `work`, return the exit status."""

    async def through() -> None:
        opening = open_to_read if is_reading else open_database
        async with opening(settings.storage) as database:
            if database.mended:
                typer.echo(database.mended, err=True)
            await work(Journal(database, process_name()))

    try:
        asyncio.run(through())
    except (AgentError, StorageError) as error:
        typer.echo(str(error), err=True)
        return 1
    return 0


async def _view_of(journal: Journal, run: RunId) -> RunView:
    """Return how a run stands."""
    return fold(run, await journal.read(run))


async def _print_events(journal: Journal, run: RunId) -> None:
    """Print every event as one line of JSON."""
    for logged in await journal.read(run):
        typer.echo(event_json(logged))


async def _print_calls(journal: Journal, run: RunId) -> None:
    """Print one line a model call."""
    for logged in await journal.read(run):
        if isinstance(logged.event, ModelCalled):
            call = logged.event
            typer.echo(
                f"  call {call.role:<8} {call.model} {call.outcome} {call.latency_s:.1f} s, "
                f"{call.usage.input_tokens} + {call.usage.output_tokens} tokens, "
                f"{cost_text(call.usage)}"
            )
