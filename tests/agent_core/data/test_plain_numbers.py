"""Files of plain numbers are read as numbers, and come to the same as when read as text."""

import os
import random

import pyarrow.parquet as pq
import pytest

from agent_core.data import reading
from agent_core.data.plain_file import plain_file
from agent_core.data.plain_numbers import are_plain_numbers
from agent_core.data.profile import profile
from agent_core.domain.recipe import Recipe
from agent_core.errors import BadDataset

ROWS = [[1 + n // 5, 10 + n * 7 % 11, f"{1 + n % 9 / 2}", 1_000_000_000 + n] for n in range(60)]
DOUBTS = {
    "leading zero": (7, 0, "007"), "fraction": (7, 1, "3.0"), "sign": (7, 0, "+7"),
    "negative": (7, 1, "-7"), "exponent": (7, 1, "1e1"), "blank": (7, 1, " 7"),
    "word": (7, 2, "NA"), "quote": (7, 0, '"7"'), "zero before a fraction": (7, 2, "04.5"),
    "another alphabet": (7, 0, "\N{ARABIC-INDIC DIGIT SEVEN}"), "another column": (7, 1, "7,8"),
}  # fmt: skip
"""Row, column and value of a file that is read as text."""
UNHELD = {
    "no item": (7, 1, ""), "no rating": (7, 2, ""), "no time": (7, 3, ""),
    "beyond 64 bits": (7, 0, "9" * 20), "sign in a number": (7, 3, "10-5"),
}  # fmt: skip
"""The same of a file that has the marks of numbers alone."""
PLAIN = {
    "usual": (0, 0, "1"), "fraction alone": (7, 2, ".5"), "no fraction": (7, 2, "4"),
    "negative rating": (7, 2, "-4.5"), "fraction of a second": (7, 3, "1000000007.25"),
    "zero": (7, 0, "0"), "below one": (7, 2, "0.05"), "largest": (7, 0, str(2**63 - 1)),
    "first moment": (7, 3, "0"), "long fraction": (7, 2, "3.14159265358979323846"),
    "not rated": (7, 2, "99"),
}  # fmt: skip
ALL = [*DOUBTS.values(), *UNHELD.values(), *PLAIN.values()]
DIALECTS = [
    (delimiter, ends, has_header, is_ended)
    for delimiter in (",", "\t", "::", ";", "|")
    for ends, has_header, is_ended in (("\n", True, True), ("\r\n", False, False))
]


TABLES = int(os.environ.get("AUTORECLAB_RANDOM_TABLES", "60"))
RECIPE = Recipe(
    skip=1, columns=("user", "item", "rating", "timestamp"), user="user", item="item",
    rating="rating", timestamp="timestamp", is_user_number=True, is_item_number=True,
    time_format="s",
)  # fmt: skip


@pytest.fixture
def paths(monkeypatch):
    """Whether the table of each file was written from numbers, as they were read."""
    taken = []

    def write(opened, source, recipe, target, *, has_numbers=False):
        written(opened, source, recipe, target, has_numbers=has_numbers)
        taken.append(has_numbers)

    written = reading.write_table
    monkeypatch.setattr(reading, "write_table", write)
    return taken


def text_of(rows, delimiter=",", ends="\n", has_header=True, is_ended=True):
    names = [["user", "item", "rating", "timestamp"]] if has_header else []
    lines = [delimiter.join(map(str, row)) for row in (*names, *rows)]
    return ends.join(lines) + (ends if is_ended else "")


def read_both_ways(folder, text, monkeypatch):
    """Read a text as the product does and once more as text; both come to the same."""
    path = folder / "data.csv"
    path.write_bytes(text.encode())
    found = []
    for are_plain in (are_plain_numbers, lambda _plain, _recipe: False):
        monkeypatch.setattr(reading, "are_plain_numbers", are_plain)
        target = folder / "table.parquet"
        try:
            dataset = profile(path, table=target)
        except BadDataset as error:
            found.append((str(error), None))
        else:
            found.append((dataset, pq.read_table(target)))
    (own, own_table), (plain, plain_table) = found
    assert own == plain
    assert (own_table is None) or own_table.equals(plain_table)


def changed(row, column, value):
    """Return the rows with one value changed."""
    rows = [list(r) for r in ROWS]
    rows[row][column] = value
    return rows


def is_plain(folder, text):
    """Whether a file, read by its own recipe, has plain numbers alone."""
    path = folder / "data.csv"
    path.write_bytes(text.encode())
    plain = plain_file(path, path.name, folder)
    return are_plain_numbers(plain, RECIPE)


@pytest.mark.parametrize("dialect", DIALECTS[::2])
def test_numbers_are_read_as_numbers_in_every_dialect(tmp_path, monkeypatch, paths, dialect):
    read_both_ways(tmp_path, text_of(ROWS, *dialect), monkeypatch)

    assert paths == [True, False]


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_what_is_a_number_everywhere_is_plain(tmp_path, value):
    assert is_plain(tmp_path, text_of(changed(*value)))


@pytest.mark.parametrize("value", DOUBTS.values(), ids=DOUBTS)
def test_what_a_type_would_change_is_a_doubt(tmp_path, value):
    assert not is_plain(tmp_path, text_of(changed(*value)))


def test_every_line_is_looked_at(tmp_path):
    rows = ROWS * 200
    assert is_plain(tmp_path, text_of(rows))
    assert not is_plain(tmp_path, text_of([*rows, ["01", 11, "4.0", 1_000_000_000]]))


@pytest.mark.parametrize("value", UNHELD.values(), ids=UNHELD)
def test_what_no_number_holds_has_the_file_read_as_text(tmp_path, monkeypatch, paths, value):
    read_both_ways(tmp_path, text_of(changed(*value)), monkeypatch)

    assert True not in paths


@pytest.mark.parametrize("part", range(2))
def test_random_numbers_with_and_without_doubts_come_to_the_same(tmp_path, monkeypatch, part):
    for seed in range(part, TABLES // 10, 2):
        drawn = random.Random(seed)
        rows = [list(row) for row in ROWS]
        for _, column, value in drawn.sample([*ALL], k=drawn.randrange(3)):
            rows[drawn.randrange(len(rows))][column] = value
        read_both_ways(tmp_path, text_of(rows, *drawn.choice(DIALECTS)), monkeypatch)
