"""Domain values to records and back; the core's one door to storage."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import secrets
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter

from agent_core.domain import RunId, RunStatus, Task, UserId, with_design
from agent_core.domain.events import (
    Event,
    Logged,
    PlanSet,
    RoundOpened,
    RunFailed,
    RunFinished,
    StatusChanged,
)
from agent_core.errors import DamagedRun, UnknownRun
from agent_core.rules.reading import with_rules_read
from agent_core.rules.stored import is_without_levels, with_levels
from agent_core.run.damage import damage, is_damaged, missing, task_damage
from agent_core.run.old_logs import complete, is_obsolete
from agent_core.run.places import placed, portable
from storage import leases, requests, runs
from storage.artifacts import FileStore
from storage.database import Database
from storage.errors import RecordNotFound, StorageUnavailable
from storage.log_copies import read_copy
from storage.records import EventRecord, RunRecord

log = logging.getLogger(__name__)

T = TypeVar("T")
Now = Callable[[], datetime]

EVENT_TYPES: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}
ADAPTERS: dict[str, TypeAdapter[Any]] = {}
LEASE_TTL_S = 30.0
POLL_S = 1.0
STORAGE_WAITS_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses while nothing can be stored; the last one again and again."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Something that another process asks of the one that owns a run."""

    id: int
    run: RunId
    kind: str
    by: UserId


def process_name() -> str:
    """Name this process so that others on the host can tell whether it lives."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def adapter(kind: str) -> TypeAdapter[Any]:
    """Return the serializer of an event type, built at first use."""
    if kind not in ADAPTERS:
        ADAPTERS[kind] = TypeAdapter(EVENT_TYPES[kind])
    return ADAPTERS[kind]


def encode(event: Event) -> tuple[str, str]:
    """Return the kind of `event` and its JSON body."""
    kind = type(event).__name__
    return kind, as_json(adapter(kind), event)


def as_json(kind: TypeAdapter[Any], value: object) -> str:
    """Return a domain value as JSON."""
    # Not `dump_json`: it writes null for what is not finite, which no float field reads again.
    body = kind.dump_python(value, mode="json")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode(record: EventRecord) -> Logged:
    """Return the event that a record holds."""
    record.body.encode()  # bytes that are no text came as surrogates, which have no encoding
    body = json.loads(record.body)
    event = adapter(record.kind).validate_python(with_levels(complete(record.kind, body)))
    if isinstance(event, PlanSet):
        plan = with_rules_read(event.plan) if is_without_levels(body["plan"]) else event.plan
        event = replace(event, plan=plan if "questions" in body["plan"] else with_design(plan))
    return Logged(record.seq, datetime.fromisoformat(record.at), event)


class StorageWait:
    """Waits while nothing can be stored for a reason that may pass, and says why."""

    def __init__(self) -> None:
        self.trouble = ""
        """Why nothing can be stored now; empty where all is well."""
        self.closed = asyncio.Event()

    async def through(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, again after each pause while the storage cannot be used.

        Raises
        ------
        StorageUnavailable
            When that does not pass by itself, or the service ends meanwhile.
        """
        for pause_s in itertools.chain(STORAGE_WAITS_S, itertools.repeat(STORAGE_WAITS_S[-1])):
            try:
                result = await work()
            except StorageUnavailable as error:
                if not error.is_passing or self.closed.is_set():
                    raise
                if not self.trouble:
                    log.warning("waiting for the storage: %s", error)
                self.trouble = str(error)
            else:
                self.trouble = ""
                return result
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self.closed.wait()
        raise AssertionError("the pauses never end")

    def close(self) -> None:
        """Wait no more: what cannot be stored now is not stored."""
        self.closed.set()


