"""One database: one thread, one connection, migrated; everything in transactions."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import sqlite_utils

from storage.errors import StorageUnavailable
from storage.migrations import migrate
from storage.settings import StorageSettings

T = TypeVar("T")
BUSY_TIMEOUT_S = 30.0
FILE_NAME = "autoreclab.sqlite3"


class Database:
    """Runs functions on the one thread that owns the connection."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.executor = executor
        self.connected: sqlite_utils.Database | None = None

    async def run(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        """Run `work` in a transaction; rolled back when it raises.

        Cancelling the caller does not interrupt the transaction.

        Raises
        ------
        StorageUnavailable
            When the disk is full or the database cannot be written.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, self.transaction, work)

    def transaction(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        """Run `work` between BEGIN and COMMIT, on the database thread."""
        db = self.connected
        if db is None:
            raise StorageUnavailable(f"The database in {self.folder} is closed.")
        try:
            db.conn.execute("BEGIN IMMEDIATE")
            result = work(db)
            db.conn.execute("COMMIT")
        except sqlite3.OperationalError as error:
            roll_back(db)
            raise StorageUnavailable(f"{self.folder / FILE_NAME}: {error}. {REMEDY}") from error
        except BaseException:
            roll_back(db)
            raise
        return result

    def connect(self) -> None:
        """Open and migrate the database, on the database thread."""
        path = self.folder / FILE_NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            conn = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                conn.execute(f"PRAGMA {pragma}")
        except (sqlite3.DatabaseError, OSError) as error:
            raise StorageUnavailable(f"{path} cannot be used: {error}. {REMEDY}") from error
        db = sqlite_utils.Database(conn)
        migrate(db)
        self.connected = db

    def close(self) -> None:
        """Close the connection, on the database thread."""
        if self.connected is not None:
            self.connected.close()
            self.connected = None


REMEDY = "Check free space and permissions, or set storage.path to another folder."


def roll_back(db: sqlite_utils.Database) -> None:
    """Undo an open transaction."""
    if db.conn.in_transaction:
        db.conn.execute("ROLLBACK")


@asynccontextmanager
async def open_database(settings: StorageSettings) -> AsyncIterator[Database]:
    """Open the database of a data folder, creating both where they are missing.

    Raises
    ------
    StorageUnavailable
        When the folder cannot be written, or the file is not a database.
    SchemaTooNew
        When a newer version of the product wrote it.
    """
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage") as executor:
        database = Database(settings.path.resolve(), executor)
        try:
            await loop.run_in_executor(executor, database.connect)
            yield database
        finally:
            await loop.run_in_executor(executor, database.close)
