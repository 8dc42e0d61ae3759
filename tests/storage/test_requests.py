"""What one process asks of the one that drives a run."""

import pytest
from stored import AT, NOW, opened, run_record

from storage import requests, runs
from storage.errors import RecordNotFound


async def test_a_request_is_seen_by_another_connection(stocked, folder):
    number = await requests.put(stocked, "r1", "stop", '{"by": "ann"}', NOW)

    async with opened(folder) as elsewhere:
        (found,) = await requests.pending(elsewhere, ["r1"])

    assert (found.id, found.kind, found.body) == (number, "stop", '{"by": "ann"}')


async def test_only_requests_about_the_given_runs_are_pending_oldest_first(stocked):
    await runs.add_run(stocked, run_record("r2"))
    first = await requests.put(stocked, "r1", "stop", "{}", NOW)
    await requests.put(stocked, "r2", "stop", "{}", NOW)
    second = await requests.put(stocked, "r1", "resume", "{}", NOW)

    assert [r.id for r in await requests.pending(stocked, ["r1"])] == [first, second]
    assert await requests.pending(stocked, []) == []


async def test_a_finished_request_keeps_its_result(stocked):
    number = await requests.put(stocked, "r1", "stop", "{}", NOW)

    await requests.finish(stocked, number, "stopped", NOW)

    found = await requests.get(stocked, number)
    assert (found.done_at, found.result) == (AT, "stopped")
    assert await requests.pending(stocked, ["r1"]) == []


async def test_missing_runs_and_requests_are_named(stocked):
    with pytest.raises(RecordNotFound, match="'r9'"):
        await requests.put(stocked, "r9", "stop", "{}", NOW)
    with pytest.raises(RecordNotFound, match="request 9"):
        await requests.get(stocked, 9)
