"""One function per schema change, in order; never edited once released."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from storage.errors import SchemaTooNew


def first_tables(db: Database) -> None:
    """Create runs with their append-only events, leases, requests, inbox, outbox, threads."""
    for statement in FIRST_TABLES:
        db.conn.execute(statement)


FIRST_TABLES = (
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, origin TEXT NOT NULL UNIQUE, requester TEXT NOT NULL,
        task_json TEXT NOT NULL, status TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
        at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, seq))""",
    """CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TABLE forgotten (run TEXT PRIMARY KEY)""",
    """CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
        WHEN NOT EXISTS (SELECT 1 FROM forgotten WHERE run = OLD.run)
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TABLE leases (
        run TEXT PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
        owner TEXT NOT NULL, expires_at TEXT NOT NULL)""",
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
        kind TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL,
        done_at TEXT, result TEXT)""",
    """CREATE TABLE inbox (
        id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, message_key TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL, body TEXT NOT NULL, received_at TEXT NOT NULL, done_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, run TEXT NOT NULL,
        channel TEXT NOT NULL, thread_ts TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
        state TEXT NOT NULL, created_at TEXT NOT NULL, ts TEXT, sent_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX outbox_by_state ON outbox (state, id)",
    """CREATE TABLE threads (
        team TEXT NOT NULL, channel TEXT NOT NULL, thread_ts TEXT NOT NULL, run TEXT NOT NULL,
        requester TEXT NOT NULL, created_at TEXT NOT NULL, card_ts TEXT NOT NULL DEFAULT '',
        last_seq INTEGER NOT NULL DEFAULT 0, last_message_ts TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (team, channel, thread_ts))""",
    "CREATE INDEX threads_by_run ON threads (run)",
)

MIGRATIONS: tuple[Callable[[Database], None], ...] = (first_tables,)


def migrate(db: Database) -> None:
    """Bring the schema up to date, each step in a transaction of its own.

    Raises
    ------
    SchemaTooNew
        When a newer version of the product wrote the database.
    """
    while True:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            version = int(db.conn.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise SchemaTooNew(
                    f"The database has schema {version}, this version knows up to "
                    f"{len(MIGRATIONS)}. Use the version that wrote it, or a newer one."
                )
            if version == len(MIGRATIONS):
                db.conn.execute("COMMIT")
                return
            MIGRATIONS[version](db)
            db.conn.execute(f"PRAGMA user_version = {version + 1}")
            db.conn.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")
            raise
