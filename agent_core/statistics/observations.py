"""Independent observations behind the statistics: runs, and users averaged over runs.

Algorithms that a plan compares are looked at on the folds that all of them have, so that none
profits from an easy fold of its own. A mean and its interval are of the same thing: users where
each run has per-user values, predictions for pooled errors, else runs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.domain import FactorKind, Metric, with_design
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.views import compared_places
from agent_core.prose.quotation import is_name
from agent_core.statistics.measured_values import (
    definitions_of,
    held_fixed,
    run_values,
    test_share,
    true_predictions,
    user_values,
)
from agent_core.statistics.pooled_errors import Losses

Floats = NDArray[np.float64]
P = ParamSpec("P")
T = TypeVar("T")
POOLED = "pooled"
"""Definitions of rating errors that begin so are over predictions, not users."""
USERS, PREDICTIONS, RUNS = "users", "predictions", "runs"
"""What a mean is over."""
PLACE = ["fold", "user_id", "item_id", "turn"]


def _remembered(
    question: Callable[Concatenate[Observations, P], T],
) -> Callable[Concatenate[Observations, P], T]:
    """Return a method that answers each question once."""

    @wraps(question)
    def answer(found: Observations, /, *asked: P.args, **named: P.kwargs) -> T:
        key = (question.__name__, *asked)
        if key not in found.memory:
            found.memory[key] = question(found, *asked, **named)
        answered: T = found.memory[key]
        return answered

    return answer


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """What one execution observed, recomputed values in place of claimed ones."""

    rows: pd.DataFrame
    """Single runs: algorithm, fold, seed, metric, k (0: none), value, n, is_recomputed."""
    users: pd.DataFrame
    """algorithm, fold, seed, metric, k (0: none), user_id, value, is_recomputed."""
    predictions: Callable[[str, frozenset[str]], Iterable[pd.DataFrame]]
    """Algorithm and folds to the predictions of each run, with the ratings of the test data."""
    predicted: frozenset[str]
    """Algorithms that predict ratings."""
    definitions: Mapping[str, str]
    """Metric key to the definition that agreed."""
    held: str
    """What intervals over users hold fixed."""
    test_share: float
    """Test interactions divided by training interactions."""
    planned: frozenset[str] = frozenset()
    """Algorithms of the plan: those that are compared."""
    parts: str = "folds"
    """What people call the parts that are tested: folds, or splits that differ in their seed."""
    are_levels: bool = False
    """Whether these parts are levels that are compared: no sample, and no spread over them."""
    memory: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)
    """Answers that were given, by question: tables of many users are asked for again and again."""

    @classmethod
    def of(cls, evidence: Evidence) -> Observations:
        """Read the observations of an execution."""
        rows = run_values(evidence)
        return cls(
            rows,
            user_values(evidence),
            partial(true_predictions, evidence),
            frozenset(name for name, _, _ in evidence.predictions),
            definitions_of(evidence),
            held_fixed(rows),
            test_share(evidence),
            frozenset(a.name for a in evidence.plan.algorithms),
            _parts_of(evidence),
            len(compared_places(evidence)) > 1,
        )

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that have runs, in the order of delivery."""
        pairs = self.rows[["metric", "k"]].drop_duplicates().itertuples(index=False)
        return [Metric(str(p.metric), int(p.k) or None) for p in pairs]

    def algorithms(self, metric: Metric) -> list[str]:
        """Return the algorithms that have runs of a metric, in the order of delivery.

        What nobody planned counts only where its name can be read as nothing but a name.
        """
        names = [str(n) for n in self.of_metric(self.rows, metric)["algorithm"].unique()]
        return [n for n in names if n in self.planned or is_name(n)]

    def of_metric(self, frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
        """Return the lines of a metric."""
        return frame[(frame["metric"] == metric.name) & (frame["k"] == (metric.k or 0))]

    def compared_algorithms(self, metric: Metric) -> list[str]:
        """Return the planned algorithms of a metric; all of them where fewer than two are."""
        found = self.algorithms(metric)
        planned = [n for n in found if n in self.planned]
        return planned if len(planned) > 1 else found

    def own_folds(self, metric: Metric) -> dict[str, frozenset[str]]:
        """Return the folds in which each algorithm has runs."""
        groups = self.of_metric(self.rows, metric).groupby("algorithm", sort=False)
        return {str(name): frozenset(group["fold"]) for name, group in groups}

    @_remembered
    def folds(self, metric: Metric) -> dict[str, frozenset[str]]:
        """Return the folds of each algorithm that count: those that all compared ones have.

        Where they share none, each is told of its own.
        """
        own = self.own_folds(metric)
        known = [own[n] for n in self.compared_algorithms(metric)]
        shared = frozenset.intersection(*known) if known else frozenset()
        return {n: (folds & shared) or folds for n, folds in own.items()}

    def left_out(self, metric: Metric) -> tuple[str, ...]:
        """Return the folds that do not count, because some compared algorithm lacks them."""
        own, kept = self.own_folds(metric), self.folds(metric)
        names = self.compared_algorithms(metric)
        return tuple(sorted({f for n in names for f in own[n] - kept[n]}))

    def runs(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the runs of an algorithm that count."""
        return self._counted(self.of_metric(self.rows, metric), metric, algorithm)

    @_remembered
    def cells(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the values of users in the runs of an algorithm that count."""
        return self._counted(self._users_of(metric), metric, algorithm)

    @_remembered
    def cell_table(self, metric: Metric) -> pd.DataFrame:
        """Return the mean over seeds per user and fold (lines), by algorithm (columns)."""
        parts = [self.cells(metric, n) for n in self.algorithms(metric)]
        found = pd.concat(parts) if parts else self.users.iloc[:0]
        return found.pivot_table(
            "value", ["user_id", "fold"], "algorithm", aggfunc="mean", sort=False
        )

    def user_table(self, metric: Metric) -> pd.DataFrame:
        """Return each user's mean over seeds, then folds (lines), by algorithm (columns)."""
        return self.cell_table(metric).groupby(level="user_id", sort=False).mean()

    def joint_users(self, metric: Metric, names: Sequence[str]) -> pd.DataFrame:
        """Return users by algorithms, over the folds in which all of these have the user.

        Algorithms that share no fold, as on several variants of the data, are joined by user.
        """
        table = self.cell_table(metric)[list(names)].dropna()
        if len(table):
            return table.groupby(level="user_id", sort=False).mean()
        return self.user_table(metric)[list(names)].dropna()

    def groups_of_pairs(
        self, metric: Metric, pairs: Sequence[tuple[str, str]]
    ) -> list[list[tuple[str, str]]]:
        """Return pairs that share all users and folds together, others one by one."""
        table = self.cell_table(metric)
        names = {n for pair in pairs for n in pair}
        complete = {n for n in names if table[n].notna().all()}
        together = [p for p in pairs if set(p) <= complete]
        return ([together] if together else []) + [[p] for p in pairs if p not in together]

    def is_pooled(self, metric: Metric) -> bool:
        """Whether a rating error is averaged over predictions, and these are there."""
        definition = self.definitions.get(metric.key, "")
        return metric.is_rating and definition.startswith(POOLED) and bool(self.predicted)

    def losses(self, metric: Metric, algorithm: str) -> Losses | None:
        """Return the losses of an algorithm by user."""
        table = self.loss_table(metric, algorithm)
        return _as_losses(table, metric) if len(table) else None

    def paired_losses(self, metric: Metric, a: str, b: str) -> tuple[Losses, Losses] | None:
        """Return the losses of two algorithms over the predictions that both have."""
        first, second = self.loss_table(metric, a), self.loss_table(metric, b)
        both = first.index.intersection(second.index)
        if both.get_level_values("user_id").nunique() < 2:
            return None
        return _as_losses(first.loc[both], metric), _as_losses(second.loc[both], metric)

    @_remembered
    def loss_table(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the loss of each prediction (lines: `PLACE`), averaged over seeds."""
        found = self.seed_losses(metric, algorithm)
        return found.groupby(PLACE, sort=False)[["loss"]].mean()

    def seed_losses(self, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the loss of every single prediction that counts."""
        counted = self.folds(metric).get(algorithm, frozenset())
        found = [_losses_of(t, metric) for t in self.predictions(algorithm, counted)]
        nothing = pd.DataFrame(columns=["seed", *PLACE, "loss"]).astype({"loss": float})
        return pd.concat(found, ignore_index=True) if found else nothing

    def estimand(self, metric: Metric, algorithm: str) -> str:
        """Return what a mean is over: the same for all compared algorithms of a metric."""
        kind = PREDICTIONS if self.is_pooled(metric) else USERS
        names = {*self.compared_algorithms(metric), algorithm}
        return kind if all(self.is_complete(metric, n, kind) for n in names) else RUNS

    @_remembered
    def is_complete(self, metric: Metric, algorithm: str, kind: str) -> bool:
        """Whether every run that counts has the values of users, or predictions, behind it.

        Claimed values of users stand behind no recomputed value of a run.
        """
        runs = self.runs(metric, algorithm)
        if kind == PREDICTIONS:
            known = self.loss_table(metric, algorithm).index.get_level_values("fold")
            return set(runs["fold"]) <= set(known)
        cells = self.cells(metric, algorithm)
        wanted, found = (f.groupby("fold")["seed"].nunique() for f in (runs, cells))
        is_whole = len(runs) > 0 and wanted.equals(found.reindex(wanted.index))
        return is_whole and bool(runs["is_recomputed"].all() == cells["is_recomputed"].all())

    def mean(self, metric: Metric, algorithm: str) -> float:
        """Return the mean that is shown, over what `estimand` names."""
        match self.estimand(metric, algorithm):
            case "users":
                return self.user_mean(metric, algorithm)
            case "predictions":
                return pooled_error(self.loss_table(metric, algorithm)["loss"], metric)
            case _:
                return float(self.runs(metric, algorithm)["value"].astype(float).mean())

    def user_mean(self, metric: Metric, algorithm: str) -> float:
        """Return the mean over users of each user's mean over runs."""
        cells = self.cell_table(metric)[algorithm].dropna()
        return float(cells.groupby(level="user_id").mean().mean())

    def paired_means(self, metric: Metric, a: str, b: str) -> tuple[float, float] | None:
        """Return the means of two algorithms over the folds of both; None without such folds."""
        kept = self.folds(metric)
        common = kept[a] & kept[b]
        if kept[a] == kept[b]:
            return self.mean(metric, a), self.mean(metric, b)
        first, second = (self.runs(metric, n) for n in (a, b))
        values = [float(r[r["fold"].isin(common)]["value"].mean()) for r in (first, second)]
        return (values[0], values[1]) if common else None

    @_remembered
    def _users_of(self, metric: Metric) -> pd.DataFrame:
        """Return the values of users in a metric."""
        return self.of_metric(self.users, metric)

    def _counted(self, frame: pd.DataFrame, metric: Metric, algorithm: str) -> pd.DataFrame:
        """Return the lines of an algorithm in the folds that count."""
        kept = self.folds(metric).get(algorithm, frozenset())
        return frame[(frame["algorithm"] == algorithm) & frame["fold"].isin(kept)]


def pooled_error(losses: pd.Series[float], metric: Metric) -> float:
    """Return the error over all predictions."""
    mean = float(losses.mean())
    return mean**0.5 if metric.name == "rmse" else mean


def _losses_of(table: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return the loss of each prediction of one run."""
    errors = (table["prediction"] - table["rating"]).astype(float)
    losses = errors.abs() if metric.name == "mae" else errors**2
    turn = table.groupby(["user_id", "item_id"]).cumcount()
    frame = table[["seed", *PLACE[:-1]]].assign(turn=turn, loss=losses)
    return frame[np.isfinite(frame["loss"])]


def _as_losses(table: pd.DataFrame, metric: Metric) -> Losses:
    """Return sums and counts by user as arrays."""
    users = table.groupby(level="user_id", sort=False)["loss"].agg(["sum", "count"])
    sums, counts = users["sum"].to_numpy(float), users["count"].to_numpy(float)
    return Losses(sums, counts, metric.name == "rmse")


def _parts_of(evidence: Evidence) -> str:
    """Return what the parts of a study are called: folds, unless split seeds alone make them."""
    kinds = {f.kind for f in with_design(evidence.plan).factors}
    is_split = FactorKind.SPLIT_SEED in kinds and FactorKind.FOLD not in kinds
    return "splits" if is_split else "folds"
