"""Which process drives a run: leases that end by themselves, or with their process."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlite_utils

from storage.database import Database
from storage.rows import write
from storage.runs import require_run

CLOCK_SLACK = timedelta(seconds=1)


async def acquire(db: Database, run: str, owner: str, ttl_s: float, now: datetime) -> bool:
    """Take or keep the lease of a run; False when another live process holds it.

    Owners are named `host:pid:token`; the lease of a process that died on this host is free.

    Raises
    ------
    RecordNotFound
        When there is no such run.
    """

    def work(d: sqlite_utils.Database) -> bool:
        require_run(d, run)
        if holder_of(d, run, now) not in (None, owner):
            return False
        sql = """INSERT OR REPLACE INTO leases (run, owner, expires_at, renewed_at)
                 VALUES (?, ?, ?, ?)"""
        write(d, sql, [run, owner, until(now, ttl_s), now.isoformat()])
        return True

    return await db.run(work)


async def renew(db: Database, owner: str, ttl_s: float, now: datetime) -> set[str]:
    """Prolong all leases of `owner`; return the runs that it still holds."""

    def work(d: sqlite_utils.Database) -> set[str]:
        sql = "UPDATE leases SET expires_at = ?, renewed_at = ? WHERE owner = ?"
        write(d, sql, [until(now, ttl_s), now.isoformat(), owner])
        rows = d.conn.execute("SELECT run FROM leases WHERE owner = ?", [owner]).fetchall()
        return {str(row[0]) for row in rows}

    return await db.run(work)


async def release(db: Database, run: str, owner: str) -> None:
    """Give up a lease; without effect when `owner` does not hold it."""
    sql = "DELETE FROM leases WHERE run = ? AND owner = ?"
    await db.run(lambda d: write(d, sql, [run, owner]))


async def owner(db: Database, run: str, now: datetime) -> str | None:
    """Return the live process that holds a run, if any."""
    return await db.read(lambda d: holder_of(d, run, now))


async def free_runs(db: Database, statuses: Sequence[str], now: datetime) -> list[str]:
    """Return the runs in one of `statuses` that no live process holds, oldest first."""

    def work(d: sqlite_utils.Database) -> list[str]:
        rows = d.conn.execute("SELECT id, status FROM runs ORDER BY created_at, id").fetchall()
        wanted = [str(row[0]) for row in rows if row[1] in statuses]
        return [run for run in wanted if holder_of(d, run, now) is None]

    return await db.read(work)


def holder_of(db: sqlite_utils.Database, run: str, now: datetime) -> str | None:
    """Return who holds the lease of a run and is not known to be dead."""
    sql = "SELECT owner, expires_at, renewed_at FROM leases WHERE run = ?"
    row = db.conn.execute(sql, [run]).fetchone()
    if row is None or datetime.fromisoformat(row[1]) <= now or is_dead(row[0], row[2]):
        return None
    return str(row[0])


def is_dead(owner: str, renewed_at: str) -> bool:
    """Whether `owner` names a process of this host that has ended since it renewed a lease."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    # Numbers are used again: in a container that restarts, by the very same program.
    began = began_at(int(pid))
    if began is None or not renewed_at:
        return False
    return began > datetime.fromisoformat(renewed_at) + CLOCK_SLACK


def began_at(pid: int) -> datetime | None:
    """Return when a process began; None where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        ticks = int(stat.rpartition(")")[2].split()[19])
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
    return datetime.now(UTC) - timedelta(seconds=age_s)


def until(now: datetime, ttl_s: float) -> str:
    """Return when a lease taken `now` ends."""
    return (now + timedelta(seconds=ttl_s)).isoformat()
