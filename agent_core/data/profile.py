"""Profiles a dataset: what is in it, without its rows; and clear words when it is bad."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent_core.data.choices import text_of
from agent_core.data.counting import Counts, count_table
from agent_core.data.file_words import file_words
from agent_core.data.given_split import WantedPart, read_given
from agent_core.data.own_columns import own_sides
from agent_core.data.plain_file import MAX_BYTES
from agent_core.data.reader import read_table
from agent_core.data.reading import Reading
from agent_core.data.table import Trouble, connection
from agent_core.data.times import FIRST_YEAR, LAST_YEAR
from agent_core.domain import Column, Dataset, GivenPart
from agent_core.domain.parts import is_split
from agent_core.domain.recipe import ORDER, Recipe
from agent_core.errors import BadDataset
from agent_core.execution.hashing import sha256_of
from agent_core.prose.given_text import given_text, pieces_text

KNOWN_HASHES = {
    "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490": "MovieLens 100K",
}
SYNTHETIC = "SYNTHETIC DATA"
SYNTHETIC_HEADER = "synthetic_user_id"
"""First column of the product's own catalogue; see `synthetic.py`."""
MOVIELENS = ("userId", "movieId", "rating", "timestamp")
LATEST_SMALL = (100_836, 100_004)
"""Ratings of its versions of 2018 and 2016."""


def profile(
    path: Path,
    name: str | None = None,
    task: str = "",
    table: Path | None = None,
    max_bytes: int = MAX_BYTES,
    *,
    member: str = "",
    parts: Sequence[WantedPart] = (),
) -> Dataset:
    """Read a dataset and describe it.

    Parameters
    ----------
    path
        The file.
    name
        The name it is known by; None: its own.
    task
        The user's words; they may say which column holds what.
    table
        Where the table of its interactions is written; None: it is not kept.
    max_bytes
        Larger files are refused.
    member
        The file of an archive that is read; empty: it is chosen.
    parts
        The files of its given split; empty: the file is all of it.

    Raises
    ------
    BadDataset
        When it cannot be used: what is wrong, on which line, and what to do.
    """
    name = name or path.name
    with tempfile.TemporaryDirectory(prefix="autoreclab-read-") as scratch:
        folder = Path(scratch)
        target = table or folder / "table.parquet"
        words = file_words(task)
        given: tuple[GivenPart, ...] = ()
        if parts:
            reading, given = read_given(parts, words, folder, target, max_bytes)
        else:
            reading = read_table(path, name, words, folder, target, max_bytes, member)
        reading.name = name
        try:
            counts = _counts(target, reading.recipe, folder)
        except Trouble as error:
            raise BadDataset(f"{name} cannot be counted: {error.text[:300]}") from error
        found = _described(path, reading, counts)
        if is_split(given):
            return replace(found, parts=given, notes=(given_text(given), *found.notes))
        if given:
            return replace(found, pieces=given, notes=(pieces_text(given), *found.notes))
        return replace(found, sides=own_sides(reading, found.sha256, target.parent))


def _counts(target: Path, recipe: Recipe, folder: Path) -> Counts:
    """Count what is in a table."""
    with connection(folder) as opened:
        return count_table(opened, target, recipe)


def _described(path: Path, reading: Reading, counts: Counts) -> Dataset:
    """Return the profile of a file that was read."""
    recipe, name = reading.recipe, reading.name
    if counts.users < 2:
        raise BadDataset(f"{name} has {counts.users} user; an evaluation needs several.")
    digest = sha256_of(path)
    return Dataset(
        name=name,
        sha256=digest,
        size=path.stat().st_size,
        separator=recipe.delimiter or r"\s+",
        has_header=reading.has_header,
        columns=tuple(_column(c, recipe, counts) for c in recipe.columns),
        user_column=recipe.user,
        item_column=recipe.item,
        rating_column=recipe.rating or None,
        timestamp_column=recipe.timestamp or None,
        rows=counts.rows,
        users=counts.users,
        items=counts.items,
        duplicates=counts.repeated,
        rating_values=counts.ratings,
        rating_range=counts.rating_range,
        first_time=counts.first_day,
        last_time=counts.last_day,
        min_user_interactions=counts.fewest_per_user,
        notes=tuple(_notes(reading, counts)),
        known_as=_known_as(digest, recipe, counts),
        is_synthetic=recipe.columns[0] == SYNTHETIC_HEADER,
        recipe=recipe,
        table_sha256=counts.sha256,
        doubts=tuple(map(text_of, reading.doubts)),
        questions=tuple(d for d in reading.doubts if not isinstance(d, str)),
        unused=reading.unused,
        histograms=counts.histograms,
        form=reading.known.title if reading.known else "",
        licence=reading.known.licence if reading.known else "",
        citation=reading.known.cite if reading.known else "",
    )


def _notes(reading: Reading, counts: Counts) -> list[str]:
    """Return what a reader should know of the data."""
    recipe, notes = reading.recipe, list(reading.notes)
    if counts.repeated:
        notes.append(f"{counts.repeated:,} rows repeat a (user, item) pair")
    if counts.unrated:
        notes.append(f"{counts.unrated:,} interactions have no rating")
    if not recipe.rating:
        notes.append("no ratings: every row is a positive signal")
    if counts.untimed:
        notes.append(f"{counts.untimed:,} interactions have no time")
    if recipe.time_format == ORDER:
        notes.append("times are numbers that only order interactions")
    if counts.strange_years:
        notes.append(
            f"{counts.strange_years:,} times lie before {FIRST_YEAR} or after {LAST_YEAR}: the "
            "column may mix units"
        )
    if not reading.has_header:
        notes.append(f"no header: columns taken as {', '.join(recipe.columns[:6])}")
    return notes


def _column(name: str, recipe: Recipe, counts: Counts) -> Column:
    """Describe one column; of those without a role only the name is known."""
    if name == recipe.user:
        return Column(name, "int" if recipe.is_user_number else "str", counts.users)
    if name == recipe.item:
        return Column(name, "int" if recipe.is_item_number else "str", counts.items)
    if name == recipe.rating:
        return Column(name, "float", counts.different_ratings, counts.unrated)
    if name == recipe.timestamp:
        return Column(name, "timestamp", counts.different_times, counts.untimed)
    return Column(name, "str", 0)


def _known_as(digest: str, recipe: Recipe, counts: Counts) -> str | None:
    """Return the name of a dataset that is recognised."""
    if recipe.columns[0] == SYNTHETIC_HEADER:
        return SYNTHETIC
    if digest in KNOWN_HASHES:
        return KNOWN_HASHES[digest]
    if recipe.columns == MOVIELENS and counts.rows in LATEST_SMALL:
        return "MovieLens latest small"
    return None
