"""Which posts an event brings into its thread: pure, with keys that never repeat."""

from __future__ import annotations

from agent_core.domain import RunStatus
from agent_core.domain.events import (
    Logged,
    ModelOutage,
    NodeJudged,
    PlanSet,
    Rechecked,
    RoundOpened,
    RunFailed,
    RunFinished,
    StatusChanged,
)
from agent_core.run.view import RunView
from bot.blocks.limits import Message
from bot.blocks.plan import difference_message, plan_message
from bot.blocks.report import (
    Upload,
    cancelled_message,
    failure_message,
    milestone_message,
    outage_message,
    report_files,
    report_message,
    round_name,
)
from bot.blocks.rounds import dispute_message, round_message
from bot.delivery.sending import Post
from bot.delivery.threads import Thread


def posts_of(
    logged: Logged, before: RunView, view: RunView, thread: Thread, cap: float = 0.0
) -> tuple[Post, ...]:
    """Return what is posted about an event.

    Parameters
    ----------
    logged
        The event.
    before, view
        The run before and after it.
    thread
        Where it is told.
    cap
        What the run may cost at most, dollars; 0: not said.
    """
    match logged.event:
        case RunFinished():
            return _end_posts(view, thread, logged.seq)
        case NodeJudged() if before.best is None and view.best is not None:
            return (_thread_post(thread, "milestone", milestone_message(view)),)
        case _:
            pass
    message = _message_of(logged, before, view, thread, cap)
    if message is None:
        return ()
    kind = type(logged.event).__name__
    return (_thread_post(thread, f"{kind}:{logged.seq}", message),)


def report_kind(seq: int) -> str:
    """Return what the report that came with an event is called among our posts."""
    return f"report:{seq}"


def _message_of(
    logged: Logged, before: RunView, view: RunView, thread: Thread, cap: float
) -> Message | None:
    """Return the one message about an event, if it is told at all."""
    match logged.event:
        case PlanSet(plan) if not before.plans:
            return plan_message(view, plan, cap)
        case PlanSet(plan, change):
            is_fixed = before.freeze is not None
            is_reread = view.said != before.readings[-1] or view.replaced_at == len(before.plans)
            reread = view.datasets if is_reread else ()
            return difference_message(view.id, plan, change, reread, is_fixed=is_fixed)
        case ModelOutage(_, is_permanent) as event if is_permanent:
            return outage_message(event, thread.requester)
        case RoundOpened() as event:
            return round_message(before, view, event, logged.at)
        case Rechecked() as event if view.disputes:
            return dispute_message(view, view.disputes[-1], event)
        case RunFailed() as event:
            return failure_message(view, event, thread.requester)
        case StatusChanged(status) if status is RunStatus.CANCELLED:
            return cancelled_message(view)
        case _:
            return None


def _end_posts(view: RunView, thread: Thread, seq: int) -> tuple[Post, ...]:
    """Return the report, then its plots, then the code with the zip."""
    if view.report is None:
        return ()
    report = report_message(view, view.report, thread.requester)
    posts = [_thread_post(thread, report_kind(seq), report)]
    plots, rest = report_files(view.report)
    name = round_name(thread.run, len(view.rounds) + 1)
    for kind, files, text in (
        ("plots", plots, f"Plots of {name}"),
        ("results", rest, f"Code and all results of {name}"),
    ):
        if files:
            posts.append(_thread_post(thread, f"{kind}:{seq}", Message(text), files))
    return tuple(posts)


def _thread_post(
    thread: Thread, kind: str, message: Message, files: tuple[Upload, ...] = ()
) -> Post:
    """Return a post into a run's thread under the key (run, kind)."""
    return Post(f"{thread.run}:{kind}", thread.place, message, files, thread.run)
