"""Files of items or users beside the interactions: recognised by their ids, read by a recipe."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import duckdb

from agent_core.data.columns import role_of
from agent_core.data.dialect import dialect_of
from agent_core.data.file_words import FileWords, file_words
from agent_core.data.given_files import side_table_name, table_name
from agent_core.data.known_side_files import KnownSide, known_side
from agent_core.data.lines import Dialect
from agent_core.data.objects import keys_of
from agent_core.data.plain_file import PlainFile, first_bytes, plain_file, refuse_long
from agent_core.data.reader import TRIES, mend_lines, write_lines
from agent_core.data.reading import Reading
from agent_core.data.side_columns import described_columns, resolved_kinds, write_side_table
from agent_core.data.table import (
    Trouble,
    connection,
    parquet_kinds,
    quoted_name,
    quoted_text,
    run,
    source_of,
)
from agent_core.domain import Dataset
from agent_core.domain.recipe import Layout, Recipe
from agent_core.domain.side_table import SideFile, SideOf, SideTable
from agent_core.errors import BadDataset
from agent_core.execution.hashing import sha256_of

FEWEST_MATCHED = 0.5
"""Share of the items or users that must have a row; with less a file is joined by name only."""
MOST_REPEATED = 0.1
"""Share of lines that may repeat an id: of those the first is taken."""
HEAD_REPEATED = 0.5
"""The same for the first lines, which decide whether a file is read at all."""
MAX_COLUMNS = 200
OBJECTS = (Layout.JSON_LINES, Layout.JSON_ARRAY)
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WHOLE = r"-?\d{1,18}(\.0+)?"


@dataclass(frozen=True, slots=True)
class SideWanted:
    """A file that may hold side data of a dataset."""

    path: Path
    """As it was attached."""
    name: str
    """The name that scripts see it under; of the archive, where it lies in one."""
    dataset: Dataset
    """The profile of the interactions; its table lies in `folder`."""
    folder: Path
    """Where the table of the side data is written, as `side_table_name` names it."""
    task: str = ""
    """What people said."""
    member: str = ""
    """The part of an archive that is meant."""

    @property
    def label(self) -> str:
        """The file as people know it."""
        return PurePosixPath((self.member or self.name).replace("\\", "/")).name


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    """A column whose values are ids; the greatest fits best."""

    is_named: bool
    """Whether its name, or that of its file, says so."""
    fit: float
    """Harmonic mean of the shares of ids that the other has: the dataset's and the file's."""
    matched: int
    share: float
    """Of the dataset's items or users."""
    column: str
    of: SideOf


@dataclass(slots=True)
class _SideReading(Reading):
    """A file of items or users on its way to a table: all its fields as text."""

    types: tuple[str, ...] = ()
    known_side: KnownSide | None = None

    def write(self) -> None:
        """Write all fields as text."""
        self.source = source_of(self.opened, self.plain, self.recipe, self.folder)
        fields = ", ".join(map(quoted_name, self.recipe.columns))
        run(
            self.opened,
            f"COPY (SELECT {fields} FROM {self.source}) TO {quoted_text(self.target)} "
            "(FORMAT parquet)",
        )


def side_file(wanted: SideWanted) -> SideFile:
    """Read a file that holds no interactions as side data of a dataset, if it is some.

    It is when one of its columns has each id once and holds at least half of the dataset's items
    or users (or fewer, and the task names the file). Never raises for what is in the file: what
    is not used says why, in one sentence.
    """
    with tempfile.TemporaryDirectory(prefix="autoreclab-side-") as scratch:
        try:
            with connection(Path(scratch)) as opened:
                return _joined(_begin(wanted, opened, Path(scratch)), wanted)
        except BadDataset as error:
            return SideFile(wanted.label, reason=str(error))
        except Trouble as error:
            said = " ".join(error.text.split())[:200]
            return SideFile(
                wanted.label, reason=f"{wanted.label} cannot be read as side data: {said}"
            )


def _begin(wanted: SideWanted, opened: duckdb.DuckDBPyConnection, folder: Path) -> _SideReading:
    """Read all fields of a file as text, by a recipe without kinds."""
    label = wanted.label
    _refuse_repeating(wanted)
    plain = plain_file(wanted.path, wanted.name, folder, wanted.member)
    dialect = _dialect_of(plain, label, opened, folder)
    known = known_side(label, dialect.recipe.columns, has_header=dialect.has_header)
    columns, notes = _kept_columns(dialect, known, label)
    recipe = replace(
        dialect.recipe, columns=columns, user="", item="", compression=plain.compression,
        member=plain.member, encoding=plain.encoding,
    )  # fmt: skip
    reading = _SideReading(
        label, plain, recipe, opened, folder, folder / "fields.parquet", FileWords(),
        dialect.has_header, types=dialect.types, known_side=known, notes=notes,
    )  # fmt: skip
    for _ in range(TRIES):
        write_lines(reading)
        if not mend_lines(reading):
            break
    return reading


