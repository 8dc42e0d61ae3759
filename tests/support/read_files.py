"""A file as it is attached, read by the product and, by its recipe, by the helper of scripts."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from agent_core.data.profile import profile
from agent_core.domain import Dataset
from sandbox import labbook


@dataclass(frozen=True)
class ReadFile:
    """What both came to."""

    dataset: Dataset
    table: pd.DataFrame
    """The product's rows; ids as text."""

    def pairs(self):
        """Return the users and items of all rows."""
        return list(zip(self.table["user_id"], self.table["item_id"], strict=True))


def read_file(folder: Path, content: str | bytes, name: str = "data.csv", words: str = ""):
    """Write a file, read it, and hold the helper to the same rows."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_path(path, words)


def read_path(path: Path, words: str = "", name: str | None = None):
    """Read a file and hold the helper to the same rows."""
    target = path.parent / ".table.parquet"
    dataset = profile(path, name, words, target)
    table = pd.read_parquet(target)
    outside = labbook.read_raw(path, dataset.recipe.as_json())
    for column in ("user_id", "item_id"):
        table[column], outside[column] = (f[column].astype(str) for f in (table, outside))
    pd.testing.assert_frame_equal(table, outside, check_dtype=False)
    return ReadFile(dataset, table)
