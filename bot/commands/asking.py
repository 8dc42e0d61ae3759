"""What the terminal asks a person about the data: before the start, and after a refusal."""

from __future__ import annotations

import asyncio
import sys

from rich.console import Console

from agent_core.data.description import lettered_questions
from agent_core.domain import Revision, RunId, UserId
from agent_core.lab.lab import Lab
from agent_core.lab.run_files import can_be_described
from agent_core.run.view import RunView

HOW = "Answer with a letter or in words; Enter takes what stands first in brackets: "
CONSENT = "Start anyway? y, or say what to leave out or to change (Enter ends): "
REFUSED = "Say how to read it (Enter ends): "


def can_ask() -> bool:
    """Whether somebody sits at the terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def settle_data(lab: Lab, view: RunView, by: UserId, console: Console) -> bool:
    """Ask what changes results; whether the plan changed by an answer and is shown again."""
    while questions := lettered_questions(view.datasets):
        for name, question, options in questions:
            default = question.options[question.default]
            others = "  ".join(f"{letter}) {o}" for letter, o in options if o != default)
            console.print(f"{name}: {question.text}. [{default}]  {others}", markup=False)
        answer = await _ask(HOW)
        if not answer:
            return False
        revision = await lab.revise(view.id, answer, by)
        if revision.plan is not None:
            return True
        console.print(revision.reply or "I found no answer in that.", markup=False)
    return False


async def settle_consent(
    lab: Lab, view: RunView, by: UserId, asked: str, console: Console
) -> bool:
    """Ask whether a plan is started that leaves the main question open; words may change it."""
    answer = await _ask(f"{asked}\n{CONSENT}")
    if answer.lower() in ("y", "yes"):
        await lab.start(view.id, by, accepts_unanswered=True)
        return True
    revision = await lab.revise(view.id, answer, by) if answer else Revision()
    if revision.reply:
        console.print(revision.reply, markup=False)
    return revision.plan is not None


async def describe_refused(lab: Lab, run: RunId, by: UserId) -> bool:
    """Ask how files that were refused are read; whether they are read again."""
    view = await lab.view(run)
    words = await _ask(REFUSED) if can_be_described(view) else ""
    if words:
        await lab.describe_files(run, words, by)
    return bool(words)


async def _ask(prompt: str) -> str:
    """Return a line that somebody types; empty at the end of the input."""
    try:
        return (await asyncio.to_thread(input, prompt)).strip()
    except EOFError:
        return ""
