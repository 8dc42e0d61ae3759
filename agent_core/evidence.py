"""Everything a script delivered, parsed once: what checks, statistics and report stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from agent_core import contract, metrics
from agent_core.domain import Dataset, Plan
from sandbox.execution import Execution

ROW_COLUMNS = (
    "metric", "k", "value", "algorithm", "dataset", "fold", "seed", "aggregate", "n",
    "ci_low", "ci_high", "ci_over",
)  # fmt: skip
USER_COLUMNS = ("algorithm", "fold", "seed", "user_id", "metric", "k", "value")
LIST_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "rank", "score")
PREDICTION_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "prediction", "rating")
AGREEMENT_COLUMNS = (
    "algorithm", "fold", "seed", "metric", "k", "claimed", "computed", "definition", "agrees",
)  # fmt: skip


def empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame without rows."""
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The result contract of one execution, parsed; frames are empty where nothing was delivered.

    Folds and seeds are text (`"0"`, `"42"`; `""` where absent), so that they join; `k` is a
    nullable integer; user and item ids are text.
    """

    plan: Plan
    source: str
    execution: Execution
    datasets: tuple[Dataset, ...]
    problems: tuple[str, ...] = ()
    """What could not be parsed: file, place, what was expected."""
    rows: pd.DataFrame = field(default_factory=lambda: empty(ROW_COLUMNS))
    """`results.json`, one line per row."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """`run.json`."""
    per_user: pd.DataFrame = field(default_factory=lambda: empty(USER_COLUMNS))
    """`per_user.parquet`, as the script claims."""
    lists: pd.DataFrame = field(default_factory=lambda: empty(LIST_COLUMNS))
    predictions: pd.DataFrame = field(default_factory=lambda: empty(PREDICTION_COLUMNS))
    train: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to user_id, item_id, rating, timestamp."""
    test: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    recomputed: pd.DataFrame = field(default_factory=lambda: empty((*USER_COLUMNS, "definition")))
    """Per-user values computed by the product from lists, predictions and split."""
    agreement: pd.DataFrame = field(default_factory=lambda: empty(AGREEMENT_COLUMNS))
    """Each claimed run value beside the recomputed one."""

    @property
    def user_values(self) -> pd.DataFrame:
        """Per-user values to do statistics on: recomputed where possible, else the script's."""
        return self.recomputed if len(self.recomputed) else self.per_user

    @property
    def single(self) -> pd.DataFrame:
        """The rows of single train-test runs."""
        return self.rows[~self.rows["aggregate"].astype(bool)]


def read_evidence(
    plan: Plan,
    source: str,
    execution: Execution,
    datasets: tuple[Dataset, ...],
    files: Mapping[str, Path],
) -> Evidence:
    """Parse what an execution delivered; never raises for what a script wrote.

    Parameters
    ----------
    plan
        The plan that the script carries out.
    source
        The script.
    execution
        Its execution, with the collected artifacts.
    datasets
        The profiles of the datasets.
    files
        Dataset name to the file on this machine.
    """
    problems = contract.Problems()
    artifacts = {a.name: a.path for a in execution.artifacts}
    content = contract.read_json("results.json", artifacts, problems)
    rows = contract.result_rows(content, ROW_COLUMNS, problems)
    run = contract.read_json("run.json", artifacts, problems)
    run = run if isinstance(run, dict) else {}
    names = [*rows["algorithm"].unique(), *algorithms_of(run), *(a.name for a in plan.algorithms)]
    lists = contract.run_tables("lists", artifacts, names, LIST_COLUMNS, problems)
    predictions = contract.run_tables(
        "predictions", artifacts, names, PREDICTION_COLUMNS, problems
    )
    interactions = read_interactions(run, datasets, files, problems)
    parts = contract.split_parts(artifacts, interactions, problems)
    per_user = contract.user_table(artifacts, USER_COLUMNS, problems)
    rows = with_only_fold(rows, sorted({*parts["test"], *lists["fold"].unique()}))
    recomputed, agreement = recompute(rows, lists, predictions, parts)
    return Evidence(
        plan,
        source,
        execution,
        datasets,
        tuple(problems.found),
        rows,
        run,
        per_user,
        lists,
        predictions,
        parts["train"],
        parts["test"],
        recomputed,
        agreement,
    )


