"""Pairs of arms over the same users: difference, interval, test, family, effect size.

References
----------
Welch, The generalization of Student's problem when several different population variances are
involved, Biometrika 34, 1947.
Pratt, Remarks on zeros and ties in the Wilcoxon signed rank procedures, JASA 54, 1959.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from agent_core.domain import Question
from agent_core.statistics import inference
from agent_core.statistics.answers.answer import (
    ALPHA,
    Estimate,
    Grade,
    PairTest,
    Statistic,
    Verdict,
)
from agent_core.statistics.answers.arms import Arm, grade_of_arms, held_fixed, shared_within
from agent_core.statistics.answers.samples import (
    BOTH,
    SEED,
    SEEDS,
    USERS,
    Column,
    Error,
    error_of,
    panel_of,
    sharing_users,
    t_interval,
    widened,
)
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.equivalence import FEW, Equivalence, tost_of_draws
from agent_core.statistics.inference import (
    FLIPS,
    Floats,
    Interval,
    percentile_interval,
    unknown,
)

DETECTABLE = 2.8
"""Standard errors: 1.96 + 0.84, found in 80 % of studies at 5 %."""
FLIPS_PER_PAIR = 400
"""The lowest p of so many flips for each pair of a family is an eighth of what Holm asks."""
ROOM = 50_000_000
"""Signs that are drawn at most; where a family needs more its p is by the normal tail."""
DIGITS = 12
"""To which differences are rounded before they are ranked: rounding errors have no rank."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two arms over the same users."""

    a: Arm
    b: Arm
    columns: tuple[Column, Column]
    draws: Floats
    """Means of both in resamples of the users, shape (resamples, 2)."""
    n: int
    """Users; 0 where there are no values of them."""
    grade: Grade
    why: str

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.columns[0].mean - self.columns[1].mean

    @property
    def influence(self) -> Floats:
        """Difference by user, as it moves that of the means."""
        return self.columns[0].values - self.columns[1].values

    @property
    def flipped(self) -> Floats:
        """What changes its sign where both arms are exchanged for a user."""
        a, b = self.columns
        is_paired = np.array_equal(a.counts, b.counts)
        return a.sums - b.sums if is_paired else self.influence

    @property
    def error(self) -> Error:
        """The standard error of the difference, with the seeds."""
        a, b = self.columns
        noise = (*a.scaled_noise(1.0), *b.scaled_noise(1.0))
        return error_of(self.influence, noise, has_users=self.n > 0)

    @property
    def ratio(self) -> float:
        """First by second mean; NaN unless the latter is positive."""
        return self.columns[0].mean / self.columns[1].mean if self.has_ratio else math.nan

    @property
    def has_ratio(self) -> bool:
        """Whether the second mean can be divided by."""
        return self.columns[1].mean > 0

    @property
    def ratio_error(self) -> Error:
        """The standard error of the ratio of means, with the seeds."""
        a, b = self.columns
        below, ratio = b.mean, self.ratio
        influence = ratio + (a.values - ratio * b.values) / below
        noise = (*a.scaled_noise(1 / below), *b.scaled_noise(ratio / below))
        return error_of(np.asarray(influence), noise, has_users=self.n > 0)

    @property
    def over(self) -> str:
        """What its interval is over."""
        has_noise = any(c.noise for c in self.columns)
        if not self.n:
            return SEEDS
        return BOTH if has_noise else USERS

    def kind(self, method: str = "t, Welch-Satterthwaite") -> Interval:
        """Return an interval that says what it is over and what it holds."""
        held = held_fixed((self.a, self.b))
        return Interval(0, 0, self.over, method, held, self.n)


def paired(study: StudyValues, measure: str, sides: Sequence[tuple[Arm, Arm]]) -> list[Pair]:
    """Return pairs over the users of both; those that are apart are left out."""
    grades = [grade_of_arms(study, a, b) for a, b in sides]
    known = {
        (id(a), id(b)): grade
        for (a, b), grade in zip(sides, grades, strict=True)
        if grade[0] is not Grade.APART
    }
    found: list[Pair] = []
    for arms, own in _groups(study, measure, [s for s in sides if (id(s[0]), id(s[1])) in known]):
        panel = panel_of(study, measure, arms)
        if panel.has_users and panel.n < 2:
            continue
        draws = panel.draws()
        at = {id(arm): i for i, arm in enumerate(arms)}
        for a, b in own:
            grade, why = known[id(a), id(b)]
            both = [at[id(a)], at[id(b)]]
            columns = panel.columns[both[0]], panel.columns[both[1]]
            found.append(Pair(a, b, columns, draws[:, both], panel.n, grade, str(why)))
    order = {(id(a), id(b)): i for i, (a, b) in enumerate(sides)}
    return sorted(found, key=lambda p: order[id(p.a), id(p.b)])


