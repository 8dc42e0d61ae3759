"""Parts of evidence: some folds alone, and the folds of each level that is compared."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from agent_core.domain import FactorRole, LevelValue, with_design
from agent_core.evidence.cells import FoldParts
from agent_core.evidence.evidence import Evidence

TABLES = ("rows", "per_user", "recomputed", "agreement", "validated", "validated_agreement")
Place = tuple[tuple[str, LevelValue], ...]
"""Compared factors of data and split, each with its level."""


def of_folds(evidence: Evidence, folds: Container[str]) -> Evidence:
    """Return the evidence of some folds."""
    tables: dict[str, Any] = {}
    for name in TABLES:
        table = getattr(evidence, name)
        tables[name] = table[np.array([fold in folds for fold in table["fold"]], dtype=bool)]
    cells: dict[str, Any] = {
        name: getattr(evidence, name).select(lambda run: run[1] in folds)
        for name in ("lists", "predictions")
    }
    parts: dict[str, Any] = {
        name: _selected(getattr(evidence, name), folds)
        for name in ("train", "test", "validation", "query", "validation_query")
    }
    blocks = {f: b for f, b in evidence.blocks.items() if f in folds}
    names = {b.name for b in blocks.values()}
    return replace(
        evidence,
        **tables,
        **cells,
        **parts,
        origins={f: o for f, o in evidence.origins.items() if f in folds},
        blocks=blocks,
        design=tuple(c for c in evidence.design if c.block.name in names),
        of_runs={r: c for r, c in evidence.of_runs.items() if r[1] in folds},
        records={r: said for r, said in evidence.records.items() if r[1] in folds},
        cells=evidence.cells[evidence.cells["block"].isin(names)],
    )


def compared_places(evidence: Evidence) -> dict[Place, list[str]]:
    """Return the folds of each combination of compared levels of data and split.

    Folds that are no blocks of the design, and those of a design that compares neither, are all
    of one place.
    """
    return places_of(evidence, {*evidence.single["fold"]})


def places_of(evidence: Evidence, folds: Iterable[str]) -> dict[Place, list[str]]:
    """Return some folds by the combination of compared levels that they are at."""
    roles = {f.name: f.role for f in with_design(evidence.plan).factors}
    found: dict[Place, list[str]] = {}
    for fold in sorted(folds):
        block = evidence.blocks.get(fold)
        levels = block.levels.items() if block else ()
        place = tuple((n, v) for n, v in levels if roles.get(n) is FactorRole.COMPARED)
        found.setdefault(place, []).append(fold)
    return found


def place_text(place: Place) -> str:
    """Name levels for people: `5-core, train_share 0.5`."""
    named = (str(v) if isinstance(v, str) else f"{name} {v}" for name, v in place)
    return ", ".join(named)


def views_by_place(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Yield the evidence of each combination of compared levels, with its name."""
    places = compared_places(evidence)
    if len(places) < 2:
        yield "", evidence
        return
    for place, folds in places.items():
        yield place_text(place), of_folds(evidence, set(folds))


def _selected(
    parts: Mapping[str, pd.DataFrame], folds: Container[str]
) -> Mapping[str, pd.DataFrame]:
    """Return the parts of some folds."""
    if isinstance(parts, FoldParts):
        return parts.select(folds)
    return {f: part for f, part in parts.items() if f in folds}
