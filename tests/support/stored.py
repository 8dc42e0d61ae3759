"""Records, moments and a data folder with one run, for tests of the storage."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from storage import runs
from storage.database import FILE_NAME, open_database
from storage.records import PostRecord, RunRecord, ThreadRecord
from storage.settings import StorageSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = NOW.isoformat()


def run_record(name="r1", **changes):
    given = {
        "id": name,
        "origin": f"origin-of-{name}",
        "requester": "ann",
        "task_json": "{}",
        "status": "running",
        "created_at": AT,
        "updated_at": AT,
    }
    return RunRecord(**given | changes)


def post(key="k1", **changes):
    given = {
        "id": 0,
        "key": key,
        "run": "r1",
        "channel": "C1",
        "thread_ts": "1.0",
        "kind": "message",
        "body": "{}",
        "state": "queued",
        "created_at": AT,
    }
    return PostRecord(**given | changes)


def thread(ts="1.0", **changes):
    given = {
        "team": "T1",
        "channel": "C1",
        "thread_ts": ts,
        "run": "r1",
        "requester": "ann",
        "created_at": AT,
    }
    return ThreadRecord(**given | changes)


def opened(folder):
    """Open the database of a folder, as the product does."""
    return open_database(StorageSettings(path=folder))


async def with_run(folder, name="r1"):
    """Make a data folder that holds one run."""
    async with opened(folder) as database:
        await runs.add_run(database, run_record(name))


def rows(folder, sql):
    """Read a database past the product."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return connection.execute(sql).fetchall()


def rewrite(folder, sql, values=()):
    """Change a database past the product, also what it never changes."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = kept.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql, values)
        for _, made in triggers:
            connection.execute(made)
