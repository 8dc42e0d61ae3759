"""What one check came to, before it has a name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from agent_core.domain import Finding
from agent_core.domain.node import Value

SHOWN = 4


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
        """Fill the named fields of a template."""
        detail = super().__new__(cls, template.format_map(values))
        detail.values = {name: _plain(value) for name, value in values.items()}
        return detail

    def __add__(self, more: str) -> Detail:
        """Return both texts as one, with the values of both."""
        joined = str.__new__(Detail, f"{self}{more}")
        joined.values = {**getattr(more, "values", {}), **self.values}
        return joined


def passed(reason: str) -> Result:
    """Return that all is well."""
    return _result(Finding.PASS, reason, ())


def warned(reason: str, details: Iterable[str] = ()) -> Result:
    """Return something that readers must know, with the details that the reason lists."""
    return _result(Finding.WARN, reason, details)


def failed(reason: str, details: Iterable[str] = ()) -> Result:
    """Return a fault, with the details that the reason lists."""
    return _result(Finding.FAIL, reason, details)


def not_applicable(reason: str) -> Result:
    """Return that the plan has nothing to check here."""
    return Result(Finding.NOT_APPLICABLE, reason)


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


def _result(finding: Finding, reason: str, details: Iterable[str]) -> Result:
    """Return a finding with the values of its reason and details; the first of a name counts."""
    values: dict[str, Value] = {}
    for text in (reason, *details):
        values = {**getattr(text, "values", {}), **values}
    return Result(finding, str(reason), values)


def _plain(value: Any) -> Value:
    """Return a value as JSON can hold it: numbers of arrays, and infinite ones, cannot be."""
    plain = value.item() if hasattr(value, "item") else value
    is_number = isinstance(plain, int) or (isinstance(plain, float) and math.isfinite(plain))
    return plain if is_number else str(plain)
