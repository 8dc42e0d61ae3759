"""Files by their content."""

import hashlib
import subprocess
import sys

import pytest

from storage.artifacts import FileStore
from storage.errors import RecordNotFound, StorageUnavailable

FILLS_THE_DISK = """
import asyncio, resource, sys
from pathlib import Path
from storage.artifacts import FileStore
from storage.errors import StorageFull

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    asyncio.run(FileStore(Path(sys.argv[1])).put(Path(sys.argv[2])))
except StorageFull as error:
    sys.exit(f"full: {error}")
"""


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"user,item\n" * 300_000)
    return path


def stored(store):
    return sorted(p for p in store.folder.rglob("*") if p.is_file())


async def test_a_file_is_stored_under_its_hash(store, table):
    sha256 = await store.put(table)

    assert sha256 == hashlib.sha256(table.read_bytes()).hexdigest()
    assert stored(store) == [store.path(sha256)]
    assert store.path(sha256).read_bytes() == table.read_bytes()


async def test_the_same_content_is_stored_once(store, table, tmp_path):
    other = tmp_path / "other.csv"
    other.write_bytes(table.read_bytes())

    first = await store.put(table)
    when = store.path(first).stat().st_ino

    assert await store.put(other) == first
    assert store.path(first).stat().st_ino == when
    assert stored(store) == [store.path(first)]


async def test_a_stored_file_does_not_change_with_its_source(store, table):
    sha256 = await store.put(table)

    table.write_text("changed")

    assert hashlib.sha256(store.path(sha256).read_bytes()).hexdigest() == sha256
    assert store.path(sha256).stat().st_mode & 0o222 == 0


async def test_a_file_is_given_another_name(store, table, tmp_path):
    sha256 = await store.put(table)
    destination = tmp_path / "out" / "deep" / "table.csv"

    await store.link(sha256, destination)
    await store.link(sha256, destination)

    assert destination.read_bytes() == table.read_bytes()
    assert [p.name for p in destination.parent.iterdir()] == ["table.csv"]


async def test_replaces_what_had_the_name_before(store, table, tmp_path):
    sha256 = await store.put(table)
    destination = tmp_path / "solution.csv"
    destination.write_text("older")

    await store.link(sha256, destination)

    assert destination.read_bytes() == table.read_bytes()


async def test_a_missing_file_is_named_by_its_hash(store, tmp_path):
    with pytest.raises(RecordNotFound, match="abc123"):
        await store.link("abc123", tmp_path / "out")


async def test_says_what_cannot_be_read(store, tmp_path):
    with pytest.raises(StorageUnavailable, match=r"missing\.csv cannot be used: no such file"):
        await store.put(tmp_path / "missing.csv")

    assert stored(store) == []


async def test_says_where_nothing_can_be_written(store, table, tmp_path):
    sha256 = await store.put(table)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageUnavailable, match=r"set storage\.path"):
        await store.link(sha256, tmp_path / "file" / "table.csv")


def test_a_full_disk_leaves_nothing_behind(store, table):
    command = [sys.executable, "-c", FILLS_THE_DISK, store.folder, table]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "full: " in ended.stderr
    assert "Free some space" in ended.stderr
    assert stored(store) == []
