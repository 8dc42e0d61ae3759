"""The questions of spread: how far runs scatter, and which of two causes scatters them more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from agent_core.domain import FactorKind, Question
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
from agent_core.statistics.answers.repetitions import (
    NESTED,
    SEED,
    Components,
    crossed,
    means_by,
    nested_components,
    one_by_one,
    run_table,
    separate_components,
    single_sd,
)
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.answers.variance_layouts import (
    REST,
    components_of,
    is_nested,
    nested_values,
    sources_of,
)
from agent_core.statistics.inference import (
    Interval,
    corrected_interval,
    mean_interval,
    single_run_gap,
    spread_of,
    unknown,
)

ALGORITHM = FactorKind.ALGORITHM.value
DRAW_ITEMS = (FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value)
DETERMINISTIC = "draws no random numbers"
FEW = 10
"""Repetitions below which the interval of an SD reaches further than from 0.7 to 1.8 of it."""
RANDOM = 20


def spread_answer(question: Question, study: StudyValues) -> Answer:
    """Return how far a measure scatters over a repeated factor.

    SD with its chi-square interval (BCa bootstrap beside it from 10 runs on), CV for positive
    means, range, and 1.96 √2 SD of runs that differ in the factor alone.
    """
    factor = next((n for n in question.over if n in NESTED), SEED)
    found: list[Estimate] = []
    marks: list[dict[str, object]] = []
    for measure in question.measures:
        within = [n for n in question.within if n != ALGORITHM]
        for arm in arms_of(study, measure, (ALGORITHM,), within):
            table = run_table(study, measure, arm)
            found.append(_spread(study, measure, factor, arm, table))
            values = means_by(table, factor) if factor in table else {}
            if len(values) > 1:
                marks += _marks(values.values(), arm, measure, factor)
    return Answer(
        question,
        tuple(found),
        _spread_table(found),
        figure_of(FigureKind.DISTRIBUTIONS, marks, "", ""),
        _over(found),
        "users, data" if factor != SEED else "users, data, splits",
        (Limit.OTHER_DATA, Limit.OTHER_REPETITIONS),
        _spread_cautions(factor, found, is_random=any(a.is_random for a in study.plan.algorithms)),
    )


def spread_ratio_answer(question: Question, study: StudyValues) -> Answer:
    """Return which of two repeated factors scatters a measure more.

    The inner one is nested in the outer: seed 3 on another split is another draw.
    """
    both = [n for n in NESTED if n in question.over]
    if len(both) != 2:
        about = f"a ratio of spreads is of two of {', '.join(NESTED)}"
        return Answer(question, cautions=(Caution(CautionKind.NOT_ASKED, about),))
    outer, inner = both
    found: list[Estimate] = []
    marks: list[dict[str, object]] = []
    are_separate = False
    for measure in question.measures:
        within = [n for n in question.within if n != ALGORITHM]
        for arm in arms_of(study, measure, (ALGORITHM,), within):
            table = run_table(study, measure, arm)
            if inner == SEED and not arm.is_random and study.has_random:
                continue  # a baseline that draws no random numbers is not what is asked about
            parts, components = _components(arm, table, outer, inner)
            if not any(len(values) > 1 for values in parts.values()):
                continue
            are_separate |= not math.isnan(components.as_varied) if components else False
            ratio = _ratio(measure, arm, components, (outer, inner), parts)
            found.append(replace(ratio, more={**ratio.more, **_crossed_sds(table, both)}))
            for factor, values in parts.items():
                if len(values):
                    marks += _marks(values - np.mean(values), arm, measure, factor)
    return Answer(
        question,
        tuple(found),
        _ratio_table(found, outer, inner),
        figure_of(FigureKind.DISTRIBUTIONS, marks, "deviation from the mean", ""),
        _over(found),
        "users, data",
        (Limit.OTHER_DATA, Limit.OTHER_REPETITIONS),
        _ratio_cautions(outer, are_separate=are_separate),
    )


def _spread(
    study: StudyValues, measure: str, factor: str, arm: Arm, table: pd.DataFrame
) -> Estimate:
    """Return the SD of an arm over a factor."""
    if factor == SEED and not arm.is_random:
        return Estimate(
            Statistic.SD, measure, arm.levels, 0.0, unknown("runs"), within=arm.within,
            why=DETERMINISTIC,
        )  # fmt: skip
    values = np.array(list(means_by(table, factor).values()) if factor in table else [])
    over = {SEED: "seeds", NESTED[1]: "folds"}.get(factor, "splits")
    if len(values) < 2:
        return Estimate(
            Statistic.SD, measure, arm.levels, math.nan, unknown(over, len(values)),
            within=arm.within, n=len(values), why="fewer than two repetitions",
        )  # fmt: skip
    spread = spread_of(values, over, np.random.default_rng(RANDOM))
    mean, single = float(values.mean()), single_sd(table, factor)
    ends = _mean_ends(study, arm, values, over)
    more = {
        "mean": mean,
        "cv": spread.sd / mean if mean > 0 else math.nan,
        "min": float(values.min()),
        "max": float(values.max()),
        "range": float(np.ptp(values)),
        "gap": single_run_gap(single),
        "single_sd": single,
        "sd_boot_low": spread.bootstrap.low,
        "sd_boot_high": spread.bootstrap.high,
        "run_low": ends.low,
        "run_high": ends.high,
    }
    return Estimate(
        Statistic.SD, measure, arm.levels, spread.sd, spread.interval, within=arm.within,
        n=len(values), more=more,
    )  # fmt: skip


def _mean_ends(study: StudyValues, arm: Arm, values: np.ndarray, over: str) -> Interval:
    """Return the interval of the mean over repetitions; over folds corrected for overlap."""
    if over != "folds":
        return mean_interval(values, over)
    parts = [study.parts[b] for b in arm.blocks.values() if b in study.parts]
    shares = [p.test_share for p in parts if p.test_share]
    share = float(np.mean(shares)) if shares else 1 / (len(values) - 1)
    return corrected_interval(values, share)


def _spread_cautions(
    factor: str, found: Sequence[Estimate], *, is_random: bool
) -> tuple[Caution, ...]:
    """Return what the design of a question of spread tells."""
    cautions = []
    if factor == FactorKind.FOLD.value:
        cautions.append(Caution(CautionKind.OVERLAPPING_TRAINING))
    if factor in DRAW_ITEMS:
        cautions.append(Caution(CautionKind.OTHER_TEST_ITEMS))
        cautions += [Caution(CautionKind.SPLITS_HOLD_SEEDS)] if is_random else []
    few = [e.n for e in found if e.n]
    if few and min(few) < FEW:
        cautions.append(Caution(CautionKind.FEW_REPETITIONS, str(min(few))))
    return tuple(cautions)


def _spread_table(found: Sequence[Estimate]) -> pd.DataFrame:
    """Return spreads for people; what draws no random numbers ran once, and has none."""
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "level": e.subject,
            "n": e.n,
            "mean": e.more.get("mean", math.nan),
            "SD": e.value,
            "SD low": e.interval.low,
            "SD high": e.interval.high,
            "CV": e.more.get("cv", math.nan),
            "range": e.more.get("range", math.nan),
            "gap of two runs": e.more.get("gap", math.nan),
        }
        for e in found
        if e.why != DETERMINISTIC
    )


def _components(
    arm: Arm, table: pd.DataFrame, outer: str, inner: str
) -> tuple[dict[str, np.ndarray], Components | None]:
    """Return the scatter that each factor makes, and the variances of both.

    Where training draws no random numbers a seed makes none.
    """
    if inner == SEED and not arm.is_random:
        values = np.array(list(means_by(table, outer).values()) if outer in table else [])
        variance = float(values.var(ddof=1)) if len(values) > 1 else math.nan
        ratio = math.inf if variance > 0 else math.nan
        return {outer: values}, Components(variance, 0.0, ratio, unknown("runs", len(values)))
    both = (
        nested_values(table, outer, inner)
        if is_nested(table, (outer, inner))
        else crossed(table, outer, inner)
    )
    if both is not None:
        deviations = both - both.mean(axis=1, keepdims=True)
        return {outer: both.mean(axis=1), inner: deviations.ravel()}, nested_components(both)
    series = {n: np.array(v) for n, v in one_by_one(table, outer, inner).items()}
    if min(len(v) for v in series.values()) < 2:
        return {n: v for n, v in series.items() if len(v)}, None
    return series, separate_components(list(series[outer]), list(series[inner]))


def _ratio(
    measure: str,
    arm: Arm,
    found: Components | None,
    names: tuple[str, str],
    parts: dict[str, np.ndarray],
) -> Estimate:
    """Return the ratio of two SDs with the variances behind it."""
    if found is None:
        return Estimate(
            Statistic.SD_RATIO, measure, arm.levels, math.nan, within=arm.within,
            why="fewer than two repetitions of one of the two",
        )  # fmt: skip
    outer, inner = names
    is_deterministic = inner == SEED and not arm.is_random
    larger = {1: outer, -1: inner, 0: ""}[found.larger]
    if is_deterministic and found.outer > 0:
        larger = outer
    more = {
        f"sd_{outer}": math.sqrt(found.outer) if found.outer >= 0 else math.nan,
        f"sd_{inner}": math.sqrt(found.inner),
        f"sd_{outer}_as_varied": math.sqrt(found.as_varied) if found.as_varied >= 0 else math.nan,
        f"n_{outer}": float(len(parts.get(outer, ()))),
    }
    return Estimate(
        Statistic.SD_RATIO, measure, arm.levels, found.ratio, found.interval, within=arm.within,
        n=found.interval.n, why=DETERMINISTIC if is_deterministic else "", more=more,
        found={"larger": larger} if larger else {},
    )  # fmt: skip


def _crossed_sds(table: pd.DataFrame, names: Sequence[str]) -> dict[str, float]:
    """Return the SDs of crossed causes with what is rest apart; none where they are not crossed.

    Within a split the seed scatters by its own effect and by what it does on this split alone.
    """
    found = components_of(sources_of(table, names))
    if not found or found[-1].source.name != REST:
        return {}
    return {f"crossed_sd_{c.source.name}": math.sqrt(c.variance) for c in found}


def _ratio_cautions(outer: str, *, are_separate: bool) -> tuple[Caution, ...]:
    found = [Caution(CautionKind.OTHER_TEST_ITEMS)] if outer in DRAW_ITEMS else []
    return (*found, Caution(CautionKind.SPLITS_HOLD_SEEDS)) if are_separate else tuple(found)


def _ratio_table(found: Sequence[Estimate], outer: str, inner: str) -> pd.DataFrame:
    name, within = (factor_words(n)[0] for n in (outer, inner))
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "level": e.subject,
            f"SD of {name}": e.more.get(f"sd_{outer}", math.nan),
            f"SD of {within} within a {name}": e.more.get(f"sd_{inner}", math.nan),
            f"of it the {within} alone": e.more.get(f"crossed_sd_{inner}", math.nan),
            "and rest": e.more.get(f"crossed_sd_{REST}", math.nan),
            "ratio": e.value,
            "ratio low": e.interval.low,
            "ratio high": e.interval.high,
            "larger": factor_words(str(e.found["larger"]))[0] if e.found else "",
        }
        for e in found
    )


def _marks(
    values: Iterable[float], arm: Arm, measure: str, factor: str
) -> list[dict[str, object]]:
    return [
        {
            "x": float(v),
            "y": arm.label + (f" ({label_of(arm.within)})" if arm.within else ""),
            "series": factor,
            "panel": metric_of(measure).label,
        }
        for v in values
    ]


def _over(found: Sequence[Estimate]) -> str:
    first = next((e for e in found if e.n), None)
    return f"{first.n} {first.interval.over}" if first else ""
