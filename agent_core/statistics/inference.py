"""Statistics of recommender experiments: every interval names its unit and what was held fixed.

References
----------
Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003.
Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6, 1979.
Smucker, Allan and Carterette, A comparison of statistical significance tests for information
retrieval evaluation, CIKM 2007 (randomization test and bootstrap over topics).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
"""Of intervals and, as 1 - 0.95, of tests: the usual one of the field."""
RESAMPLES = 2000
"""Ends of an interval over 943 users move by 3 % of its half width from seed to seed then."""
FLIPS = 9999
"""With the observed arrangement 10,000: p has steps of 0.0001 and, at 0.05, an error of 0.002."""
EXACT_UP_TO = 12
"""Pairs up to which all sign flips are enumerated: 4,096, fewer than are drawn else."""
LARGE = 5000
"""Observations from which the central limit theorem replaces resampling: t and bootstrap of hits
of 2 % or 20 % of 5,000 users differ by 7 % of the half width at most, half of it luck of
resampling."""
NORMAL_FLIPS = "sign-flip test, normal approximation"
CELLS = 4_000_000
"""Random numbers held at once: 32 MB as doubles."""
ENOUGH_TO_BOOTSTRAP = 10
"""Runs from which the bootstrap of a standard deviation is told beside the exact interval: of
its 95 % intervals 84 % hold the SD of ten normal runs, 68 % that of five; of the exact 96 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval with its unit; NaN where there are too few units."""

    low: float
    high: float
    over: str
    """What was sampled: `seeds`, `users`, `folds`, `splits`."""
    method: str = ""
    held: str = ""
    """What was held fixed, e.g. `one split, averaged over 30 seeds`."""
    n: int = 0
    """Number of units."""

    @property
    def half_width(self) -> float:
        """Half of its length."""
        return (self.high - self.low) / 2

    @property
    def is_known(self) -> bool:
        """Whether there were units enough."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def unknown(over: str, n: int = 0) -> Interval:
    """Return the interval of what has too few units."""
    return Interval(math.nan, math.nan, over, "too few", n=n)


@dataclass(frozen=True, slots=True)
class Spread:
    """How single runs scatter."""

    sd: float
    interval: Interval
    """Exact where runs scatter normally."""
    bootstrap: Interval
    """Unknown with too few runs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference a - b over users."""

    n: int
    mean: float
    interval: Interval
    p: float
    """Two-sided p-value of the sign-flip permutation test."""
    test: str
    higher: int
    """Pairs in which a is higher."""
    lower: int


def finite_values(values: ArrayLike) -> Floats:
    """Return the finite values as an array."""
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[np.isfinite(array)]


def spread_of(values: ArrayLike, over: str, rng: np.random.Generator) -> Spread:
    """Return how runs scatter; needs two or more.

    Raises
    ------
    ValueError
        With fewer than two finite values.

    Examples
    --------
    >>> round(spread_of([1.0, 2.0, 3.0], "seeds", np.random.default_rng(0)).sd, 3)
    1.0
    """
    array = finite_values(values)
    n = len(array)
    if n < 2:
        raise ValueError(f"a spread needs two runs or more, there are {n}")
    sd = float(array.std(ddof=1)) if np.ptp(array) > 0 else 0.0
    exact = Interval(*sd_interval(array), over, "chi-square", n=n)
    if n < ENOUGH_TO_BOOTSTRAP or not sd:
        return Spread(sd, exact, unknown(over, n))
    return Spread(sd, exact, Interval(*bootstrap_sd(array, rng), over, "BCa bootstrap", n=n))


def sd_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a standard deviation by the chi-square distribution.

    Exact where runs scatter normally: (n - 1) s² / σ² follows chi-square with n - 1 degrees.
    """
    array = finite_values(values)
    n = len(array)
    if np.ptp(array) == 0:
        return 0.0, 0.0
    total = (n - 1) * float(array.var(ddof=1))
    upper, lower = scipy.stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], n - 1)
    return float(np.sqrt(total / upper)), float(np.sqrt(total / lower))


def bootstrap_sd(
    values: ArrayLike, rng: np.random.Generator, level: float = LEVEL
) -> tuple[float, float]:
    """Return the bias-corrected, accelerated bootstrap interval of a standard deviation."""
    found = scipy.stats.bootstrap(
        (finite_values(values),),
        lambda x, axis: np.std(x, ddof=1, axis=axis),
        confidence_level=level,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=rng,
    ).confidence_interval
    return float(found.low), float(found.high)


def single_run_gap(sd: float) -> float:
    """Return 1.96 √2 SD: what two runs that differ by chance alone exceed once in 20."""
    return float(scipy.stats.norm.ppf(0.975) * np.sqrt(2) * sd)


def mean_interval(values: ArrayLike, over: str, held: str = "", level: float = LEVEL) -> Interval:
    """Return Student's t interval of a mean.

    Too narrow over folds of one data set, whose training sets overlap: use `corrected_interval`
    there, or pair over users.
    """
    array = finite_values(values)
    n = len(array)
    return _t_interval(array, 1 / n if n else 0.0, Interval(0, 0, over, "t", held, n), level)


def bootstrap_means(
    columns: Floats, over: str, held: str, rng: np.random.Generator, level: float = LEVEL
) -> list[Interval]:
    """Return the percentile bootstrap interval of each column's mean; t with very many rows.

    Parameters
    ----------
    columns
        Shape (units, columns), no NaN; all columns are resampled together.
    over, held
        What the rows are, and what was held fixed.
    rng
        Draws the resamples.
    """
    n = len(columns)
    if n < 2:
        return [unknown(over, n) for _ in columns.T]
    if n > LARGE:
        return [mean_interval(column, over, held, level) for column in columns.T]
    kind = Interval(0, 0, over, "percentile bootstrap", held, n)
    return [percentile_interval(drawn, kind, level) for drawn in mean_draws(columns, rng).T]


def percentile_interval(draws: Floats, kind: Interval, level: float = LEVEL) -> Interval:
    """Return the interval of resampled values; of what, and how, says `kind`."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return replace(kind, low=float(low), high=float(high))


