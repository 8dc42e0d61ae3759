"""Errors pooled over predictions: users, with all that was predicted for them, are the units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent_core.statistics.inference import (
    Difference,
    Floats,
    Interval,
    percentile_interval,
    resamples,
    sign_flips,
    unknown,
)


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Losses of predictions by user: sums and counts, shape (users,)."""

    sums: Floats
    counts: Floats
    is_root: bool
    """Whether the square root of the pooled mean is taken (RMSE)."""

    def error_of(self, weights: Floats) -> Floats:
        """Return the pooled error when user u counts weights[r, u] times."""
        means: Floats = (weights @ self.sums) / (weights @ self.counts)
        return np.sqrt(means) if self.is_root else means


def pooled_interval(losses: Losses | None, held: str, rng: np.random.Generator) -> Interval:
    """Return the interval of a pooled error; users are resampled with all their predictions."""
    n = len(losses.sums) if losses else 0
    if losses is None or n < 2:
        return unknown("users", n)
    draws = np.concatenate([losses.error_of(weights) for weights in resamples(n, rng)])
    return _of_users(draws, n, held)


def pooled_difference(a: Losses, b: Losses, held: str, rng: np.random.Generator) -> Difference:
    """Return the paired test of two pooled errors over the same users and predictions.

    The interval is that of the difference of the pooled errors; the sign-flip test exchanges the
    losses of a and b user by user.
    """
    n = len(a.sums)
    column = a.sums - b.sums
    whole = np.ones((1, n))
    mean = float((a.error_of(whole) - b.error_of(whole))[0]) if n else math.nan
    p_values, test = sign_flips(column[:, None], rng)
    interval = _of_users(pooled_draws(a, b, rng), n, held) if n > 1 else unknown("users", n)
    counts = int((column > 0).sum()), int((column < 0).sum())
    return Difference(n, mean, interval, float(p_values[0]), test, *counts)


def pooled_draws(a: Losses, b: Losses, rng: np.random.Generator) -> Floats:
    """Return the difference of two pooled errors in each resample of their users."""
    n = len(a.sums)
    return np.concatenate([a.error_of(w) - b.error_of(w) for w in resamples(n, rng)])


def _of_users(draws: Floats, n: int, held: str) -> Interval:
    """Return the interval of draws over `n` users."""
    return percentile_interval(draws, Interval(0, 0, "users", "bootstrap of users", held, n))
