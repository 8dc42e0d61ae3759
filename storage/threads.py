"""Which thread belongs to which run, and how far it has been told."""

from __future__ import annotations

from dataclasses import asdict

import sqlite_utils

from storage.database import Database
from storage.errors import RecordNotFound
from storage.records import ThreadRecord
from storage.rows import fetch, fetch_one, write

KEYS = ("team", "channel", "thread_ts")


async def put(db: Database, record: ThreadRecord) -> bool:
    """Store a thread; False when it is known."""

    def work(d: sqlite_utils.Database) -> bool:
        row = asdict(record)
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        sql = f"INSERT INTO threads ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        return write(d, sql, list(row.values())) == 1

    return await db.run(work)


async def get(db: Database, team: str, channel: str, thread_ts: str) -> ThreadRecord | None:
    """Return a thread."""
    sql = "SELECT * FROM threads WHERE team = ? AND channel = ? AND thread_ts = ?"
    return await db.read(lambda d: fetch_one(d, ThreadRecord, sql, [team, channel, thread_ts]))


async def by_run(db: Database, run: str) -> ThreadRecord | None:
    """Return the thread of a run."""
    sql = "SELECT * FROM threads WHERE run = ?"
    return await db.read(lambda d: fetch_one(d, ThreadRecord, sql, [run]))


async def update(db: Database, record: ThreadRecord) -> None:
    """Store all fields of a known thread anew.

    Raises
    ------
    RecordNotFound
        When it is not known.
    """

    def work(d: sqlite_utils.Database) -> None:
        row = {k: v for k, v in asdict(record).items() if k not in KEYS}
        changes = ", ".join(f"{column} = ?" for column in row)
        sql = f"UPDATE threads SET {changes} WHERE team = ? AND channel = ? AND thread_ts = ?"
        values = [*row.values(), record.team, record.channel, record.thread_ts]
        if not write(d, sql, values):
            raise RecordNotFound(f"No thread {record.thread_ts} in {record.channel} is known.")

    await db.run(work)


async def all_threads(db: Database) -> list[ThreadRecord]:
    """Return all threads, oldest first."""
    sql = "SELECT * FROM threads ORDER BY created_at, thread_ts"
    return await db.read(lambda d: fetch(d, ThreadRecord, sql))


async def leave_team(db: Database, team: str) -> None:
    """Forget the threads of a workspace that is gone, and what was still to be posted there."""

    def work(d: sqlite_utils.Database) -> None:
        posts = """DELETE FROM outbox WHERE state = 'queued' AND (channel, thread_ts) IN
                   (SELECT channel, thread_ts FROM threads WHERE team = ?)"""
        for sql in (posts, "DELETE FROM threads WHERE team = ?"):
            write(d, sql, [team])

    await db.run(work)
