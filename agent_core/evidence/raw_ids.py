"""Ids of scripts that read the file of a dataset by themselves, traced back to those of its table.

pandas makes the number 7 of `007` and nothing of `NA`; a join makes 7.0 of 7. What ids become is
worked out from those of the table: a form that one id alone takes stands for it, a form that
several take is told.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from agent_core.data.parquet_reader import ids
from agent_core.evidence.id_codes import IdCodes

Forms = Mapping[str, str]
"""Id to what it becomes."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the ids that a script wrote stand for in a dataset."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """Written id to the one of the table."""
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Written id to the several that became it."""


def meaning_of(written: Collection[str], known: Iterable[str], *, is_number: bool) -> Meaning:
    """Return what written ids stand for; nothing where they stand for themselves.

    Parameters
    ----------
    written
        Ids as text, the empty one where there is none.
    known
        The ids of the dataset.
    is_number
        Whether these are whole numbers, all of them.
    """
    texts, there = set(written), set(known)
    best, explained = Meaning(), len(texts & there)
    if explained == len(texts):
        return best
    for forms in _number_forms(there) if is_number else _text_forms(there):
        groups: dict[str, list[str]] = defaultdict(list)
        for own, form in forms.items():
            groups[form].append(own)
        found = texts & {*groups}
        if len(found) > explained:
            several = {t: tuple(sorted(groups[t])) for t in sorted(found) if len(groups[t]) > 1}
            single = {t: groups[t][0] for t in found if t not in several}
            best, explained = Meaning(single, several), len(found)
    return best


def read_otherwise(missing: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Return those of the missing ids that pandas reads as something else, and as what."""
    if not len(missing):
        return {}
    forms = next(_text_forms(known))
    return {own: forms[own] for own in sorted(missing) if forms[own] != own}


def with_meant_ids(
    frame: pd.DataFrame, meanings: Mapping[str, Meaning], codes: IdCodes
) -> pd.DataFrame:
    """Return a table with the ids of the dataset."""
    meant = {c: m.ids for c, m in meanings.items() if m.ids and c in frame}
    return frame.assign(**{c: codes.exchange(frame[c], m) for c, m in meant.items()})


def _number_forms(known: Collection[str]) -> Iterator[Forms]:
    """Yield what whole numbers become as floats, and these as texts."""
    numbers = {own: float(own) for own in known if own}
    yield {own: str(int(n)) for own, n in numbers.items()}
    yield {own: str(n) for own, n in numbers.items()}


def _text_forms(known: Collection[str]) -> Iterator[Forms]:
    """Yield what texts become where pandas reads them: typed, as texts, typed and then texts."""
    typed = _as_pandas_reads(known)
    yield dict(zip(typed, ids(pd.Series([*typed.values()])), strict=True))
    yield {own: "" if pd.isna(value) else own for own, value in typed.items()}
    yield {own: str(value) for own, value in typed.items()}


def _as_pandas_reads(known: Collection[str]) -> dict[str, Any]:
    """Return ids as `pandas.read_csv` has them where nothing tells it their type."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([own] for own in known)
    text.seek(0)
    options: dict[str, Any] = {"skip_blank_lines": False, "low_memory": False}
    values = pd.read_csv(text, header=None, names=["id"], index_col=False, **options)["id"]
    return dict(zip(known, values, strict=True))
