"""Lines of a file: what form they have, and their fields."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent_core.data.choices import Doubt
from agent_core.domain.recipe import Recipe

QUOTE = '"'
SINGLE_QUOTE = "'"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A recipe as far as the form of the lines goes, with the first rows."""

    recipe: Recipe
    rows: tuple[tuple[str, ...], ...]
    has_header: bool = False
    doubts: tuple[Doubt, ...] = ()
    """What was left out on a guess."""
    types: tuple[str, ...] = ()
    """What the header of a RecBole atomic file says of each column: `token_seq`."""


def fields_of(line: str, delimiter: str, quote: str) -> list[str]:
    """Return the fields of one line."""
    if delimiter == " " and not quote:
        return line.split()
    if len(delimiter) > 1 or not quote:
        return [f.strip() for f in line.split(delimiter)]
    reader = csv.reader([line], delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    return [f.strip() for f in next(reader, [])]


def width_of(line: str, delimiter: str, quote: str) -> int:
    """Return how many fields a line has."""
    if delimiter != " " and (not quote or quote not in line):
        return line.count(delimiter) + 1
    return len(fields_of(line, delimiter, quote))


def quotes_of(lines: Sequence[str], delimiter: str) -> tuple[str, ...]:
    """Return the quotation marks that fields of lines may stand in; empty: they stand in none."""
    if len(delimiter) > 1:
        return ("",)
    if any(QUOTE in line for line in lines):
        return (QUOTE, "")
    # An apostrophe is a letter, unless each line below the names has a field between two.
    mark, between = SINGLE_QUOTE, re.escape(delimiter)
    quoted = re.compile(rf"(?:^|{between})\s*{mark}[^{mark}]*{mark}\s*(?:{between}|$)")
    below = lines[1:]
    is_quoted = bool(below) and all(mark in x and quoted.search(x) for x in below)
    return (mark, "") if is_quoted else ("",)
