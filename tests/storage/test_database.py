"""Transactions, threads, several connections, and what is said when the disk refuses."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from stored import AT, opened, rows, run_record

from storage import runs
from storage.database import FILE_NAME, Database
from storage.errors import StorageFull, StorageUnavailable


async def test_keeps_what_was_stored_after_closing(folder):
    async with opened(folder) as database:
        await runs.add_run(database, run_record())

    async with opened(folder) as database:
        assert await runs.run(database, "r1") == run_record()


async def test_undoes_everything_when_the_work_raises(stocked):
    def half_done(db):
        db.conn.execute("UPDATE runs SET status = 'lost'")
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        await stocked.run(half_done)

    assert (await runs.run(stocked, "r1")).status == "running"


async def test_works_on_one_thread_that_is_not_the_callers(database):
    threads = {await database.run(lambda _: threading.get_ident()) for _ in range(5)}

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_cancelled_caller_does_not_interrupt_a_transaction(stocked):
    begun, may_end = threading.Event(), threading.Event()

    def work(db):
        db.conn.execute("UPDATE runs SET status = 'finished'")
        begun.set()
        assert may_end.wait(30)

    caller = asyncio.create_task(stocked.run(work))
    await asyncio.to_thread(begun.wait, 30)
    caller.cancel()
    may_end.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert (await runs.run(stocked, "r1")).status == "finished"


async def test_a_cancelled_owner_leaves_no_open_connection(folder):
    async def own():
        async with opened(folder) as database:
            opened_here.append(database)
            is_open.set()
            await asyncio.Event().wait()

    opened_here, is_open = [], asyncio.Event()
    owner = asyncio.create_task(own())
    await is_open.wait()
    owner.cancel()

    with pytest.raises(asyncio.CancelledError):
        await owner
    assert opened_here[0].connected is None


async def test_says_that_it_is_closed(folder):
    async with opened(folder) as database:
        pass

    with pytest.raises(StorageUnavailable, match="is closed"):
        await runs.runs(database)


async def test_commits_durably_and_minds_foreign_keys(database):
    def pragma(db, name):
        return db.conn.execute(f"PRAGMA {name}").fetchone()[0]

    assert await database.read(lambda db: pragma(db, "journal_mode")) == "wal"
    assert await database.read(lambda db: pragma(db, "synchronous")) == 2
    assert await database.read(lambda db: pragma(db, "foreign_keys")) == 1


async def test_wrong_sql_is_a_mistake_and_not_the_disks_fault(database):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.run(lambda db: db.conn.execute("SELECT * FROM nowhere"))


async def test_reading_does_not_wait_for_a_writer_elsewhere(stocked, folder):
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE runs SET status = 'half way'")

        assert (await runs.run(stocked, "r1")).status == "running"


async def test_writing_waits_for_a_writer_elsewhere(stocked, folder):
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        appending = asyncio.create_task(runs.append(stocked, "r1", [("Late", "{}")], AT))
        await asyncio.sleep(0)
        assert not appending.done()
        writer.execute("COMMIT")

        assert [e.seq for e in await appending] == [1]


def test_many_connections_may_make_the_same_new_database_at_once(tmp_path):
    together = threading.Barrier(8)

    def open_and_close(folder):
        with ExitStack() as stack:
            database = Database(folder, None)
            stack.callback(database.close)
            together.wait(30)
            database.connect()

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            list(pool.map(open_and_close, [tmp_path / str(number)] * 8))


async def test_a_full_disk_is_named_and_survived(stocked):
    pages = await stocked.read(lambda db: db.conn.execute("PRAGMA page_count").fetchone()[0])
    await stocked.read(lambda db: db.conn.execute(f"PRAGMA max_page_count = {pages + 2}"))

    with pytest.raises(StorageFull, match=r"is full\. Free some space, or set storage\.path"):
        await runs.append(stocked, "r1", [("Big", "x" * 100_000)], AT)

    assert await runs.events(stocked, "r1") == []
    await runs.append(stocked, "r1", [("Small", "{}")], AT)


async def test_says_when_the_folder_is_a_file(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a folder")

    with pytest.raises(StorageUnavailable, match=r"notes\.txt .* set storage\.path to another"):
        async with opened(path):
            pass


async def test_says_when_the_folder_cannot_be_made():
    with pytest.raises(StorageUnavailable, match=r"/proc/nowhere cannot be used: .*permissions"):
        async with opened("/proc/nowhere"):
            pass


async def test_says_when_the_file_is_not_a_database_and_leaves_it(folder):
    folder.mkdir()
    path = folder / FILE_NAME
    path.write_text("once upon a time " * 100)

    with pytest.raises(StorageUnavailable, match=r"file is not a database\. Move it away, or"):
        async with opened(folder):
            pass

    assert path.read_text() == "once upon a time " * 100


@pytest.mark.parametrize("mark", ["user_version", "application_id"])
async def test_leaves_the_database_of_another_program_alone(folder, mark):
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("CREATE TABLE runs (distance REAL)")
        other.execute(f"PRAGMA {mark} = 7")
    before = (folder / FILE_NAME).read_bytes()

    with pytest.raises(StorageUnavailable, match="the database of another program; it was left"):
        async with opened(folder):
            pass

    assert (folder / FILE_NAME).read_bytes() == before


async def test_says_when_the_database_is_damaged(folder):
    async with opened(folder) as database:
        await runs.add_run(database, run_record(task_json="x" * 50_000))
    path = folder / FILE_NAME
    intact = path.read_bytes()
    path.write_bytes(intact[:8192] + b"\xff" * (len(intact) - 8192))

    with pytest.raises(StorageUnavailable, match=r"malformed.*keep a copy"):
        async with opened(folder) as database:
            await runs.runs(database)


async def test_only_the_owner_may_enter_a_new_folder(database, folder):
    assert folder.stat().st_mode & 0o077 == 0


async def test_a_tilde_stands_for_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    async with opened("~/lab") as database:
        assert database.folder == tmp_path / "lab"

    assert rows(tmp_path / "lab", "SELECT * FROM runs") == []


async def test_a_folder_that_others_may_read_is_closed_to_them(folder):
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)

    async with opened(folder):
        pass

    assert folder.stat().st_mode & 0o777 == 0o700
