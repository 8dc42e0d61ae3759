"""The question of cost: time and memory, as ratios with their noise.

Means of repetitions without the first, which warms up where there are more; a ratio is that of
two means, its interval by the delta method on the logarithm (Welch-Satterthwaite).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from agent_core.domain import Question
from agent_core.statistics.answers.answer import (
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureData,
    FigureKind,
    Limit,
    Statistic,
    figure_of,
    label_of,
    metric_of,
)
from agent_core.statistics.answers.arms import Arm, arms_of, pairs_of, shared_within
from agent_core.statistics.answers.levels import level_estimates, mean_table
from agent_core.statistics.answers.samples import Noise
from agent_core.statistics.answers.study_values import COST_COLUMNS, StudyValues
from agent_core.statistics.inference import LEVEL, Floats, Interval, mean_interval, unknown

ENOUGH_TO_WARM = 3
"""Repetitions from which the first is left out."""
REPETITIONS = "repetitions"


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What the repetitions of an arm cost, in the order in which they ran."""

    arm: Arm
    values: Floats
    is_warm: bool
    """Whether the first was left out."""

    @property
    def mean(self) -> float:
        """Over repetitions."""
        return float(self.values.mean()) if len(self.values) else math.nan


def cost_answer(question: Question, study: StudyValues) -> Answer:
    """Return what each level costs and its ratio to a reference, accuracy beside it."""
    measures = [m for m in question.measures if metric_of(m).kind.is_cost] or list(COST_COLUMNS)
    found: list[Estimate] = []
    warm = []
    for measure in measures:
        arms = arms_of(study, measure, question.over, question.within)
        costs = {id(a): _costs(study, measure, a) for a in arms}
        warm += list(costs.values())
        found += [_mean(measure, costs[id(a)]) for a in arms]
        pairs = pairs_of(study, question, arms)
        found += [_ratio(measure, costs[id(a)], costs[id(b)]) for a, b in pairs]
    worth = [m for m in question.measures if not metric_of(m).kind.is_cost]
    beside = [
        e
        for m in worth
        for e in level_estimates(study, m, arms_of(study, m, question.over, question.within))
    ]
    means = [e for e in found if e.statistic is Statistic.MEAN]
    return Answer(
        question,
        (*found, *beside),
        mean_table([*means, *beside]),
        _figure(means, beside),
        next((f"{e.n} {REPETITIONS}" for e in means), ""),
        "machine, one thread",
        (Limit.OTHER_MACHINES,),
        tuple(_cautions(study, warm)),
    )


def ratio_of_means(a: Floats, b: Floats) -> tuple[float, Interval]:
    """Return the ratio of two means of independent positive values with its interval."""
    ratio = float(a.mean() / b.mean()) if len(a) and len(b) and b.mean() > 0 else math.nan
    n = min(len(a), len(b))
    if n < 2 or not ratio > 0:
        return ratio, unknown(REPETITIONS, n)
    causes = [Noise(float(v.var(ddof=1) / len(v) / v.mean() ** 2), len(v) - 1) for v in (a, b)]
    total = sum(c.variance for c in causes)
    if not total:
        return ratio, Interval(ratio, ratio, REPETITIONS, "delta method", n=n)
    degrees = total**2 / sum(c.variance**2 / c.degrees for c in causes)
    half = float(scipy.stats.t.ppf((1 + LEVEL) / 2, degrees)) * math.sqrt(total)
    ends = ratio * math.exp(-half), ratio * math.exp(half)
    return ratio, Interval(*ends, REPETITIONS, "delta method on the logarithm", n=n)


def _costs(study: StudyValues, measure: str, arm: Arm) -> Costs:
    """Return what the repetitions of an arm cost."""
    values = study.run_values(measure)
    order = {str(c): i for i, c in enumerate(study.cells["id"])}
    ids = sorted(arm.ids, key=order.__getitem__)
    found = values.reindex(ids).to_numpy(dtype=float)
    is_warm = len(found) >= ENOUGH_TO_WARM
    return Costs(arm, found[1:] if is_warm else found, is_warm)


def _mean(measure: str, costs: Costs) -> Estimate:
    """Return the mean cost of an arm."""
    values = costs.values
    interval = mean_interval(values, REPETITIONS)
    more = {"min": float(values.min()), "max": float(values.max())} if len(values) else {}
    if len(values) > 1:
        more["sd"] = float(np.std(values, ddof=1))
    return Estimate(
        Statistic.MEAN, measure, costs.arm.levels, costs.mean, interval, within=costs.arm.within,
        n=len(values), more=more,
    )  # fmt: skip


def _ratio(measure: str, a: Costs, b: Costs) -> Estimate:
    """Return what one arm costs, as a multiple of another."""
    value, interval = ratio_of_means(a.values, b.values)
    return Estimate(
        Statistic.RATIO, measure, a.arm.levels, value, interval, b.arm.levels,
        shared_within(a.arm, b.arm), interval.n,
    )  # fmt: skip


def _cautions(study: StudyValues, costs: Sequence[Costs]) -> Iterator[Caution]:
    """Yield what keeps times from telling: measured once, shared work."""
    once = dict.fromkeys(c.arm.label for c in costs if len(c.values) < 2)
    if once:
        yield Caution(CautionKind.NOT_REPEATED, ", ".join(once))
    if "shared_s" in study.cells:
        shared = pd.to_numeric(study.cells["shared_s"], errors="coerce").sum()
        if shared > 0:
            yield Caution(CautionKind.SHARED_WORK, f"{shared:.1f} s")


def _figure(means: Sequence[Estimate], beside: Sequence[Estimate]) -> FigureData:
    """Return accuracy against cost where it was asked beside it; else the costs alone."""
    worth = {e.subject: e for e in reversed(beside)}
    marks: list[dict[str, object]] = [
        {
            "x": e.value,
            "y": worth[e.subject].value if e.subject in worth else label_of(e.levels),
            "low": e.interval.low,
            "high": e.interval.high,
            "series": e.subject,
            "panel": f"{metric_of(e.measure).label} ({metric_of(e.measure).kind.unit})",
        }
        for e in means
    ]
    kind = FigureKind.SCATTER if worth else FigureKind.INTERVALS
    label = metric_of(beside[0].measure).label if beside else ""
    return figure_of(kind, marks, "", label)
