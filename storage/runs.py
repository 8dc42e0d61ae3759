"""Runs and their append-only events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlite_utils

from storage.database import Database
from storage.errors import RecordNotFound
from storage.log_copies import copy_events, copy_run
from storage.records import EventRecord, RunRecord
from storage.rows import fetch, fetch_one, write


async def add_run(db: Database, record: RunRecord) -> bool:
    """Store a run; False when its origin or id exists already."""

    def work(db: sqlite_utils.Database) -> bool:
        row = asdict(record)
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        sql = f"INSERT INTO runs ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        return write(db, sql, list(row.values())) == 1

    is_new = await db.run(work)
    if is_new:
        await db.on_thread(lambda: copy_run(db.folder, record))
    return is_new


async def run_of_origin(db: Database, origin: str) -> RunRecord | None:
    """Return the run that came from `origin`."""
    sql = "SELECT * FROM runs WHERE origin = ?"
    return await db.read(lambda d: fetch_one(d, RunRecord, sql, [origin]))


async def run(db: Database, run: str) -> RunRecord:
    """Return a run.

    Raises
    ------
    RecordNotFound
        When there is none with this id.
    """
    found = await db.read(
        lambda d: fetch_one(d, RunRecord, "SELECT * FROM runs WHERE id = ?", [run])
    )
    if found is None:
        raise RecordNotFound(f"There is no run {run!r}.")
    return found


async def runs(db: Database, statuses: Sequence[str] | None = None) -> list[RunRecord]:
    """Return all runs, or those in one of `statuses`, oldest first."""
    sql = "SELECT * FROM runs ORDER BY created_at, id"
    found = await db.read(lambda d: fetch(d, RunRecord, sql))
    return [r for r in found if statuses is None or r.status in statuses]


async def set_status(db: Database, run: str, status: str) -> None:
    """Say how a run stands where its log says so and its row does not."""
    sql = "UPDATE runs SET status = ? WHERE id = ?"
    await db.run(lambda d: write(d, sql, [status, run]))


async def append(
    db: Database,
    run: str,
    events: Sequence[tuple[str, str]],
    at: str,
    status: str | None = None,
) -> list[EventRecord]:
    """Append events (kind, body) with the next sequence numbers, all or none.

    Raises
    ------
    RecordNotFound
        When there is no such run.
    """

    def work(d: sqlite_utils.Database) -> list[EventRecord]:
        require_run(d, run)
        write(d, "UPDATE runs SET updated_at = ? WHERE id = ?", [at, run])
        if status is not None:
            write(d, "UPDATE runs SET status = ? WHERE id = ?", [status, run])
        sql = "SELECT COALESCE(MAX(seq), 0) FROM events WHERE run = ?"
        last = int(d.conn.execute(sql, [run]).fetchone()[0])
        records = [
            EventRecord(run, last + i, at, kind, body)
            for i, (kind, body) in enumerate(events, start=1)
        ]
        d.conn.executemany(
            "INSERT INTO events (run, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)",
            [(r.run, r.seq, r.at, r.kind, r.body) for r in records],
        )
        return records

    stored = await db.run(work)
    await db.on_thread(lambda: copy_events(db.folder, run, stored))
    return stored


async def events(
    db: Database, run: str, after: int = 0, limit: int | None = None
) -> list[EventRecord]:
    """Return the events of a run after a sequence number, in order."""
    sql = "SELECT * FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
    most = -1 if limit is None else limit
    return await db.read(lambda d: fetch(d, EventRecord, sql, [run, after, most]))


def require_run(db: sqlite_utils.Database, run: str) -> None:
    """Raise RecordNotFound when there is no such run."""
    if db.conn.execute("SELECT 1 FROM runs WHERE id = ?", [run]).fetchone() is None:
        raise RecordNotFound(f"There is no run {run!r}.")


async def forget_run(db: Database, run: str) -> None:
    """Delete a run with its events, lease, requests, posts and threads, also from the disk."""

    def work(d: sqlite_utils.Database) -> None:
        write(d, "INSERT OR IGNORE INTO forgotten (run) VALUES (?)", [run])
        for sql in (
            "DELETE FROM outbox WHERE run = ?",
            """DELETE FROM outbox WHERE run = '' AND (channel, thread_ts) IN
               (SELECT channel, thread_ts FROM threads WHERE run = ?)""",
            "DELETE FROM threads WHERE run = ?",
            "DELETE FROM events WHERE run = ?",
            "DELETE FROM runs WHERE id = ?",
            "DELETE FROM forgotten WHERE run = ?",
        ):
            write(d, sql, [run])

    await db.run(work)
    await db.empty_log()
