"""Datasets that lie on the server by name: stored once, their hashes checked whenever used."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agent_core.data.data_card import data_card
from agent_core.data.description import count_text
from agent_core.domain import Dataset
from agent_core.errors import BadDataset
from agent_core.execution.hashing import sha256_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,60}")
RECORD = "dataset.json"
CARD = "card.md"
FROM_SHELF = re.compile(
    r"[\"'`\u201c\u2018]?([A-Za-z0-9][\w.-]*)[\"'`\u201d\u2019]?\s+(?:that\s+is\s+)?(?:from|on)\s+"
    r"(?:the|our|your)\s+shelf\b",
    re.IGNORECASE,
)
CHANGED = "Put the file back, or add it again with `autoreclab data add`."


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """One dataset of the shelf."""

    name: str
    files: dict[str, str]
    """File name to SHA-256."""
    counts: str
    """How much there is, in words."""
    licence: str = ""
    cite: str = ""
    words: str = ""
    """What is to be said of its files whenever they are read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a text takes from a shelf."""

    files: tuple[Path, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of datasets."""

    folder: Path
    items: tuple[ShelfItem, ...] = field(default=())

    @property
    def names(self) -> str:
        """The names of all datasets, for people."""
        return ", ".join(i.name for i in self.items) or "nothing"

    def find(self, name: str) -> ShelfItem:
        """Return a dataset by its name.

        Raises
        ------
        BadDataset
            When there is none, with those that there are.
        """
        found = next((i for i in self.items if i.name.lower() == name.lower()), None)
        if found is None:
            raise BadDataset(
                f"There is no dataset {name!r} on the shelf; it has {self.names}. Name one of "
                "these, or attach a file."
            )
        return found

    def paths(self, item: ShelfItem) -> tuple[Path, ...]:
        """Return the files of a dataset, held against their hashes.

        Raises
        ------
        BadDataset
            When one is missing or not what it was when it was added.
        """
        folder = self.folder / item.name
        for name, sha256 in item.files.items():
            if not (folder / name).is_file():
                what = "is missing"
            elif sha256_of(folder / name) != sha256:
                what = "has changed since it was added"
            else:
                continue
            raise BadDataset(f"{name} of the dataset {item.name} on the shelf {what}. {CHANGED}")
        return tuple(folder / name for name in item.files)

    def card(self, item: ShelfItem) -> str:
        """Return what is known of a dataset."""
        return (self.folder / item.name / CARD).read_text(encoding="utf-8")


def open_shelf(folder: Path) -> Shelf:
    """Read which datasets lie on a shelf; none where there is no such folder."""
    records = sorted(folder.glob(f"*/{RECORD}")) if folder.is_dir() else []
    items = (ShelfItem(**json.loads(r.read_text(encoding="utf-8"))) for r in records)
    return Shelf(folder, tuple(items))


def take_named(shelf: Shelf, text: str, *, has_files: bool) -> Taken:
    """Return the datasets of a shelf that a task names.

    Beside attached files only those count that are said to come from the shelf.

    Raises
    ------
    BadDataset
        When one is not there, or its files are not what they were.
    """
    named = [shelf.find(m[1]) for m in FROM_SHELF.finditer(text) if m[1].lower() not in ARTICLES]
    if not has_files:
        named += [i for i in shelf.items if _is_named(i.name, text)]
    items = tuple({i.name: i for i in named}.values())
    files = tuple(path for i in items for path in shelf.paths(i))
    return Taken(files, "\n\n".join(i.words for i in items if i.words))


ARTICLES = frozenset(("dataset", "data", "file", "one", "is", "it", "that"))
"""Words before `from the shelf` that name nothing."""


def add_to_shelf(
    shelf: Shelf,
    name: str,
    files: Sequence[Path],
    datasets: Sequence[Dataset],
    licence: str = "",
    words: str = "",
) -> ShelfItem:
    """Copy files that were read to a shelf, under a name of their own.

    Raises
    ------
    BadDataset
        When the name cannot be one, is taken, or two files have one name.
    """
    _refuse_name(shelf, name, files)
    stated = licence or "; ".join(dict.fromkeys(d.licence for d in datasets if d.licence))
    shelf.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=shelf.folder) as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        for path in files:
            shutil.copyfile(path, folder / path.name)
        item = ShelfItem(
            name,
            {p.name: sha256_of(folder / p.name) for p in files},
            "; ".join(count_text(d) for d in datasets),
            stated,
            "; ".join(dict.fromkeys(d.citation for d in datasets if d.citation)),
            words,
        )
        (folder / CARD).write_text(_card_text(item, datasets), encoding="utf-8")
        (folder / RECORD).write_text(json.dumps(asdict(item), indent=1), encoding="utf-8")
        folder.rename(shelf.folder / name)
    return item


def _refuse_name(shelf: Shelf, name: str, files: Sequence[Path]) -> None:
    """Refuse what cannot be put on a shelf."""
    names = [p.name for p in files]
    if not NAME.fullmatch(name):
        raise BadDataset(
            f"{name!r} is no name for a dataset: take letters, digits, `-`, `_` and full stops."
        )
    if any(i.name.lower() == name.lower() for i in shelf.items):
        raise BadDataset(
            f"There is a dataset {name} on the shelf already. Take another name, or remove the "
            f"folder {shelf.folder / name} first."
        )
    if len({*names, RECORD, CARD}) < len(names) + 2:
        raise BadDataset(f"Files of one dataset need names of their own: {', '.join(names)}.")


def _card_text(item: ShelfItem, datasets: Sequence[Dataset]) -> str:
    """Return the card of a dataset: what is stated of it here, then what was read."""
    said = (
        f"# {item.name}",
        f"* {item.counts}",
        f"* Licence: {item.licence or 'not stated'}",
        *([f"* Citation: {item.cite}"] if item.cite else []),
        *([f"* read as: {item.words}"] if item.words else []),
    )
    return "\n\n".join(("\n".join(said), *map(data_card, datasets)))


def _is_named(name: str, text: str) -> bool:
    """Whether a text has a name as a word of its own."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE))
