"""Shapes of published and home-made files, with what they hold; and whether they are read so."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from read_files import ReadFile, read_file

from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

CORPUS = Path(__file__).parents[1] / "agent_core" / "data" / "published_files.json"
ROLES = ("user", "item", "rating", "timestamp")


@dataclass(frozen=True)
class Published:
    """A file of a published shape, its values invented."""

    id: str
    file: str
    content: str
    words: str
    """What people say of it."""
    expect: dict[str, Any] | None
    """Columns by name or place, counts, first values; None: it is to be refused or asked."""
    or_asked: bool | None = None
    also: dict[str, list[Any]] | None = None
    """Other right values."""
    note: str | None = None

    def wanted(self, key: str) -> list[Any]:
        """Return the right values of a field."""
        return [(self.expect or {})[key], *(self.also or {}).get(key, [])]


@dataclass(frozen=True)
class Outcome:
    """How a file was read."""

    verdict: str
    """`right`, `asked`, or `wrong`: read otherwise, without a word."""
    differences: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()


def published_files(path: Path = CORPUS) -> list[Published]:
    """Return all files of the corpus."""
    return [Published(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def outcome_of(case: Published, folder: Path) -> Outcome:
    """Read a file as its users would and compare what was read."""
    try:
        read = read_file(folder, case.content, case.file, case.words)
    except BadDataset as error:
        verdict = "right" if case.expect is None else "asked"
        return Outcome(verdict, told=(str(error),))
    doubts = read.dataset.doubts
    if case.expect is None:
        return Outcome("asked" if doubts else "wrong", ["it was read"], doubts)
    found = _found(read)
    wrong = [k for k, values in found.items() if not any(w in values for w in case.wanted(k))]
    told = [f"{k}: {found[k]} for {case.wanted(k)}" for k in wrong]
    if not wrong:
        return Outcome("right", told=doubts)
    is_asked = all(_is_asked(k, case, found, doubts) for k in wrong)
    return Outcome("asked" if is_asked else "wrong", told, doubts)


def _is_asked(
    key: str, case: Published, found: dict[str, list[Any]], doubts: tuple[str, ...]
) -> bool:
    """Whether a doubt names the column that was taken, or the one that is right."""
    role = key.removeprefix("first_").replace("time", "timestamp").replace("stampstamp", "stamp")
    role = role if role in ROLES else {"users": "user"}.get(key, "rating")
    names = [*found[role], *case.wanted(role)]
    texts = [f"column {n}" if isinstance(n, int) else n for n in names if n]
    return any(t in d for d in doubts for t in texts)


def _found(read: ReadFile) -> dict[str, list[Any]]:
    """Return what was read, each in all the ways that a corpus may say it."""
    dataset, table = read.dataset, read.table
    recipe = dataset.recipe
    assert recipe
    time = table["timestamp"].iloc[0] if "timestamp" in table else None
    is_moment = isinstance(time, pd.Timestamp)
    return {
        **{role: _said(recipe, role) for role in ROLES},
        "users": [dataset.users],
        "rows": [dataset.rows],
        "first_user": [str(table["user_id"].iloc[0])],
        "first_item": [str(table["item_id"].iloc[0])],
        "first_time": [time.floor("s").isoformat() if is_moment else None],
    }


def _said(recipe: Recipe, role: str) -> list[Any]:
    column = getattr(recipe, role)
    if not column:
        return [None]
    place = recipe.columns.index(column)
    match recipe.layout:
        case Layout.WIDE:
            return [{"item": "column", "rating": "cell", "user": "row"}[role], column]
        case Layout.BLOCKS:
            return ["block" if role == "item" else place]
        case Layout.LIBFM:
            return [{"user": 2, "item": 3, "rating": 1}[role]]
        case Layout.LISTS if not recipe.inner:
            user = place + 1 if recipe.has_user else "row"
            return ["rest" if role == "item" else user]
    return [column, place + 1]
