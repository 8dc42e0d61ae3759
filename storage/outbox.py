"""What is to be posted: stored before it is sent, sent once."""

from __future__ import annotations

from datetime import datetime

import sqlite_utils

from storage.database import Database
from storage.records import PostRecord
from storage.rows import fetch, fetch_one, write


async def queue(db: Database, record: PostRecord) -> bool:
    """Store a post (its `id` is given by the database); False when its key is known."""

    def work(d: sqlite_utils.Database) -> bool:
        sql = """INSERT INTO outbox (key, run, channel, thread_ts, kind, body, state, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, 'queued', ?) ON CONFLICT (key) DO NOTHING"""
        values = [
            record.key,
            record.run,
            record.channel,
            record.thread_ts,
            record.kind,
            record.body,
            record.created_at,
        ]
        return write(d, sql, values) == 1

    return await db.run(work)


async def pending(db: Database) -> list[PostRecord]:
    """Return what is not sent, oldest first."""
    sql = "SELECT * FROM outbox WHERE state = 'queued' ORDER BY id"
    return await db.read(lambda d: fetch(d, PostRecord, sql))


async def by_key(db: Database, key: str) -> PostRecord | None:
    """Return the post with this key."""
    sql = "SELECT * FROM outbox WHERE key = ?"
    return await db.read(lambda d: fetch_one(d, PostRecord, sql, [key]))


async def attempt(db: Database, post: int, error: str = "") -> None:
    """Count an attempt to send a post."""
    sql = "UPDATE outbox SET attempts = attempts + 1, error = ? WHERE id = ?"
    await db.run(lambda d: write(d, sql, [error, post]))


async def sent(db: Database, post: int, ts: str, now: datetime) -> None:
    """Mark a post as sent, with the time stamp that names it."""
    sql = "UPDATE outbox SET state = 'sent', ts = ?, sent_at = ? WHERE id = ?"
    await db.run(lambda d: write(d, sql, [ts, now.isoformat(), post]))


async def failed(db: Database, post: int, error: str, now: datetime) -> None:
    """Mark a post as given up, with the reason."""
    sql = "UPDATE outbox SET state = 'failed', error = ?, sent_at = ? WHERE id = ?"
    await db.run(lambda d: write(d, sql, [error, now.isoformat(), post]))
