"""Files by their content: stored once, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
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
