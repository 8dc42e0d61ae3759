"""How a second execution of one script compares with the first: repeatability, no more."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from jinja2 import Environment as Environments, PackageLoader, StrictUndefined, Template

from agent_core.checks.result import some
from agent_core.domain import Environment, Metric, Node
from agent_core.domain.events import Rerun
from agent_core.evidence.evidence import Evidence
from sandbox.execution import Execution, IsolationLevel

TOLERANCE = 1e-9
"""Share of the larger of two values up to which two runs of one script count as identical: sums in
another order differ by 1e-16 of a mean, another draw in at least one hit of one user, 1e-7 of a
mean over ten millions."""
SMALLEST = 1e-6
"""Values below count as this one: what is nearly 0 has no digits to compare."""
KEYS = ["metric", "k", "algorithm", "dataset", "fold", "seed", "aggregate"]
FIRST = ("Python", "lenskit", "torch", "numpy", "scipy", "pandas", "scikit-learn")
"""Packages that are named first where many changed."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The rows of two executions beside each other."""

    both: pd.DataFrame
    """Rows that both have, with `gap`: absolute difference, infinite where one is no number; and
    `share`: the same relative to the larger value."""
    only_old: pd.DataFrame
    only_new: pd.DataFrame

    @property
    def is_identical(self) -> bool:
        """Whether both have the same rows, with values as good as equal."""
        missing = len(self.only_old) + len(self.only_new)
        return len(self.both) > 0 and not missing and self.differing == 0

    @property
    def differing(self) -> int:
        """Rows whose values differ by more than the tolerance."""
        return int((self.both["share"] > TOLERANCE).sum())

    @property
    def largest(self) -> float:
        """Largest finite difference."""
        gaps = self.both["gap"]
        return float(gaps[np.isfinite(gaps)].max()) if np.isfinite(gaps).any() else 0.0

    @property
    def worst(self) -> list[str]:
        """The largest difference of each metric, in the order of delivery."""
        largest = self.both.groupby(["metric", "k"], sort=False)["gap"].max()
        return [f"{_metric_label(m, k)} {_gap_text(gap)}" for (m, k), gap in largest.items()]

    @property
    def seeds(self) -> int:
        """Different seeds among the rows that both have."""
        return int(self.both["seed"][self.both["seed"] != ""].nunique())


def compare(
    node: Node,
    execution: Execution,
    old: Evidence,
    new: Evidence,
    now: Environment,
    cells: Collection[str] | None = None,
) -> Rerun:
    """Compare two executions of one script.

    Parameters
    ----------
    node
        The script, with the environment of its first execution.
    execution
        The second one.
    old, new
        What they delivered.
    now
        The environment of the second execution.
    cells
        Those that were made again; None: all.
    """
    changed = tuple(_changes(node.environment, now))
    made = _rows_of(old, cells)
    gaps = _gaps_of(made, new.rows) if execution.is_ok else _gaps_of(made[:0], new.rows[:0])
    sample = 0 if cells is None else len(cells), len(old.of_runs)
    written = _template().render(
        execution=execution,
        gaps=gaps,
        changed=changed,
        then=node.environment,
        now=now,
        tolerance=TOLERANCE,
        numerics=[_numerics_of(side) for side in (old, new)],
        is_confined=execution.level is not IsolationLevel.UNCONFINED,
        agreement=new.agreement,
        cells=sample[0],
        of=sample[1],
    )
    text = " ".join(written.split())
    told = (node.id, gaps.is_identical, gaps.largest, len(gaps.both), text, changed)
    return Rerun(*told, *sample)


def _rows_of(old: Evidence, cells: Collection[str] | None) -> pd.DataFrame:
    """Return the rows of some cells; what a script made of several of them is none of these."""
    if cells is None:
        return old.rows
    wanted = {run for run, cell in old.of_runs.items() if cell.id in cells}
    runs = old.rows[["algorithm", "fold", "seed"]].itertuples(index=False, name=None)
    is_wanted = np.array([run in wanted for run in runs], dtype=bool)
    return old.rows[is_wanted & ~old.rows["aggregate"].to_numpy(dtype=bool)]


