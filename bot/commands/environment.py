"""`autoreclab env add` and `env rebuild`: change what experiments may import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from bot.settings import Settings
from sandbox.environment import add_packages, rebuild
from sandbox.errors import SandboxError
from sandbox.packages import InstalledPackages, find_python, read_packages

TAKEN_UP = (
    "Scripts that start from now on use this. A running `autoreclab serve` tells its researcher "
    "of new packages after a restart."
)


def add_to_environment(settings: Settings, wanted: Sequence[str]) -> int:
    """Install packages for experiments; 0 when they are there."""
    return _change_environment(settings, lambda packages: add_packages(packages, wanted))


def rebuild_environment(settings: Settings, lock: Path) -> int:
    """Make the environment anew from a lock; 0 when it is there."""
    try:
        text = lock.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"{lock} cannot be read as text: {error}", err=True)
        return 2
    return _change_environment(settings, lambda packages: rebuild(packages, text))


def _change_environment(
    settings: Settings, change: Callable[[InstalledPackages], InstalledPackages]
) -> int:
    """Change the environment and say what is different."""
    try:
        before = read_packages(find_python(settings.sandbox.python))
        after = change(before)
    except SandboxError as error:
        typer.echo(str(error), err=True)
        return 1
    was, now = set(before.lock().split()), set(after.lock().split())
    for line in sorted(was - now):
        typer.echo(f"- {line}")
    for line in sorted(now - was):
        typer.echo(f"+ {line}")
    typer.echo(TAKEN_UP if was != now else "Nothing has changed.")
    return 0
