"""What one check came to, before it has a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from agent_core.domain import Finding

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Result:
    """A finding and its reason."""

    finding: Finding
    reason: str


def passed(reason: str) -> Result:
    """Return that all is well."""
    return Result(Finding.PASS, reason)


def warned(reason: str) -> Result:
    """Return something that readers must know."""
    return Result(Finding.WARN, reason)


def failed(reason: str) -> Result:
    """Return a fault."""
    return Result(Finding.FAIL, reason)


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
