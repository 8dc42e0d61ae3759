"""What one process asks of the one that drives a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlite_utils

from storage.database import Database
from storage.errors import RecordNotFound
from storage.records import RequestRecord
from storage.rows import fetch, fetch_one, write
from storage.runs import require_run


async def put(db: Database, run: str, kind: str, body: str, now: datetime) -> int:
    """Store a request; return its id.

    Raises
    ------
    RecordNotFound
        When there is no such run.
    """

    def work(d: sqlite_utils.Database) -> int:
        require_run(d, run)
        sql = "INSERT INTO requests (run, kind, body, created_at) VALUES (?, ?, ?, ?)"
        return int(d.conn.execute(sql, [run, kind, body, now.isoformat()]).lastrowid or 0)

    return await db.run(work)


async def pending(db: Database, runs: Sequence[str]) -> list[RequestRecord]:
    """Return the requests about `runs` that are not carried out, oldest first."""
    sql = "SELECT * FROM requests WHERE done_at IS NULL ORDER BY id"
    found = await db.read(lambda d: fetch(d, RequestRecord, sql))
    return [r for r in found if r.run in runs]


async def finish(db: Database, request: int, result: str, now: datetime) -> None:
    """Mark a request as carried out."""
    sql = "UPDATE requests SET done_at = ?, result = ? WHERE id = ?"
    await db.run(lambda d: write(d, sql, [now.isoformat(), result, request]))


async def get(db: Database, request: int) -> RequestRecord:
    """Return a request.

    Raises
    ------
    RecordNotFound
        When there is none with this id.
    """
    sql = "SELECT * FROM requests WHERE id = ?"
    found = await db.read(lambda d: fetch_one(d, RequestRecord, sql, [request]))
    if found is None:
        raise RecordNotFound(f"There is no request {request}.")
    return found
