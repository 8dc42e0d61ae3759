"""Which process drives a run."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from stored import NOW, run_record

from storage import leases, runs
from storage.errors import RecordNotFound
from storage.leases import began_at

HERE = socket.gethostname()
OTHER_HOST = "elsewhere:1:a"
THIRD_HOST = "farther:1:b"


def seconds(number):
    return NOW + timedelta(seconds=number)


async def test_one_owner_at_a_time(stocked):
    assert await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)

    assert not await leases.acquire(stocked, "r1", THIRD_HOST, 30, seconds(29))
    assert await leases.owner(stocked, "r1", seconds(29)) == OTHER_HOST


async def test_an_owner_may_take_its_lease_again(stocked):
    await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)

    assert await leases.acquire(stocked, "r1", OTHER_HOST, 30, seconds(20))

    assert await leases.owner(stocked, "r1", seconds(45)) == OTHER_HOST


async def test_an_ended_lease_may_be_taken_over(stocked):
    await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)

    assert await leases.owner(stocked, "r1", seconds(30)) is None
    assert await leases.acquire(stocked, "r1", THIRD_HOST, 30, seconds(30))

    assert await leases.renew(stocked, OTHER_HOST, 30, seconds(31)) == set()
    assert await leases.owner(stocked, "r1", seconds(31)) == THIRD_HOST


async def test_renewing_prolongs_all_leases_of_an_owner(stocked):
    await runs.add_run(stocked, run_record("r2"))
    await runs.add_run(stocked, run_record("r3"))
    await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)
    await leases.acquire(stocked, "r2", OTHER_HOST, 30, NOW)
    await leases.acquire(stocked, "r3", THIRD_HOST, 30, NOW)

    assert await leases.renew(stocked, OTHER_HOST, 30, seconds(20)) == {"r1", "r2"}

    assert await leases.owner(stocked, "r2", seconds(45)) == OTHER_HOST
    assert await leases.owner(stocked, "r3", seconds(45)) is None


async def test_only_its_owner_gives_up_a_lease(stocked):
    await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)

    await leases.release(stocked, "r1", THIRD_HOST)
    assert await leases.owner(stocked, "r1", NOW) == OTHER_HOST

    await leases.release(stocked, "r1", OTHER_HOST)
    assert await leases.owner(stocked, "r1", NOW) is None


async def test_a_lease_needs_a_run(database):
    with pytest.raises(RecordNotFound, match="'r9'"):
        await leases.acquire(database, "r9", OTHER_HOST, 30, NOW)


async def test_free_runs_are_those_that_nobody_alive_holds(stocked):
    await runs.add_run(stocked, run_record("r2"))
    await runs.add_run(stocked, run_record("r3", status="finished"))
    await leases.acquire(stocked, "r2", OTHER_HOST, 30, NOW)

    assert await leases.free_runs(stocked, ["running"], NOW) == ["r1"]
    assert await leases.free_runs(stocked, ["running"], seconds(30)) == ["r1", "r2"]


@pytest.fixture
def ended():
    """A process that was and is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process


async def test_the_lease_of_a_dead_process_of_this_host_is_free_at_once(stocked, ended):
    await leases.acquire(stocked, "r1", f"{HERE}:{ended.pid}:a", 3600, NOW)

    assert await leases.acquire(stocked, "r1", OTHER_HOST, 30, NOW)


async def test_a_dead_process_of_another_host_is_not_told_from_a_live_one(stocked):
    await leases.acquire(stocked, "r1", "elsewhere:999999:a", 30, NOW)

    assert not await leases.acquire(stocked, "r1", f"{HERE}:{os.getpid()}:b", 30, NOW)


async def test_another_owner_in_this_process_is_alive(stocked):
    now = datetime.now(UTC)
    await leases.acquire(stocked, "r1", f"{HERE}:{os.getpid()}:a", 30, now)

    assert not await leases.acquire(stocked, "r1", f"{HERE}:{os.getpid()}:b", 30, now)


async def test_a_lease_older_than_the_process_of_its_number_is_free_at_once(stocked):
    before = began_at(os.getpid()) - timedelta(seconds=5)
    await leases.acquire(stocked, "r1", f"{HERE}:{os.getpid()}:earlier", 3600, before)

    assert await leases.acquire(
        stocked, "r1", f"{HERE}:{os.getpid()}:now", 3600, datetime.now(UTC)
    )


def test_knows_when_a_process_began():
    before = datetime.now(UTC)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        began = began_at(process.pid)
        process.communicate(b"\n")

    assert abs(began - before) < timedelta(seconds=5)
    assert began_at(process.pid) is None
