"""`autoreclab run`, `tasks resume` and `improve`: a task in the terminal, to its report."""

from __future__ import annotations

import asyncio
import json
import secrets as tokens
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

import typer
from rich.console import Console

from agent_core.domain import Outcome, RunId, RunStatus, Task, UserId
from agent_core.domain.events import Logged, PlanSet, StatusChanged
from agent_core.errors import AgentError, NeedsConsent
from agent_core.lab.lab import Lab
from agent_core.run.view import RunView, fold
from bot.commands.asking import describe_refused, settle_consent, settle_data
from bot.commands.data import existing
from bot.commands.tasks import find_run
from bot.commands.terminal import as_json, line_of, report_text, summary_of
from bot.settings import Secrets, Settings
from bot.wiring import ResearcherKind, open_core
from sandbox.errors import SandboxError
from storage.errors import StorageError

EXIT_OF = {Outcome.SATISFIED: 0, Outcome.PARTIAL: 3, Outcome.NOTHING: 4}
COULD_NOT_RUN = 1
OUTSIDE_GRAMMAR = 5
USAGE = 2
REMEDY = (
    "Say it in other words, set OPENAI_API_KEY for a model, or add --accept-unanswered: the run "
    "then ends with exit status 3."
)
INTERRUPTED = 130
LOCAL = UserId("local")

TROUBLE_S = 1.0
"""How often the terminal looks whether the run waits for the storage."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What the command line asks for."""

    text: str
    data: tuple[Path, ...]
    out: Path | None
    researcher: str
    seed: int
    json: bool
    record: Path | None = None
    """Folder for the conversations with the model."""
    asks: bool = False
    """Whether somebody is asked about the data; else the defaults are taken."""
    accepts_unanswered: bool = False
    """Whether a plan is started that leaves the main question unanswered."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that there is already, and what to do with it."""

    beginning: str
    """Of its id."""
    wanted: Literal["resume", "improve"]


def task_text(task: str | None, file: Path | None) -> str:
    """Return the task from argument, file or standard input (lines until `!start`)."""
    if task is not None and task != "-":
        return task
    if file is not None:
        try:
            return file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            typer.echo(f"The task file {file} cannot be read: {error}", err=True)
            raise typer.Exit(USAGE) from error
    if task == "-":
        return sys.stdin.read()
    if sys.stdin.isatty():
        typer.echo("Enter your request, write !start to start:")
    lines: list[str] = []
    for line in sys.stdin:
        if line.strip() == "!start":
            break
        lines.append(line)
    return "".join(lines)


def run_task(order: RunOrder, settings: Settings) -> int:
    """Run one task; return the exit status."""
    if not order.text.strip():
        typer.echo('There is no task. Try: autoreclab run "..." --data ratings.csv', err=True)
        return USAGE
    task = Task(
        text=order.text.strip(),
        files=tuple(p.resolve() for p in existing(order.data)),
        requester=LOCAL,
        origin=f"terminal:{tokens.token_hex(8)}",
        seed=order.seed,
    )
    return _run_guarded(order, settings, task)


def resume_task(run: str, order: RunOrder, settings: Settings) -> int:
    """Go on with a run; return the exit status."""
    return _run_guarded(order, settings, KnownRun(run, "resume"))


def improve_task(run: str, order: RunOrder, settings: Settings) -> int:
    """Open a further round of an ended run, for the wish in the order; return the exit status."""
    return _run_guarded(order, settings, KnownRun(run, "improve"))


def _run_guarded(order: RunOrder, settings: Settings, wanted: Task | KnownRun) -> int:
    """Run, and turn what prevents it into a message and an exit status."""
    if order.researcher not in get_args(ResearcherKind):
        typer.echo("--researcher is offline, model or auto.", err=True)
        return USAGE
    try:
        return asyncio.run(_carry_out(order, settings, wanted))
    except (SandboxError, StorageError, AgentError) as error:
        typer.echo(str(error), err=True)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing is lost. `autoreclab tasks list`, then resume.", err=True)
        return INTERRUPTED


