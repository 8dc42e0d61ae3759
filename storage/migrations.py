"""One function per schema change, in order; never edited once released."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from storage.errors import SchemaTooNew, StorageUnavailable


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


def second_tables(db: Database) -> None:
    """Name the program, know when leases were renewed, let items arrive without a message key."""
    db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in SECOND_TABLES:
        db.conn.execute(statement)


APPLICATION_ID = 0x41524C42
"""Four letters, ARLB, in the header of the file: no other program's database is taken for ours."""

SECOND_TABLES = (
    "ALTER TABLE leases ADD COLUMN renewed_at TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE inbox RENAME TO first_inbox",
    """CREATE TABLE inbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, message_key TEXT NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, received_at TEXT NOT NULL, done_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')""",
    """INSERT INTO inbox
        SELECT id, event_id, message_key, kind, body, received_at, done_at, attempts, error
        FROM first_inbox""",
    "DROP TABLE first_inbox",
    "CREATE UNIQUE INDEX inbox_by_event ON inbox (event_id) WHERE event_id <> ''",
    "CREATE UNIQUE INDEX inbox_by_message ON inbox (message_key) WHERE message_key <> ''",
    "CREATE INDEX inbox_pending ON inbox (id) WHERE done_at IS NULL",
    "CREATE INDEX requests_pending ON requests (id) WHERE done_at IS NULL",
)


def without_old_bodies(db: Database) -> None:
    """Keep of what was dealt with the keys alone."""
    db.conn.execute("UPDATE inbox SET body = '' WHERE done_at IS NOT NULL")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    first_tables,
    second_tables,
    without_old_bodies,
)


def require_ours(db: Database, path: Path) -> None:
    """Refuse, before anything is changed, a database that another program made.

    Raises
    ------
    StorageUnavailable
        When it is not ours.
    """
    named = number(db, "application_id")
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {str(row[0]) for row in db.conn.execute(sql)}
    is_first_schema = {"runs", "events", "forgotten"} <= tables
    if named != APPLICATION_ID and (named or (tables and not is_first_schema)):
        raise StorageUnavailable(
            f"{path} is the database of another program; it was left as it is. "
            "Move it away, or set storage.path to another folder."
        )


def migrate(db: Database, path: Path) -> None:
    """Bring the schema up to date, each step in a transaction of its own.

    Raises
    ------
    SchemaTooNew
        When a newer version of the product wrote the database.
    """
    while step(db, path):
        pass


def step(db: Database, path: Path) -> bool:
    """Make the next migration, if one is due; say whether it was."""
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        version = number(db, "user_version")
        if version > len(MIGRATIONS):
            raise SchemaTooNew(
                f"{path} has schema {version}, this version knows up to {len(MIGRATIONS)}. "
                "Use the version that wrote it, or a newer one."
            )
        is_due = version < len(MIGRATIONS)
        if is_due:
            MIGRATIONS[version](db)
            db.conn.execute(f"PRAGMA user_version = {version + 1}")
        db.conn.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
    return is_due


def number(db: Database, pragma: str) -> int:
    """Return a number from the header of the database file."""
    return int(db.conn.execute(f"PRAGMA {pragma}").fetchone()[0])
