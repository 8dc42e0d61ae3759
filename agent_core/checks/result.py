"""What one check came to, before it has a name."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from string import Formatter
from typing import Any, Self

import pandas as pd

from agent_core.domain import Finding
from agent_core.domain.node import Value

SHOWN = 4
"""Names of a list that a reason tells: with their numbers they fill the lines of one post."""
KEPT = 12
"""Names of a list that its value keeps: as many algorithms as are compared in all pairs."""


GRAVITY = (Finding.FAIL, Finding.WARN, Finding.PASS, Finding.NOT_APPLICABLE)
"""Of several findings the first counts."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finding, its reason, and the counts and names that the reason tells."""

    finding: Finding
    reason: str
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)


class Detail(str):
    """A text made of a template and values, which it keeps: nothing is said twice."""

    values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        """Fill the named fields of a template; details among the values give their own.

        Lists are told by their first names, twelve of them at `{names:12}`; the values of the
        second detail of a list are `users_2` and so on.
        """
        told = {name: _told_value(value) for name, value in values.items()}
        inner = {name: _values_in(value) for name, value in told.items()}
        detail = super().__new__(cls, template.format_map(told))
        own = {name: _plain(value) for name, value in told.items() if not inner[name]}
        detail.values = _merged_values(own, *inner.values())
        return detail

    def __add__(self, more: str) -> Detail:
        """Return both texts as one, with the values of both."""
        both = str.__new__(Detail, f"{self}{more}")
        both.values = _merged_values(self.values, getattr(more, "values", {}))
        return both


def _result(finding: Finding, told: str, details: Iterable[str] = (), /, **values: Any) -> Result:
    """Fill a template where there are values; details beside it give theirs."""
    reason = Detail(told, **values) if values else told
    known = [getattr(text, "values", {}) for text in (reason, *details)]
    return Result(finding, str(reason), _merged_values(*known))


passed = partial(_result, Finding.PASS)
"""Return that all is well."""
warned = partial(_result, Finding.WARN)
"""Return something that readers must know."""
failed = partial(_result, Finding.FAIL)
"""Return a fault."""
not_applicable = partial(_result, Finding.NOT_APPLICABLE)
"""Return that the plan has nothing to check here."""


def some(values: Iterable[Any], shown: int = SHOWN) -> str:
    """List the first values and say how many more there are."""
    known = [str(v) for v in values]
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return ", ".join(known[:shown]) + more


def label(metric: str, k: Any) -> str:
    """Return `ndcg@10`, or the bare name without a cut-off."""
    return metric if pd.isna(k) else f"{metric}@{int(k)}"


def run_label(algorithm: str, fold: str, seed: str) -> str:
    """Name a train-test run for people."""
    parts = [f"fold {fold}"] if fold else []
    parts += [f"seed {seed}"] if seed else []
    return f"{algorithm or 'unnamed algorithm'}{' (' + ', '.join(parts) + ')' if parts else ''}"


def each(template: str, **columns: Iterable[Any]) -> list[Detail]:
    """Return a detail for each place of equally long columns."""
    rows = zip(*columns.values(), strict=True)
    return [Detail(template, **dict(zip(columns, row, strict=True))) for row in rows]


def each_row(template: str, rows: pd.DataFrame) -> list[Detail]:
    """Return a detail for each row of results, by its columns and the names of metric and run."""
    fields = [name for _, name, _, _ in Formatter().parse(template) if name]
    known = [row._asdict() | _names_of(row) for row in rows.itertuples()]
    return [Detail(template, **{name: row[name] for name in fields}) for row in known]


def numbered_values(known: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    """Return the values of several findings: `users` of the first, `users_2` of the second."""
    return {
        name if place == 1 else f"{name}_{place}": value
        for place, values in enumerate(known, 1)
        for name, value in values.items()
    }


def _names_of(row: Any) -> dict[str, str]:
    """Return what a row is of: its metric with the cut-off, algorithm and run."""
    run = run_label(str(row.algorithm), str(row.fold), str(row.seed))
    return {"metric": label(str(row.metric), row.k), "algorithm": str(row.algorithm), "run": run}


class _Names(tuple[Any, ...]):
    """A list as reasons tell it, `{names:12}`, and as values keep it."""

    __slots__ = ()

    def __format__(self, shown: str) -> str:
        return some(self, int(shown or SHOWN))

    def __str__(self) -> str:
        return some(self, KEPT)


def _told_value(value: Any) -> Any:
    """Return lists as reasons tell them, all else as it is."""
    return _Names(value) if isinstance(value, Iterable) and not isinstance(value, str) else value


def _values_in(value: Any) -> dict[str, Value]:
    """Return the values of the details that a value is, or lists: those of later ones numbered."""
    parts = value[:KEPT] if isinstance(value, _Names) else (value,)
    return numbered_values(p.values for p in parts if isinstance(p, Detail))


def _merged_values(*known: Mapping[str, Value]) -> dict[str, Value]:
    """Return all values; the first of a name counts."""
    return dict(ChainMap(*map(dict, known)))


def _plain(value: Any) -> Value:
    """Return a value as JSON can hold it: numbers of arrays, and infinite ones, cannot be."""
    plain = value.item() if hasattr(value, "item") else value
    is_number = isinstance(plain, int) or (isinstance(plain, float) and math.isfinite(plain))
    return plain if is_number else str(plain)
