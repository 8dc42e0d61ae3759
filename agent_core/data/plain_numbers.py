"""Whether a file holds nothing but plain numbers: read as such they lose nothing.

Numbers are read in half of the time that texts take. The types of a reader would take `007`, `7.0`
and `+7` for the id 7, so every byte is looked at before: beside digits a line has marks between
fields, and points and signs in fields of ratings and times alone, and no number begins with a 0
that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from agent_core.data.plain_file import PlainFile
from agent_core.domain.recipe import EPOCHS, ORDER, Layout, Recipe

DIGITS = b"0123456789"
ZERO, NINE, POINT = (np.uint8(c) for c in (ord("0"), 9, ord(".")))
FRACTIONS = (b"", b".", b"-", b"-.")
"""What a field of a rating or a time may have beside digits."""
CHUNK = 128 << 10
"""Bytes that fit the cache of a core; larger pieces take twice as long."""


def are_plain_numbers(plain: PlainFile, recipe: Recipe) -> bool:
    """Whether a file has numbers in their usual form and nothing else."""
    if plain.has_blanks or not _may_be_plain(recipe):
        return False
    pieces = _pieces(plain.path, recipe.skip)
    return all(_has_marks_of_rows(p, recipe) and not _has_idle_zero(p) for p in pieces)


def _may_be_plain(recipe: Recipe) -> bool:
    """Whether nothing in a recipe goes by how a field is written."""
    return (
        recipe.layout is Layout.DELIMITED
        and recipe.is_user_number
        and recipe.is_item_number
        and (recipe.decimal, recipe.ending, recipe.thousands) == (".", "", "")
        and recipe.time_format in ("", ORDER, *EPOCHS)
        and not (recipe.around or recipe.bad_lines or recipe.drops)
        and not any(c.isdigit() for word in recipe.missing for c in word)
    )


def _pieces(path: Path, skip: int) -> Iterator[bytes]:
    """Yield whole lines, each piece behind the end of a line."""
    with path.open("rb") as file:
        for _ in islice(file, skip):
            pass
        rest = b""
        while chunk := file.read(CHUNK):
            whole, end, rest = (rest + chunk).rpartition(b"\n")
            yield b"\n" + whole + end
        if rest:
            yield b"\n" + rest + b"\n"


def _has_marks_of_rows(piece: bytes, recipe: Recipe) -> bool:
    """Whether each line has the marks of a row beside digits."""
    marks = piece.translate(None, DIGITS)[1:]
    first = marks[: marks.find(b"\n") + 1]
    # Most files have rows of one form; to compare them at once takes no time.
    is_alike = marks == first * (len(marks) // max(1, len(first)))
    found = [first[:-1]] if is_alike else {*marks.split(b"\n")[:-1]}
    return all(_are_marks_of_row(row.removesuffix(b"\r"), recipe) for row in found)


def _are_marks_of_row(marks: bytes, recipe: Recipe) -> bool:
    """Whether marks part the fields of a row, and ids have none inside."""
    fields = marks.split(recipe.delimiter.encode())
    ids = {recipe.user, recipe.item}
    return len(fields) == len(recipe.columns) and all(
        field in (FRACTIONS[:1] if column in ids else FRACTIONS)
        for field, column in zip(fields, recipe.columns, strict=True)
    )


def _has_idle_zero(piece: bytes) -> bool:
    """Whether a number begins with a 0 and another digit."""
    text = np.frombuffer(piece, dtype=np.uint8)
    is_mark = text - ZERO > NINE
    found = text[1:-1] == ZERO
    found &= is_mark[:-2]
    np.greater(found, is_mark[2:], out=found)
    return bool(found.any()) and bool((text[:-2][found] != POINT).any())
