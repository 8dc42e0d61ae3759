"""What scripts are given beside their datasets: the table of each, and how it was read."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agent_core.domain import Dataset
from agent_core.domain.side_table import SideTable

RECIPES = ".recipes.json"
"""Dataset name to its recipe; what `labbook.load` goes by."""


def table_name(dataset: str) -> str:
    """Return the name of a dataset's table; no attached file can have it."""
    return f".{dataset}.parquet"


def side_table_name(dataset: str, side: SideTable) -> str:
    """Return the name of a table of side data; `+` is in no name of an attached file."""
    return f".{dataset}+{side.name}+{side.of}.parquet"


def recipes_text(datasets: Iterable[Dataset], indent: int | None = 1) -> str:
    """Return the recipes of datasets as the helper reads them."""
    told = {
        d.name: d.recipe.as_json() | _parts_of(d) | {"sides": _sides_of(d)}
        for d in datasets
        if d.recipe
    }
    return json.dumps(told, indent=indent, ensure_ascii=False)


def _parts_of(dataset: Dataset) -> dict[str, Any]:
    """Return the files of a dataset that came in several, each with its part and recipe."""
    parts = [
        {"fold": p.fold, "name": p.name, "file": p.file, "recipe": p.recipe.as_json()}
        for p in (*dataset.parts, *dataset.pieces)
    ]
    return {"parts": parts} if parts else {}


def _sides_of(dataset: Dataset) -> list[dict[str, Any]]:
    return [side_entry(dataset.name, s) for s in dataset.sides]


def side_entry(dataset: str, side: SideTable) -> dict[str, Any]:
    """Return what the helper needs to read side data."""
    return {
        "file": side.file,
        "name": side.name,
        "of": side.of.value,
        "is_own": side.is_own,
        "table": side_table_name(dataset, side),
        "recipe": side.recipe.as_json(),
    }


def write_recipes(path: Path, datasets: Iterable[Dataset]) -> None:
    """Write the recipes of datasets."""
    path.write_text(recipes_text(datasets), encoding="utf-8")


def with_tables(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of a run with what was made of them, where it is there."""
    beside = {p.parent / n for name, p in files.items() for n in (table_name(name), RECIPES)}
    for name, path in files.items():
        beside |= {*path.parent.glob(f".{glob.escape(name)}+*.parquet")}
    return {**files, **{p.name: p for p in sorted(beside) if p.is_file()}}
