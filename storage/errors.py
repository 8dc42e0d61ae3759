"""Errors of the storage.

StorageError
├── RecordNotFound       nothing has this id
├── SchemaTooNew         the database was written by a newer version
└── StorageUnavailable   the folder or database cannot be used; says what to do
"""

from __future__ import annotations


class StorageError(Exception):
    """Something that is stored, or should be, cannot be had."""


class RecordNotFound(StorageError):  # noqa: N818
    """Nothing has this id."""


class SchemaTooNew(StorageError):  # noqa: N818
    """The database was written by a newer version of the product."""


class StorageUnavailable(StorageError):  # noqa: N818
    """The folder or the database cannot be used: full, not writable, or not a database."""
