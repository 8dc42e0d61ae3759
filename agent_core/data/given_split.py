"""Reads a dataset that came in parts, for training, to choose on and for the test, as one table.

The rows of the first fold stand in the order of its parts. Of further folds a row that is there
already is the same row; what is new is added below. One column a fold says whose part a row is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import duckdb

from agent_core.data.choices import text_of
from agent_core.data.file_words import FileWords
from agent_core.data.plain_file import MAX_BYTES
from agent_core.data.reader import read_table
from agent_core.data.reading import Reading
from agent_core.data.table import connection, quoted_text, run
from agent_core.domain.parts import GivenPart, PartName, given_column
from agent_core.domain.recipe import Recipe
from agent_core.errors import BadDataset
from agent_core.execution.hashing import sha256_of

MOST_APART = 0.5
"""Share of a fold's rows that the first fold may lack, beyond which it is asked about."""


@dataclass(frozen=True, slots=True)
class WantedPart:
    """One file of a given split."""

    fold: int
    name: PartName
    path: str
    file: str
    """As it was attached."""
    member: str = ""
    """In the archive that it is."""

    @property
    def label(self) -> str:
        """The file as people know it."""
        return GivenPart(0, self.name, self.file, recipe=Recipe(member=self.member)).label


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part that was read."""

    wanted: WantedPart
    reading: Reading
    place: int

    @property
    def recipe(self) -> Recipe:
        return self.reading.recipe


def read_given(
    wanted: Sequence[WantedPart],
    words: FileWords,
    folder: Path,
    target: Path,
    max_bytes: int = MAX_BYTES,
) -> tuple[Reading, tuple[GivenPart, ...]]:
    """Read all parts into one table; the reading is that of the first training part.

    Raises
    ------
    BadDataset
        When a part cannot be used, or does not fit the others.
    """
    order = [*PartName]
    wanted = sorted(wanted, key=lambda p: (p.fold, order.index(p.name)))
    pieces = _alike(_read(wanted, words, folder, max_bytes))
    first = pieces[0].reading
    _tell_differences(pieces)
    with connection(folder) as opened:
        views = {p.place: _view(opened, p, pieces[0].recipe) for p in pieces}
        parts = tuple(_part_of(opened, p, pieces, views) for p in pieces)
        _write(opened, pieces, views, pieces[0].recipe, target)
        first.doubts += _apart(opened, parts, target)
    return first, parts


def _read(
    wanted: Sequence[WantedPart], words: FileWords, folder: Path, max_bytes: int
) -> list[_Piece]:
    """Read the parts, all as the first; where another tells how dates are written, as that one."""
    first = _piece(wanted[0], 0, words, folder, max_bytes)
    others = _read_like(first, wanted, words, folder, max_bytes)
    lost = [p for p in others if first.recipe.timestamp and not p.recipe.timestamp]
    if not lost:
        return [first, *others]
    own = _piece(lost[0].wanted, lost[0].place, words, folder, max_bytes)
    if own.recipe.timestamp:
        told = words.read_like(
            replace(first.recipe, time_format=own.recipe.time_format),
            has_header=first.reading.has_header,
        )
        again = _piece(wanted[0], 0, told, folder, max_bytes)
        others = _read_like(again, wanted, words, folder, max_bytes)
        if again.recipe.timestamp and all(p.recipe.timestamp for p in others):
            return [again, *others]
    raise BadDataset(
        f"{wanted[0].label} and {lost[0].wanted.label} have their times written in different "
        "ways; write them alike."
    )


def _read_like(
    first: _Piece, wanted: Sequence[WantedPart], words: FileWords, folder: Path, max_bytes: int
) -> list[_Piece]:
    like = words.read_like(first.recipe, has_header=first.reading.has_header)
    return [_piece(w, n, like, folder, max_bytes) for n, w in enumerate(wanted[1:], start=1)]


def _piece(
    wanted: WantedPart, place: int, words: FileWords, folder: Path, max_bytes: int
) -> _Piece:
    own = folder / f"part{place}"
    own.mkdir(exist_ok=True)
    reading = read_table(
        Path(wanted.path), wanted.label, words, own, own / "table.parquet", max_bytes,
        wanted.member,
    )  # fmt: skip
    (own / "plain").unlink(missing_ok=True)
    return _Piece(wanted, reading, place)


def _alike(pieces: list[_Piece]) -> list[_Piece]:
    """Return the pieces with ids as text in all of them, where they are in one."""
    users = all(p.recipe.is_user_number for p in pieces)
    items = all(p.recipe.is_item_number for p in pieces)
    for piece in pieces:
        piece.reading.recipe = replace(piece.recipe, is_user_number=users, is_item_number=items)
    return pieces


def _tell_differences(pieces: list[_Piece]) -> None:
    """Say of the parts what was said when they were read, each once, and what they lack."""
    first = pieces[0].reading
    for piece in pieces[1:]:
        label = piece.wanted.label
        lacking = {*first.recipe.roles} - {*piece.recipe.roles}
        first.doubts += [f"{label} has no {role}; it is left open" for role in sorted(lacking)]
        first.notes += [f"{label}: {n}" for n in piece.reading.notes if n not in first.notes]
        known = {*map(text_of, first.doubts)}
        told = (text_of(d) for d in piece.reading.doubts)
        first.doubts += [f"{label}: {d}" for d in told if d not in known]


def _view(opened: duckdb.DuckDBPyConnection, piece: _Piece, like: Recipe) -> str:
    """Make a view of the rows of a piece with the columns of the table; return its name."""
    name, own = f"piece_{piece.place}", piece.recipe.roles
    fields = [f"{_typed(r, like)} AS {r}" if r in own else f"NULL AS {r}" for r in like.roles]
    table = quoted_text(piece.reading.target)
    run(
        opened,
        f"CREATE VIEW {name} AS SELECT {', '.join(fields)}, {piece.place} AS piece, "
        f"{quoted_text(piece.wanted.name.value)} AS part, file_row_number AS n "
        f"FROM read_parquet({table}, file_row_number = true)",
    )
    return name


def _typed(role: str, like: Recipe) -> str:
    is_number = {"user_id": like.is_user_number, "item_id": like.is_item_number}
    return role if is_number.get(role, True) else f"CAST({role} AS VARCHAR)"


def _write(
    opened: duckdb.DuckDBPyConnection,
    pieces: list[_Piece],
    views: dict[int, str],
    like: Recipe,
    target: Path,
) -> None:
    """Write the table: the rows of the first fold, then what further folds have beside them."""
    columns = ", ".join(like.roles)
    folds = sorted({p.wanted.fold for p in pieces})
    for fold in folds:
        own = " UNION ALL ".join(
            f"SELECT * FROM {views[p.place]}" for p in pieces if p.wanted.fold == fold
        )
        numbered = (
            f"SELECT {columns}, part, piece, n, "
            f"row_number() OVER (PARTITION BY {columns} ORDER BY piece, n) AS turn FROM ({own})"
        )
        run(opened, f"CREATE TEMP TABLE fold_{fold} AS {numbered}")
    run(opened, f"CREATE TEMP TABLE whole_{folds[0]} AS {_first(columns, folds[0])}")
    for before, fold in pairwise(folds):
        run(opened, f"CREATE TEMP TABLE whole_{fold} AS {_joined(like, folds, before, fold)}")
    is_given = len({p.wanted.name for p in pieces}) > 1
    given = "".join(f", {given_column(f)}" for f in folds if is_given)
    run(
        opened,
        f"COPY (SELECT {columns}{given} FROM whole_{folds[-1]} ORDER BY place) "
        f"TO {quoted_text(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)",
    )


def _first(columns: str, fold: int) -> str:
    place = "row_number() OVER (ORDER BY piece, n) AS place"
    return f"SELECT {columns}, turn, {place}, part AS {given_column(fold)} FROM fold_{fold}"


def _joined(like: Recipe, folds: list[int], before: int, fold: int) -> str:
    """Return the SQL that joins a fold to the rows there are; rows that are new come last."""
    columns = ", ".join(f"w.{r}" for r in like.roles)
    same = " AND ".join(f"w.{c} IS NOT DISTINCT FROM f.{c}" for c in (*like.roles, "turn"))
    told = [f for f in folds if f <= before]
    given = ", ".join(f"w.{given_column(f)}" for f in told)
    open_ones = ", ".join(f"NULL AS {given_column(f)}" for f in told)
    new = ", ".join(f"f.{r}" for r in like.roles)
    return (
        f"SELECT {columns}, w.turn, w.place, {given}, f.part AS {given_column(fold)} "
        f"FROM whole_{before} w LEFT JOIN fold_{fold} f ON {same} UNION ALL "
        f"SELECT {new}, f.turn, row_number() OVER (ORDER BY f.piece, f.n) + "
        f"(SELECT count(*) FROM whole_{before}) AS place, {open_ones}, f.part "
        f"FROM fold_{fold} f ANTI JOIN whole_{before} w ON {same}"
    )


def _part_of(
    opened: duckdb.DuckDBPyConnection, piece: _Piece, pieces: list[_Piece], views: dict[int, str]
) -> GivenPart:
    """Return a part with its counts, and with what the training part of its fold shares."""
    wanted, own = piece.wanted, views[piece.place]
    trained = " UNION ALL ".join(
        f"SELECT user_id, item_id FROM {views[p.place]}"
        for p in pieces
        if (p.wanted.fold, p.wanted.name) == (wanted.fold, PartName.TRAIN)
    )

    def count(sql: str) -> int:
        return int(str(run(opened, f"SELECT count(*) FROM ({sql})")[0][0]))

    known = {
        what: count(f"SELECT DISTINCT {c} FROM {own} WHERE {c} IN (SELECT {c} FROM ({trained}))")
        for what, c in (("known_users", "user_id"), ("known_items", "item_id"))
    }
    pairs = f"SELECT DISTINCT user_id, item_id FROM {own} INTERSECT SELECT * FROM ({trained})"
    return GivenPart(
        wanted.fold,
        wanted.name,
        wanted.file,
        sha256_of(Path(wanted.path)),
        rows=count(f"SELECT n FROM {own}"),
        users=count(f"SELECT DISTINCT user_id FROM {own}"),
        items=count(f"SELECT DISTINCT item_id FROM {own}"),
        **known,
        shared_pairs=count(pairs),
        recipe=piece.recipe,
    )


def _apart(
    opened: duckdb.DuckDBPyConnection, parts: tuple[GivenPart, ...], target: Path
) -> Iterator[str]:
    """Ask about folds that hardly share rows with the first: they may be other datasets."""
    folds = sorted({p.fold for p in parts})
    for fold in folds[1:]:
        own, base = given_column(fold), given_column(folds[0])
        counts = f"count({own}), count_if({base} IS NULL AND {own} IS NOT NULL)"
        row = run(opened, f"SELECT {counts} FROM read_parquet({quoted_text(target)})")[0]
        rows, new = (int(str(v)) for v in row)
        if new > MOST_APART * rows:
            files = ", ".join(p.label for p in parts if p.fold == fold)
            yield (
                f"{files} are taken as fold {fold + 1} of one dataset, but {new:,} of their "
                f"{rows:,} rows are not among those of the first fold"
            )
