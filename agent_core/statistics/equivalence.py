"""Equivalence within a margin that was set before results: two one-sided tests (TOST).

A missing difference is no equality. Two means are equivalent within ±Δ where both one-sided tests,
of a difference below -Δ and of one above Δ, are rejected: where the 90 % interval of the paired
difference lies inside ±Δ.

References
----------
Schuirmann, A comparison of the two one-sided tests procedure and the power approach for assessing
the equivalence of average bioavailability, J. Pharmacokinetics and Biopharmaceutics 15, 1987.
Lakens, Equivalence tests: a practical primer for t tests, correlations, and meta-analyses, Social
Psychological and Personality Science 8, 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from agent_core.domain import Metric, Plan
from agent_core.statistics import pooled_errors
from agent_core.statistics.inference import (
    LARGE,
    Floats,
    Interval,
    finite_values,
    holm,
    mean_draws,
    mean_interval,
    percentile_interval,
    unknown,
)
from agent_core.statistics.observations import Observations

ALPHA = 0.05
"""Level of each of the two tests; the interval is one of 1 - 2 * `ALPHA`."""
FEW = 30
"""Users from which the bootstrap is taken; of fewer t is. Of 90 % intervals of normal differences
by bootstrap 85 % hold the truth with 10 users, 87 % with 20 or 30, 90 % with 50; by t 90 %
always."""
SEED = 21
"""Of the resampling, apart from that of the other intervals."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What two one-sided tests of a paired difference say about a margin."""

    margin: float
    """Δ, in units of the metric."""
    interval: Interval
    """90 %, paired over users; unknown where no user differs."""
    p_value: float
    """The larger one of both tests."""
    adjusted_p: float
    """Holm over the family of comparisons."""
    is_exploratory: bool = False
    """Whether the margin was set after the protocol was frozen."""

    @property
    def is_shown(self) -> bool:
        """Whether interval and adjusted tests both place the difference inside the margin."""
        is_inside = -self.margin < self.interval.low and self.interval.high < self.margin
        return is_inside and self.adjusted_p < ALPHA


def tost(differences: ArrayLike, margin: float, held: str = "") -> Equivalence:
    """Return the two one-sided t tests of paired differences against ±`margin`.

    Where no value differs there is no spread to test against: the interval is unknown.

    Raises
    ------
    ValueError
        When the margin is not positive.

    Examples
    --------
    >>> found = tost([0.001, -0.001, 0.002, -0.002], 0.01)
    >>> round(found.interval.high, 4), found.is_shown
    (0.0021, True)
    """
    _check(margin)
    array = finite_values(differences)
    n = len(array)
    if n < 2 or np.ptp(array) == 0:
        return Equivalence(margin, unknown("users", n), 1.0, 1.0)
    mean, error = float(array.mean()), float(array.std(ddof=1) / np.sqrt(n))
    below = scipy.stats.t.sf((mean + margin) / error, n - 1)
    above = scipy.stats.t.cdf((mean - margin) / error, n - 1)
    p_value = float(max(below, above))
    interval = mean_interval(array, "users", held, level=1 - 2 * ALPHA)
    return Equivalence(margin, interval, p_value, p_value)


def tost_of_draws(draws: Floats, margin: float, n: int, held: str = "") -> Equivalence:
    """Return the two one-sided tests by draws of a difference in resamples of `n` users.

    The observed sample counts among the draws, so that p is never 0.
    """
    _check(margin)
    if n < 2 or np.ptp(draws) == 0:
        return Equivalence(margin, unknown("users", n), 1.0, 1.0)
    outside = max(int((draws <= -margin).sum()), int((draws >= margin).sum()))
    p_value = (1 + outside) / (len(draws) + 1)
    kind = Interval(0, 0, "users", "percentile bootstrap", held, n)
    interval = percentile_interval(draws, kind, 1 - 2 * ALPHA)
    return Equivalence(margin, interval, p_value, p_value)


def equivalences(
    plan: Plan, found: Observations, metric: Metric, pairs: Sequence[tuple[str, str]]
) -> list[Equivalence | None]:
    """Return what the plan's margin says of each pair; Holm over all of them.

    None without a margin, and for other metrics than the primary one, whose unit it has.
    """
    if plan.margin is None or metric != plan.primary:
        return [None for _ in pairs]
    if found.is_pooled(metric):
        tested = {p: _pooled_test(found, metric, p, plan.margin) for p in pairs}
    else:
        groups = found.groups_of_pairs(metric, pairs)
        tested = {p: e for g in groups for p, e in _group_tests(found, metric, g, plan.margin)}
    adjusted = holm([tested[p].p_value for p in pairs])
    return [replace(tested[p], adjusted_p=float(a)) for p, a in zip(pairs, adjusted, strict=True)]


def _check(margin: float) -> None:
    """Refuse what is no margin."""
    if not margin > 0:
        raise ValueError(f"equivalence needs a positive margin set beforehand, not {margin!r}")


def _group_tests(
    found: Observations, metric: Metric, pairs: Sequence[tuple[str, str]], margin: float
) -> Iterator[tuple[tuple[str, str], Equivalence]]:
    """Yield the tests of pairs that share all users.

    By bootstrap, since most values of users may be 0; with few users, for whom it is too narrow,
    and with very many by t.
    """
    users = found.joint_users(metric, list({n for p in pairs for n in p}))
    columns = np.column_stack([(users[a] - users[b]).to_numpy(float) for a, b in pairs])
    n = len(columns)
    if not FEW <= n <= LARGE:
        for pair, column in zip(pairs, columns.T, strict=True):
            yield pair, tost(column, margin, found.held)
        return
    draws = mean_draws(columns, np.random.default_rng(SEED))
    for pair, drawn in zip(pairs, draws.T, strict=True):
        yield pair, tost_of_draws(drawn, margin, n, found.held)


def _pooled_test(
    found: Observations, metric: Metric, pair: tuple[str, str], margin: float
) -> Equivalence:
    """Test the pooled errors of one pair over the users that both have."""
    both = found.paired_losses(metric, *pair)
    if both is None:
        return Equivalence(margin, unknown("users"), 1.0, 1.0)
    draws = pooled_errors.pooled_draws(*both, np.random.default_rng(SEED))
    return tost_of_draws(draws, margin, len(both[0].sums), found.held)
