"""The question of shares: how much of the variance comes from each repeated factor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from agent_core.domain import FactorKind, LevelValue, Question
from agent_core.rules.design_words import factor_words
from agent_core.statistics.answers.answer import (
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureKind,
    Limit,
    Statistic,
    figure_of,
    label_of,
    metric_of,
)
from agent_core.statistics.answers.arms import Arm, arms_of
from agent_core.statistics.answers.levels import interval_marks
from agent_core.statistics.answers.repetitions import NESTED, SEED, run_table
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.answers.variance_layouts import (
    Component,
    Source,
    components_of,
    is_one_by_one,
    sources_of,
)

ALGORITHM = FactorKind.ALGORITHM.value
CAUSE = "cause"
"""The level that a source of variance is."""
DRAW_ITEMS = (FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value)
FEW = 10


def variance_shares_answer(question: Question, study: StudyValues) -> Answer:
    """Return the share of the variance of runs that comes from each repeated factor.

    What draws no random numbers has no share of a training seed, and is left out where that is
    asked about.
    """
    names = [n for n in NESTED if n in question.over]
    if len(names) < 2:
        about = f"shares of variance are of two or more of {', '.join(NESTED)}"
        return Answer(question, cautions=(Caution(CautionKind.NOT_ASKED, about),))
    found: list[Estimate] = []
    cautions = [Caution(CautionKind.OTHER_TEST_ITEMS)] if {*names} & {*DRAW_ITEMS} else []
    for measure in question.measures:
        within = [n for n in question.within if n != ALGORITHM]
        for arm in arms_of(study, measure, (ALGORITHM,), within):
            if SEED in names and not arm.is_random:
                continue
            sources = sources_of(run_table(study, measure, arm), names)
            found += share_estimates(measure, arm, components_of(sources))
            cautions += _cautions(sources)
    return Answer(
        question,
        tuple(found),
        _table(found),
        figure_of(FigureKind.INTERVALS, interval_marks(found), "share of the variance", ""),
        next((f"{e.n} {e.interval.over}" for e in found), ""),
        "users, data",
        (Limit.OTHER_DATA, Limit.OTHER_REPETITIONS),
        tuple(dict.fromkeys(cautions)),
    )


def share_estimates(measure: str, arm: Arm, components: Sequence[Component]) -> list[Estimate]:
    """Return the share of each component of an arm, with its variance and test."""
    return [
        Estimate(
            Statistic.VARIANCE_SHARE, measure,
            {**arm.levels, CAUSE: factor_words(c.source.name)[0]}, c.share, c.interval,
            within=arm.within, n=c.interval.n,
            more={
                "variance": c.variance, "component_sd": math.sqrt(c.variance),
                "levels": float(c.source.degrees + 1), "mean_square": c.source.mean_square,
                "degrees": float(c.source.degrees), "variance_f": c.f, "variance_p": c.p,
                "f_degrees": float(c.f_degrees[1]),
            },
        )
        for c in components
    ]  # fmt: skip


def cause_of(estimate: Estimate) -> LevelValue:
    """Return from what the variance of an estimate comes."""
    return estimate.levels.get(CAUSE, "")


def _cautions(sources: Sequence[Source]) -> list[Caution]:
    """Return what few levels, and causes that were varied one by one, keep from being told."""
    if not sources:
        return []
    fewest = min(s.degrees for s in sources) + 1
    found = [Caution(CautionKind.FEW_REPETITIONS, str(fewest))] if fewest < FEW else []
    if is_one_by_one(sources):
        found.append(Caution(CautionKind.SPLITS_HOLD_SEEDS))
    return found


def _table(found: Sequence[Estimate]) -> pd.DataFrame:
    """Return components for people: a line a cause."""
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "level": label_of({n: v for n, v in e.levels.items() if n != CAUSE}),
            "within": label_of(e.within),
            "variance from": cause_of(e),
            "share": e.value,
            "share low": e.interval.low,
            "share high": e.interval.high,
            "SD": e.more["component_sd"],
            "variance": e.more["variance"],
            "mean square": e.more["mean_square"],
            "df": e.more["degrees"],
            "F": e.more["variance_f"],
            "p": e.more["variance_p"],
        }
        for e in found
    )