def _kept_columns(
    dialect: Dialect, known: KnownSide | None, label: str
) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the columns; of objects with very many keys those on top, and say so."""
    columns, notes = dialect.recipe.columns, list[str]()
    if known and known.columns and not dialect.has_header:
        columns = known.columns
    if len(columns) > MAX_COLUMNS and dialect.recipe.layout in OBJECTS:
        top = tuple(c for c in columns if "." not in c)
        notes.append(f"{len(columns) - len(top):,} keys inside objects are left out")
        columns = top
    if len(columns) > MAX_COLUMNS:
        raise BadDataset(f"{label} has {len(columns):,} columns, more than {MAX_COLUMNS}.")
    return columns, notes


def _refuse_repeating(wanted: SideWanted) -> None:
    """Refuse a file by its first lines where no column can be its key."""
    label, start = wanted.label, first_bytes(wanted.path, wanted.name, wanted.member)
    text = start.decode("utf-8", errors="replace")
    head = text[: text.rfind("\n") + 1] or text
    if start.startswith((b"PAR1", *WIDE_MARKS)) or head.lstrip("\ufeff \r\n").startswith(
        ("{", "[")
    ):
        return
    rows = dialect_of(head, label, is_table=True).rows
    if rows and not any(_is_nearly_unique(c) for c in zip(*rows, strict=True)):
        raise BadDataset(f"{label} has no column with one row for each item or user.")


def _is_nearly_unique(values: Sequence[str]) -> bool:
    filled = [v for v in values if v]
    return len({*filled}) >= (1 - HEAD_REPEATED) * len(filled) > 0


def _dialect_of(
    plain: PlainFile, label: str, opened: duckdb.DuckDBPyConnection, folder: Path
) -> Dialect:
    if plain.is_parquet:
        columns = tuple(parquet_kinds(opened, plain.path, has_lists=True))
        recipe = Recipe(Layout.PARQUET, columns=columns, delimiter="", keeps_lists=True)
        rows = run(opened, f"SELECT * FROM {source_of(opened, plain, recipe, folder)} LIMIT 99")
        return Dialect(recipe, tuple(tuple(map(str, r)) for r in rows), has_header=True)
    start = plain.head.lstrip("\ufeff \r\n")[:1]
    refuse_long(plain, label, is_array=start == "[", is_object=start == "{")
    dialect = dialect_of(plain.head, label, is_table=True)
    is_array = dialect.recipe.layout is Layout.JSON_ARRAY
    refuse_long(plain, label, is_array=is_array, is_object=start == "{")
    if not dialect.rows:
        raise BadDataset(f"{label} has a header but no rows.")
    if dialect.recipe.layout not in OBJECTS:
        return dialect
    columns = keys_of(plain.path, dialect.recipe)
    return replace(dialect, recipe=replace(dialect.recipe, columns=columns))


def _joined(reading: _SideReading, wanted: SideWanted) -> SideFile:
    """Return the side data that a file holds, or why it holds none."""
    dataset, label = wanted.dataset, wanted.label
    keys = sorted(_keys(reading, wanted), reverse=True)
    if not keys:
        return SideFile(
            label, reason=f"{label} has no column with one row for each item or user of the data."
        )
    key = keys[0]
    if key.share < FEWEST_MATCHED and not file_words(wanted.task).mentions(label):
        return SideFile(
            label,
            reason=f"{label} has rows for {key.share:.1%} of the {key.of}s only (column "
            f"{key.column}). Name it in the task to use it all the same.",
            share=0.0 if _is_chance(key, dataset) else key.share,
        )
    recipe = _with_key(reading, key, dataset)
    reading.recipe = recipe = resolved_kinds(reading, recipe, {*recipe.columns} - {key.column})
    side = SideTable(
        file=wanted.name, of=key.of, recipe=recipe, columns=(), rows=0,
        matched=key.matched, share=key.share, sha256=sha256_of(wanted.path),
    )  # fmt: skip
    return _written(reading, side, wanted, _doubts(key, wanted))


def _written(
    reading: _SideReading, side: SideTable, wanted: SideWanted, doubts: tuple[str, ...]
) -> SideFile:
    """Write the table of side data, and describe it."""
    target = wanted.folder / side_table_name(wanted.dataset.name, side)
    fields = ", ".join(quoted_name(c) for c in side.recipe.columns)
    texts = reading.opened.sql(f"SELECT {fields} FROM {reading.table}")
    rows = write_side_table(texts, wanted.dataset.name, side, target)
    (lines,) = reading.numbers("count(*)")
    notes = list(reading.notes)
    if lines > rows:
        notes.append(f"{lines - rows:,} lines have no id or repeat one; the first of each counts")
    if side.recipe.bad_lines:
        notes.append(f"{len(side.recipe.bad_lines):,} lines of another width are left out")
    side = replace(
        side,
        rows=rows,
        columns=described_columns(reading.opened, target, side),
        table_sha256=sha256_of(target),
        notes=tuple(notes),
    )
    return SideFile(side.name, side, doubts=doubts, share=side.share)


def _with_key(reading: _SideReading, key: _Key, dataset: Dataset) -> Recipe:
    """Return the recipe with its key, which is a whole number where the dataset's ids are."""
    is_item, known = key.of is SideOf.ITEM, dataset.recipe or Recipe()
    return replace(
        reading.recipe,
        item=key.column if is_item else "",
        user="" if is_item else key.column,
        is_item_number=is_item and known.is_item_number,
        is_user_number=not is_item and known.is_user_number,
    )