def algorithms_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the algorithms of a run.json by name; empty where they are no table."""
    found = run.get("algorithms")
    return (
        {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}
    )


def read_interactions(
    run: Mapping[str, Any],
    datasets: tuple[Dataset, ...],
    files: Mapping[str, Path],
    problems: contract.Problems,
) -> pd.DataFrame | None:
    """Read the dataset that the run names, or the only one."""
    described = run.get("dataset")
    name = described.get("file") if isinstance(described, dict) else None
    profile = next((d for d in datasets if d.name == name), datasets[0] if datasets else None)
    if profile is None or profile.name not in files:
        return None
    try:
        return contract.read_dataset(profile, files[profile.name])
    except (ValueError, OSError, MemoryError) as error:
        problems.add(f"{profile.name} could not be read again: {str(error)[:200]}")
        return None


def with_only_fold(rows: pd.DataFrame, folds: list[str]) -> pd.DataFrame:
    """Fill the fold in where a single-run row leaves it out and there is only one."""
    if len(folds) != 1 or not len(rows):
        return rows
    is_open = (rows["fold"] == "") & ~rows["aggregate"].astype(bool)
    return rows.assign(fold=rows["fold"].where(~is_open, folds[0]))


def recompute(
    rows: pd.DataFrame,
    lists: pd.DataFrame,
    predictions: pd.DataFrame,
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute every single-run value again; return per-user values and the agreement."""
    by_run = dict(list(lists.groupby(["algorithm", "fold", "seed"])))
    by_prediction = dict(list(predictions.groupby(["algorithm", "fold", "seed"])))
    users, agreement = [], []
    for row in rows[~rows["aggregate"].astype(bool)].itertuples():
        key = (row.algorithm, row.fold, row.seed)
        k = None if pd.isna(row.k) else int(row.k)
        test = parts["test"].get(row.fold)
        if row.metric in metrics.RATING and (table := found_run(by_prediction, key)) is not None:
            found = metrics.rating(row.metric, table)
        elif (table := found_run(by_run, key)) is not None and test is not None:
            found = ranked(row.metric, table, test, parts["train"].get(row.fold), k)
        else:
            found = []
        if not found:
            continue
        match = next((f for f in found if metrics.is_close(row.value, f.value)), None)
        best = match or found[0]
        agreement.append(
            (*key, row.metric, row.k, row.value, best.value, best.definition, match is not None)
        )
        users.append(user_frame(key, row.metric, row.k, best))
    frame = pd.concat(users, ignore_index=True) if users else empty((*USER_COLUMNS, "definition"))
    return frame, pd.DataFrame(agreement, columns=list(AGREEMENT_COLUMNS))


def ranked(
    metric: str, table: pd.DataFrame, test: pd.DataFrame, train: pd.DataFrame | None, k: int | None
) -> list[metrics.Recomputed]:
    """Return a metric of recommendation lists under its definitions."""
    cutoff = k or int(pd.to_numeric(table["rank"]).max())
    if metric == "coverage" and train is not None:
        return metrics.coverage(table, cutoff, int(train["item_id"].nunique()))
    return metrics.ranking(metric, table, test, cutoff)


def found_run(runs: Mapping[Any, pd.DataFrame], key: tuple[str, str, str]) -> pd.DataFrame | None:
    """Return the table of a run; a row that names no seed may mean the only one there is."""
    if key in runs:
        return runs[key]
    alike = [k for k in runs if k[:2] == key[:2]]
    if len(alike) == 1 and "" in (key[2], alike[0][2]):
        return runs[alike[0]]
    return None


def user_frame(
    key: tuple[str, str, str], metric: str, k: Any, found: metrics.Recomputed
) -> pd.DataFrame:
    """Return per-user values in the columns of `USER_COLUMNS`."""
    values = found.per_user
    algorithm, fold, seed = key
    return pd.DataFrame(
        {
            "algorithm": algorithm,
            "fold": fold,
            "seed": seed,
            "user_id": values.index.astype(str),
            "metric": metric,
            "k": pd.array([k] * len(values), dtype="Int64"),
            "value": values.to_numpy(dtype=float),
            "definition": found.definition,
        }
    )
