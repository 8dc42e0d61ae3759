"""`autoreclab plan`: what a task would come to; nothing is run."""

from __future__ import annotations

import asyncio
import json
import secrets as tokens
from dataclasses import asdict
from typing import Any, cast, get_args

import typer
from pydantic import TypeAdapter
from rich.console import Console

from agent_core.domain import Plan, RunId, RunStatus, Task, with_design
from agent_core.domain.events import DatasetsProfiled
from agent_core.errors import AgentError
from agent_core.lab.lab import Lab
from agent_core.rules.design_words import main_text, question_text, size_of, words_of
from agent_core.run.view import RunView, fold
from agent_core.statistics.answered import open_questions
from bot.commands.data import existing
from bot.commands.run import COULD_NOT_RUN, LOCAL, OUTSIDE_GRAMMAR, USAGE, RunOrder
from bot.commands.terminal import asked_lines, line_of, plan_text
from bot.settings import Secrets, Settings
from bot.wiring import ResearcherKind, open_core
from sandbox.errors import SandboxError
from storage.errors import StorageError


def show_plan(order: RunOrder, settings: Settings) -> int:
    """Have a task planned, print the plan, return the exit status."""
    if not order.text.strip():
        typer.echo('There is no task. Try: autoreclab plan "..." --data ratings.csv', err=True)
        return USAGE
    if order.researcher not in get_args(ResearcherKind):
        typer.echo("--researcher is offline, model or auto.", err=True)
        return USAGE
    files = tuple(p.resolve() for p in existing(order.data))
    task = Task(order.text.strip(), files, LOCAL, f"terminal:{tokens.token_hex(8)}", order.seed)
    try:
        view = asyncio.run(_planned(order, settings, task))
    except (SandboxError, StorageError, AgentError) as error:
        typer.echo(str(error), err=True)
        return COULD_NOT_RUN
    return _tell(view, order)


def plan_values(view: RunView, plan: Plan) -> dict[str, Any]:
    """Return a plan as one JSON object: its words, its counts, and all of its fields."""
    size = size_of(plan)
    return {
        "run": view.id,
        **asdict(words_of(plan)),
        "unanswered": [asdict(u) for u in plan.unanswered],
        "not_yet_answered": [question_text(plan, q) for q in open_questions(plan)],
        "asked": asked_lines(view),
        "cells": size.cells,
        "trainings": size.trainings,
        "estimate_s": plan.estimate_s,
        "estimate_cost": plan.estimate_cost,
        "plan": TypeAdapter(Plan).dump_python(with_design(plan), mode="json"),
    }


async def _planned(order: RunOrder, settings: Settings, task: Task) -> RunView:
    """Return the run of a task as it stands with its plan, or refused; it is stopped there."""
    kind = cast(ResearcherKind, order.researcher)
    async with open_core(settings, Secrets(), kind, record=order.record) as core:
        run = await core.lab.submit(task)
        view = await _until_planned(core.lab, run)
        if not view.status.is_final:
            await core.lab.stop(run, LOCAL)
        return view


async def _until_planned(lab: Lab, run: RunId) -> RunView:
    view = RunView(run)
    async for logged in lab.events(run):
        view = fold(run, [logged], view)
        if view.status is RunStatus.WAITING:
            break
    return view


def _tell(view: RunView, order: RunOrder) -> int:
    """Print what there is to see; return the exit status."""
    plan = view.plan
    if plan is None:
        shown = json.dumps({"run": view.id, "error": view.failure})
        typer.echo(shown if order.json else view.failure, err=not order.json)
        return OUTSIDE_GRAMMAR if view.is_outside_grammar else COULD_NOT_RUN
    if order.json:
        typer.echo(json.dumps(plan_values(view, plan)))
    else:
        profiled = line_of(DatasetsProfiled(view.datasets), view)
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"{profiled}\n{plan_text(view)}", markup=False)
        console.print(f"{main_text(plan)}\nNothing has run.".strip(), markup=False)
    return OUTSIDE_GRAMMAR if plan.open_main else 0
