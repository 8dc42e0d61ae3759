"""A frozen dataclass per table row; times are ISO strings in UTC, bodies are JSON strings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run and the task that it answers."""

    id: str
    origin: str
    requester: str
    task_json: str
    status: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened in a run."""

    run: str
    seq: int
    at: str
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """Something that one process asks of the one that drives a run."""

    id: int
    run: str
    kind: str
    body: str
    created_at: str
    done_at: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """Something that arrived, kept until it is dealt with."""

    id: int
    event_id: str
    message_key: str
    kind: str
    body: str
    received_at: str
    done_at: str | None = None
    attempts: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class PostRecord:
    """Something to be posted once."""

    id: int
    key: str
    run: str
    channel: str
    thread_ts: str
    kind: str
    body: str
    state: str
    """`queued`, `sent` or `failed`."""
    created_at: str
    ts: str | None = None
    sent_at: str | None = None
    attempts: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """A thread and the run that it belongs to."""

    team: str
    channel: str
    thread_ts: str
    run: str
    requester: str
    created_at: str
    card_ts: str = ""
    last_seq: int = 0
    last_message_ts: str = ""
    state: str = "{}"
