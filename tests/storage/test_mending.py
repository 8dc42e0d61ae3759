"""Whatever is damaged in a data folder: it opens, says so, and every other run is whole."""

import asyncio
import os
import random
import shutil
from pathlib import Path

import pytest
from stored import AT, opened, rewrite, run_record

from agent_core.domain import RunId, RunStatus, Task, UserId
from agent_core.domain.events import RunFailed, RunSubmitted, StatusChanged
from agent_core.run.journal import Journal, process_name
from agent_core.run.view import fold
from storage import runs
from storage.backup import open_to_read
from storage.database import FILE_NAME, open_database
from storage.log_copies import NAME
from storage.settings import StorageSettings

RUNS = [RunId(f"run{n:02}") for n in range(20)]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A data folder with twenty runs of some events each."""
    folder = tmp_path_factory.mktemp("full") / "data"

    async def fill():
        async with opened(folder) as database:
            journal = Journal(database, process_name())
            for run in RUNS:
                task = Task(f"question {run} " * 40, (), UserId("ann"), f"origin of {run}")
                await journal.create(run, task)
                await journal.append(run, RunSubmitted(task, "offline", "warm"))
                for n in range(5):
                    await journal.append(run, StatusChanged(RunStatus.PLANNING, f"step {n}"))
                await journal.append(run, RunFailed("so it ended"))

    asyncio.run(fill())
    return folder


@pytest.fixture
def folder(full, tmp_path):
    return Path(shutil.copytree(full, tmp_path / "data"))


async def views_of(opening):
    """Return what was said at the opening, and how all runs stand."""
    async with opening as database:
        journal = Journal(database, process_name())
        views = [fold(run, await journal.read(run)) for run in await journal.ids()]
        return database.mended, {view.id: view for view in views}


def served(folder):
    return views_of(open_database(StorageSettings(path=folder), mends=True))


def listed(folder):
    return views_of(open_to_read(StorageSettings(path=folder)))


def bytes_in(path, rng, count=1):
    """Change some bytes of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(count):
        content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
    path.write_bytes(content)


def row_of(folder, rng):
    """Change or delete a row past the product."""
    run, seq = rng.choice(RUNS), rng.randrange(1, 8)
    sql = rng.choice(
        (
            "DELETE FROM events WHERE run = ? AND seq = ?",
            "UPDATE events SET body = '{' WHERE run = ? AND seq = ?",
            "DELETE FROM runs WHERE id = ? AND ? > 0",
        )
    )
    rewrite(folder, sql, [run, seq])


def file_of(folder, rng):
    """Remove any file, the database among them."""
    rng.choice([p for p in folder.rglob("*") if p.is_file()]).unlink()


DAMAGES = {
    "a byte": lambda folder, rng: bytes_in(folder / FILE_NAME, rng),
    "many bytes": lambda folder, rng: bytes_in(folder / FILE_NAME, rng, 200),
    "a copy": lambda folder, rng: bytes_in(folder / "runs" / rng.choice(RUNS) / NAME, rng, 20),
    "a row": row_of,
    "a file": file_of,
    "a folder": lambda folder, rng: shutil.rmtree(folder / "runs" / rng.choice(RUNS)),
    "a cut": lambda folder, rng: os.truncate(
        folder / FILE_NAME, rng.randrange((folder / FILE_NAME).stat().st_size)
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.wide) for n in range(1, 30))]
)
async def test_one_damage_of_any_kind_loses_nothing(folder, kind, seed):
    DAMAGES[kind](folder, random.Random(f"{kind}{seed}"))

    said, seen = await listed(folder)
    told, views = await served(folder)
    again, later = await served(folder)

    assert set(seen) == set(views) == set(later) == set(RUNS)
    for view in (*seen.values(), *views.values()):
        assert view.failure == "so it ended"
        assert view.task.text.startswith(f"question {view.id}")
    assert bool(said) >= bool(told)
    assert not again


async def test_the_damaged_file_is_kept_and_named(folder):
    content = (folder / FILE_NAME).read_bytes()
    (folder / FILE_NAME).write_bytes(b"x" * 100 + content[100:])

    told, _ = await served(folder)

    (kept,) = folder.glob(f"{FILE_NAME}.damaged-*")
    assert kept.name in told
    assert "20 runs" in told
    assert kept.read_bytes().endswith(content[100:])


async def test_looking_changes_nothing(folder):
    (folder / FILE_NAME).write_bytes(b"no database")
    before = sorted(p.name for p in folder.iterdir())

    said, seen = await listed(folder)

    assert len(seen) == 20
    assert FILE_NAME in said
    assert sorted(p.name for p in folder.iterdir()) == before
    assert (folder / FILE_NAME).read_bytes() == b"no database"


async def test_events_that_the_database_lost_at_its_end_come_back(tmp_path):
    async with opened(tmp_path / "data") as database:
        await runs.add_run(database, run_record())
        await runs.append(database, "r1", [("A", "{}"), ("B", "{}")], AT)
    rewrite(tmp_path / "data", "DELETE FROM events WHERE seq = 2")

    async with open_database(StorageSettings(path=tmp_path / "data"), mends=True) as database:
        found = await runs.events(database, "r1")

    assert [e.kind for e in found] == ["A", "B"]
