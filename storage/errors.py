"""Errors of the storage.

StorageError
├── RecordNotFound       nothing has this id
├── SchemaTooNew         the database was written by a newer version
└── StorageUnavailable   the folder or database cannot be used; says what to do
    └── StorageFull      no space is left
"""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path


class StorageError(Exception):
    """Something that is stored, or should be, cannot be had."""


class RecordNotFound(StorageError):
    """Nothing has this id."""


class SchemaTooNew(StorageError):
    """The database was written by a newer version of the product."""


class StorageUnavailable(StorageError):
    """The folder or the database cannot be used: not writable, locked, or not a database."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        """Whether it may be over soon, without anything lost: locked, full, read-only."""


class StorageFull(StorageUnavailable):
    """No space is left for what is to be stored."""


FULL = "Free some space, or set storage.path to a folder on another disk; nothing was lost."
ELSEWHERE = "Check its permissions, or set storage.path to another folder."
REMEDIES = {
    sqlite3.SQLITE_ERROR: (
        "Its tables are not as expected; restore a backup, or set storage.path to another folder."
    ),
    sqlite3.SQLITE_BUSY: "Another program keeps it locked; end that program and try again.",
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_NOTADB: "Move it away, or set storage.path to another folder.",
    sqlite3.SQLITE_CORRUPT: (
        "Stop all processes that use it, keep a copy of the folder, and restore a backup or try "
        "`sqlite3 FILE .recover`."
    ),
}
PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def unusable_database(path: Path, error: sqlite3.Error) -> StorageUnavailable:
    """Say in words what SQLite met, and what to do about it."""
    code = kind_of(error)
    kind = StorageFull if code == sqlite3.SQLITE_FULL else StorageUnavailable
    told = f"{path} cannot be used: {error}. {REMEDIES.get(code, ELSEWHERE)}"
    return kind(told, is_passing=code in PASSING)


def kind_of(error: sqlite3.Error) -> int:
    """Return SQLite's code of an error; errors of the Python module count as SQLITE_ERROR."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF  # the rest of an extended code only adds detail


def unusable_path(path: Path, error: OSError) -> StorageUnavailable:
    """Say in words what the file system refused, and what to do about it."""
    reason = (error.strerror or str(error)).lower()
    if error.errno in NO_SPACE:
        told = f"{path} cannot be stored: {reason}. {FULL}"
        return StorageFull(told, is_passing=error.errno != errno.EFBIG)
    return StorageUnavailable(f"{path} cannot be used: {reason}. {ELSEWHERE}")
