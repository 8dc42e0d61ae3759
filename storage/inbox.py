"""What arrived from outside: stored before it is acknowledged, once."""

from __future__ import annotations

from datetime import datetime

import sqlite_utils

from storage.database import Database
from storage.records import InboxRecord
from storage.rows import fetch, write


async def receive(
    db: Database, event_id: str, message_key: str, kind: str, body: str, now: datetime
) -> bool:
    """Store something that arrived; False when its event id or message key is known.

    An empty id or key is nobody's: it never makes something a repetition.
    """

    def work(d: sqlite_utils.Database) -> bool:
        sql = """INSERT INTO inbox (event_id, message_key, kind, body, received_at)
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
        return write(d, sql, [event_id, message_key, kind, body, now.isoformat()]) == 1

    return await db.run(work)


async def pending(db: Database) -> list[InboxRecord]:
    """Return what is not dealt with, oldest first."""
    sql = "SELECT * FROM inbox WHERE done_at IS NULL ORDER BY id"
    return await db.read(lambda d: fetch(d, InboxRecord, sql))


async def attempt(db: Database, item: int) -> int:
    """Count an attempt to deal with an item; return how many there were."""

    def work(d: sqlite_utils.Database) -> int:
        write(d, "UPDATE inbox SET attempts = attempts + 1 WHERE id = ?", [item])
        row = d.conn.execute("SELECT attempts FROM inbox WHERE id = ?", [item]).fetchone()
        return int(row[0]) if row else 0

    return await db.run(work)


async def finish(db: Database, item: int, now: datetime, error: str = "") -> None:
    """Mark an item as dealt with, or as given up with `error`.

    Its keys are kept, which tell a repetition, and not what was said.
    """
    sql = "UPDATE inbox SET done_at = ?, error = ?, body = '' WHERE id = ?"
    await db.run(lambda d: write(d, sql, [now.isoformat(), error, item]))


async def prune(db: Database, before: datetime) -> int:
    """Delete what was dealt with before a moment; return how many items."""
    sql = "DELETE FROM inbox WHERE done_at IS NOT NULL AND done_at < ?"
    return await db.run(lambda d: write(d, sql, [before.isoformat()]))
