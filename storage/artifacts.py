"""Files by their content: stored once, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import RecordNotFound, unusable_path

CHUNK = 1 << 20


class FileStore:
    """A folder of files named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the file with this hash lies, or would lie."""
        return self.folder / sha256[:2] / sha256

    async def put(self, path: Path) -> str:
        """Store a copy of `path`; return its SHA-256. It is on disk when this returns.

        Raises
        ------
        StorageUnavailable
            When it cannot be read or written.
        """
        return await asyncio.to_thread(self.copy_in, path)

    async def link(self, sha256: str, destination: Path) -> None:
        """Give a stored file another, read-only name; a copy where links do not work.

        Raises
        ------
        RecordNotFound
            When no file has this hash.
        StorageUnavailable
            When the destination cannot be written.
        """
        await asyncio.to_thread(self.copy_out, sha256, destination)

    async def keep(self, path: Path, destination: Path) -> None:
        """Store a copy of `path` and give it another name at `destination`.

        Raises
        ------
        StorageUnavailable
            When one of them cannot be read or written.
        """
        while True:
            try:
                await self.link(await self.put(path), destination)
            except RecordNotFound:
                continue  # forgotten with the only run that used it, just then
            return

    async def forget(self, folder: Path, others: Path) -> None:
        """Delete a folder with the stored files of its names that no folder of `others` uses."""
        await asyncio.to_thread(self.remove, folder, others)

    def remove(self, folder: Path, others: Path) -> None:
        """Delete a folder, then what only it used."""
        used = [p.stat() for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
        inodes, sizes = {(s.st_dev, s.st_ino) for s in used}, {s.st_size for s in used}
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise unusable_path(folder, error) from error
        for path in self.folder.glob("??/*"):
            stat = path.stat()
            is_linked = (stat.st_dev, stat.st_ino) in inodes
            # Where links do not work a run has copies: one of the same size may be of this file.
            is_copied = stat.st_nlink == 1 and stat.st_size in sizes
            if is_linked and stat.st_nlink > 1:
                continue
            if is_linked or (is_copied and not _has_size(others, stat.st_size)):
                path.unlink(missing_ok=True)

    def existing(self, sha256: str) -> Path:
        """Return where the file with this hash lies."""
        found = self.path(sha256)
        if not found.is_file():
            raise RecordNotFound(f"No stored file has the hash {sha256}.")
        return found

    def copy_in(self, path: Path) -> str:
        """Copy to a temporary name, hashing on the way, then rename."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with scratch_beside(self.folder / path.name) as copy:
                sha256 = copy_of(path, copy)
                target = self.path(sha256)
                if not target.exists():
                    target.parent.mkdir(exist_ok=True)
                    copy.chmod(0o444)
                    settle(copy, target)
                    sync_folder(self.folder)
        except OSError as error:
            raise unusable_path(path, error) from error
        return sha256

    def copy_out(self, sha256: str, destination: Path) -> None:
        """Link, or copy where links do not work, under a scratch name; then rename."""
        source = self.existing(sha256)
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            with scratch_beside(destination) as copy:
                copy.unlink()
                try:
                    copy.hardlink_to(source)
                except OSError:
                    copy_of(source, copy)
                    copy.chmod(0o444)
                settle(copy, destination)
        except OSError as error:
            raise unusable_path(destination, error) from error


def _has_size(folder: Path, size: int) -> bool:
    """Whether a file of this size lies somewhere below a folder."""
    return any(p.stat().st_size == size for p in folder.rglob("*") if p.is_file())


@contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """Make an empty file next to `path`; removed at the end when it still has its name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".scratch-")
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def copy_of(source: Path, target: Path) -> str:
    """Copy a file to disk; return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def settle(scratch: Path, target: Path) -> None:
    """Rename a complete file, for good."""
    scratch.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk: a rename alone may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
