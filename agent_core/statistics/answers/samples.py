"""Values of users of several arms side by side, and what resampling these users tells.

Per-user values are averaged over seeds at a place, then over places. A mean is Σ sums / Σ counts:
counts are 1 per user, or predictions of a pooled error, whose root may be taken. What comes of it
by calculation (differences, ratios) has a standard error by its influence values: how far each
user moves it (the delta method; Efron and Tibshirani 1993, chapter 21). Seeds add the variance of
the means of runs at each place (STATISTICS: seeds count in a difference).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import scipy

from agent_core.statistics.answers.answer import metric_of
from agent_core.statistics.answers.arms import Arm, Place
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import (
    LARGE,
    LEVEL,
    RESAMPLES,
    Floats,
    Interval,
    mean_interval,
    percentile_interval,
    resamples,
    unknown,
)

SEED = 22
"""Of the resampling: the same results give the same answers."""
USERS, SEEDS, BOTH = "users", "seeds", "users and seeds"


@dataclass(frozen=True, slots=True)
class Noise:
    """What one cause adds to the variance of a mean."""

    variance: float
    degrees: int


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One arm over the users of a panel."""

    sums: Floats
    counts: Floats
    noise: tuple[Noise, ...] = ()
    """Of the seeds, place by place, in units of Σ sums / Σ counts."""
    is_root: bool = False

    @property
    def mean(self) -> float:
        """The mean that is shown; NaN without users."""
        whole = float(self.counts.sum())
        return float(self.shown(self.sums.sum() / whole)) if whole else math.nan

    def shown(self, means: Floats) -> Floats:
        """Return means as they are shown."""
        return np.sqrt(means) if self.is_root else means

    @property
    def slope(self) -> float:
        """How far the shown mean moves with Σ sums / Σ counts."""
        return 0.5 / self.mean if self.is_root and self.mean > 0 else 1.0

    @property
    def values(self) -> Floats:
        """The mean and how far each user moves it; for plain means the values themselves."""
        if not self.is_root and (self.counts == 1).all():
            return self.sums
        share = self.sums.sum() / self.counts.sum()
        moved = self.slope * (self.sums - share * self.counts) / self.counts.mean()
        return np.asarray(self.mean + moved)

    def scaled_noise(self, factor: float) -> tuple[Noise, ...]:
        """Return what seeds add to the variance of `factor` times the shown mean."""
        square = (factor * self.slope) ** 2
        return tuple(Noise(square * n.variance, n.degrees) for n in self.noise)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Arms over the same users."""

    arms: tuple[Arm, ...]
    columns: tuple[Column, ...]
    users: pd.Index
    has_users: bool = True
    """Whether lines are users; else there is one, the mean of the runs."""

    @property
    def n(self) -> int:
        """Number of users; 0 where there are no values of them."""
        return len(self.users) if self.has_users else 0

    def draws(self, turn: int = 0) -> Floats:
        """Return the mean of each arm in each resample of the users, shape (resamples, arms).

        Beyond `LARGE` users they are drawn from the normal distribution that means then have.
        Panels of the same users resample them together where their `turn` is the same; panels of
        other users need another.
        """
        rng = np.random.default_rng([SEED, turn])
        means = np.array([c.mean for c in self.columns])
        if not self.has_users or self.n < 2:
            return np.tile(means, (RESAMPLES, 1))
        if self.n > LARGE:
            values = np.column_stack([c.values for c in self.columns])
            spread = np.atleast_2d(np.cov(values, rowvar=False)) / self.n
            return rng.multivariate_normal(means, spread, size=RESAMPLES, method="svd")
        sums, counts = (
            np.column_stack([getattr(c, n) for c in self.columns]) for n in ("sums", "counts")
        )
        is_plain = bool((counts == 1).all())
        drawn = [w @ sums / (self.n if is_plain else w @ counts) for w in resamples(self.n, rng)]
        found = np.concatenate(drawn)
        roots = [c.is_root for c in self.columns]
        return np.where(roots, np.sqrt(np.abs(found)), found) if any(roots) else found


@dataclass(frozen=True, slots=True)
class Error:
    """The standard error of an estimate with its degrees of freedom (Welch-Satterthwaite)."""

    users: float
    """Of the users alone."""
    total: float
    degrees: float

    def critical(self, level: float = LEVEL) -> float:
        """Return how many standard errors an interval reaches to each side."""
        return (
            float(scipy.stats.t.ppf((1 + level) / 2, self.degrees))
            if self.degrees > 0
            else math.nan
        )

    @property
    def widening(self) -> float:
        """By how much an interval over users is stretched so that it holds the seeds too."""
        if not self.users > 0 or self.total == self.users:
            return 1.0
        return float(
            self.critical() * self.total / (scipy.stats.norm.ppf((1 + LEVEL) / 2) * self.users)
        )


def error_of(influence: Floats, noise: Sequence[Noise], *, has_users: bool = True) -> Error:
    """Return the standard error of a mean of influence values, with what seeds add."""
    n = len(influence)
    users = float(influence.var(ddof=1) / n) if has_users and n > 1 else 0.0
    causes = [Noise(users, n - 1)] if users > 0 else []
    causes += [cause for cause in noise if cause.variance > 0]
    total = sum(cause.variance for cause in causes)
    if not total:
        return Error(0.0, 0.0, float(max(n - 1, 0)))
    degrees = total**2 / sum(c.variance**2 / c.degrees for c in causes)
    return Error(math.sqrt(users), math.sqrt(total), degrees)


def t_interval(value: float, error: Error, kind: Interval, level: float = LEVEL) -> Interval:
    """Return the interval of an estimate by its standard error; of what says `kind`."""
    if not math.isfinite(value) or not error.degrees > 0:
        return unknown(kind.over, kind.n)
    half = error.critical(level) * error.total
    return replace(kind, low=value - half, high=value + half)


def widened(draws: Floats, value: float, error: Error) -> Floats:
    """Return draws over users, stretched about the estimate so that they hold the seeds too."""
    return value + (draws - value) * error.widening


def user_interval(column: Column, draws: Floats, n: int, held: str) -> Interval:
    """Return the interval of a mean over users, seeds held."""
    if n < 2:
        return unknown(USERS, n)
    if n > LARGE:
        return mean_interval(column.values, USERS, held)
    return percentile_interval(draws, Interval(0, 0, USERS, "percentile bootstrap", held, n))


def panel_of(study: StudyValues, measure: str, arms: Sequence[Arm]) -> Panel:
    """Return arms over the users that all of them have at the same places."""
    table = study.users.get(measure)
    known = set(table.columns) if table is not None else set()
    if table is None or not all(i in known for arm in arms for i in arm.ids):
        return _panel_of_runs(study, measure, arms)
    reader = _Reader.of(study, measure, table)
    places = [p for p in arms[0].cells if all(p in arm.cells for arm in arms)]
    stacks = [[reader.runs(arm, p) for arm in arms] for p in places]
    masks = [np.all([np.isfinite(r).all(axis=1) for r in own], axis=0) for own in stacks]
    turns = np.sum(masks, axis=0) if masks else np.zeros(len(table))
    is_in = turns > 0
    share = np.divide(1.0, turns, out=np.zeros(len(table)), where=is_in)
    columns = []
    for at, arm in enumerate(arms):
        runs = [own[at] for own in stacks]
        columns.append(
            reader.column(arm, places, runs, masks, share if reader.weights is None else 1.0)
        )
    kept = tuple(_rows(c, is_in) for c in columns)
    return Panel(tuple(arms), kept, table.index[is_in])


def sharing_users(study: StudyValues, measure: str, arms: Sequence[Arm]) -> list[list[Arm]]:
    """Return arms by the users that they test at each place."""
    table = study.users.get(measure)
    found: dict[object, list[Arm]] = {}
    masks = _masks(study, measure, table) if table is not None else {}
    for arm in arms:
        key = tuple(
            (place, frozenset(masks.get(i, 0) for i in own.values()))
            for place, own in arm.cells.items()
        )
        found.setdefault(key, []).append(arm)
    return list(found.values())


def _masks(study: StudyValues, measure: str, table: pd.DataFrame) -> dict[str, int]:
    """Return a number for the users that each cell tests."""
    key = ("masks", measure)
    if key not in study.memory:
        known = table.notna().to_numpy()
        study.memory[key] = {
            str(c): hash(known[:, i].tobytes()) for i, c in enumerate(table.columns)
        }
    found: dict[str, int] = study.memory[key]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """Reads runs out of the table of a measure."""

    values: Floats
    weights: Floats | None
    at: dict[str, int]
    is_root: bool

    @classmethod
    def of(cls, study: StudyValues, measure: str, table: pd.DataFrame) -> _Reader:
        key = ("reader", measure)
        if key not in study.memory:
            weights = study.weights.get(measure)
            if weights is not None:
                weights = weights.reindex(index=table.index, columns=table.columns)
            study.memory[key] = cls(
                table.to_numpy(dtype=float),
                None if weights is None else weights.to_numpy(dtype=float),
                {str(c): i for i, c in enumerate(table.columns)},
                weights is not None and metric_of(measure).name == "rmse",
            )
        found: _Reader = study.memory[key]
        return found

    def runs(self, arm: Arm, place: Place) -> Floats:
        """Return the values of users (lines) in the runs of an arm at a place."""
        columns = np.array([self.at[i] for i in arm.cells[place].values()])
        return self.values[:, columns]

    def counts(self, arm: Arm, place: Place) -> Floats:
        """Return how much each user counts there."""
        if self.weights is None:
            return np.ones(len(self.values))
        first = next(iter(arm.cells[place].values()))
        return self.weights[:, self.at[first]]

    def column(
        self,
        arm: Arm,
        places: Sequence[Place],
        runs: Sequence[Floats],
        masks: Sequence[np.ndarray],
        share: Floats | float,
    ) -> Column:
        """Return an arm over all users; those in no mask have sums and counts of 0."""
        sums, counts = np.zeros(len(self.values)), np.zeros(len(self.values))
        moved: list[Floats] = []
        for place, own, mask in zip(places, runs, masks, strict=True):
            weight = np.where(mask, np.nan_to_num(self.counts(arm, place)) * share, 0.0)
            filled = np.where(mask[:, None], own, 0.0) * weight[:, None]
            sums += filled.mean(axis=1)
            counts += weight
            moved.append(filled.sum(axis=0))
        if self.weights is None:
            counts = np.where(counts > 0, 1.0, 0.0)  # shares of turns sum to 1 but for rounding
        whole = counts.sum()
        noise = tuple(
            Noise(float((m / whole).var(ddof=1) / len(m)), len(m) - 1)
            for m in moved
            if arm.is_random and len(m) > 1 and whole > 0
        )
        return Column(sums, counts, noise, self.is_root)


def _rows(column: Column, is_in: np.ndarray) -> Column:
    return replace(column, sums=column.sums[is_in], counts=column.counts[is_in])


@dataclass(slots=True)
class _RunMean:
    """The mean of an arm's runs, place by place."""

    means: list[float] = field(default_factory=list)
    noise: list[Noise] = field(default_factory=list)


def _panel_of_runs(study: StudyValues, measure: str, arms: Sequence[Arm]) -> Panel:
    """Return arms by the values of their runs, where there are none of users."""
    values = study.run_values(measure)
    columns = []
    for arm in arms:
        found = _RunMean()
        for own in arm.cells.values():
            runs = values.reindex(list(own.values())).to_numpy(dtype=float)
            found.means.append(float(runs.mean()))
            if arm.is_random and len(runs) > 1:
                variance = float(runs.var(ddof=1) / len(runs)) / len(arm.cells) ** 2
                found.noise.append(Noise(variance, len(runs) - 1))
        mean = np.array([np.mean(found.means)])
        columns.append(Column(mean, np.ones(1), tuple(found.noise)))
    return Panel(tuple(arms), tuple(columns), pd.Index(["runs"]), has_users=False)
