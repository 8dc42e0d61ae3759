"""What answers are computed from: cells, values of runs and users, and what was tested."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from agent_core.domain import Factor, LevelValue, Plan, cells_of, with_design
from agent_core.evidence.evidence import Evidence
from agent_core.statistics.answers import delivered_values
from agent_core.statistics.answers.answer import Grade, Missing, Reason
from agent_core.statistics.answers.comparability import Part, grade_of
from agent_core.statistics.answers.groupings import Grouping
from agent_core.statistics.answers.list_stability import Stability, stabilities_of

COST_COLUMNS: Mapping[str, str] = {
    "training_time": "train_s",
    "recommendation_time": "recommend_s",
    "memory": "peak_mib",
}
"""Measures of cost, and where cells have them."""
TEST, VALIDATION = "test", "validation"
RUN_COLUMNS = ("cell", "metric", "value")
COUNTS = ("dataset", "data", "step", "users", "items", "interactions")


@dataclass(frozen=True, slots=True, eq=False)
class StudyValues:
    """The input of every answer; users, items and cells are ids."""

    plan: Plan
    cells: pd.DataFrame
    """A line a cell: id, variant, block, seed, a column a factor; where known also on (`test`,
    `validation`), is_audit, chosen, train_s, recommend_s, shared_s, peak_mib, train_rows,
    test_rows, train_users, train_items, test_users, ended."""
    users: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Key of a metric to its value of each user (lines) in each cell (columns); NaN where a cell
    does not test the user. Of a pooled error: the mean loss of the user's predictions."""
    runs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(RUN_COLUMNS)))
    """cell, metric (its key), value."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Block to what it tests."""
    weights: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Key of a pooled error to how many predictions each user has in each cell."""
    counts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COUNTS)))
    """What data levels hold: dataset, data, step (`before`, `after`, or a rule), and counts."""
    groupings: Mapping[str, Grouping] = field(default_factory=dict)
    """What a question is grouped by to its groups."""
    stabilities: tuple[Stability, ...] = ()
    """What lists of cells have in common, where a question asks about it."""
    memory: dict[Hashable, Any] = field(default_factory=dict, init=False)
    """What was worked out before, by what was asked."""

    @classmethod
    def of(cls, evidence: Evidence) -> StudyValues:
        """Read the values of an execution: recomputed ones in place of claimed ones."""
        values = delivered_values.measured_values(evidence)
        weights = delivered_values.pooled_losses(evidence)
        return cls(
            with_design(evidence.plan),
            delivered_values.cells_with_records(evidence),
            {**user_tables(values.users), **{key: losses for key, (losses, _) in weights.items()}},
            values.runs,
            delivered_values.parts_of_blocks(evidence),
            {key: counts for key, (_, counts) in weights.items()},
            delivered_values.counts_of_data(evidence),
            delivered_values.groupings_of(evidence),
            stabilities_of(evidence),
        )

    def factor(self, name: str) -> Factor | None:
        """Return a factor of the plan by its name."""
        return next((f for f in self.plan.factors if f.name == name), None)

    def place(self, name: str, level: LevelValue) -> float:
        """Return where a level stands in its factor; last where it is none of the plan."""
        factor = self.factor(name)
        levels = factor.levels if factor else ()
        return levels.index(level) if level in levels else len(levels)

    def grade(self, a: str, b: str) -> tuple[Grade, Reason]:
        """Return how far two blocks can be compared."""
        if a == b:
            return Grade.SAME, Reason.NONE
        key = ("grade", a, b)
        if key not in self.memory:
            self.memory[key] = grade_of(self.parts.get(a), self.parts.get(b))
        found: tuple[Grade, Reason] = self.memory[key]
        return found

    @property
    def has_random(self) -> bool:
        """Whether an algorithm of the plan draws random numbers."""
        return any(a.is_random for a in self.plan.algorithms)

    @property
    def tested(self) -> pd.DataFrame:
        """The cells that were evaluated on test data, those for an audit aside."""
        cells = self.cells
        if "on" in cells:
            cells = cells[cells["on"].fillna(TEST) == TEST]
        return cells[~cells["is_audit"].eq(True)] if "is_audit" in cells else cells

    def delivered(self, measure: str) -> frozenset[str]:
        """Return the cells that have values of a measure."""
        key = ("delivered", measure)
        if key not in self.memory:
            table = self.users.get(measure)
            own = set(table.columns[table.notna().any()]) if table is not None else set()
            self.memory[key] = frozenset(own | set(self.run_values(measure).dropna().index))
        found: frozenset[str] = self.memory[key]
        return found

    def run_values(self, measure: str) -> pd.Series[float]:
        """Return the value of each cell in a measure, as it is averaged over its users."""
        key = ("runs", measure)
        if key not in self.memory:
            rows = self.runs[self.runs["metric"] == measure]
            found = rows.groupby("cell")["value"].mean()
            if COST_COLUMNS.get(measure) in self.cells:
                found = self.cells.set_index("id")[COST_COLUMNS[measure]].dropna()
            table = self.users.get(measure)
            if table is not None and measure not in self.weights:
                found = found.combine_first(table.mean())
            self.memory[key] = found.astype(float)
        values: pd.Series[float] = self.memory[key]
        return values

    def missing(self, measure: str) -> tuple[Missing, ...]:
        """Return the planned cells that have no values of a measure."""
        known = self.cells[self.cells["id"].isin(self.delivered(measure))]
        have = {_place_of(*p) for p in known[["variant", "block", "seed"]].itertuples(index=False)}
        return tuple(m for place, m in self._planned().items() if place not in have)

    def _planned(self) -> dict[tuple[str, str, str], Missing]:
        """Return the planned cells, each as it would be missed."""
        ends: dict[tuple[str, str, str], str] = {}
        if "ended" in self.cells:
            columns = self.cells[["variant", "block", "seed", "ended"]]
            ends = {_place_of(*p[:3]): str(p[3] or "") for p in columns.itertuples(index=False)}
        places = [_place_of(c.algorithm.name, c.block.name, c.seed) for c in cells_of(self.plan)]
        return {p: Missing(*p, ended=ends.get(p, "")) for p in places}


def user_tables(values: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return values of users by measure from lines of cell, metric, user_id, value."""
    return {
        str(metric): own.pivot_table("value", "user_id", "cell", aggfunc="first")
        for metric, own in values.groupby("metric", sort=False)
    }


def level_at(value: Any) -> LevelValue | None:
    """Return a level as a table has it; None where the factor does not apply."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    return plain if isinstance(plain, str | int | float) else str(plain)


def _place_of(variant: Any, block: Any, seed: Any) -> tuple[str, str, str]:
    """Return a cell's place as text; seeds are numbers, text or nothing."""
    known = level_at(seed)
    return str(variant), str(block), "" if known is None else str(known)
