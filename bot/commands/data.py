"""`autoreclab data`: what files hold, and the datasets that lie on the server by name."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from agent_core.data.description import as_values, description_lines
from agent_core.data.shelf import Shelf, add_to_shelf, open_shelf
from agent_core.domain import Dataset, Task, UserId
from agent_core.errors import BadDataset
from agent_core.lab.dataset_choice import files_of, read_files
from bot.settings import Settings

MOST_FILES = 200
"""Files that a folder may hold; more are no dataset that somebody attaches."""
COULD_NOT_READ = 1
USAGE = 2


@dataclass(frozen=True, slots=True)
class Addition:
    """What is put on the shelf."""

    name: str
    files: tuple[Path, ...]
    licence: str = ""
    words: str = ""
    """What is said of the files whenever they are read."""


def files_in(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return files, and those of folders, hidden ones left out; leaves where one is missing."""
    some = existing(paths)
    return tuple(f for path in some for f in (_in_folder(path) if path.is_dir() else [path]))


def existing(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return files and folders, of which names tell which files belong together.

    Leaves where one is missing.
    """
    missing = [str(p) for p in paths if not p.exists()]
    if missing:
        typer.echo(f"There is no such file: {', '.join(missing)}", err=True)
        raise typer.Exit(USAGE)
    return tuple(paths)


def show_data(settings: Settings, named: Sequence[str], words: str, *, as_json: bool) -> int:
    """Print what files, or a dataset of the shelf, hold."""
    shelf = open_shelf(settings.data.shelf)
    known = {i.name for i in shelf.items}
    try:
        if len(named) == 1 and named[0] in known and not Path(named[0]).exists():
            item = shelf.find(named[0])
            files, words = shelf.paths(item), "\n\n".join(filter(None, (item.words, words)))
            licences = [f"licence: {item.licence or 'not stated'}"]
        else:
            files, licences = existing([Path(n) for n in named]), []
        datasets = read_as_run(files, words, settings)
    except BadDataset as error:
        typer.echo(str(error), err=True)
        return COULD_NOT_READ
    for dataset in datasets:
        told = [json.dumps(as_values(dataset))] if as_json else description_lines(dataset)
        for line in told:
            typer.echo(line)
    for line in [] if as_json else licences:
        typer.echo(line)
    return 0


def list_data(settings: Settings, *, as_json: bool) -> int:
    """Print one line for each dataset of the shelf."""
    shelf = open_shelf(settings.data.shelf)
    if as_json:
        for item in shelf.items:
            typer.echo(json.dumps(asdict(item)))
        return 0
    table = Table("name", "files", "holds", "licence")
    for item in shelf.items:
        table.add_row(item.name, ", ".join(item.files), item.counts, item.licence or "not stated")
    Console().print(table if shelf.items else f"Nothing lies in {shelf.folder} yet.")
    return 0


def add_data(settings: Settings, wanted: Addition) -> int:
    """Read files, and put them on the shelf."""
    shelf = open_shelf(settings.data.shelf)
    files = files_in(wanted.files)
    try:
        _add(shelf, wanted, files, settings)
    except BadDataset as error:
        typer.echo(str(error), err=True)
        return COULD_NOT_READ
    except OSError as error:
        typer.echo(f"{shelf.folder} cannot be written: {error.strerror}.", err=True)
        return COULD_NOT_READ
    return 0


def read_as_run(files: tuple[Path, ...], words: str, settings: Settings) -> tuple[Dataset, ...]:
    """Read files as a run does."""
    task = Task(words, files, UserId("local"), "data")
    found = files_of(task, settings.exec.workspace)
    with tempfile.TemporaryDirectory(prefix="autoreclab-show-") as folder:
        return asyncio.run(read_files(found, Path(folder), words))


def _add(shelf: Shelf, wanted: Addition, files: tuple[Path, ...], settings: Settings) -> None:
    """Put files on the shelf and print its card."""
    datasets = read_as_run(files, wanted.words, settings)
    item = add_to_shelf(shelf, wanted.name, files, datasets, wanted.licence, wanted.words)
    typer.echo(shelf.card(item))
    typer.echo(f"On the shelf as {item.name}: {shelf.folder / item.name}")


def _in_folder(folder: Path) -> list[Path]:
    """Return the files of a folder, hidden ones left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p.startswith((".", "__MACOSX")) for p in parts):
            found.append(path)
    if not found or len(found) > MOST_FILES:
        count = f"{len(found):,} files, more than {MOST_FILES}" if found else "no files"
        typer.echo(f"{folder} holds {count}. Name those that are the data.", err=True)
        raise typer.Exit(USAGE)
    return found
