"""Whose a folder is: the process that made it holds a lock on it, and the kernel gives it up.

Numbers of processes say nothing across namespaces and containers, and are used again; a lock ends
with its process, whatever ends it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

_held: dict[Path, int] = {}


def make_owned(make: Callable[[], Path]) -> Path:
    """Make a folder and hold it until `disown` or the end of this process.

    Who removes abandoned folders may come between the making and the lock: then it is made again.
    """
    while True:
        folder = make()
        with contextlib.suppress(FileNotFoundError):
            descriptor = _open(folder)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_there(folder, descriptor):
                _held[folder] = descriptor
                return folder
            os.close(descriptor)


def disown(folder: Path) -> None:
    """Give a folder up; without effect on one that this process does not hold."""
    descriptor = _held.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


@contextlib.contextmanager
def taken_over(folder: Path) -> Iterator[bool]:
    """Hold a folder that a process which died has left; False where it is not ours to remove."""
    try:
        descriptor = _open(folder)
    except OSError:
        yield False
        return
    try:
        yield os.fstat(descriptor).st_uid == os.geteuid() and _is_free(descriptor)
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    """Return a descriptor of a folder that is no link."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _is_free(descriptor: int) -> bool:
    """Lock it where nobody holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_there(folder: Path, descriptor: int) -> bool:
    """Whether the name still leads to what was opened."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
