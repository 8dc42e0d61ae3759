"""Several processes on one data folder, and processes that are killed."""

import hashlib
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stored import opened, rows, with_run

from storage import leases, runs
from storage.artifacts import FileStore

PROGRAM = Path(__file__).parent.parent / "support" / "storage_program.py"
ROOT = PROGRAM.parents[2]


@contextmanager
def process(*arguments):
    """Start a process on a data folder; killed at the end when it still runs."""
    command = [sys.executable, PROGRAM, *map(str, arguments)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    with started:
        assert started.stdout.readline() == "open\n"
        try:
            yield started
        finally:
            started.kill()


def environment():
    return {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}


def kill(started):
    """End a process as a power cut would; return what else it had told."""
    started.send_signal(signal.SIGKILL)
    told, _ = started.communicate()
    assert started.returncode == -signal.SIGKILL
    return told.splitlines()


async def test_two_processes_append_to_one_run_without_loss(folder):
    await with_run(folder)

    with process("append", folder, "r1", 60) as one, process("append", folder, "r1", 60) as two:
        told = one.communicate()[0].split() + two.communicate()[0].split()
    async with opened(folder) as database:
        events = await runs.events(database, "r1")

    assert (one.returncode, two.returncode) == (0, 0)
    assert sorted(int(seq) for seq in told) == list(range(2, 241, 2))
    assert [e.seq for e in events] == list(range(1, 241))
    for process_id in (one.pid, two.pid):
        own = [e.body for e in events if f'"{process_id}"' in e.body]
        assert own == [f'["{process_id}", {n}]' for n in range(60) for _ in range(2)]


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_told_survives_a_kill_in_the_middle_of_writing(folder, seed):
    await with_run(folder)

    with process("append", folder, "r1", "endless") as writer:
        for _ in range(random.Random(seed).randint(1, 200)):
            last_told = int(writer.stdout.readline())
        more = kill(writer)
    last_told = int(more[-1]) if more else last_told

    async with opened(folder) as database:
        events = await runs.events(database, "r1")
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        # What was being written when it died is there as a whole, or not at all.
        assert len(events) - last_told in (0, 2)
        assert await runs.append(database, "r1", [("After", "{}")], "later")
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]


async def test_the_lease_of_a_killed_process_is_taken_over_at_once(folder):
    await with_run(folder)

    with process("hold", folder, "r1") as holder:
        name = holder.stdout.readline().strip()
        async with opened(folder) as database:
            now = datetime.now(UTC)
            assert await leases.owner(database, "r1", now) == name
            assert not await leases.acquire(database, "r1", "elsewhere:1:a", 30, now)

            kill(holder)

            assert await leases.free_runs(database, ["running"], now) == ["r1"]
            assert await leases.acquire(database, "r1", "elsewhere:1:a", 30, now)


async def test_a_process_killed_while_storing_files_leaves_only_whole_ones(folder, tmp_path):
    source = tmp_path / "table.csv"
    source.write_bytes(b"user,item\n" * 100_000)

    with process("put", folder, source, 1000) as writer:
        told = [writer.stdout.readline().strip() for _ in range(5)]
        told += kill(writer)

    store = FileStore(folder / "files")
    assert all(store.path(sha256).is_file() for sha256 in told)
    for path in store.folder.glob("??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