@cache
def _template() -> Template:
    """Return the text about a second execution."""
    found = Environments(
        loader=PackageLoader("agent_core.verification", "."),
        undefined=StrictUndefined,
        autoescape=False,
    )
    found.filters |= {"gap": _gap_text, "some": some, "named_rows": _named_rows}
    return found.get_template("rerun.md.j2")


def _gaps_of(old: pd.DataFrame, new: pd.DataFrame) -> Gaps:
    """Put the rows of two executions beside each other; repeated rows by their order."""
    both = _numbered_rows(old).merge(
        _numbered_rows(new),
        on=[*KEYS, "turn"],
        how="outer",
        suffixes=("_old", "_new"),
        indicator="side",
    )
    shared = both[both["side"] == "both"]
    first, second = (shared[c].astype(float).to_numpy() for c in ("value_old", "value_new"))
    gap = np.where(first == second, 0.0, np.abs(first - second))
    gap = np.where(np.isnan(first) & np.isnan(second), 0.0, gap)
    gap = np.where(np.isnan(gap), math.inf, gap)
    larger = np.fmax(np.fmax(np.abs(first), np.abs(second)), SMALLEST)
    return Gaps(
        shared.assign(gap=gap, share=gap / larger),
        both[both["side"] == "left_only"],
        both[both["side"] == "right_only"],
    )


def _numbered_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return keys and values, with the turn of a row among those of its keys."""
    kept = rows[[*KEYS, "value"]]
    kept = kept.assign(k=kept["k"].astype("Int64").fillna(0).astype(int))
    text = [c for c in KEYS if c not in ("k", "aggregate")]
    kept = kept.assign(**{c: kept[c].fillna("").astype(str) for c in text})
    return kept.assign(turn=kept.groupby(KEYS).cumcount())


def _numerics_of(evidence: Evidence) -> str:
    """Return kernel and threads of an execution as its helper recorded them; empty: it did not."""
    told = evidence.run.get("numerics")
    if not isinstance(told, Mapping) or not told.get("kernel"):
        return ""
    threads = told.get("threads")
    return f"{told['kernel']}, {threads} thread{'s' * (threads != 1)}"


def _gap_text(gap: float) -> str:
    """Return a difference for people."""
    if not math.isfinite(gap):
        return "no number in one of them"
    return f"{gap:.2g}".replace("e-0", "e-")


def _named_rows(rows: pd.DataFrame) -> str:
    """Name rows that only one execution has."""
    return some(map(_row_name, rows[KEYS].to_dict("records")))


def _row_name(row: Mapping[str, object]) -> str:
    """Name a row for people."""
    label = _metric_label(row["metric"], row["k"])
    parts = [f"{part} {row[part]}" for part in ("fold", "seed") if row[part]]
    return " ".join([label, f"of {row['algorithm']}", *parts])


def _metric_label(metric: object, k: object) -> str:
    """Name a metric for people; a cut-off of 0 is none."""
    return Metric(str(metric), int(str(k)) or None).label


def _changes(then: Environment, now: Environment) -> list[str]:
    """Return the packages whose version changed, as `lenskit 2025.8.1 → 2026.1`."""
    if not then.packages or not now.packages:
        return []
    old = {**then.packages, **({"Python": then.python} if then.python else {})}
    new = {**now.packages, **({"Python": now.python} if now.python else {})}
    changed = {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}
    return [
        f"{n} {old.get(n, 'not there')} → {new.get(n, 'gone')}" for n in _important_first(changed)
    ]


def _important_first(names: Iterable[str]) -> list[str]:
    """Order packages: those that numbers depend on first, then by name."""
    order = {name: place for place, name in enumerate(FIRST)}
    return sorted(names, key=lambda n: (order.get(n, len(FIRST)), n.lower()))
