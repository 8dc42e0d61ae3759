"""The question of responses: how a measure follows an ordered factor.

References
----------
Page, Ordered hypotheses for multiple treatments: a significance test for linear ranks, JASA 58,
1963; with ties as in Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 2014, 7.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from agent_core.domain import Better, FactorKind, LevelValue, Question
from agent_core.domain.cells import WHOLE
from agent_core.statistics.answers.answer import (
    ALPHA,
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureKind,
    Grade,
    Limit,
    Statistic,
    figure_of,
    label_of,
    metric_of,
)
from agent_core.statistics.answers.arms import Arm, arms_of, grade_of_arms, held_fixed
from agent_core.statistics.answers.differences import (
    difference_table,
    grade_cautions,
    test_cautions,
)
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    level_estimates,
    mean_table,
    over_of,
)
from agent_core.statistics.answers.paired import (
    DIGITS,
    Pair,
    difference_estimates,
    holm_of,
    paired,
    ratio_estimate,
)
from agent_core.statistics.answers.samples import panel_of
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Floats

FEWEST_OF_TREND = 3
"""Levels that a trend needs."""
DOWN_FROM_WHOLE = (FactorKind.TRAIN_SHARE.value, FactorKind.PROFILE_SIZE.value)
"""Factors whose last level is the usual reference: the data as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The arms of one algorithm along the factor, in its order."""

    factor: str
    arms: tuple[Arm, ...]
    reference: Arm | None

    @property
    def others(self) -> list[Arm]:
        """All levels but the reference."""
        return [arm for arm in self.arms if arm is not self.reference]


@dataclass(frozen=True, slots=True)
class Trend:
    """Page's test of ranks that follow the order of levels."""

    correlation: float
    """Mean over users of Spearman's correlation of their values with the order."""
    statistic: float
    """L."""
    p: float
    """Two-sided, by the normal distribution."""


def response_answer(question: Question, study: StudyValues) -> Answer:
    """Return a measure at each level of an ordered factor, and what it loses to a reference.

    Differences and trend only at grade *same*. The first level within a tolerance is that from
    which on all one-sided 95 % limits are within it; no level is said to lose nothing.
    """
    factor = next((n for n in question.over if n in study.cells), "")
    if not factor:
        return _of_cutoffs(question, study)
    found: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        arms = arms_of(study, measure, (factor,), question.within)
        curves = _curves(question, factor, arms)
        sides = [(a, c.reference) for c in curves if c.reference for a in c.others]
        pairs = paired(study, measure, sides)
        found += difference_estimates(pairs, measure, question)
        found += [ratio_estimate(p, measure) for p in pairs]
        found += _trends(study, measure, curves)
        found += [_first_within(question, measure, c, pairs) for c in curves if question.tolerance]
        found += level_estimates(study, measure, [a for c in curves for a in c.arms])
        cautions += grade_cautions(study, sides)
        cautions += [
            Caution(CautionKind.NO_REFERENCE, c.factor) for c in curves if not c.reference
        ]
    means = [e for e in found if e.statistic is Statistic.MEAN]
    differences = [e for e in found if e.statistic is Statistic.DIFFERENCE]
    table = mean_table(means)
    return Answer(
        question,
        tuple(found),
        table if len(table) else difference_table(differences),
        figure_of(FigureKind.CURVES, _marks(factor, means), factor, ""),
        over_of(means),
        held_fixed(arms),
        (*LIMITS, Limit.BETWEEN_LEVELS, Limit.EQUALITY),
        (*dict.fromkeys(cautions), *test_cautions(differences),
         *design_cautions(study, question, arms)),
    )  # fmt: skip


