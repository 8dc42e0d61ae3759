"""Changes the environment of the experiments: adds packages, rebuilds it from a lock."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.packages import InstalledPackages, read_packages

REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,.-]+\])?\s*([<>=!~]=?[\w.*+!,<>=~ -]+)?"
)
LOCKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[\w.+!-]+")


def add_packages(packages: InstalledPackages, wanted: Sequence[str]) -> InstalledPackages:
    """Install packages beside those that are there, none of which changes.

    Scripts that start afterwards see them.

    Raises
    ------
    SandboxError
        When a name is none, the interpreter has no environment of its own, or pip fails.
    """
    for text in wanted:
        if not REQUIREMENT.fullmatch(text):
            raise SandboxError(
                f"{text!r} is not the name of a package, with or without a version."
            )
    _check_own(packages)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write(packages.lock())
        constraints.flush()
        _install(packages.executable, "-c", constraints.name, *wanted)
    return read_packages(packages.executable)


def rebuild(packages: InstalledPackages, lock: str) -> InstalledPackages:
    """Put an environment with exactly the packages of a lock in place of the one that is there.

    It is made beside the old one, which stays until the new one is whole.

    Raises
    ------
    SandboxError
        When the lock has no packages, or they cannot be installed.
    """
    wanted = locked_lines(lock)
    if not wanted:
        raise SandboxError("The lock has no lines of the form name==version.")
    _check_own(packages)
    with _aside(packages.prefix, "new") as fresh, _aside(packages.prefix, "old") as old:
        _run([str(packages.executable), "-m", "venv", "--without-pip", str(fresh)])
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write("\n".join(wanted) + "\n")
            requirements.flush()
            _install(fresh / "bin/python", "--no-deps", "-r", requirements.name)
        read_packages(fresh / "bin/python")
        _name_scripts(fresh, packages.prefix)
        packages.prefix.rename(old)
        fresh.rename(packages.prefix)
    return read_packages(packages.executable)


def locked_lines(lock: str) -> list[str]:
    """Return the lines of a lock that pin a package."""
    lines = (line.partition("#")[0].strip() for line in lock.splitlines())
    return [line for line in lines if LOCKED.fullmatch(line)]


def _check_own(packages: InstalledPackages) -> None:
    """Refuse to change the interpreter of the system."""
    if packages.prefix == packages.base_prefix:
        raise SandboxError(
            f"{packages.executable} is no virtual environment. Run `make install`, or set "
            "sandbox.python to one."
        )


def _install(python: Path, *arguments: str) -> None:
    """Run the product's pip, or the one that is there; what it says goes to the terminal."""
    pip = [str(python), "-m", "pip"]
    if importlib.util.find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
    _run([*pip, "install", "--disable-pip-version-check", *arguments])


def _run(command: Sequence[str]) -> None:
    """Run a program; raise when it fails."""
    try:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise SandboxError(f"{command[0]} cannot be run: {error}.") from error
    if status:
        raise SandboxError(f"`{' '.join(command)}` failed with status {status}; see above.")


@contextlib.contextmanager
def _aside(folder: Path, mark: str) -> Iterator[Path]:
    """Yield a free name beside a folder; remove what is there before and afterwards."""
    path = folder.with_name(f"{folder.name}.{mark}")
    shutil.rmtree(path, ignore_errors=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _name_scripts(made: Path, later: Path) -> None:
    """Let the programs of an environment begin with the place where it will be."""
    for path in (made / "bin").iterdir():
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        if str(made).encode() in data and b"\0" not in data:
            path.write_bytes(data.replace(str(made).encode(), str(later).encode()))