def difference_estimates(
    pairs: Sequence[Pair], measure: str, question: Question
) -> list[Estimate]:
    """Return the difference of each pair with its test; Holm over those of grade *same*.

    Parameters
    ----------
    pairs
        Of one measure of a question.
    measure
        Its key.
    question
        Has margin and named test.
    """
    are_same = [p.grade is Grade.SAME for p in pairs]
    m = sum(are_same)
    raw = _p_values([p for p, is_same in zip(pairs, are_same, strict=True) if is_same], m)
    adjusted = holm_of([p for p, _ in raw])
    within = _equivalences(pairs, question)
    results = iter(zip(raw, adjusted, strict=True))
    found = []
    for pair, is_same, margin in zip(pairs, are_same, within, strict=True):
        (p, name), holm = next(results) if is_same else ((math.nan, ""), math.nan)
        test = _test_of(pair, p, holm, name, m)
        named = _named_p(pair, question.test) if is_same else math.nan
        test = replace(
            test,
            equivalence=margin if is_same else None,
            is_ratio_margin=question.is_relative,
            named=question.test if math.isfinite(named) else "",
            named_p=named,
        )
        found.append(_estimate(pair, measure, test))
    return found


def holm_of(p_values: Sequence[float]) -> Floats:
    """Return p-values after Holm over those that are known."""
    array = np.asarray(p_values, dtype=float)
    known = np.isfinite(array)
    found = np.full(len(array), math.nan)
    if known.any():
        found[known] = inference.holm(array[known])
    return found


def verdict_of(value: float, interval: Interval, p: float, adjusted: float) -> Verdict:
    """Return what interval and test of grade *same* come to together; both are needed."""
    excludes = interval.is_known and (interval.low > 0 or interval.high < 0)
    if excludes and adjusted < ALPHA:
        return Verdict.HIGHER if value > 0 else Verdict.LOWER
    if excludes and p < ALPHA:
        return Verdict.NOT_AFTER_CORRECTION
    return Verdict.OPEN


def ratio_estimate(pair: Pair, measure: str) -> Estimate:
    """Return the ratio of means of a pair, both resampled together, widened for the seeds."""
    kind = pair.kind("percentile bootstrap of the ratio of means")
    interval = unknown(pair.over, pair.n)
    low = high = math.nan
    if pair.has_ratio and pair.n > 1:
        drawn = ratio_draws(pair)
        interval = percentile_interval(drawn, kind)
        low, high = (float(q) for q in np.quantile(drawn, [ALPHA, 1 - ALPHA]))
    elif pair.has_ratio:
        interval = t_interval(pair.ratio, pair.ratio_error, pair.kind())
    return Estimate(
        Statistic.RATIO, measure, pair.a.levels, pair.ratio, interval, pair.b.levels,
        shared_within(pair.a, pair.b), pair.n, pair.grade, pair.why,
        more={"ratio_one_sided_low": low, "ratio_one_sided_high": high},
    )  # fmt: skip


def ratio_draws(pair: Pair) -> Floats:
    """Return the ratio of means in resamples of the users, widened for the seeds."""
    drawn = pair.draws[:, 0] / np.where(pair.draws[:, 1] > 0, pair.draws[:, 1], np.nan)
    return widened(drawn[np.isfinite(drawn)], pair.ratio, pair.ratio_error)


def flips_of(columns: Floats, family: int) -> tuple[Floats, str]:
    """Return p-values of the sign-flip test with flips enough for a family.

    9,999 flips cannot reject from 500 pairs on: 400 are drawn for each pair, and where these are
    too many for the users, p is by the normal tail, which the name says.
    """
    flips = max(FLIPS, FLIPS_PER_PAIR * family)
    rng = np.random.default_rng(SEED)
    if flips > FLIPS and flips * len(columns) > ROOM:
        return inference.normal_flips(columns)
    return inference.sign_flips(columns, rng, flips)


def _groups(
    study: StudyValues, measure: str, sides: Sequence[tuple[Arm, Arm]]
) -> Iterable[tuple[list[Arm], list[tuple[Arm, Arm]]]]:
    """Yield pairs with the arms of the panel that they share: those of the same users together.

    Arms of other users would lose them to all others in one panel.
    """
    arms = {id(arm): arm for side in sides for arm in side}
    shared = sharing_users(study, measure, list(arms.values()))
    room = {id(arm): i for i, own in enumerate(shared) for arm in own}
    for i, own in enumerate(shared):
        inside = [s for s in sides if room[id(s[0])] == room[id(s[1])] == i]
        if inside:
            yield own, inside
    yield from (([a, b], [(a, b)]) for a, b in sides if room[id(a)] != room[id(b)])


def _p_values(pairs: Sequence[Pair], family: int) -> list[tuple[float, str]]:
    """Return p of each pair and the name of its test."""
    found: dict[int, tuple[float, str]] = {}
    groups: dict[int, list[int]] = {}
    for i, pair in enumerate(pairs):
        if not pair.n:
            found[i] = _seeds_p(pair)
        elif _are_hits(pair):
            p, _, _ = inference.mcnemar(*(c.sums for c in pair.columns))
            found[i] = p, "McNemar's exact test"
        else:
            groups.setdefault(pair.n, []).append(i)
    for members in groups.values():
        columns = np.column_stack([pairs[i].flipped for i in members])
        p_values, name = flips_of(columns, family)
        found |= {i: (float(p), name) for i, p in zip(members, p_values, strict=True)}
    return [found[i] for i in range(len(pairs))]


