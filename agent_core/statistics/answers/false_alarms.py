"""The question of false alarms: how often a test tells runs apart that differ by chance (A/A).

10 seeds make 45 pairs and only 5 disjoint ones: the share is of all pairs, its interval
(Clopper-Pearson) of the disjoint. It need not be 5 %: users are what is resampled, while the
seed is what differs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from agent_core.domain import FactorKind, Question
from agent_core.statistics.answers.answer import (
    ALPHA,
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
from agent_core.statistics.answers.arms import Arm, arms_of, held_fixed
from agent_core.statistics.answers.differences import difference_answer, grade_cautions
from agent_core.statistics.answers.paired import Pair, difference_estimates, paired
from agent_core.statistics.answers.repetitions import NESTED, SEED
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import LEVEL, Interval, unknown

FEW_PAIRS = 10
"""Disjoint pairs below which the interval of the share reaches over more than 0.3."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One pair of runs that differ in a repeated factor only."""

    difference: float
    p: float
    is_disjoint: bool


def false_alarms_answer(question: Question, study: StudyValues) -> Answer:
    """Return the share of A/A pairs below 0.05, beside the differences of algorithms."""
    factor = next((n for n in question.over if n in NESTED), SEED)
    found: list[Estimate] = []
    marks: list[dict[str, object]] = []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        told = [n for n in NESTED if n in study.cells and n != factor]
        arms = tuple(
            a for a in arms_of(study, measure, (factor,), (*told, *question.within, "algorithm"))
        )
        alarms = _alarms(study, measure, question, arms, cautions)
        for name, own in alarms.items():
            found.append(_share(measure, name, own))
            marks += _marks(measure, name, [a.difference for a in own])
        real = _real(study, question, measure)
        found += real
        marks += _marks(measure, "differences of algorithms", [e.value for e in real])
    shares = [e for e in found if e.statistic is Statistic.SHARE]
    few = [e for e in shares if e.interval.n < FEW_PAIRS]
    return Answer(
        question,
        tuple(found),
        _table(shares),
        figure_of(FigureKind.DISTRIBUTIONS, marks, "size of the difference", ""),
        f"{shares[0].interval.n} disjoint pairs" if shares else "",
        held_fixed(arms),
        (Limit.OTHER_DATA, Limit.OTHER_SEEDS),
        (*dict.fromkeys(cautions),
         *([Caution(CautionKind.FEW_REPETITIONS, f"{few[0].interval.n} disjoint pairs")]
           if few else [])),
    )  # fmt: skip


def clopper_pearson(hits: int, n: int, over: str) -> Interval:
    """Return the exact interval of a share."""
    if not n:
        return unknown(over)
    found = scipy.stats.binomtest(hits, n).proportion_ci(LEVEL, method="exact")
    return Interval(float(found.low), float(found.high), over, "Clopper-Pearson", n=n)


def _alarms(
    study: StudyValues,
    measure: str,
    question: Question,
    arms: Sequence[Arm],
    cautions: list[Caution],
) -> dict[str, list[Alarm]]:
    """Return the A/A pairs of each algorithm; disjoint ones are the first with the second, ..."""
    groups: dict[str, list[Arm]] = {}
    for arm in arms:
        groups.setdefault(label_of(arm.within), []).append(arm)
    sides, names, disjoint = [], {}, set()
    for own in groups.values():
        for i, j in itertools.combinations(range(len(own)), 2):
            sides.append((own[i], own[j]))
            names[id(own[i]), id(own[j])] = str(own[i].within.get("algorithm", "all"))
            if i % 2 == 0 and j == i + 1:
                disjoint.add((id(own[i]), id(own[j])))
    pairs: list[Pair] = paired(study, measure, sides)
    cautions += grade_cautions(study, sides)
    plain = replace(question, margin=None)
    found: dict[str, list[Alarm]] = {}
    for pair, e in zip(pairs, difference_estimates(pairs, measure, plain), strict=True):
        key = id(pair.a), id(pair.b)
        p = _p_of(e, question.test)
        if math.isfinite(p):
            alarm = Alarm(e.value, p, key in disjoint)
            found.setdefault(names[key], []).append(alarm)
    return found


def _p_of(e: Estimate, test: str) -> float:
    """Return the p of the test that is asked for by name, else of the product's own."""
    if e.test is None:
        return math.nan
    return e.test.named_p if test else e.test.p


def _share(measure: str, name: str, alarms: Sequence[Alarm]) -> Estimate:
    """Return the share of pairs below 0.05 with its interval over the disjoint ones."""
    own = [a for a in alarms if a.is_disjoint]
    interval = clopper_pearson(sum(a.p < ALPHA for a in own), len(own), "disjoint pairs")
    sizes = np.abs([a.difference for a in alarms])
    return Estimate(
        Statistic.SHARE, measure, {"algorithm": name},
        float(np.mean([a.p < ALPHA for a in alarms])), interval, n=interval.n,
        more={
            "pairs": float(len(alarms)),
            "disjoint_pairs": float(len(own)),
            "disjoint_share": float(np.mean([a.p < ALPHA for a in own])) if own else math.nan,
            "largest_aa": float(sizes.max()),
            "mean_aa": float(sizes.mean()),
        },
    )  # fmt: skip


def _real(study: StudyValues, question: Question, measure: str) -> list[Estimate]:
    """Return the differences of the algorithms, for size."""
    algorithm = FactorKind.ALGORITHM.value
    asked = replace(
        question, over=(algorithm,), within=(), measures=(measure,), pairs=(), reference=None
    )
    return list(difference_answer(asked, study).of(Statistic.DIFFERENCE))


def _marks(measure: str, name: str, values: Sequence[float]) -> Iterator[dict[str, object]]:
    """Yield the marks of a band: sizes of differences."""
    for value in values:
        yield {"x": abs(value), "y": name, "panel": metric_of(measure).label}


def _table(shares: Sequence[Estimate]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "algorithm": label_of(e.levels),
            "pairs": int(e.more["pairs"]),
            "share below 0.05": e.value,
            "disjoint pairs": e.interval.n,
            "low": e.interval.low,
            "high": e.interval.high,
            "largest A/A difference": e.more["largest_aa"],
        }
        for e in shares
    )
