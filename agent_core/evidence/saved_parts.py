"""The parts of a split: what the dataset has of them, read fold by fold."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from agent_core.evidence.cells import FoldParts
from agent_core.evidence.result_files import Reading
from agent_core.evidence.split_origin import Origin, Parts, trace_parts

ODD_DATA = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What data of an unforeseen form can make a calculation raise."""


def origins_of(
    saved: Parts,
    whole: Mapping[str, pd.DataFrame | None],
    sources: Mapping[str, str],
    reading: Reading,
) -> tuple[dict[str, FoldParts], dict[str, Origin]]:
    """Return the split with what the dataset of each fold has of it, and where it comes from."""
    parts = {"train": FoldParts(reading.room), "test": FoldParts(reading.room)}
    origins: dict[str, Origin] = {}
    for source, interactions in whole.items():
        own = {
            part: {f: one for f, one in folds.items() if sources.get(f, "") == source}
            for part, folds in saved.items()
        }
        try:
            told, found = trace_parts(own, interactions, reading.ids)
        except ODD_DATA as error:
            reading.problems.add(f"the split cannot be sought in the dataset: {str(error)[:200]}")
            told, found = trace_parts(own, None, reading.ids)
        origins |= found
        for part, folds in told.items():
            for fold, one in folds.items():
                parts[part].add(fold, one)
    return parts, origins


def other_parts(saved: Parts, reading: Reading) -> dict[str, FoldParts]:
    """Return what of a split neither trains nor is tested."""
    found = {part: FoldParts(reading.room) for part in ("validation", "query", "validation_query")}
    for part, folds in found.items():
        for fold, one in saved.get(part, {}).items():
            folds.add(fold, one)
    return found