async def _carry_out(order: RunOrder, settings: Settings, wanted: Task | KnownRun) -> int:
    """Open the lab, submit or resume, follow to the end, copy the results."""
    kind = cast(ResearcherKind, order.researcher)
    async with open_core(settings, Secrets(), kind, record=order.record) as core:
        lab = core.lab
        if isinstance(wanted, Task):
            run, after = await lab.submit(wanted), 0
        else:
            run = await find_run(lab.journal, wanted.beginning)
            after = (await lab.view(run)).seq
            await _take_up(lab, run, wanted, order)
        telling = asyncio.create_task(_tell_trouble(lab))
        try:
            view = await _follow_run(lab, run, order, after)
        finally:
            telling.cancel()
        return await _deliver(lab, view, order)


async def _tell_trouble(lab: Lab) -> None:
    """Say on the error stream when the run begins and ceases to wait for the storage."""
    told = ""
    while True:
        if lab.storage_trouble != told:
            told = lab.storage_trouble
            typer.echo(f"Waiting: {told}" if told else "Going on.", err=True)
        await asyncio.sleep(TROUBLE_S)


async def _take_up(lab: Lab, run: RunId, wanted: KnownRun, order: RunOrder) -> None:
    """Resume a known run, or open a further round of it.

    Raises
    ------
    AgentError
        When that cannot be; says why.
    """
    if wanted.wanted == "resume":
        await lab.resume(run, LOCAL)
        return
    rounds = len((await lab.view(run)).rounds)
    revision = await lab.improve(run, order.text, LOCAL)
    if len((await lab.view(run)).rounds) == rounds:
        raise AgentError(revision.reply)


async def _follow_run(lab: Lab, run: RunId, order: RunOrder, after: int) -> RunView:
    """Print events as they come; ask about the data; give the start once the plan is there."""
    console = Console(highlight=False)
    view = fold(run, [e for e in await lab.journal.read(run) if e.seq <= after])
    quiet = replace(order, asks=False)
    if view.status is RunStatus.WAITING and not await _begin(lab, view, quiet, console):
        return view
    while True:
        async for logged in lab.events(run, view.seq):
            view = fold(run, [logged], view)
            _print_event(console, logged, view, order)
            is_new = isinstance(logged.event, StatusChanged | PlanSet)
            is_ready = is_new and view.status is RunStatus.WAITING
            if is_ready and not await _begin(lab, view, order, console):
                await lab.stop(run, LOCAL)
        if not (order.asks and await describe_refused(lab, run, LOCAL)):
            return view


async def _begin(lab: Lab, view: RunView, order: RunOrder, console: Console) -> bool:
    """Give the start, unless an answer changes the plan: then its next version is shown.

    Returns False where the plan leaves the main question open and nobody agrees to start it.
    """
    if order.asks and await settle_data(lab, view, LOCAL, console):
        return True
    try:
        await lab.start(view.id, LOCAL, accepts_unanswered=order.accepts_unanswered)
    except NeedsConsent as error:
        if order.asks and await settle_consent(lab, view, LOCAL, str(error), console):
            return True
        typer.echo(f"{error} {REMEDY}", err=True)
        return False
    return True


def _print_event(console: Console, logged: Logged, view: RunView, order: RunOrder) -> None:
    """Print one event."""
    if order.json:
        typer.echo(as_json(logged))
        return
    line = line_of(logged.event, view)
    if line:
        console.print(line, markup=False)


async def _deliver(lab: Lab, view: RunView, order: RunOrder) -> int:
    """Copy the results to --out, print the last line, return the exit status."""
    folder = order.out or Path("out") / view.id
    if view.report is not None and view.report.bundle is not None:
        await lab.export(view.id, folder)
    summary = summary_of(view, folder)
    if order.json:
        typer.echo(json.dumps(summary))
    elif view.report is not None:
        console = Console(highlight=False, soft_wrap=True)
        console.print("\n", report_text(view.report), f"\n\nResults: {folder}", sep="")
    if view.freeze is None and view.plan is not None and view.plan.open_main:
        return OUTSIDE_GRAMMAR
    if view.status is RunStatus.FAILED:
        return OUTSIDE_GRAMMAR if view.is_outside_grammar else COULD_NOT_RUN
    return EXIT_OF[view.outcome] if view.outcome else COULD_NOT_RUN