class Journal:
    """Append-only logs of runs, with leases and requests, over one database."""

    def __init__(self, database: Database, owner: str, now: Now = utc_now) -> None:
        self.database = database
        self.owner = owner
        self.now = now
        self.files = FileStore(database.folder / "files")
        self.storage = StorageWait()
        self.news: dict[RunId, asyncio.Event] = defaultdict(asyncio.Event)

    def folder(self, run: RunId) -> Path:
        """Return the folder of a run's files."""
        return self.database.runs / run

    async def create(self, run: RunId, task: Task) -> RunId:
        """Create a run, or return the one that the same origin already has."""
        at = self.now().isoformat()
        body = as_json(TypeAdapter(Task), portable(task, self.database.folder))
        record = RunRecord(run, task.origin, task.requester, body, RunStatus.PLANNING, at, at)
        if await self.storage.through(lambda: runs.add_run(self.database, record)):
            return run
        known = await runs.run_of_origin(self.database, task.origin)
        return RunId(known.id) if known else run

    async def append(self, run: RunId, *events: Event) -> list[Logged]:
        """Store events; they are on disk when this returns, and only then are followers told.

        Waits while the storage cannot be used.
        """
        at, status = self.now(), _status_after(events)
        encoded = [encode(portable(e, self.database.folder)) for e in events]
        records = await self.storage.through(
            lambda: runs.append(self.database, run, encoded, at.isoformat(), status)
        )
        told = self.news.pop(run, None)
        if told:
            told.set()
        return [Logged(r.seq, at, e) for r, e in zip(records, events, strict=True)]

    async def read(self, run: RunId, after: int = 0) -> list[Logged]:
        """Return the events of a run after a sequence number.

        Raises
        ------
        UnknownRun
            When there is no such run.
        """
        try:
            records = await runs.events(self.database, run, after)
            if not records and not after:
                await self.record(run)
            found = list(_readable(run, after, records))
        except StorageUnavailable as error:
            if error.is_passing:
                raise
            found = [Logged(after + 1, utc_now(), damage(run, after + 1, "events", error))]
        if is_damaged(found):
            found = await asyncio.to_thread(self.copied, run, after, found)
        return [replace(e, event=placed(e.event, self.database.folder)) for e in found]

    def copied(self, run: RunId, after: int, found: list[Logged]) -> list[Logged]:
        """Return a log from its copy where that is whole and reaches as far; else as found."""
        _, records = read_copy(self.database.folder, run)
        again = list(_readable(run, after, [r for r in records if r.seq > after]))
        is_better = bool(again) and again[-1].seq >= found[-1].seq and not is_damaged(again)
        return again if is_better else found

    async def follow(self, run: RunId, after: int = 0) -> AsyncIterator[Logged]:
        """Yield events from the log, then as they come, until one makes the run final."""
        while True:
            told = self.news[run]
            for logged in await self.read(run, after):
                after = logged.seq
                yield logged
                if _is_end(logged.event):
                    return
            try:
                # Not `wait_for`: until Python 3.12 it loses a cancellation that meets the news.
                async with asyncio.timeout(POLL_S):
                    await told.wait()
            except TimeoutError:
                continue

    async def record(self, run: RunId) -> RunRecord:
        """Return what is stored of a run besides its events.

        Raises
        ------
        UnknownRun
            When there is no such run.
        """
        try:
            return await runs.run(self.database, run)
        except RecordNotFound as error:
            message = f"There is no run {run!r}. `autoreclab tasks list` shows all of them."
            raise UnknownRun(message) from error

    async def task(self, run: RunId) -> Task:
        """Return the task of a run.

        Raises
        ------
        UnknownRun
            When there is no such run.
        DamagedRun
            When its task cannot be read.
        """
        record = await self.record(run)
        try:
            # Not `validate_json`: it does not know what is not finite.
            record.task_json.encode()
            task: Task = TypeAdapter(Task).validate_python(json.loads(record.task_json))
        except ValueError as error:
            raise DamagedRun(task_damage(run, error)) from error
        return placed(task, self.database.folder)

    async def ids(self) -> list[RunId]:
        """Return all runs, oldest first."""
        return [RunId(r.id) for r in await runs.runs(self.database)]

    async def set_status(self, run: RunId, status: RunStatus) -> None:
        """Put the status of a run right, by its log."""
        await runs.set_status(self.database, run, status.value)

    async def last_change(self, run: RunId) -> datetime:
        """Return when a run last changed."""
        record = await runs.run(self.database, run)
        return datetime.fromisoformat(record.updated_at)

    async def claim(self, run: RunId) -> bool:
        """Take the lease of a run, or keep it; False when another live process holds it."""
        return await leases.acquire(self.database, run, self.owner, LEASE_TTL_S, self.now())

    async def renew(self) -> set[RunId]:
        """Keep all leases of this process; return the runs still held."""
        held = await leases.renew(self.database, self.owner, LEASE_TTL_S, self.now())
        return {RunId(run) for run in held}

    async def release(self, run: RunId) -> None:
        """Give up the lease of a run; where that cannot be stored it runs out by itself."""
        try:
            await leases.release(self.database, run, self.owner)
        except StorageUnavailable as error:
            log.warning("a lease runs out by itself: %s", error, extra={"run": run})

    async def owner_of(self, run: RunId) -> str | None:
        """Return the live process that holds a run, if any."""
        return await leases.owner(self.database, run, self.now())

    async def orphans(self) -> list[RunId]:
        """Return unfinished runs that no live process holds."""
        statuses = [s.value for s in RunStatus if not s.is_final]
        return [RunId(r) for r in await leases.free_runs(self.database, statuses, self.now())]

    async def ask(self, run: RunId, kind: str, by: UserId) -> None:
        """Ask the process that owns a run for something."""
        await requests.put(self.database, run, kind, json.dumps({"by": by}), self.now())

    async def pending_requests(self, held: Sequence[RunId]) -> list[RunRequest]:
        """Return what other processes ask of the runs held here."""
        found = await requests.pending(self.database, list(held))
        return [
            RunRequest(r.id, RunId(r.run), r.kind, UserId(json.loads(r.body).get("by", "")))
            for r in found
        ]

    async def settle(self, request: RunRequest, result: str) -> None:
        """Mark a request as carried out."""
        await requests.finish(self.database, request.id, result, self.now())

    async def bring_back(self, sha256: str, path: Path) -> None:
        """Give a stored file its name again, where it is stored."""
        with suppress(RecordNotFound):
            await self.files.link(sha256, path)

    async def forget(self, run: RunId) -> None:
        """Delete a run: its files, the copies of its data that no other uses, and its log."""
        # The log last: whatever comes between, the run is listed and can be forgotten again.
        await self.files.forget(self.folder(run), self.database.runs)
        await runs.forget_run(self.database, run)