def page_trend(values: Floats) -> Trend:
    """Return Page's test over users (lines) of a trend along levels (columns).

    L = Σ_j j Σ_i r_ij with mid-ranks within users; under the null hypothesis its variance is
    Σ_i Σ_j (j - mean)² Σ_j (r_ij - mean)² / (k - 1), which holds with ties. A user whose values
    are all equal adds nothing.
    """
    n, k = values.shape
    ranks = scipy.stats.rankdata(np.round(values, DIGITS), axis=1)
    steps = np.arange(1, k + 1)
    centred = steps - steps.mean()
    spread = ((ranks - ranks.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    statistic = float((ranks @ steps).sum())
    moved = ranks @ centred
    variance = float((centred**2).sum() * spread.sum() / (k - 1))
    if variance == 0:
        return Trend(0.0, statistic, 1.0)
    scale = np.sqrt((centred**2).sum() * spread)
    each = np.divide(moved, scale, out=np.zeros(n), where=scale > 0)
    p = float(2 * scipy.stats.norm.sf(abs(moved.sum()) / math.sqrt(variance)))
    return Trend(float(each.mean()), statistic, p)


def order_key(level: LevelValue) -> tuple[int, float]:
    """Return where a level stands among numbers; all of the data is behind them."""
    if isinstance(level, int | float):
        return 0, float(level)
    return (1, 0.0) if level == WHOLE else (2, 0.0)


def _curves(question: Question, factor: str, arms: Sequence[Arm]) -> list[Curve]:
    """Return the arms by what they stand within, each in the order of levels.

    Where some levels are numbers, words other than `all` (a choice, no re-ranking) are no place on
    the curve unless they are the reference.
    """
    groups: dict[str, list[Arm]] = {}
    for arm in arms:
        groups.setdefault(label_of(arm.within), []).append(arm)
    curves = []
    for own in groups.values():
        keys = {id(a): order_key(a.levels[factor]) for a in own}
        if any(k[0] == 0 for k in keys.values()):
            known = [
                a for a in own if keys[id(a)][0] < 2 or a.levels[factor] == question.reference
            ]
            own = sorted(known, key=lambda a: order_key(a.levels[factor]))
        curves.append(Curve(factor, tuple(own), _reference(question, factor, own)))
    return curves


def _reference(question: Question, factor: str, arms: Sequence[Arm]) -> Arm | None:
    """Return the arm that others are held against."""
    if question.reference is not None:
        return next((a for a in arms if a.levels[factor] == question.reference), None)
    return arms[-1] if factor in DOWN_FROM_WHOLE else arms[0]


def _trends(study: StudyValues, measure: str, curves: Sequence[Curve]) -> list[Estimate]:
    """Return the trend of each curve all of whose levels are of grade *same*; Holm over them."""
    known = []
    for curve in curves:
        first = curve.arms[0]
        grades = {grade_of_arms(study, first, arm)[0] for arm in curve.arms}
        panel = panel_of(study, measure, curve.arms)
        if grades == {Grade.SAME} and len(curve.arms) >= FEWEST_OF_TREND and panel.n > 1:
            trend = page_trend(np.column_stack([c.values for c in panel.columns]))
            known.append((curve, trend, panel.n))
    adjusted = holm_of([trend.p for _, trend, _ in known])
    return [
        Estimate(
            Statistic.TREND, measure, {}, trend.correlation, within=curve.arms[0].within, n=n,
            more={"trend_p": float(p), "trend_p_raw": trend.p, "page_l": trend.statistic,
                  "levels": float(len(curve.arms))},
        )
        for (curve, trend, n), p in zip(known, adjusted, strict=True)
    ]  # fmt: skip


def _first_within(
    question: Question, measure: str, curve: Curve, pairs: Sequence[Pair]
) -> Estimate:
    """Return the first level from which on all levels are shown within the tolerance."""
    own = {id(p.a): p for p in pairs}
    first: Arm | None = None
    worst = Grade.SAME
    for arm in reversed(curve.arms):
        pair = own.get(id(arm))
        is_in = arm is curve.reference or (
            pair is not None and _is_within(question, measure, pair)
        )
        if not is_in:
            break
        first, worst = arm, pair.grade if pair and pair.grade is not Grade.SAME else worst
    level = first.levels[curve.factor] if first else None
    value = float(level) if isinstance(level, int | float) else math.nan
    found = {curve.factor: level} if level is not None else {}
    base = Estimate(
        Statistic.FIRST_WITHIN, measure, {}, value, within=curve.arms[0].within, grade=worst,
        more={"tolerance": question.tolerance or math.nan}, found=found,
    )  # fmt: skip
    return replace(base, why="" if first else "no level is shown within it")


def _is_within(question: Question, measure: str, pair: Pair) -> bool:
    """Whether the one-sided 95 % limit of a level is within the tolerance of the reference."""
    better, tolerance = metric_of(measure).better, question.tolerance or 0.0
    if better not in (Better.HIGHER, Better.LOWER):
        return False
    if question.is_relative:
        ends = ratio_estimate(pair, measure).more
        low, high = ends["ratio_one_sided_low"] - 1, ends["ratio_one_sided_high"] - 1
    else:
        half = pair.error.critical(1 - 2 * ALPHA) * pair.error.total
        low, high = pair.difference - half, pair.difference + half
    return low > -tolerance if better is Better.HIGHER else high < tolerance


def _marks(factor: str, means: Sequence[Estimate]) -> list[dict[str, object]]:
    """Return the marks of curves."""
    return [
        {
            "x": e.levels[factor],
            "y": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "series": label_of(e.within),
            "panel": metric_of(e.measure).label,
        }
        for e in means
    ]


def _of_cutoffs(question: Question, study: StudyValues) -> Answer:
    """Return a metric at its cut-offs: they are read off the same lists, and are no factor."""
    found: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    for measure in question.measures:
        arms = arms_of(study, measure, (FactorKind.ALGORITHM.value,), question.within)
        found += level_estimates(study, measure, arms)
    marks: list[dict[str, object]] = [
        {
            "x": metric_of(e.measure).k,
            "y": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "series": e.subject,
            "panel": replace(metric_of(e.measure), k=None).label,
        }
        for e in found
    ]
    return Answer(
        question, tuple(found), mean_table(found), figure_of(FigureKind.CURVES, marks, "k", ""),
        over_of(found), held_fixed(arms), (*LIMITS, Limit.BETWEEN_LEVELS),
        design_cautions(study, question, arms),
    )  # fmt: skip
