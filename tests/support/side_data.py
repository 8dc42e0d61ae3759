"""Side data as they are attached, read by the product and, by their recipes, outside of it."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from agent_core.data.given_files import RECIPES, side_table_name, table_name, write_recipes
from agent_core.data.profile import profile
from agent_core.data.side_files import SideWanted, side_file
from agent_core.domain import Dataset
from agent_core.domain.side_table import SideFile
from sandbox import labbook


@dataclass(frozen=True)
class ReadSides:
    """What both came to."""

    dataset: Dataset
    found: dict[str, SideFile]
    """File name to what it is."""
    features: dict[str, pd.DataFrame]
    """`item` or `user` to its features."""

    def column(self, name: str, of: str = "item"):
        """Return what is known of a column."""
        sides = [s for s in self.dataset.sides if s.of == of]
        return next(c for s in sides for c in s.columns if c.name == name)


def read_sides(
    folder: Path,
    monkeypatch,
    interactions: tuple[str, str | bytes],
    files: dict[str, str | bytes],
    words: str = "",
):
    """Write files, join those of items and users, and hold the helper to the same rows."""
    for name, content in (interactions, *files.items()):
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    main = interactions[0]
    dataset = profile(folder / main, main, words, folder / table_name(main))
    found = {n: side_file(SideWanted(folder / n, n, dataset, folder, words)) for n in files}
    tables = tuple(f.table for f in found.values() if f.table)
    dataset = replace(dataset, sides=(*dataset.sides, *tables))
    write_recipes(folder / RECIPES, [dataset])
    monkeypatch.chdir(folder)
    kinds = sorted({s.of.value for s in dataset.sides})
    inside = {of: labbook.features(of=of) for of in kinds}
    for side in dataset.sides:
        (folder / side_table_name(main, side)).unlink()
    for of in kinds:
        pd.testing.assert_frame_equal(inside[of], labbook.features(of=of))
    return ReadSides(dataset, found, inside)
