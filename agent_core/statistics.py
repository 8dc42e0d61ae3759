"""Statistics of results; every interval names what it is over. Pure functions of arrays.

References
----------
Nadeau and Bengio, Inference for the generalization error, Machine Learning 2003.
Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 1979.
Smucker, Allan and Carterette, A comparison of statistical significance tests for information
retrieval evaluation, CIKM 2007 (permutation and bootstrap over users).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
RESAMPLES = 2_000
PERMUTATIONS = 5_000
MAX_CELLS = 20_000_000
"""Resamples times observations that are drawn at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval and the unit that it generalises over."""

    low: float
    high: float
    over: str
    """`seeds`, `users`, `folds`, `splits`."""
    method: str

    @property
    def half_width(self) -> float:
        """Half of its length."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference over users."""

    mean: float
    interval: Interval
    p_value: float
    """Two-sided, by sign-flip permutation."""
    n: int
    """Users."""


def sd(values: Sequence[float] | Floats) -> float:
    """Return the sample standard deviation (n - 1); NaN for fewer than two values."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def sd_interval(values: Sequence[float] | Floats, over: str = "seeds") -> Interval:
    """Return the chi-square interval of a standard deviation (normal values assumed)."""
    n = len(values)
    if n < 2:
        return Interval(math.nan, math.nan, over, "chi-square")
    spread = sd(values)
    low, high = stats.chi2.ppf([(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2], n - 1)
    return Interval(
        spread * math.sqrt((n - 1) / low), spread * math.sqrt((n - 1) / high), over, "chi-square"
    )


def mean_interval(values: Sequence[float] | Floats, over: str) -> Interval:
    """Return the t interval of a mean of independent runs."""
    n = len(values)
    if n < 2:
        return Interval(math.nan, math.nan, over, "t")
    half = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * sd(values) / math.sqrt(n)
    centre = float(np.mean(values))
    return Interval(centre - half, centre + half, over, "t")


def bootstrap_interval(values: Floats, over: str, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of a mean."""
    if len(values) < 2:
        return Interval(math.nan, math.nan, over, "bootstrap")
    means = resampled_means(values, np.random.default_rng(seed))
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high), over, "percentile bootstrap")


def resampled_means(values: Floats, rng: np.random.Generator) -> Floats:
    """Return the means of `RESAMPLES` samples with replacement, drawn in bounded memory."""
    n = len(values)
    step = max(1, MAX_CELLS // n)
    parts = [
        values[rng.integers(0, n, (min(step, RESAMPLES - start), n))].mean(axis=1)
        for start in range(0, RESAMPLES, step)
    ]
    return np.concatenate(parts)


def paired_difference(a: Floats, b: Floats, seed: int = 0) -> Difference:
    """Compare two algorithms over the same users.

    Parameters
    ----------
    a, b
        Values of the same users in the same order, shape (users,).
    seed
        Of the resampling.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"paired values must have one shape, not {a.shape} and {b.shape}")
    differences = a - b
    interval = bootstrap_interval(differences, "users", seed)
    p_value = sign_flip_p(differences, np.random.default_rng(seed + 1))
    mean = float(differences.mean()) if len(differences) else math.nan
    return Difference(mean, interval, p_value, len(differences))


def sign_flip_p(differences: Floats, rng: np.random.Generator) -> float:
    """Return the two-sided p value of the mean under random signs; zeros change nothing."""
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    observed = abs(nonzero.sum())
    step = max(1, MAX_CELLS // len(nonzero))
    extreme = 0
    for start in range(0, PERMUTATIONS, step):
        size = (min(step, PERMUTATIONS - start), len(nonzero))
        signs = rng.integers(0, 2, size, dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs @ nonzero) >= observed * (1 - 1e-12)).sum())
    return (extreme + 1) / (PERMUTATIONS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their family, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def nadeau_bengio(differences: Sequence[float] | Floats, test_share: float) -> Interval:
    """Return the corrected t interval of a mean difference over folds.

    Training sets of a cross-validation overlap; the plain interval is too narrow.

    Parameters
    ----------
    differences
        One per fold.
    test_share
        Share of the data that a fold tests on.
    """
    n = len(differences)
    if n < 2:
        return Interval(math.nan, math.nan, "folds", "Nadeau-Bengio")
    variance = sd(differences) ** 2 * (1 / n + test_share / (1 - test_share))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * math.sqrt(variance)
    centre = float(np.mean(differences))
    return Interval(centre - half, centre + half, "folds", "Nadeau-Bengio")


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p value that two hit rates over the same users are equal."""
    discordant = only_a + only_b
    if not discordant:
        return 1.0
    return float(stats.binomtest(only_a, discordant, 0.5).pvalue)


def tost_p(differences: Floats, margin: float) -> float:
    """Return the p value of equivalence within a margin that was set before.

    Raises
    ------
    ValueError
        When the margin is not positive.
    """
    if margin <= 0:
        raise ValueError("equivalence needs a positive margin, set before the results")
    error = sd(differences) / math.sqrt(len(differences))
    below = stats.t.sf((differences.mean() + margin) / error, len(differences) - 1)
    above = stats.t.cdf((differences.mean() - margin) / error, len(differences) - 1)
    return float(max(below, above))


def kendall(a: Sequence[float], b: Sequence[float]) -> tuple[float, int]:
    """Return Kendall's tau-b and the number of pairs of values it stands on."""
    return float(stats.kendalltau(a, b).statistic), len(a)
