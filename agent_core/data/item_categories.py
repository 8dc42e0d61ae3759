"""Which column of item side data groups items, and what it holds of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from agent_core.data.given_files import side_table_name
from agent_core.domain import Dataset
from agent_core.domain.side_table import SideKind, SideOf, SideTable

MOST_CATEGORIES = 60
"""Different texts up to which a column groups items; above, it names or describes them."""


def category_column(dataset: Dataset) -> str:
    """Return the column of the item side data that groups items; empty where there is none."""
    found = _found(dataset)
    return found[1] if found else ""


def category_file(dataset: Dataset) -> str:
    """Return the file of the column that groups items; empty where there is none."""
    found = _found(dataset)
    return found[0].name if found else ""


def read_categories(dataset: Dataset, files: Mapping[str, Path]) -> pd.Series | None:
    """Return the categories of each item: one text, or a list of texts; None without any.

    Parameters
    ----------
    dataset
        The profile.
    files
        Name to path, with the tables that were made of side data.
    """
    found = _found(dataset)
    path = files.get(side_table_name(dataset.name, found[0])) if found else None
    if found is None or path is None:
        return None
    table = pd.read_parquet(path, columns=["item_id", found[1]])
    return table.set_index("item_id")[found[1]]


def _found(dataset: Dataset) -> tuple[SideTable, str] | None:
    """Return the table and its column: lists come first."""
    sides = [side for side in dataset.sides if side.of is SideOf.ITEM]
    columns = [(side, column) for side in sides for column in side.columns]
    lists = [(s, c.name) for s, c in columns if c.kind is SideKind.LIST]
    texts = [
        (s, c.name)
        for s, c in columns
        if c.kind is SideKind.STR and 1 < c.distinct <= MOST_CATEGORIES
    ]
    return next(iter([*lists, *texts]), None)
