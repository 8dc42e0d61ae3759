"""Everything a script delivered, parsed once: what checks, statistics and report stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from agent_core.domain import Dataset, Plan
from sandbox.execution import Execution

ROW_COLUMNS = (
    "metric", "k", "value", "algorithm", "dataset", "fold", "seed", "aggregate", "n",
    "ci_low", "ci_high", "ci_over",
)  # fmt: skip
USER_COLUMNS = ("algorithm", "fold", "seed", "user_id", "metric", "k", "value")
LIST_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "rank", "score")
PREDICTION_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "prediction", "rating")


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The result contract of one execution, parsed; frames are empty where nothing was delivered.

    Folds and seeds are strings (`"0"`, `"42"`; `""` where absent), so that they join; `k` is a
    nullable integer; user and item ids are strings.
    """

    plan: Plan
    source: str
    execution: Execution
    datasets: tuple[Dataset, ...]
    problems: tuple[str, ...] = ()
    """What could not be parsed: file, place, what was expected."""
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ROW_COLUMNS)))
    """`results.json`, one line per row."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """`run.json`."""
    per_user: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(USER_COLUMNS))
    )
    """`per_user.parquet`, as the script claims."""
    lists: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LIST_COLUMNS)))
    predictions: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(PREDICTION_COLUMNS))
    )
    train: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to user_id, item_id, rating, timestamp."""
    test: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    recomputed: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[*USER_COLUMNS, "definition"])
    )
    """Per-user values computed by the product from lists, predictions and split."""

    @property
    def user_values(self) -> pd.DataFrame:
        """Per-user values to do statistics on: recomputed where possible, else the script's."""
        return self.recomputed if len(self.recomputed) else self.per_user
