"""One database: one thread, one connection, migrated; everything in transactions."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import sqlite_utils
import stamina

from storage.errors import StorageUnavailable, kind_of, unusable_database, unusable_path
from storage.log_copies import RUNS
from storage.mending import complete_from_copies, mend, needs_mending
from storage.migrations import migrate, require_ours
from storage.settings import StorageSettings

T = TypeVar("T")
Work = Callable[[sqlite_utils.Database], T]
BUSY_TIMEOUT_S = 30.0
FILE_NAME = "autoreclab.sqlite3"


class Database:
    """Runs functions on the one thread that owns the connection."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.executor = executor
        self.connected: sqlite_utils.Database | None = None
        self.mended = ""
        """What was damaged when it was opened, and what came of it."""

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / FILE_NAME

    @property
    def runs(self) -> Path:
        """The folder of the files of all runs."""
        return self.folder / RUNS

    async def run(self, work: Work[T]) -> T:
        """Run `work` in a transaction; rolled back when it raises, on disk when this returns.

        Cancelling the caller does not interrupt a transaction that has begun.

        Raises
        ------
        StorageUnavailable
            When the disk is full or the database cannot be written.
        """
        return await self.on_thread(lambda: self.transaction("BEGIN IMMEDIATE", work))

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which only reads, on one state of the database; never waits for writers.

        Raises
        ------
        StorageUnavailable
            When the database cannot be read.
        """
        return await self.on_thread(lambda: self.transaction("BEGIN", work))

    async def empty_log(self) -> None:
        """Bring the write-ahead log into the database and empty it, unless others read it now."""
        await self.on_thread(self.checkpoint)

    def checkpoint(self) -> None:
        """Empty the write-ahead log, on the database thread."""
        if self.connected is None:
            raise self.closed()
        try:
            self.connected.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            if not is_busy(error):
                raise unusable_database(self.path, error) from error

    async def on_thread(self, job: Callable[[], T]) -> T:
        """Run a job on the database thread."""
        try:
            future = self.executor.submit(job)
        except RuntimeError as error:
            raise self.closed() from error
        return await asyncio.wrap_future(future)

    def transaction(self, begin: str, work: Work[T]) -> T:
        """Run `work` between `begin` and COMMIT, on the database thread."""
        db = self.connected
        if db is None:
            raise self.closed()
        try:
            db.conn.execute(begin)
            result = work(db)
            db.conn.execute("COMMIT")
        except BaseException as error:
            # Some errors, a full disk among them, have ended the transaction already.
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and not is_mistake(error):
                raise unusable_database(self.path, error) from error
            raise
        return result

    def closed(self) -> StorageUnavailable:
        """Say that nothing can be asked any more."""
        return StorageUnavailable(f"The database {self.path} is closed.")

    def connect(self, *, mends: bool = False) -> None:
        """Open and migrate the database, on the database thread; a damaged one is mended first."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            keep_private(self.folder)
            if mends and needs_mending(self.folder, FILE_NAME):
                self.mended = str(mend(self.folder, FILE_NAME))
        except OSError as error:
            raise unusable_path(self.folder, error) from error
        try:
            # SQLite does not wait for its lock where two processes make the same new database.
            for attempt in stamina.retry_context(
                on=is_busy, attempts=None, timeout=BUSY_TIMEOUT_S, wait_initial=0.01, wait_max=0.5
            ):
                with attempt:
                    self.connected = connection(self.path)
                    if mends:
                        complete_from_copies(self.connected.conn, self.folder)
        except sqlite3.Error as error:
            raise unusable_database(self.path, error) from error

    def close(self) -> None:
        """Close the connection, on the database thread."""
        if self.connected is not None:
            self.connected.close()
            self.connected = None


def keep_private(folder: Path) -> None:
    """Take the rights of others off a folder, whoever made it, and give the owner theirs."""
    for path, own in ((folder, 0o700), (folder / FILE_NAME, 0o600)):
        if path.exists() and path.stat().st_uid == os.geteuid():
            mode = stat.S_IMODE(path.stat().st_mode)
            wanted = (mode & 0o700) | own
            if mode & 0o077 or not os.access(path, os.R_OK):
                with suppress(OSError):  # a read-only file system
                    path.chmod(wanted)


def connection(path: Path) -> sqlite_utils.Database:
    """Connect to a database and bring it up to date."""
    conn = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        # What is no text any more is told where it is read, not for the whole table.
        conn.text_factory = lambda content: content.decode(errors="surrogateescape")
        db = sqlite_utils.Database(conn)
        require_ours(db, path)
        # FULL: what is committed survives a loss of power, not only a killed process.
        # What is deleted or replaced is overwritten, so that forgetting forgets.
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            conn.execute(f"PRAGMA {pragma}")
        migrate(db, path)
    except BaseException:
        conn.close()
        raise
    return db


def is_busy(error: Exception) -> bool:
    """Whether another connection was in the way."""
    return isinstance(error, sqlite3.Error) and kind_of(error) == sqlite3.SQLITE_BUSY


def is_mistake(error: sqlite3.Error) -> bool:
    """Whether the statement is at fault and not the disk: wrong SQL, a broken constraint."""
    return kind_of(error) in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT)


@asynccontextmanager
async def open_database(
    settings: StorageSettings, *, mends: bool = False
) -> AsyncIterator[Database]:
    """Open the database of a data folder, creating both where they are missing.

    With `mends` a damaged one is put right first, which only the service may do.

    Raises
    ------
    StorageUnavailable
        When the folder cannot be written, or the file is not a database of this product.
    SchemaTooNew
        When a newer version of the product wrote it.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage") as executor:
        database = Database(settings.path.resolve(), executor)
        try:
            await database.on_thread(partial(database.connect, mends=mends))
            yield database
        finally:
            # Cancelling this task must not leave the connection open.
            await asyncio.shield(asyncio.wrap_future(executor.submit(database.close)))
