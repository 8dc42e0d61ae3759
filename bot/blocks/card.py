"""The card: a task's single progress message, edited in place."""

from __future__ import annotations

from datetime import datetime

from agent_core.domain import Outcome, RunStatus
from agent_core.domain.events import Work
from agent_core.prose.number_format import cost_text, duration
from agent_core.run.view import RunView
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.limits import Message, clip, context, message, section
from bot.blocks.text import clock, dollars, escape, mention, moment
from sandbox.execution import IsolationLevel

LEVELS: dict[str, str] = {
    IsolationLevel.WARM: "isolated, no network",
    IsolationLevel.COLD: "isolated, no network",
    IsolationLevel.UNCONFINED: "⚠️ *not isolated*",
}
PHASES = {
    RunStatus.PLANNING: "Writing the plan",
    RunStatus.WAITING: "Waiting for the start, nothing has run",
    RunStatus.RUNNING: "Running",
    RunStatus.REPORTING: "Writing the report",
    RunStatus.FINISHED: "Finished",
    RunStatus.CANCELLED: "Cancelled, nothing ran",
    RunStatus.FAILED: "Could not go on",
}
AGAIN = {Work.REPETITION: "repeating", Work.TRAINING: "training again"}
OPEN_ENDED = "Finished with open requirements"
REASON = 160
"""Characters of a failure's reason; the post about it has all of it."""
STOPPABLE = (RunStatus.PLANNING, RunStatus.RUNNING)


def first_card(title: str) -> Message:
    """Return the card as it is posted at once, before anything is known; notifies nobody."""
    return message(f"🔬 *{escape(title) or 'New task'}* · _Reading your message_")


def card(
    view: RunView, requester: str, now: datetime, cap: float = 0.0, note: str = ""
) -> Message:
    """Return the card of a run as it stands.

    Parameters
    ----------
    view
        The run.
    requester
        Who asked for it; mentioned by name (edits do not notify).
    now
        For the elapsed time.
    cap
        What the run may cost at most, dollars; 0: not said.
    note
        What else there is to say, mrkdwn.
    """
    lines = [_head_line(view, requester, now), *_progress_lines(view), *([note] if note else [])]
    foot = foot_line(view, cap)
    blocks = [section("\n".join(lines)), context(foot), *button_row(_card_buttons(view))]
    return message("\n".join([*lines, foot]), blocks)


def title_of(view: RunView) -> str:
    """Return a run's title; without a plan the beginning of the question."""
    if view.plan:
        return escape(view.plan.title)
    words = (view.task.text if view.task else "New task").split()
    short = " ".join(words[:8])
    return escape(f"{short} …" if len(words) > 8 else short)


def phase_text(view: RunView) -> str:
    """Say where the run stands."""
    if view.stop_by and view.status in (RunStatus.RUNNING, RunStatus.REPORTING):
        return f"Stopping (asked by {mention(view.stop_by)}), writing up what there is"
    if view.status is RunStatus.PLANNING and not view.datasets:
        return "Reading the data"
    if view.status is RunStatus.FINISHED and view.outcome is Outcome.NOTHING:
        return "Ended without a result"
    if view.status is RunStatus.FINISHED and view.outcome is Outcome.PARTIAL:
        is_met = view.best is not None and view.best.is_satisfactory
        return "Finished, part of the task is not answered" if is_met else OPEN_ENDED
    return PHASES[view.status]


def met_text(view: RunView) -> str:
    """Return how many requirements the best script meets."""
    total = len(view.plan.requirements) if view.plan else 0
    return f"{total - len(view.unmet)} of {total} requirements met" if total else ""


def scripts_text(view: RunView) -> str:
    """Return `5 scripts: 3 ran, 1 crashed, 1 running (18 of 30)`."""
    stopped = sum(n.is_stopped for n in view.nodes)
    doubles = sum(n.is_duplicate for n in view.nodes)
    crashed = sum(n.is_buggy for n in view.nodes) - stopped - doubles
    ran = sum(n.execution is not None and not n.is_buggy for n in view.nodes)
    working = 0 if view.status.is_final else len(view.executing)
    counts = (
        (ran, "ran"),
        (crashed, "crashed"),
        (doubles, "not run, same as another"),
        (stopped, "stopped"),
        (working, "in work"),
    )
    shown = [f"{count} {word}" for count, word in counts if count]
    known = [p for _, p in view.progress if p.total]
    own = [p for p in known if p.work is Work.EXECUTION]
    if own and working:
        shown[-1] += f" ({own[-1].done} of {own[-1].total})"
    if not view.status.is_final:
        again = [p for p in known if p.work in AGAIN and p.done < p.total]
        shown += [f"{AGAIN[p.work]} script {p.node} ({p.done} of {p.total})" for p in again]
    total = len(view.nodes)
    return f"{total} script{'s' if total != 1 else ''}: {', '.join(shown)}" if shown else ""


def foot_line(view: RunView, cap: float) -> str:
    """Return spend, isolation and who researches."""
    parts = []
    cap = view.rounds[-1].cost if view.rounds else cap
    if view.usage.calls:
        spent, is_capped = cost_text(view.usage), cap and not view.usage.unpriced_calls
        parts.append(f"{spent} of at most {dollars(cap)}" if is_capped else f"{spent} spent")
    parts.append(LEVELS.get(view.level, escape(view.level)))
    parts.append(escape(view.researcher))
    parts.append(f"run {view.id}")
    return " · ".join(p for p in parts if p)


def _head_line(view: RunView, requester: str, now: datetime) -> str:
    """Return title, requester, phase and time."""
    parts = [f"🔬 *{title_of(view)}*", f"for {mention(requester)}"]
    parts += [f"Round {len(view.rounds) + 1}"] if view.rounds else []
    return " · ".join([*parts, f"*{phase_text(view)}*{_time_text(view, now)}"])


def _time_text(view: RunView, now: datetime) -> str:
    """Return elapsed and expected time; those of the round, where it is not the first."""
    start = view.round_at or view.started_at
    if start is None:
        return ""
    end = view.finished_at or now
    elapsed = clock((end - start).total_seconds())
    if view.status.is_final:
        return f" after {elapsed}, {moment(end)}"
    expected = view.plan.estimate_s if view.plan and not view.rounds else 0.0
    if not expected:
        return f" {elapsed}"
    is_late = (end - start).total_seconds() > expected
    relation = ", longer than the expected" if is_late else " of about"
    return f" {elapsed}{relation} {duration(expected)}"


def _progress_lines(view: RunView) -> list[str]:
    """Return what has come of the scripts so far, and what stands in the way."""
    lines = []
    counts = [c for c in (met_text(view), scripts_text(view)) if c] if view.nodes else []
    if counts:
        lines.append(" · ".join(counts))
    if view.primary and not (view.report and view.status.is_final):
        lines.append(f"{escape(view.primary)} _preliminary_")
    if view.outage and not view.status.is_final:
        lines.append(f"⚠️ The model cannot be asked now: {escape(view.outage)} I try again.")
    if view.status is RunStatus.FAILED:
        lines.append(f"⚠️ {clip(escape(view.failure), REASON)}")
    return lines


def _card_buttons(view: RunView) -> list[Button]:
    """Return what can be pressed on the card."""
    if view.status in STOPPABLE and not view.stop_by:
        ask = "What there is so far is reported." if view.started_at else "Nothing has run yet."
        return [
            Button("Stop", ButtonAction.STOP, Carried(view.id), "danger", f"Stop this run? {ask}")
        ]
    return []