def mean_draws(columns: Floats, rng: np.random.Generator) -> Floats:
    """Return the mean of each column in each resample of the rows, shape (resamples, columns)."""
    n = len(columns)
    return np.concatenate([weights @ columns / n for weights in resamples(n, rng)])


def resamples(n: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield how often each of `n` units is drawn in each resample, in bounded pieces."""
    step = max(1, CELLS // n)
    for at in range(0, RESAMPLES, step):
        size = min(step, RESAMPLES - at)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def paired_differences(
    differences: Floats, held: str, rng: np.random.Generator
) -> list[Difference]:
    """Return the tests of several paired differences over the same users.

    Parameters
    ----------
    differences
        One column per comparison, one row per user: value of a minus value of b; no NaN.
    held
        What was held fixed.
    rng
        Draws sign flips and resamples.
    """
    p_values, test = sign_flips(differences, rng)
    intervals = bootstrap_means(differences, "users", held, rng)
    return [
        Difference(
            len(column),
            float(column.mean()) if len(column) else math.nan,
            interval,
            float(p),
            test,
            int((column > 0).sum()),
            int((column < 0).sum()),
        )
        for column, interval, p in zip(differences.T, intervals, p_values, strict=True)
    ]


def normal_flips(differences: Floats) -> tuple[Floats, str]:
    """Return two-sided p-values of the sign-flip test by the normal distribution of its sums.

    The sum of flips has variance Σd².
    """
    observed = np.abs(differences.sum(axis=0))
    scale = np.sqrt((differences**2).sum(axis=0))
    z = np.divide(observed, scale, out=np.zeros_like(observed), where=scale > 0)
    return np.asarray(2 * scipy.stats.norm.sf(z)), NORMAL_FLIPS


def sign_flips(
    differences: Floats, rng: np.random.Generator, flips: int = FLIPS
) -> tuple[Floats, str]:
    """Return two-sided p-values of the paired sign-flip permutation test, and its name.

    Under the null hypothesis a user's difference is as likely as its negative. Pairs without a
    difference stay in (they do not move the sum). All flips are enumerated for few users; the
    sampled test counts the observed arrangement among the flips, so that p is never 0; for very
    many users the sum of flips is normal with variance Σd².
    """
    n = len(differences)
    if n > LARGE:
        return normal_flips(differences)
    observed = np.abs(differences.sum(axis=0))
    slack = 1e-12 * np.abs(differences).sum(axis=0) + 1e-300
    if n <= EXACT_UP_TO:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        extreme = (np.abs(signs @ differences) >= observed - slack).mean(axis=0)
        return extreme, "sign-flip permutation test, exact"
    count = np.zeros(differences.shape[1])
    step = max(1, CELLS // n)
    for at in range(0, flips, step):
        size = (min(step, flips - at), n)
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=size, dtype=np.int8)
        count += (np.abs(signs @ differences) >= observed - slack).sum(axis=0)
    return (count + 1) / (flips + 1), f"sign-flip permutation test, {flips:,} flips"


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted by Holm's step-down method for one family of tests.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    array = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(array, kind="stable")
    factors = np.arange(len(array), 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(array[order] * factors))
    result = np.empty_like(array)
    result[order] = adjusted
    return result


def corrected_interval(
    values: ArrayLike, test_share: float, held: str = "", level: float = LEVEL
) -> Interval:
    """Return the interval over folds with Nadeau and Bengio's corrected variance.

    Training sets of folds overlap, so the variance of the mean is (1 / k + q) s² with
    q = test size / training size, not s² / k.

    Parameters
    ----------
    values
        One value, or one difference, per fold.
    test_share
        Test interactions divided by training interactions.
    """
    array = finite_values(values)
    k = len(array)
    kind = Interval(0, 0, "folds", "Nadeau-Bengio corrected t", held, k)
    return _t_interval(array, (1 / k if k else 0.0) + test_share, kind, level)


def mcnemar(a: ArrayLike, b: ArrayLike) -> tuple[float, int, int]:
    """Return the exact two-sided p-value of McNemar's test, and both discordant counts.

    Parameters
    ----------
    a, b
        0 or 1 per user, e.g. Hit@K.
    """
    first, second = np.asarray(a) > 0.5, np.asarray(b) > 0.5
    only_a, only_b = int((first & ~second).sum()), int((second & ~first).sum())
    if only_a + only_b == 0:
        return 1.0, 0, 0
    return float(scipy.stats.binomtest(only_a, only_a + only_b).pvalue), only_a, only_b


def kendall(a: ArrayLike, b: ArrayLike) -> float:
    """Return Kendall's tau-b of two orders; NaN where one is constant."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(scipy.stats.kendalltau(first, second).statistic)


def _t_interval(values: Floats, share: float, kind: Interval, level: float) -> Interval:
    """Return Student's t interval of a mean whose variance is a share of that of its values."""
    n = len(values)
    if n < 2:
        return unknown(kind.over, n)
    mean, scale = float(values.mean()), np.sqrt(share * values.var(ddof=1))
    half = float(scipy.stats.t.ppf((1 + level) / 2, n - 1) * scale)
    return replace(kind, low=mean - half, high=mean + half)
