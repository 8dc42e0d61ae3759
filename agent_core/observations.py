"""Independent observations behind the statistics: runs, and users averaged over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.domain import Metric
from agent_core.evidence import Evidence
from agent_core.pooled_errors import Losses

Floats = NDArray[np.float64]
KEYS = ["algorithm", "fold", "seed", "metric", "k"]
POOLED = "pooled"
"""Definitions of rating errors that begin so are over predictions, not users."""


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """What one execution observed, recomputed values in place of claimed ones."""

    rows: pd.DataFrame
    """Single runs: algorithm, fold, seed, metric, k (0: none), value, n, is_recomputed."""
    users: pd.DataFrame
    """metric, k (0: none), algorithm, user_id, value: each user's mean over runs."""
    predictions: pd.DataFrame
    definitions: Mapping[str, str]
    """Metric key to the definition that agreed."""
    held: str
    """What intervals over users hold fixed."""
    test_share: float
    """Test interactions divided by training interactions."""
    tables: dict[Metric, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence) -> Observations:
        """Read the observations of an execution."""
        rows = run_values(evidence)
        return cls(
            rows,
            user_values(evidence),
            evidence.predictions,
            definitions_of(evidence),
            held_fixed(rows),
            test_share(evidence),
        )

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that have runs, in the order of delivery."""
        pairs = self.rows[["metric", "k"]].drop_duplicates().itertuples(index=False)
        return [Metric(str(p.metric), int(p.k) or None) for p in pairs]

    def algorithms(self, metric: Metric) -> list[str]:
        """Return the algorithms that have runs of a metric, in the order of delivery."""
        return [str(n) for n in self.of_metric(self.rows, metric)["algorithm"].unique()]

    def of_metric(self, frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
        """Return the lines of a metric."""
        return frame[(frame["metric"] == metric.name) & (frame["k"] == (metric.k or 0))]

    def runs(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the runs of an algorithm."""
        found = self.of_metric(self.rows, metric)
        return found[found["algorithm"] == algorithm]

    def units(self, rows: pd.DataFrame) -> tuple[str, Floats]:
        """Return what repeated runs differ in, and one value for each.

        With several seeds these are the seeds, each averaged over the folds that all have; else
        the folds.
        """
        by_seed = rows.groupby("seed", sort=False)["value"].mean()
        if len(by_seed) > 1:
            table = rows.pivot_table("value", "seed", "fold", aggfunc="mean")
            complete = table.dropna()
            values = complete.mean(axis=1) if len(complete) > 1 else by_seed
            return "seeds", values.to_numpy(dtype=float)
        by_fold = rows.groupby("fold", sort=False)["value"].mean().to_numpy(dtype=float)
        return ("folds" if len(by_fold) > 1 else "one run"), by_fold

    def user_table(self, metric: Metric) -> pd.DataFrame:
        """Return the value of each user (lines) under each algorithm (columns)."""
        if metric not in self.tables:
            found = self.of_metric(self.users, metric)
            table = found.pivot_table("value", "user_id", "algorithm", aggfunc="mean", sort=False)
            self.tables[metric] = table
        return self.tables[metric]

    def grouped(
        self, metric: Metric, pairs: Sequence[tuple[str, str]]
    ) -> list[list[tuple[str, str]]]:
        """Return pairs that share all users together, others one by one."""
        table = self.user_table(metric)
        names = {n for pair in pairs for n in pair}
        complete = {n for n in names if table[n].notna().all()}
        together = [p for p in pairs if set(p) <= complete]
        return ([together] if together else []) + [[p] for p in pairs if p not in together]

    def is_pooled(self, metric: Metric) -> bool:
        """Whether a rating error is averaged over predictions, and these are there."""
        definition = self.definitions.get(metric.key, "")
        return metric.is_rating and definition.startswith(POOLED) and len(self.predictions) > 0

    def losses(self, metric: Metric, algorithm: str) -> Losses | None:
        """Return the losses of an algorithm by user."""
        table = self.loss_table(metric, algorithm)
        return as_losses(table, metric) if len(table) else None

    def paired_losses(self, metric: Metric, a: str, b: str) -> tuple[Losses, Losses] | None:
        """Return the losses of two algorithms for the users that both have."""
        first, second = self.loss_table(metric, a), self.loss_table(metric, b)
        users = first.index.intersection(second.index)
        if len(users) < 2:
            return None
        return as_losses(first.loc[users], metric), as_losses(second.loc[users], metric)

    def loss_table(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return sum and count of an algorithm's losses per user, averaged over seeds."""
        found = self.predictions[self.predictions["algorithm"] == algorithm]
        errors = (found["prediction"] - found["rating"]).astype(float)
        losses = errors.abs() if metric.name == "mae" else errors**2
        frame = found[["user_id", "seed"]].assign(loss=losses)
        frame = frame[np.isfinite(frame["loss"])]
        per_seed = frame.groupby(["seed", "user_id"])["loss"].agg(["sum", "count"])
        return per_seed.groupby(level="user_id").mean()


def as_losses(table: pd.DataFrame, metric: Metric) -> Losses:
    """Return sums and counts as arrays."""
    sums, counts = table["sum"].to_numpy(float), table["count"].to_numpy(float)
    return Losses(sums, counts, metric.name == "rmse")


def run_values(evidence: Evidence) -> pd.DataFrame:
    """Return the single-run rows, each with the recomputed value where there is one.

    Lists of a sample of users are no reason to replace the value over all of them.
    """
    rows = evidence.single
    rows = rows[np.isfinite(rows["value"].astype(float))] if len(rows) else rows
    rows = rows.assign(k=rows["k"].astype("Int64").fillna(0).astype(int))
    is_sample = bool(evidence.run.get("list_sample"))
    if is_sample or not len(evidence.agreement) or not len(rows):
        return rows.assign(is_recomputed=False)
    known = evidence.agreement[[*KEYS, "computed"]].copy()
    known["k"] = pd.to_numeric(known["k"]).astype("Int64").fillna(0).astype(int)
    joined = rows.merge(known.drop_duplicates(KEYS), on=KEYS, how="left")
    is_known = joined["computed"].notna()
    return joined.assign(
        value=joined["computed"].where(is_known, joined["value"]).astype(float),
        is_recomputed=is_known,
    )


def user_values(evidence: Evidence) -> pd.DataFrame:
    """Return each user's mean over seeds, then folds; recomputed values where there are some."""
    is_sample = bool(evidence.run.get("list_sample"))
    mine, claimed = with_cutoff(evidence.recomputed), with_cutoff(evidence.per_user)
    if is_sample and len(claimed):
        both = claimed
    else:
        known = set(zip(mine["metric"], mine["k"], mine["algorithm"], strict=True))
        named = zip(claimed["metric"], claimed["k"], claimed["algorithm"], strict=True)
        is_new = np.fromiter((key not in known for key in named), dtype=bool, count=len(claimed))
        both = pd.concat([f for f in (mine, claimed[is_new]) if len(f)] or [mine])
    both = both.assign(value=both["value"].astype(float))
    both = both[np.isfinite(both["value"])]
    keys = ["metric", "k", "algorithm", "user_id"]
    per_fold = both.groupby([*keys, "fold"], sort=False, as_index=False)["value"].mean()
    return per_fold.groupby(keys, sort=False, as_index=False)["value"].mean()


def with_cutoff(users: pd.DataFrame) -> pd.DataFrame:
    """Return the needed columns, an absent cut-off as 0."""
    kept = users[["metric", "k", "algorithm", "user_id", "fold", "value"]]
    return kept.assign(k=pd.to_numeric(kept["k"]).astype("Int64").fillna(0).astype(int))


def definitions_of(evidence: Evidence) -> dict[str, str]:
    """Return the definition of each metric that agreed with the script's values."""
    found: dict[str, str] = {}
    for row in evidence.agreement[evidence.agreement["agrees"].astype(bool)].itertuples():
        k = None if pd.isna(row.k) else int(row.k)
        found.setdefault(Metric(str(row.metric), k).key, str(row.definition))
    return found


def held_fixed(rows: pd.DataFrame) -> str:
    """Say what intervals over users hold fixed."""
    folds = rows["fold"].nunique()
    per_algorithm = rows.groupby("algorithm")["seed"].nunique()
    seeds = int(per_algorithm.max()) if len(per_algorithm) else 0
    split = "one split" if folds < 2 else f"one split into {folds} folds"
    return f"{split}, averaged over {seeds} seeds" if seeds > 1 else f"{split}, one seed"


def test_share(evidence: Evidence) -> float:
    """Return test divided by training interactions; of a fold on average."""
    tests = [len(t) for t in evidence.test.values()]
    trains = [len(t) for t in evidence.train.values()]
    if tests and trains and sum(trains):
        return float(np.mean(tests) / np.mean(trains))
    folds = max(2, evidence.plan.split.folds)
    return 1 / (folds - 1)
