"""A data folder in one file, and back; consistent while it is in use."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from storage.artifacts import scratch_beside
from storage.database import FILE_NAME, Database, open_database
from storage.errors import StorageUnavailable, unusable_database, unusable_path
from storage.log_copies import RUNS
from storage.mending import has_lost_events, needs_mending, write_mended
from storage.settings import StorageSettings

DAMAGED = "{path} is damaged; shown is what can be read. `autoreclab serve` mends it at its start."
FOLDERS = ("files", RUNS)
"""What a backup holds besides the database."""


async def back_up(settings: StorageSettings, target: Path) -> int:
    """Write the data folder into a compressed archive; return its bytes.

    The database is copied first: whatever its events name was there before they were written.

    Raises
    ------
    StorageUnavailable
        When there is no data folder, or it cannot be read, or the archive not be written.
    """
    return await asyncio.to_thread(_write_archive, settings.path.resolve(), target)


async def restore(settings: StorageSettings, archive: Path) -> None:
    """Make the data folder anew from an archive.

    Raises
    ------
    StorageUnavailable
        When the data folder holds something, or the archive is none of ours.
    """
    await asyncio.to_thread(_unpack, settings.path.resolve(), archive)


@asynccontextmanager
async def open_to_read(settings: StorageSettings) -> AsyncIterator[Database]:
    """Open the database to look at; a copy of it where the folder cannot be written.

    Raises
    ------
    StorageUnavailable
        When it cannot be read either.
    """
    folder = settings.path.resolve()
    path = folder / FILE_NAME
    is_damaged = await asyncio.to_thread(_is_damaged, folder)
    can_write = os.access(folder, os.W_OK) and os.access(path, os.W_OK)
    if not is_damaged and (can_write or not path.exists()):
        async with open_database(settings) as database:
            yield database
        return
    with tempfile.TemporaryDirectory(prefix="autoreclab-read-") as scratch:
        copy = Path(scratch) / FILE_NAME
        if is_damaged:
            await asyncio.to_thread(write_mended, folder, path, copy)
        else:
            await asyncio.to_thread(_copy_files, folder, Path(scratch))
        async with open_database(StorageSettings(path=Path(scratch))) as database:
            database.folder = folder
            database.mended = DAMAGED.format(path=path) if is_damaged else ""
            yield database


def _is_damaged(folder: Path) -> bool:
    """Whether the database lacks something that it should have."""
    if needs_mending(folder, FILE_NAME):
        return True
    return (folder / FILE_NAME).exists() and has_lost_events(folder, FILE_NAME)


def _copy_files(folder: Path, scratch: Path) -> None:
    """Copy the database with its write-ahead log, which SQLite cannot read where it lies."""
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        try:
            shutil.copyfile(folder / name, scratch / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unusable_path(folder / name, error) from error


def _write_archive(folder: Path, target: Path) -> int:
    if not (folder / FILE_NAME).is_file():
        raise StorageUnavailable(f"{folder} holds no database; set storage.path to a data folder.")
    try:
        with scratch_beside(target) as draft:
            with tarfile.open(draft, "w:gz", compresslevel=1) as archive:
                _add_database(archive, folder / FILE_NAME)
                for path in sorted(p for name in FOLDERS for p in (folder / name).rglob("*")):
                    _add(archive, path, path.relative_to(folder).as_posix())
            draft.replace(target)
    except OSError as error:
        raise unusable_path(target, error) from error
    return target.stat().st_size


def _add_database(archive: tarfile.TarFile, path: Path) -> None:
    """Add one state of the database, whoever writes to it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="autoreclab-backup-") as scratch:
        copy = Path(scratch) / FILE_NAME
        try:
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as new:
                source.backup(new)
        except sqlite3.Error as error:
            raise unusable_database(path, error) from error
        archive.add(copy, FILE_NAME)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add one file; one that went away meanwhile, with its run, is left out."""
    try:
        archive.add(path, name, recursive=False)
    except FileNotFoundError:
        return


def _unpack(folder: Path, archive: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise StorageUnavailable(
            f"{folder} is not empty; set storage.path to a new folder, or move it away."
        )
    try:
        with tarfile.open(archive, "r:gz") as packed:
            if FILE_NAME not in packed.getnames():
                raise StorageUnavailable(f"{archive} is no backup: it holds no {FILE_NAME}.")
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise StorageUnavailable(f"{archive} is no backup, or a damaged one: {error}.") from error
    except OSError as error:
        raise unusable_path(archive, error) from error
