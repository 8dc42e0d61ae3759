"""A data folder in one file, and back; and looked at where it cannot be written."""

import os
import tarfile

import pytest
from stored import AT, opened, run_record, with_run

from storage import backup, log_copies, runs
from storage.artifacts import FileStore
from storage.backup import back_up, open_to_read, restore
from storage.database import FILE_NAME
from storage.errors import StorageUnavailable
from storage.settings import StorageSettings


@pytest.fixture
async def folder(tmp_path):
    """A data folder with one run, its log, and a file that it shares with the store."""
    folder = tmp_path / "data"
    await with_run(folder)
    (tmp_path / "a.csv").write_text("user,item\n1,2\n")
    store = FileStore(folder / "files")
    await store.keep(tmp_path / "a.csv", folder / "runs" / "r1" / "data" / "a.csv")
    return folder


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for name in ("files", "runs")
        for p in (folder / name).rglob("*")
        if p.is_file() and p.name != log_copies.NAME
    }


async def test_a_backup_taken_in_use_comes_back_whole_elsewhere(folder, tmp_path):
    archive, other = tmp_path / "lab.tar.gz", tmp_path / "other"
    async with opened(folder) as database:
        await runs.append(database, "r1", [("A", "{}")], AT)  # still in the write-ahead log
        size = await back_up(StorageSettings(path=folder), archive)
        await runs.append(database, "r1", [("B", "{}")], AT)
    await restore(StorageSettings(path=other), archive)

    async with opened(other) as database:
        found = await runs.events(database, "r1")
    stored = other / "runs" / "r1" / "data" / "a.csv"
    assert [e.kind for e in found] == ["A"]
    assert contents(other) == contents(folder)
    assert stored.stat().st_nlink == 2
    assert size == archive.stat().st_size
    assert other.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["text", "cut off", "another archive"])
async def test_what_is_no_backup_is_refused_and_nothing_is_left(folder, tmp_path, kind):
    archive, other = tmp_path / "x.tar.gz", tmp_path / "other"
    await back_up(StorageSettings(path=folder), archive)
    if kind == "text":
        archive.write_text("user,item\n")
    elif kind == "cut off":
        archive.write_bytes(archive.read_bytes()[:-200])
    else:
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(tmp_path / "a.csv", "a.csv")

    with pytest.raises(StorageUnavailable, match=r"x\.tar\.gz is no backup"):
        await restore(StorageSettings(path=other), archive)
    assert not other.exists()


async def test_a_folder_that_holds_something_is_not_written_over(folder, tmp_path):
    await back_up(StorageSettings(path=folder), tmp_path / "x.tar.gz")
    before = contents(folder)

    with pytest.raises(StorageUnavailable, match="not empty"):
        await restore(StorageSettings(path=folder), tmp_path / "x.tar.gz")

    assert contents(folder) == before


async def test_no_data_folder_is_no_empty_backup(tmp_path):
    with pytest.raises(StorageUnavailable, match="holds no database"):
        await back_up(StorageSettings(path=tmp_path / "none"), tmp_path / "x.tar.gz")

    assert not (tmp_path / "x.tar.gz").exists()


async def test_a_folder_that_cannot_be_written_is_read_all_the_same(folder, monkeypatch):
    async with opened(folder) as database:
        await runs.add_run(database, run_record("r2"))
        names = (FILE_NAME, f"{FILE_NAME}-wal")
        kept = [(folder / name).read_bytes() for name in names]
        monkeypatch.setattr(backup.os, "access", lambda path, mode: mode != os.W_OK)
        async with open_to_read(StorageSettings(path=folder)) as copy:
            found = await runs.runs(copy)
            place = copy.folder
        after = [(folder / name).read_bytes() for name in names]

    assert [r.id for r in found] == ["r1", "r2"]
    assert place == folder
    assert after == kept
