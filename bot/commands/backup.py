"""`autoreclab backup` and `restore`: the data folder in one file, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from bot.settings import Settings
from storage import runs
from storage.backup import back_up, restore
from storage.database import open_database
from storage.errors import StorageError


def write_backup(settings: Settings, target: Path) -> int:
    """Write the data folder into one file; also while the service works."""
    try:
        size = asyncio.run(back_up(settings.storage, target))
    except StorageError as error:
        typer.echo(str(error), err=True)
        return 1
    typer.echo(f"{settings.storage.path} is in {target} ({size / 2**20:.1f} MiB).")
    return 0


def restore_backup(settings: Settings, archive: Path) -> int:
    """Make the data folder anew from a backup; say how many runs it holds."""

    async def through() -> int:
        await restore(settings.storage, archive)
        async with open_database(settings.storage) as database:
            return len(await runs.runs(database))

    try:
        count = asyncio.run(through())
    except StorageError as error:
        typer.echo(str(error), err=True)
        return 1
    typer.echo(f"{settings.storage.path} holds {count} runs, as in {archive}.")
    return 0
