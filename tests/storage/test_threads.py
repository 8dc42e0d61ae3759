"""Which thread belongs to which run."""

from dataclasses import replace

import pytest
from stored import post, thread

from storage import outbox, threads
from storage.errors import RecordNotFound


async def test_a_thread_is_stored_once(database):
    assert await threads.put(database, thread())

    assert not await threads.put(database, thread(run="r2"))

    assert await threads.get(database, "T1", "C1", "1.0") == thread()
    assert await threads.get(database, "T2", "C1", "1.0") is None


async def test_a_thread_is_found_by_its_run(database):
    await threads.put(database, thread())

    assert await threads.by_run(database, "r1") == thread()
    assert await threads.by_run(database, "r2") is None


async def test_a_thread_is_changed_alone(database):
    await threads.put(database, thread("1.0"))
    await threads.put(database, thread("2.0", run="r2"))
    changed = replace(thread("1.0"), card_ts="5.0", last_seq=7, state='{"asked": true}')

    await threads.update(database, changed)

    assert await threads.all_threads(database) == [changed, thread("2.0", run="r2")]


async def test_a_thread_that_is_not_known_cannot_be_changed(database):
    with pytest.raises(RecordNotFound, match=r"1\.0 in C1"):
        await threads.update(database, thread())


async def test_a_workspace_that_is_gone_leaves_no_thread_and_nothing_to_post(database):
    await threads.put(database, thread("1.0"))
    await threads.put(database, thread("2.0", team="T2", run="r2"))
    for key, ts in (("a", "1.0"), ("b", "2.0")):
        await outbox.queue(database, post(key, thread_ts=ts))

    await threads.leave_team(database, "T1")

    assert [t.team for t in await threads.all_threads(database)] == ["T2"]
    assert [p.key for p in await outbox.pending(database)] == ["b"]
