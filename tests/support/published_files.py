"""Shapes of published and home-made files, with what they hold; and whether they are read so."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from read_files import ReadFile, read_file

from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

FOLDER = Path(__file__).parents[1] / "agent_core" / "data"
FIRST = FOLDER / "published_files.json"
SECOND = FOLDER / "published_files_second.json"
THIRD = FOLDER / "published_files_third.json"
ROLES = ("user", "item", "rating", "timestamp")


@dataclass(frozen=True)
class Published:
    """A file of a published shape, its values invented."""

    id: str
    file: str
    content: str
    words: str
    """What people say of it."""
    expect: dict[str, Any] | str | None
    """Columns by name or place, counts, first values; `asked`, `refused`; None: either."""
    or_asked: bool = False
    or_refused: bool = False
    or_read: bool = False
    also: dict[str, list[Any]] | None = None
    """Other right values."""
    values: dict[str, Any] | None = None
    """Further values, of the main reading only."""
    note: str | None = None
    encoding: str = "utf-8"
    content_b64: str = ""
    """The bytes, where they are not those of the text in UTF-8."""
    mistaken: str = ""
    """Why the expectation is in error, where it is."""

    @property
    def is_read(self) -> bool:
        """Whether the file has to be read."""
        return isinstance(self.expect, dict)

    @property
    def raw(self) -> bytes:
        return base64.b64decode(self.content_b64) if self.content_b64 else self.content.encode()

    def wanted(self, key: str) -> list[Any]:
        """Return the right values of a field."""
        main = [self.expect[key]] if isinstance(self.expect, dict) else []
        return [*main, *(self.also or {}).get(key, [])]


@dataclass(frozen=True)
class Outcome:
    """How a file was read."""

    verdict: str
    """`right`; `asked` or `refused` where that is fine; `worded`: read or refused otherwise, with
    a word; `wrong`: without one."""
    differences: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()


def published_files(path: Path = FIRST) -> list[Published]:
    """Return all files of a corpus but those whose expectation is in error."""
    found = [Published(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    return [f for f in found if not f.mistaken]


def outcome_of(case: Published, folder: Path) -> Outcome:
    """Read a file as its users would and compare what was read."""
    try:
        read = read_file(folder, case.raw, case.file, case.words)
    except BadDataset as error:
        return Outcome(_of_refusal(case), told=(str(error),))
    except (AssertionError, LookupError, TypeError, ValueError) as error:
        return Outcome(
            "wrong", ["the reader breaks off, or the helper reads otherwise", str(error)]
        )
    doubts = read.dataset.doubts
    if not case.is_read:
        return Outcome(_of_reading(case, doubts), ["it was read"], doubts)
    found = _found(read)
    wrong = [k for k, values in found.items() if not any(w in values for w in case.wanted(k))]
    told = [f"{k}: {found[k]} for {case.wanted(k)}" for k in wrong]
    if not wrong:
        told = _further(case, found, read)
        return Outcome("wrong" if told else "right", told, doubts)
    is_asked = all(_is_asked(k, case, found, doubts) for k in wrong)
    verdict = "wrong" if not is_asked else "asked" if case.or_asked else "worded"
    return Outcome(verdict, told, doubts)


def _of_refusal(case: Published) -> str:
    if case.is_read:
        return "refused" if case.or_refused or case.or_asked else "worded"
    return "refused"


def _of_reading(case: Published, doubts: tuple[str, ...]) -> str:
    """Return the verdict on a file that was read and should not have been, or not in silence."""
    if case.or_read:
        return "right"
    if not doubts:
        return "wrong"
    return "worded" if case.expect == "refused" and not case.or_asked else "asked"


def _further(case: Published, found: dict[str, list[Any]], read: ReadFile) -> list[str]:
    """Return the further values that are otherwise, where the main reading was taken."""
    is_main = isinstance(case.expect, dict) and all(case.expect[k] in v for k, v in found.items())
    values = _further_of(read) if is_main else {}
    wanted = case.values or {}
    return [f"{k}: {v} for {wanted[k]}" for k, v in values.items() if v != wanted.get(k, v)]


def _further_of(read: ReadFile) -> dict[str, Any]:
    table = read.table
    return {
        "items": read.dataset.items,
        "first_rating": float(table["rating"].iloc[0]) if "rating" in table else None,
        "last_time": _moment(table, -1),
    }


def _is_asked(
    key: str, case: Published, found: dict[str, list[Any]], doubts: tuple[str, ...]
) -> bool:
    """Whether a doubt names the column that was taken, or the one that is right."""
    if key == "rows":
        return any(w in d for d in doubts for w in ("line", "row", "interaction"))
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
    return {
        **{role: _said(recipe, role) for role in ROLES},
        "users": [dataset.users],
        "rows": [dataset.rows],
        "first_user": [str(table["user_id"].iloc[0])],
        "first_item": [str(table["item_id"].iloc[0])],
        "first_time": [_moment(table, 0)],
    }


def _moment(table: pd.DataFrame, at: int) -> str | None:
    """Return the time of a row to the second; None where it is no moment."""
    time = table["timestamp"].iloc[at] if "timestamp" in table else None
    return time.floor("s").isoformat() if isinstance(time, pd.Timestamp) else None


def _said(recipe: Recipe, role: str) -> list[Any]:
    column = getattr(recipe, role)
    if not column:
        return [None]
    place = recipe.columns.index(column)
    match recipe.layout:
        case Layout.WIDE:
            return [("row", "column", "cell")[place], column]
        case Layout.BLOCKS:
            return [place or "block"]
        case Layout.LIBFM:
            return [{"user": 2, "item": 3, "rating": 1}[role]]
        case Layout.LISTS if not recipe.inner:
            user = place + 1 if recipe.has_user else "row"
            return ["rest" if role == "item" else user]
    return [column, place + 1]
