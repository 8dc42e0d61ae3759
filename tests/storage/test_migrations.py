"""Databases of older and newer versions."""

import sqlite3
from contextlib import closing

import pytest
import sqlite_utils
from stored import AT, NOW, opened, rows, run_record

from storage import inbox, leases, runs
from storage.database import FILE_NAME
from storage.errors import SchemaTooNew, StorageUnavailable
from storage.migrations import FIRST_TABLES, MIGRATIONS

RUN = f"INSERT INTO runs VALUES ('r1', 'origin-of-r1', 'ann', '{{}}', 'running', '{AT}', '{AT}')"
EVENT = f"INSERT INTO events VALUES ('r1', 1, '{AT}', 'Begun', '{{}}')"
LEASE = "INSERT INTO leases VALUES ('r1', 'elsewhere:1:a', '2026-03-01T12:00:30+00:00')"
ITEM = f"INSERT INTO inbox (event_id, message_key, kind, body, received_at) VALUES ('E1', 'M1', 'mention', '{{}}', '{AT}')"  # noqa: E501


@pytest.fixture
def first_version(folder):
    """A data folder as the first version left it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        for statement in (*FIRST_TABLES, RUN, EVENT, LEASE, ITEM):
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
    return folder


def schema(folder):
    """All tables, indexes and triggers, and the columns of each table."""
    columns = (
        '(SELECT group_concat(name || type || "notnull" || pk) FROM pragma_table_info(m.name))'
    )
    return set(rows(folder, f"SELECT type, name, tbl_name, {columns} FROM sqlite_master m"))


async def test_an_older_database_keeps_its_contents(first_version):
    async with opened(first_version) as database:
        assert await runs.run(database, "r1") == run_record()
        assert [e.kind for e in await runs.events(database, "r1")] == ["Begun"]
        assert await leases.owner(database, "r1", NOW) == "elsewhere:1:a"
        assert [i.event_id for i in await inbox.pending(database)] == ["E1"]
        assert not await inbox.receive(database, "E1", "M2", "mention", "{}", NOW)


async def test_an_older_database_ends_like_a_new_one(first_version, tmp_path):
    for folder in (first_version, tmp_path / "new"):
        async with opened(folder):
            pass

    assert schema(first_version) == schema(tmp_path / "new")
    assert rows(first_version, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert rows(first_version, "PRAGMA quick_check") == [("ok",)]


async def test_a_failing_migration_leaves_the_database_as_it_was(first_version):
    with closing(sqlite3.connect(first_version / FILE_NAME)) as connection:
        connection.execute("CREATE INDEX requests_pending ON requests (id)")
    before = schema(first_version)

    with pytest.raises(StorageUnavailable, match="requests_pending already exists"):
        async with opened(first_version):
            pass

    assert schema(first_version) == before
    assert rows(first_version, "PRAGMA user_version") == [(1,)]


async def test_refuses_the_database_of_a_newer_version(folder):
    async with opened(folder):
        pass
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(SchemaTooNew, match=r"has schema 99, .* Use the version that wrote it"):
        async with opened(folder):
            pass


async def test_reads_rows_to_which_a_newer_version_added_columns(stocked):
    await stocked.run(lambda db: db["runs"].add_column("mood", str))

    assert await runs.run(stocked, "r1") == run_record()


def test_every_migration_runs_inside_one_transaction():
    db = sqlite_utils.Database(sqlite3.connect(":memory:", isolation_level=None))
    with closing(db):
        for migration in MIGRATIONS:
            db.begin()
            migration(db)
            assert db.conn.in_transaction
            db.commit()