def _seeds_p(pair: Pair) -> tuple[float, str]:
    """Return p by the runs alone, where there are no values of users."""
    error = pair.error
    if not error.total or not error.degrees > 0:
        return math.nan, ""
    p = 2 * scipy.stats.t.sf(abs(pair.difference) / error.total, error.degrees)
    return float(p), "Welch's t test over seeds"


def _are_hits(pair: Pair) -> bool:
    """Whether all values are 0 or 1."""
    is_plain = all((c.counts == 1).all() for c in pair.columns)
    return is_plain and all(np.isin(c.sums, (0.0, 1.0)).all() for c in pair.columns)


def _test_of(pair: Pair, p: float, adjusted: float, name: str, family: int) -> PairTest:
    """Return what stands beside a difference."""
    value, error = pair.difference, pair.error
    interval = t_interval(value, error, pair.kind())
    if pair.grade is Grade.SAME:
        verdict = verdict_of(value, interval, p, adjusted)
    else:
        excludes = interval.is_known and (interval.low > 0 or interval.high < 0)
        verdict = Verdict.DIFFERS if excludes else Verdict.UNDECIDED
    moved = np.round(pair.flipped, DIGITS)
    sd = float(pair.influence.std(ddof=1)) if pair.n > 1 else math.nan
    higher, lower, equal = (
        float(s.mean()) if pair.n else math.nan for s in (moved > 0, moved < 0, moved == 0)
    )
    kind = Interval(0, 0, USERS, "percentile bootstrap", held_fixed((pair.a, pair.b)), pair.n)
    drawn = pair.draws[:, 0] - pair.draws[:, 1]
    over_users = percentile_interval(drawn, kind) if pair.n > 1 else unknown(USERS, pair.n)
    d_z = value / sd if sd > 0 else (0.0 if value == 0 and pair.n > 1 else math.nan)
    return PairTest(
        p,
        adjusted,
        name,
        family,
        verdict,
        over_users,
        d_z,
        higher,
        lower,
        equal,
        DETECTABLE * error.total,
    )


def _estimate(pair: Pair, measure: str, test: PairTest) -> Estimate:
    interval = t_interval(pair.difference, pair.error, pair.kind())
    return Estimate(
        Statistic.DIFFERENCE, measure, pair.a.levels, pair.difference, interval, pair.b.levels,
        shared_within(pair.a, pair.b), pair.n, pair.grade, pair.why, test,
    )  # fmt: skip


def _equivalences(pairs: Sequence[Pair], question: Question) -> list[Equivalence | None]:
    """Return two one-sided tests of each pair of grade *same*; Holm over them.

    A relative margin is tested on the ratio of means, both resampled together, never on a
    difference whose margin was made from the observed mean.
    """
    if not question.margin or question.margin <= 0:
        return [None for _ in pairs]
    margin = question.margin
    known = [p.n > 1 and p.grade is Grade.SAME for p in pairs]
    single = [_tost(p, margin, is_relative=question.is_relative) if k else None
              for p, k in zip(pairs, known, strict=True)]  # fmt: skip
    p_values = [math.nan if e is None else e.p_value for e in single]
    adjusted = holm_of(p_values)
    return [
        replace(e, adjusted_p=float(p)) if e else None
        for e, p in zip(single, adjusted, strict=True)
    ]


def _tost(pair: Pair, margin: float, *, is_relative: bool) -> Equivalence | None:
    """Return both one-sided tests: by resampling; of few users by t."""
    if is_relative and not pair.has_ratio:
        return None
    value = pair.ratio - 1 if is_relative else pair.difference
    error = pair.ratio_error if is_relative else pair.error
    held = held_fixed((pair.a, pair.b))
    if pair.n >= FEW:
        drawn = ratio_draws(pair) - 1 if is_relative else pair.draws[:, 0] - pair.draws[:, 1]
        if not is_relative:
            drawn = widened(drawn, value, error)
        found = tost_of_draws(drawn, margin, pair.n, held)
        return replace(found, interval=replace(found.interval, over=pair.over))
    if not error.total:
        return Equivalence(margin, unknown(pair.over, pair.n), 1.0, 1.0)
    p = max(
        float(scipy.stats.t.sf((margin + value) / error.total, error.degrees)),
        float(scipy.stats.t.sf((margin - value) / error.total, error.degrees)),
    )
    return Equivalence(margin, t_interval(value, error, pair.kind(), 1 - 2 * ALPHA), p, p)


def _named_p(pair: Pair, name: str) -> float:
    """Return p of a test that is asked for by name; NaN where none is, or it is not known."""
    d = np.round(pair.influence, DIGITS)
    if not pair.n or name not in ("wilcoxon", "t"):
        return math.nan
    if not d.any():
        return 1.0
    if name == "t":
        return float(scipy.stats.ttest_1samp(d, 0.0).pvalue) if np.ptp(d) > 0 else 0.0
    return float(scipy.stats.wilcoxon(d, zero_method="pratt", method="asymptotic").pvalue)
