"""What cannot be read of a run's log, told as the event that ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from agent_core.domain import RunId
from agent_core.domain.events import Logged, RunFailed
from storage.records import EventRecord

Decode = Callable[[EventRecord], Logged | None]
"""Reads a record; None: there are no such events any more."""
DAMAGED = (
    "{what} of run {run} cannot be read ({why}). Other runs are not affected. Restore a backup, "
    "or remove it: `autoreclab tasks forget {run}`."
)


def damage(run: RunId, seq: int, kind: str, error: Exception) -> RunFailed:
    """Return the end of a run of which an event cannot be read."""
    return _end(run, f"Record {seq} ({kind})", _first_line(error))


def readable(
    run: RunId, after: int, records: Sequence[EventRecord], decode: Decode
) -> Iterator[Logged]:
    """Yield events up to the first that is missing or cannot be read; an end stands for that."""
    at = datetime.fromtimestamp(0, UTC)
    for expected, record in enumerate(records, after + 1):
        if record.seq != expected:
            yield Logged(expected, at, _end(run, f"Record {expected}", "it is missing"))
            return
        try:
            logged = decode(record)
        except Exception as error:  # noqa: BLE001 - whatever a changed byte can bring about
            yield Logged(record.seq, at, damage(run, record.seq, record.kind, error))
            return
        if logged is not None:
            at = logged.at
            yield logged


def task_damage(run: RunId, error: Exception) -> str:
    """Say that the task of a run cannot be read."""
    return _end(run, "The task", _first_line(error)).reason


def _end(run: RunId, what: str, why: str) -> RunFailed:
    reason = DAMAGED.format(what=what, run=run, why=why)
    return RunFailed(reason, is_resumable=False, is_damaged=True)


def _first_line(error: Exception) -> str:
    """Return the kind of an error and the beginning of what it says."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}".rstrip(": ")
