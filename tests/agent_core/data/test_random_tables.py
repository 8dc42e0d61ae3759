"""Random tables in random dialects come back row by row, from the product and from the helper."""

import os

import pytest
from random_tables import random_table
from read_files import read_file

TABLES = int(os.environ.get("AUTORECLAB_RANDOM_TABLES", "24"))
"""`make soak` reads 2,000."""
TOLD = "the first column is the user, the second column is the item"


@pytest.mark.timeout(60 + TABLES)
@pytest.mark.parametrize("part", range(4))
def test_random_tables_come_back_row_by_row(tmp_path, part):
    for seed in range(part, TABLES, 4):
        made = random_table(seed)

        found = read_file(tmp_path, made.content, made.name)
        if any("(column_1) is taken as an item" in d for d in found.dataset.doubts):
            # Items named as people are in a table without names: asked, and told.
            found = read_file(tmp_path, made.content, made.name, TOLD)
        read = found.table

        assert list(read["user_id"]) == made.users, made.told
        assert list(read["item_id"]) == made.items, made.told
        if made.ratings is not None:
            assert list(read["rating"]) == made.ratings, made.told
        if made.times is not None:
            found = read["timestamp"].dt.tz_localize("UTC").tolist()
            assert found == made.times, made.told
