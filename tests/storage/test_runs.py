"""Runs and their append-only events."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from stored import AT, NOW, opened, post, run_record, thread

from storage import leases, outbox, requests, runs, threads
from storage.errors import RecordNotFound

LATER = "2026-03-01T13:00:00+00:00"


async def test_an_origin_has_one_run(stocked):
    again = run_record("r2", origin="origin-of-r1")

    assert not await runs.add_run(stocked, again)
    assert await runs.run_of_origin(stocked, "origin-of-r1") == run_record()
    assert await runs.run_of_origin(stocked, "elsewhere") is None


async def test_a_missing_run_is_named(database):
    with pytest.raises(RecordNotFound, match="'r9'"):
        await runs.run(database, "r9")
    with pytest.raises(RecordNotFound, match="'r9'"):
        await runs.append(database, "r9", [("Begun", "{}")], AT)


async def test_runs_are_listed_oldest_first_and_by_status(database):
    await runs.add_run(database, run_record("young", created_at=LATER))
    await runs.add_run(database, run_record("old", status="finished"))

    assert [r.id for r in await runs.runs(database)] == ["old", "young"]
    assert [r.id for r in await runs.runs(database, ["finished"])] == ["old"]
    assert await runs.runs(database, []) == []


async def test_events_are_numbered_per_run(stocked):
    await runs.add_run(stocked, run_record("r2"))

    first = await runs.append(stocked, "r1", [("A", "{}"), ("B", "{}")], AT)
    await runs.append(stocked, "r2", [("X", "{}")], AT)
    second = await runs.append(stocked, "r1", [("C", '{"n": 1}')], LATER)

    assert await runs.events(stocked, "r1") == first + second
    assert [(e.seq, e.at, e.kind) for e in second] == [(3, LATER, "C")]
    assert [e.seq for e in await runs.events(stocked, "r2")] == [1]


async def test_events_are_read_in_pages(stocked):
    await runs.append(stocked, "r1", [(k, "{}") for k in "ABCD"], AT)

    assert [e.kind for e in await runs.events(stocked, "r1", after=1, limit=2)] == ["B", "C"]
    assert await runs.events(stocked, "r1", after=4) == []


async def test_appending_moves_the_run_on(stocked):
    await runs.append(stocked, "r1", [("A", "{}")], LATER, status="finished")

    found = await runs.run(stocked, "r1")
    assert (found.status, found.updated_at) == ("finished", LATER)


async def test_appends_all_or_nothing(stocked):
    with pytest.raises(sqlite3.IntegrityError):
        await runs.append(stocked, "r1", [("A", "{}"), ("B", None)], LATER, status="finished")

    assert await runs.events(stocked, "r1") == []
    assert await runs.run(stocked, "r1") == run_record()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET body = 'rewritten'",
        "DELETE FROM events",
        "DELETE FROM runs",
        f"INSERT OR REPLACE INTO events VALUES ('r1', 1, '{AT}', 'A', 'rewritten')",
    ],
)
async def test_the_database_itself_keeps_events_from_being_changed(stocked, sql):
    stored = await runs.append(stocked, "r1", [("A", "{}")], AT)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await stocked.run(lambda db: db.conn.execute(sql))

    assert await runs.events(stocked, "r1") == stored


async def test_a_forgotten_run_leaves_nothing(stocked):
    await runs.append(stocked, "r1", [("A", "{}")], AT)
    await leases.acquire(stocked, "r1", "elsewhere:1:a", 30, NOW)
    await requests.put(stocked, "r1", "stop", "{}", NOW)
    await outbox.queue(stocked, post())
    await threads.put(stocked, thread())

    await runs.forget_run(stocked, "r1")

    for table in ("runs", "events", "leases", "requests", "outbox", "threads", "forgotten"):
        assert await stocked.read(lambda db, table=table: db[table].count) == 0
    assert await runs.add_run(stocked, run_record())


async def test_forgetting_one_run_keeps_the_others_closed(stocked):
    await runs.add_run(stocked, run_record("r2"))
    await runs.append(stocked, "r2", [("A", "{}")], AT)

    await runs.forget_run(stocked, "r1")
    await runs.forget_run(stocked, "never was")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await stocked.run(lambda db: db.conn.execute("DELETE FROM events"))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=6))
async def test_any_events_come_back_as_they_went_in(tmp_path_factory, batches):
    async with opened(tmp_path_factory.mktemp("any")) as database:
        await runs.add_run(database, run_record())
        for batch in batches:
            await runs.append(database, "r1", [("Said", text) for text in batch], AT)

        found = await runs.events(database, "r1")

    assert [e.body for e in found] == [text for batch in batches for text in batch]
    assert [e.seq for e in found] == list(range(1, len(found) + 1))
