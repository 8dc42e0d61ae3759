"""The question of differences: levels over the same users, with seeds counted and a family."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from agent_core.domain import Estimand, Question
from agent_core.statistics.answers.answer import (
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
from agent_core.statistics.answers.arms import (
    Arm,
    arms_of,
    grade_of_arms,
    held_fixed,
    pairs_of,
)
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    interval_marks,
    level_estimates,
    over_of,
)
from agent_core.statistics.answers.paired import difference_estimates, paired, ratio_estimate
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import NORMAL_FLIPS


def difference_answer(question: Question, study: StudyValues) -> Answer:
    """Return the difference of each pair over the same users; Holm over the question's pairs.

    The family is all pairs of a measure over all levels of the other factors. A direction needs
    both the sign-flip test after Holm and the interval that counts the seeds.
    """
    differences, means, ratios = [], [], []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        arms = arms_of(study, measure, question.over, question.within)
        sides = pairs_of(study, question, arms)
        pairs = paired(study, measure, sides)
        differences += difference_estimates(pairs, measure, question)
        ratios += [ratio_estimate(p, measure) for p in pairs]
        means += level_estimates(study, measure, arms)
        cautions += grade_cautions(study, sides)
    return Answer(
        question,
        (*differences, *ratios, *means),
        difference_table(differences, ratios),
        figure_of(FigureKind.INTERVALS, interval_marks(differences), "difference", ""),
        over_of(differences),
        held_fixed(arms),
        (*LIMITS, Limit.EQUALITY),
        (*dict.fromkeys(cautions), *test_cautions(differences),
         *design_cautions(study, question, arms)),
    )  # fmt: skip


def grade_cautions(study: StudyValues, sides: Iterable[tuple[Arm, Arm]]) -> list[Caution]:
    """Return a caution for each pair that is not of grade *same*, with the reason."""
    found = []
    for a, b in sides:
        grade, why = grade_of_arms(study, a, b)
        if grade is Grade.SAME:
            continue
        kind = CautionKind.APART if grade is Grade.APART else CautionKind.NOT_SAME
        found.append(Caution(kind, f"{a.label} and {b.label}: {why}"))
    return list(dict.fromkeys(found))


def test_cautions(estimates: Iterable[Estimate]) -> list[Caution]:
    """Return what is to be said of how p was worked out: of families that need many flips."""
    marked = [e for e in estimates if e.test and e.test.name == NORMAL_FLIPS and e.test.family > 1]
    families = dict.fromkeys(e.test.family for e in marked if e.test)
    return [Caution(CautionKind.NORMAL_TAIL, f"{m} pairs") for m in families]


def difference_table(
    differences: Sequence[Estimate], ratios: Sequence[Estimate] = ()
) -> pd.DataFrame:
    """Return differences for people: a line a pair and measure."""
    shares = {e.reference: e for e in ratios}
    return pd.DataFrame([_line(e, shares.get(e.reference)) for e in differences])


def _line(e: Estimate, ratio: Estimate | None) -> dict[str, object]:
    test = e.test
    line: dict[str, object] = {
        "measure": metric_of(e.measure).label,
        "within": label_of(e.within),
        "a": label_of(e.levels),
        "b": label_of(e.against),
        "difference": e.value,
        "low": e.interval.low,
        "high": e.interval.high,
        "ratio": ratio.value if ratio else math.nan,
        "n": e.n,
        "grade": e.grade.value,
    }
    if test is None:
        return line
    line |= {
        "p": test.p,
        "p after Holm": test.adjusted_p,
        "d_z": test.d_z,
        "better": e.share_better,
        "worse": e.share_worse,
        "equal": test.equal,
        "detectable": test.detectable,
        "test": test.name,
        "verdict": test.verdict.value,
    }
    if test.named:
        line[f"p ({test.named})"] = test.named_p
    if found := test.equivalence:
        line |= {
            "90 % low": found.interval.low,
            "90 % high": found.interval.high,
            "p (TOST) after Holm": found.adjusted_p,
            "equivalence": f"{'equivalent' if found.is_shown else 'not shown'} within "
            f"±{found.margin:g}{' (exploratory)' if found.is_exploratory else ''}",
        }
    return line


def with_late_margins(answer: Answer) -> Answer:
    """Return an answer whose equivalences are marked: the margin came after the freeze."""
    estimates = tuple(map(_with_late_margin, answer.estimates))
    if answer.kind is not Estimand.DIFFERENCE or estimates == answer.estimates:
        return replace(answer, estimates=estimates)
    told = (Statistic.DIFFERENCE, Statistic.RATIO)
    pairs, ratios = ([e for e in estimates if e.statistic is s] for s in told)
    return replace(answer, estimates=estimates, table=difference_table(pairs, ratios))


def _with_late_margin(e: Estimate) -> Estimate:
    if e.test is None or e.test.equivalence is None:
        return e
    marked = replace(e.test.equivalence, is_exploratory=True)
    return replace(e, test=replace(e.test, equivalence=marked))


def told_apart(estimates: Iterable[Estimate]) -> float:
    """Return the share of pairs told apart after Holm: discriminative power (Sakai 2006)."""
    found = [
        e.test.is_shown
        for e in estimates
        if e.test and e.statistic is Statistic.DIFFERENCE and math.isfinite(e.test.p)
    ]
    return float(np.mean(found)) if found else math.nan
