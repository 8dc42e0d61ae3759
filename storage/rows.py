"""Rows of a query as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlite_utils import Database

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def fetch(db: Database, kind: type[R], sql: str, values: Sequence[Any] = ()) -> list[R]:
    """Return the rows of a query, each as one record of `kind`."""
    # A newer version that shares the database may have added columns meanwhile.
    names = {f.name for f in fields(kind)}
    rows = db.query(sql, list(values))
    return [kind(**{name: row[name] for name in names & row.keys()}) for row in rows]


def fetch_one(db: Database, kind: type[R], sql: str, values: Sequence[Any] = ()) -> R | None:
    """Return the first row of a query as a record, or None."""
    return next(iter(fetch(db, kind, sql, values)), None)


def write(db: Database, sql: str, values: Sequence[Any] = ()) -> int:
    """Execute a statement; return how many rows it changed."""
    return int(db.conn.execute(sql, list(values)).rowcount)