def _is_chance(key: _Key, dataset: Dataset) -> bool:
    """Whether ids match as small numbers do, under a name that says nothing of them."""
    return _has_numbers(dataset, key.of) and not key.is_named


def _doubts(key: _Key, wanted: SideWanted) -> tuple[str, ...]:
    """Say where small numbers may match by chance, and where few ids are found."""
    told = f"{wanted.label} is taken as data of {key.of}s by its column {key.column}"
    if key.share < FEWEST_MATCHED:
        return (f"{told}, which has {key.share:.1%} of them",)
    return (f"{told}; no name says so",) if _is_chance(key, wanted.dataset) else ()


def _has_numbers(dataset: Dataset, of: SideOf) -> bool:
    recipe = dataset.recipe or Recipe()
    return recipe.is_item_number if of is SideOf.ITEM else recipe.is_user_number


def _keys(reading: _SideReading, wanted: SideWanted) -> Iterator[_Key]:
    """Yield the columns that have each id once, with how many of the dataset's they hold."""
    table = quoted_text(wanted.folder / table_name(wanted.dataset.name))
    for of in SideOf:
        run(
            reading.opened,
            f"CREATE TABLE {of}_ids AS SELECT DISTINCT CAST({of}_id AS VARCHAR) AS id "
            f"FROM read_parquet({table})",
        )
        (known,) = reading.numbers("count(*)", of=f"{of}_ids")
        for column in reading.recipe.columns:
            key = id_text(column, is_number=_has_numbers(wanted.dataset, of))
            lines, distinct = reading.numbers(f"count({key})", f"count(DISTINCT {key})")
            if not lines or distinct < (1 - MOST_REPEATED) * lines:
                continue
            (matched,) = reading.numbers(
                "count(*)", of=f"(SELECT DISTINCT {key} AS id FROM {reading.table}) "
                f"JOIN {of}_ids USING (id)",
            )  # fmt: skip
            named = _named(column, of, reading)
            if matched and named is not None:
                fit = 2 * matched / (known + distinct)
                yield _Key(named, fit, matched, matched / known, column, of)


def id_text(column: str, *, is_number: bool) -> str:
    """Return the SQL of an id as the dataset writes it; open where it can be none."""
    text = quoted_name(column)
    if not is_number:
        return f"nullif({text}, '')"
    number = f"TRY_CAST(split_part({text}, '.', 1) AS BIGINT)"
    return f"CASE WHEN regexp_full_match({text}, '{WHOLE}') THEN CAST({number} AS VARCHAR) END"


def _named(column: str, of: SideOf, reading: _SideReading) -> bool | None:
    """Whether names say that a column has the ids of a kind; None where they say another."""
    known = reading.known_side
    if known and known.key in (column, ""):
        return True if known.of == of else None
    role = role_of(column.rpartition(".")[2])
    if role in ("user_id", "item_id"):
        return True if role == f"{of}_id" else None
    parts = [role_of(p) or role_of(p.removesuffix("s")) for p in re.split(r"[._-]", reading.name)]
    said = [p for p in parts if p in ("user_id", "item_id")]
    return bool(said) and said[-1] == f"{of}_id"
