"""Milestone, report, failure, repetition and answer as messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import Answer, Ending, Outcome, Report
from agent_core.domain.events import ModelOutage, Rerun, RunFailed
from agent_core.prose.number_format import cost_text, duration
from agent_core.run.view import RunView
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.card import met_text
from bot.blocks.limits import Message, message, sections
from bot.blocks.rounds import (
    dispute_button,
    improve_button,
    methods_button,
    rerun_button,
    zip_button,
)
from bot.blocks.text import escape, mention, mrkdwn

PLOTS = 2
"""The product's own figures in a thread where none was asked for."""
ENDINGS = {
    Ending.STOPPED: "Stopped on request",
    Ending.NODES: "Ended at the limit of scripts",
    Ending.SECONDS: "Ended at the time limit",
    Ending.COST: "Ended at the cost limit",
    Ending.MODEL: "The model could not be asked any more; *Improve further* goes on when it can",
}
"""What is said of an ending; of a satisfied search nothing: its report says it."""
USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes into the thread."""

    path: Path
    title: str
    alt: str = ""


def milestone_message(view: RunView) -> Message:
    """Return the one post about the first working experiment."""
    best = view.best
    failed = best.score.failed_checks if best and best.score else ()
    checks = f"failed so far: {', '.join(failed)}" if failed else "all binding checks so far pass"
    missing = _open_text(view)
    script = f" (script {best.id})" if best else ""
    parts = [
        f"First working experiment{script}: {checks}; {met_text(view)}.",
        f"{escape(view.primary)} (preliminary)." if view.primary else "",
        f"Still open: {missing}." if missing else "",
    ]
    return message(" ".join(p for p in parts if p))


def report_message(view: RunView, report: Report, requester: str) -> Message:
    """Return the report: the answer first, mentioning the requester."""
    headline = mrkdwn(report.headline).strip()
    if "*" not in headline:
        headline = f"*{headline}*"
    text = f"{mention(requester)} {headline}"
    parts = [text, mrkdwn(report.summary), _ending_line(view)]
    shown = _with_mentions("\n\n".join(p for p in parts if p), view)
    return message(shown, [*sections(shown), *button_row(report_buttons(view, report))])


def report_buttons(view: RunView, report: Report) -> list[Button]:
    """Return what can be done after a report; nothing that a script is needed for without one."""
    run, has_script = view.id, report.best is not None
    return [
        improve_button(run),
        *([rerun_button(run)] if has_script else []),
        zip_button(run, view.seq),
        *([methods_button(run, view.seq)] if has_script else []),
        dispute_button(run),
    ]


def report_files(report: Report) -> tuple[tuple[Upload, ...], tuple[Upload, ...]]:
    """Return the plots, and the code with the zip; only files that exist."""
    plots = [
        Upload(p, p.stem.replace("_", " "), f"Plot: {p.stem}")
        for p in report.figures
        if p.suffix == ".png" and is_there(p)
    ]
    rest = [(report.solution, "solution.py"), (report.bundle, "Results (zip)")]
    found = [Upload(p, title) for p, title in rest if p is not None and is_there(p)]
    return tuple(plots[: report.asked or PLOTS]), tuple(found)


def round_name(run: str, number: int, copy: int = 1) -> str:
    """Return how the files of a round are called; uploads are told apart by these words alone."""
    parts = [f"run {run}"]
    parts += [f"round {number}"] if number > 1 else []
    parts += [f"copy {copy}"] if copy > 1 else []
    return ", ".join(parts)


def is_there(path: Path) -> bool:
    """Whether a file exists and holds something (Slack refuses empty files)."""
    return path.is_file() and path.stat().st_size > 0


def failure_message(view: RunView, event: RunFailed, requester: str) -> Message:
    """Return why a run could not go on, and what to do."""
    next_step = "Nothing recorded is lost: press Resume to go on from here."
    if event.is_damaged:
        next_step = "Mention me in a new message to ask again; an admin can restore a backup."
    elif not event.is_resumable:
        next_step = "Reply here with what is missing; I go on with it."
    text = f"{mention(requester)} *I could not go on.* {mrkdwn(event.reason)}\n{next_step}"
    if view.usage.calls:
        text += f"\n_Cost so far {cost_text(view.usage)}._"
    buttons = [Button("Resume", ButtonAction.RESUME, Carried(view.id), "primary")]
    return message(text, [*sections(text), *button_row(buttons * event.is_resumable)])


def cancelled_message(view: RunView) -> Message:
    """Return the end of a task that never started."""
    by = f" by {mention(view.stop_by)}" if view.stop_by else ""
    return message(f"Cancelled{by}. Nothing ran. Mention me in a new message to ask again.")


def outage_message(event: ModelOutage, requester: str) -> Message:
    """Return that the model refuses for good: wrong key or exhausted quota."""
    return message(
        f"{mention(requester)} ⚠️ *The model refuses:* {escape(event.reason)} "
        "An admin has to mend that; then press Resume."
    )


def rerun_message(rerun: Rerun) -> Message:
    """Return what a repetition showed."""
    return message(mrkdwn(rerun.text))


def answer_message(answer: Answer) -> Message:
    """Return an answer, with the wish that was found in the question as an offer."""
    offer = f"\nTo do that, reply: “{escape(answer.offer)}”" if answer.offer else ""
    return message(f"{mrkdwn(answer.text) or 'I have no answer to that.'}{offer}")


def upload_failure_message(uploads: Sequence[Upload], why: str) -> Message:
    """Say which files could not be brought into the thread, why, and where they are."""
    files = "\n".join(f"• {escape(u.title)}: `{escape(str(u.path))}`" for u in uploads)
    return message(f"⚠️ I could not upload these files: {escape(why)}\n{files}")


def _open_text(view: RunView) -> str:
    """Return the first requirements that the best script does not meet."""
    if view.best is None:
        return ""
    texts = [f"{escape(r.text)} ({r.id})" for r in view.unmet]
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return "; ".join(texts[:3]) + more


def _with_mentions(text: str, view: RunView) -> str:
    """Name the people whom a report knows by their ids only."""
    people = {d.by for d in view.disputes} | {w.by for w in view.waivers}
    for user in filter(USER_ID.fullmatch, people | {r.by for r in view.rounds}):
        text = re.sub(rf"(?<![@\w]){user}\b", mention(user), text)
    return text


def _ending_line(view: RunView) -> str:
    """Say how the run ended, with time and money; without a result the summary says it."""
    if view.outcome is Outcome.NOTHING:
        return ""
    parts = [f"Round {len(view.rounds) + 1}"] if view.rounds else []
    parts += [ENDINGS[view.ending]] if view.ending in ENDINGS else []
    start = view.round_at or view.started_at
    if start and view.finished_at:
        took = duration((view.finished_at - start).total_seconds())
        parts.append(f"{'took' if parts else 'Took'} {took}")
    if view.usage.calls:
        parts.append(cost_text(view.usage))
    open_ones = _open_text(view) if view.outcome is not Outcome.SATISFIED else ""
    tail = f"\nNot met: {open_ones}." if open_ones else ""
    return f"_{' · '.join(parts)}_{tail}" if parts else tail.strip()
