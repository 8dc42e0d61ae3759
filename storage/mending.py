"""A damaged database: what can be read of it, and the copies of logs, become a new one."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlite_utils

from storage.errors import kind_of
from storage.log_copies import copied_runs, last_copied, read_copy
from storage.migrations import migrate
from storage.records import EventRecord, RunRecord

log = logging.getLogger(__name__)

BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
TABLES = ("runs", "threads", "outbox", "inbox", "requests", "leases", "events")
"""In the order in which they may refer to each other."""
WAL = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Mended:
    """What mending came to."""

    kept: Path | None
    """The damaged file; None where there was none."""
    runs: int
    """How many runs the new database has."""

    def __str__(self) -> str:
        """Say it."""
        where = f"; the damaged file is kept as {self.kept.name}" if self.kept else ""
        return (
            f"The database was {'damaged' if self.kept else 'missing'}; {self.runs} runs were "
            f"brought back from it and from the copies of their logs{where}."
        )


def is_sound(path: Path) -> bool:
    """Whether a database can be read from end to end."""
    try:
        with closing(sqlite3.connect(path, timeout=1.0)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return bool(answer == "ok")
    except UnicodeDecodeError:  # of what an error quotes
        return False
    except sqlite3.Error as error:
        return kind_of(error) not in BROKEN


def needs_mending(folder: Path, name: str) -> bool:
    """Whether the database of a data folder is damaged, or gone while there are runs."""
    path = folder / name
    if not path.exists():
        return any(True for _ in copied_runs(folder))
    return not is_sound(path)


def has_lost_events(folder: Path, name: str) -> bool:
    """Whether copies reach further than a database, which may be in use and is only read."""
    copies = last_copied(folder)
    with closing(sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True)) as connection:
        try:
            return bool(_lacking(connection, folder, copies))
        except sqlite3.Error:
            return False  # told when it is opened


def mend(folder: Path, name: str) -> Mended:
    """Put a new database in the place of a damaged one, which is kept under another name."""
    path, draft = folder / name, folder / f"{name}.mending"
    draft.unlink(missing_ok=True)
    write_mended(folder, path, draft)
    kept = None
    if path.exists():
        kept = folder / f"{name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        path.rename(kept)
    for end in WAL:
        (folder / f"{name}{end}").unlink(missing_ok=True)
    draft.rename(path)
    with closing(sqlite3.connect(path)) as connection:
        count = int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])
    mended = Mended(kept, count)
    log.error("%s", mended)
    return mended


def write_mended(folder: Path, damaged: Path, target: Path) -> None:
    """Write a new database: first from the copies of logs, then what else can be read."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        migrate(sqlite_utils.Database(connection), target)
        connection.execute("BEGIN")
        for run in copied_runs(folder):
            _add_copy(connection, *read_copy(folder, run))
        if damaged.exists():
            _add_readable(connection, damaged)
        connection.execute("COMMIT")


def complete_from_copies(connection: sqlite3.Connection, folder: Path) -> None:
    """Add runs and events that only the copies have: where the write-ahead log was lost, say."""
    for run in _lacking(connection, folder, last_copied(folder)):
        _add_copy(connection, *read_copy(folder, run))


def _lacking(connection: sqlite3.Connection, folder: Path, copies: dict[str, int]) -> list[str]:
    """Return the runs whose copies, read before, reach further than the database."""
    sql = "SELECT runs.id, MAX(seq) FROM runs LEFT JOIN events ON run = runs.id GROUP BY runs.id"
    held = {run: seq or 0 for run, seq in connection.execute(sql).fetchall()}
    # One that is forgotten meanwhile loses its copy first.
    still = set(copied_runs(folder))
    return [run for run, seq in copies.items() if run in still and seq > held.get(run, -1)]


def _add_copy(
    connection: sqlite3.Connection, record: RunRecord | None, events: list[EventRecord]
) -> None:
    if record is not None:
        _insert(connection, "runs", asdict(record))
        _add_events(connection, events)


def _add_events(connection: sqlite3.Connection, events: list[EventRecord]) -> None:
    for event in events:
        _insert(connection, "events", asdict(event))


def _add_readable(connection: sqlite3.Connection, damaged: Path) -> None:
    """Add the rows that can be read and are not there yet; statuses as they were."""
    with suppress(*UNREADABLE), closing(sqlite3.connect(damaged, timeout=1.0)) as source:
        source.row_factory = sqlite3.Row
        for table in TABLES:
            for row in _readable_rows(source, table):
                _insert(connection, table, row)
                if table == "runs":
                    connection.execute(
                        "UPDATE runs SET status = ?, updated_at = ? WHERE id = ?",
                        [row["status"], row["updated_at"], row["id"]],
                    )


def _readable_rows(source: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """Return the rows up to the first page that cannot be read, from both ends."""
    found: dict[int, dict[str, Any]] = {}
    for order in ("ASC", "DESC"):
        sql = f"SELECT rowid AS place, * FROM {table} NOT INDEXED ORDER BY rowid {order}"
        with suppress(*UNREADABLE):
            for row in source.execute(sql):
                values = dict(row)
                found.setdefault(values.pop("place"), values)
    return [found[place] for place in sorted(found)]


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    with suppress(sqlite3.Error):
        connection.execute(
            f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", list(row.values())
        )