def _readable(run: RunId, after: int, records: Sequence[EventRecord]) -> Iterator[Logged]:
    """Yield events up to the first that is missing or cannot be read; an end stands for that."""
    at = datetime.fromtimestamp(0, UTC)
    for expected, record in enumerate(records, after + 1):
        if record.seq != expected:
            yield Logged(expected, at, missing(run, expected))
            return
        try:
            logged = None if is_obsolete(record.kind, record.body) else decode(record)
        except Exception as error:  # noqa: BLE001 - whatever a changed byte can bring about
            yield Logged(record.seq, at, damage(run, record.seq, record.kind, error))
            return
        if logged is not None:
            at = logged.at
            yield logged


def _status_after(events: Sequence[Event]) -> RunStatus | None:
    """Return the status that `events` leave a run in, if they change it."""
    status: RunStatus | None = None
    for event in events:
        match event:
            case StatusChanged(changed):
                status = changed
            case RoundOpened():
                status = RunStatus.RUNNING
            case RunFinished():
                status = RunStatus.FINISHED
            case RunFailed():
                status = RunStatus.FAILED
            case _:
                pass
    return status


def _is_end(event: Event) -> bool:
    """Whether `event` makes a run final."""
    if isinstance(event, StatusChanged):
        return event.status.is_final
    return isinstance(event, RunFinished | RunFailed)
