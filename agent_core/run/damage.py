"""What cannot be read of a run's log, told as the event that ends it."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import RunId
from agent_core.domain.events import Logged, RunFailed

DAMAGED = (
    "{what} of run {run} cannot be read ({why}). Other runs are not affected. Restore a backup, "
    "or remove it: `autoreclab tasks forget {run}`."
)


def damage(run: RunId, seq: int, kind: str, error: Exception) -> RunFailed:
    """Return the end of a run of which an event cannot be read."""
    return _end(run, f"Record {seq} ({kind})", _first_line(error))


def missing(run: RunId, seq: int) -> RunFailed:
    """Return the end of a run that lacks an event."""
    return _end(run, f"Record {seq}", "it is missing")


def is_damaged(events: Sequence[Logged]) -> bool:
    """Whether events end with what stands for damage."""
    last = events[-1].event if events else None
    return isinstance(last, RunFailed) and last.is_damaged


def task_damage(run: RunId, error: Exception) -> str:
    """Say that the task of a run cannot be read."""
    return _end(run, "The task", _first_line(error)).reason


def _end(run: RunId, what: str, why: str) -> RunFailed:
    reason = DAMAGED.format(what=what, run=run, why=why)
    return RunFailed(reason, is_resumable=False, is_damaged=True)


def _first_line(error: Exception) -> str:
    """Return the kind of an error and the beginning of what it says."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}".rstrip(": ")
