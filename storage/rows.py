"""Rows of a query as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlite_utils import Database

R = TypeVar("R")


def fetch(db: Database, kind: type[R], sql: str, values: Sequence[Any] = ()) -> list[R]:
    """Return the rows of a query, each as one record of `kind`."""
    return [kind(**row) for row in db.query(sql, list(values))]


def fetch_one(db: Database, kind: type[R], sql: str, values: Sequence[Any] = ()) -> R | None:
    """Return the first row of a query as a record, or None."""
    return next(iter(fetch(db, kind, sql, values)), None)


def write(db: Database, sql: str, values: Sequence[Any] = ()) -> int:
    """Execute a statement; return how many rows it changed."""
    return int(db.conn.execute(sql, list(values)).rowcount)
