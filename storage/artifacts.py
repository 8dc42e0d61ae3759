"""Files by their content: stored once, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from storage.errors import RecordNotFound, StorageUnavailable

CHUNK = 1 << 20


class FileStore:
    """A folder of files named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the file with this hash lies, or would lie."""
        return self.folder / sha256[:2] / sha256

    async def put(self, path: Path) -> str:
        """Store a copy of `path`; return its SHA-256.

        Raises
        ------
        StorageUnavailable
            When it cannot be read or written.
        """
        return await asyncio.to_thread(self.copy_in, path)

    async def link(self, sha256: str, destination: Path) -> None:
        """Give a stored file another name; a copy where the file system has no links.

        Raises
        ------
        RecordNotFound
            When no file has this hash.
        """
        await asyncio.to_thread(self.copy_out, sha256, destination)

    def copy_in(self, path: Path) -> str:
        """Copy to a temporary name, hashing on the way, then rename."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (
                path.open("rb") as source,
                tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as copy,
            ):
                digest = hashlib.sha256()
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
                copy.flush()
                os.fsync(copy.fileno())
            target = self.path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            Path(copy.name).chmod(0o444)
            Path(copy.name).replace(target)
        except OSError as error:
            raise StorageUnavailable(f"{path} cannot be stored: {error.strerror}.") from error
        return digest.hexdigest()

    def copy_out(self, sha256: str, destination: Path) -> None:
        """Link, or copy where links do not work."""
        source = self.path(sha256)
        if not source.exists():
            raise RecordNotFound(f"No stored file has the hash {sha256}.")
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.unlink(missing_ok=True)
        try:
            os.link(source, destination)
        except OSError:
            shutil.copyfile(source, destination)
