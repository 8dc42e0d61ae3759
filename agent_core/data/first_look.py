"""What a file is by its first lines, before it is read: a table of interactions, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.data.choices import Doubt
from agent_core.data.columns import role_of
from agent_core.data.dialect import dialect_of
from agent_core.data.file_words import SEVERAL_A_LINE, FileWords
from agent_core.data.helper import pa, pq
from agent_core.data.known_files import known_file
from agent_core.data.plain_file import HEAD, first_bytes, refuse_strange
from agent_core.data.roles import with_roles
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

NO_TABLE = "no table of interactions"


@dataclass(frozen=True, slots=True)
class Look:
    """What the first lines of a file show."""

    recipe: Recipe | None = None
    """How they would be read; None: they are no interactions."""
    has_header: bool = False
    doubts: tuple[Doubt, ...] = ()
    fault: str = ""
    """Why they are none."""
    is_known: bool = False
    """Whether it has the form of a published file."""
    is_list: bool = False
    """Whether each user and each item comes once, as in a list of names or of counts."""

    @property
    def lacking(self) -> int:
        """How many roles no column has."""
        return 4 - len(self.recipe.roles) if self.recipe else 4

    @property
    def is_sure(self) -> bool:
        """Whether nothing of its reading is a guess."""
        return self.is_known or not (self.doubts or self.is_list)

    def is_like(self, other: Look) -> bool:
        """Whether both have users and items in the same columns."""
        if self.recipe is None or other.recipe is None:
            return False
        one, two = self.recipe, other.recipe
        if self.has_header and other.has_header:
            return (one.user, one.item) == (two.user, two.item)
        is_odd = {one.layout, two.layout} & {*SEVERAL_A_LINE}
        return bool(is_odd) or (
            self.has_header == other.has_header and len(one.columns) == len(two.columns)
        )


def first_look(path: Path, name: str, words: FileWords, member: str = "") -> Look:
    """Return what a file, or one of an archive, is."""
    try:
        start = first_bytes(path, name, member)
        if start.startswith(b"PAR1"):
            return _parquet(path, member)
        refuse_strange(start, name)
        return _text(start, (member or name, "" if member else path.name), words)
    except BadDataset as error:
        return Look(fault=str(error))


def _text(start: bytes, names: tuple[str, str], words: FileWords) -> Look:
    name = names[0]
    text = start.decode("utf-8-sig", errors="replace")[:HEAD]
    head = text[: text.rfind("\n") + 1] or text
    dialect = dialect_of(head, name, has_header=words.has_header)
    if not dialect.rows:
        return Look(fault=f"{name} has a header but no rows.")
    recipe, is_named = dialect.recipe, dialect.has_header
    known = known_file(names, recipe.columns, has_header=is_named)
    recipe, doubts = with_roles(dialect, words, name, known)
    told = (*dialect.doubts, *doubts)
    is_list = _is_list(dialect.rows, recipe)
    return Look(recipe, is_named, told, "", known is not None, is_list)


def _is_list(rows: Sequence[Sequence[str]], recipe: Recipe) -> bool:
    """Whether no user and no item comes twice."""
    places = [recipe.columns.index(c) for c in (recipe.user, recipe.item)]
    whole = [r for r in rows if len(r) == len(recipe.columns)]
    return all(len({r[p] for r in whole}) == len(whole) for p in places)


def _parquet(path: Path, member: str) -> Look:
    """Return what the columns of a Parquet file say; one in an archive is not opened for that."""
    if member:
        return Look(Recipe(Layout.PARQUET), has_header=True, doubts=("its columns were not seen",))
    try:
        columns = tuple(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        return Look(fault=f"it is a damaged Parquet file ({error})")
    roles = {r: c for c in reversed(columns) if (r := role_of(c))}
    if not {"user_id", "item_id"} <= {*roles}:
        return Look(
            fault=f"it has the columns {', '.join(columns[:8])}, none of a user or an item"
        )
    rest = {r: roles.get(r, "") for r in ("rating", "timestamp")}
    return Look(
        Recipe(
            Layout.PARQUET, columns=columns, user=roles["user_id"], item=roles["item_id"], **rest
        ),
        has_header=True,
    )
