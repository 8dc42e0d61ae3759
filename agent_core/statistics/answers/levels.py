"""The question of levels: how high each level is, with its interval over users."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from agent_core.domain import FactorKind, Question
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
from agent_core.statistics.answers.arms import Arm, are_of_own_splits, arms_of, held_fixed
from agent_core.statistics.answers.list_stability import (
    Stability,
    is_of_pairs,
    stability_estimate,
)
from agent_core.statistics.answers.samples import SEEDS, panel_of, sharing_users, user_interval
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Interval, mean_interval, unknown

LIMITS = (Limit.OTHER_DATA, Limit.OTHER_SPLITS)
SEEN = 5e-4
"""Relative difference from which two means are told apart by their digits."""
SPLIT = FactorKind.SPLIT.value
CONDITION, LEVEL_COLUMN = "within", "level"


def level_answer(question: Question, study: StudyValues) -> Answer:
    """Return the mean of each level with its interval over users; training is held.

    Users are averaged over seeds and folds first, and resampled together for all levels that
    share them: users like these under this training.
    """
    found: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        if is_of_pairs(measure):
            own = [s for s in study.stabilities if s.measure == measure]
            found += map(stability_estimate, own)
            cautions += _without_lists(own)
            continue
        arms = arms_of(study, measure, question.over, question.within)
        found += level_estimates(study, measure, arms)
    return Answer(
        question,
        tuple(found),
        mean_table(found),
        figure_of(FigureKind.INTERVALS, interval_marks(found), "", ""),
        over_of(found),
        held_fixed(arms),
        (*LIMITS, Limit.OTHER_SEEDS),
        (*cautions, *design_cautions(study, question, arms)),
    )


def of_runs_cautions(study: StudyValues, measure: str, arms: Iterable[Arm]) -> Iterator[Caution]:
    """Yield both means of arms that are other over repetitions than over all users together.

    Repetitions of other sizes, pooled errors, and users who are tested more than once do that.
    """
    for arm in arms:
        panel = panel_of(study, measure, [arm])
        runs = float(study.run_values(measure).reindex(list(arm.ids)).mean())
        whole = panel.columns[0].mean
        if panel.has_users and not math.isclose(runs, whole, rel_tol=SEEN):
            name = label_of(arm.levels) or metric_of(measure).label
            told = f"{name} {whole:.4f} instead of {runs:.4f}"
            yield Caution(CautionKind.MEAN_OF_RUNS, told)


def _without_lists(found: Iterable[Stability]) -> Iterator[Caution]:
    """Yield how many users lack a list, so that it has nothing in common with another."""
    for s in found:
        if s.without:
            yield Caution(CautionKind.NO_LISTS, f"{label_of(s.levels)} {s.without}".strip())


def level_estimates(study: StudyValues, measure: str, arms: Sequence[Arm]) -> list[Estimate]:
    """Return the mean of each arm over all of its own users, with its spread over runs."""
    found = []
    for group in sharing_users(study, measure, arms):
        panel = panel_of(study, measure, group)
        draws = panel.draws()
        for i, arm in enumerate(panel.arms):
            column = panel.columns[i]
            interval = user_interval(column, draws[:, i], panel.n, held_fixed([arm]))
            runs, more = _over_runs(study, measure, arm)
            found.append(
                Estimate(
                    Statistic.MEAN, measure, arm.levels, column.mean,
                    interval if panel.n else runs, within=arm.within, n=panel.n or runs.n,
                    more=more,
                )
            )  # fmt: skip
    order = {(label_of(a.levels), label_of(a.within)): i for i, a in enumerate(arms)}
    return sorted(found, key=lambda e: order[label_of(e.levels), label_of(e.within)])


def mean_table(estimates: Iterable[Estimate]) -> pd.DataFrame:
    """Return means for people: a line a level, a column a measure and its interval."""
    lines: dict[tuple[str, str], dict[str, object]] = {}
    for e in estimates:
        key = label_of(e.within), label_of(e.levels)
        line = lines.setdefault(key, {CONDITION: key[0], LEVEL_COLUMN: key[1] or "all"})
        label = metric_of(e.measure).label
        line |= {label: e.value, f"{label} low": e.interval.low, f"{label} high": e.interval.high}
        line["n"] = e.n
    table = pd.DataFrame(list(lines.values()))
    return table.drop(columns=CONDITION) if len(table) and not table[CONDITION].any() else table


def interval_marks(estimates: Iterable[Estimate]) -> list[dict[str, object]]:
    """Return the marks of an interval plot: an estimate a mark, a measure a panel."""
    return [
        {
            "x": e.value,
            "y": (label_of(e.levels) or "all")
            + (f" - {label_of(e.against)}" if e.against else ""),
            "low": e.interval.low,
            "high": e.interval.high,
            "series": label_of(e.within),
            "panel": metric_of(e.measure).label,
        }
        for e in estimates
    ]


def over_of(estimates: Iterable[Estimate]) -> str:
    """Return what intervals are over, and of how many: those of the first that has one."""
    first = next((e for e in estimates if e.n), None)
    if first is None:
        return ""
    return f"{first.n} {first.interval.over or 'runs'}" if first.interval.over else ""


def design_cautions(
    study: StudyValues, question: Question, arms: Sequence[Arm]
) -> tuple[Caution, ...]:
    """Return what the design alone tells a reader to mind: one seed, one split, no users."""
    single = [_family(arm) for arm in arms if arm.is_random and arm.seeds == 1]
    found = [Caution(CautionKind.ONE_SEED, ", ".join(dict.fromkeys(single)))] if single else []
    if arms and max(len(arm.cells) for arm in arms) == 1 and not are_of_own_splits(arms):
        is_drawn_once = any(SPLIT in {*arm.levels, *arm.within} for arm in arms)
        about = "each way to split is drawn once" if is_drawn_once else ""
        found.append(Caution(CautionKind.ONE_SPLIT, about))
    costs = [m for m in question.measures if metric_of(m).kind.is_cost]
    once = [_family(arm) for arm in arms if len(arm.ids) == 1]
    if costs and once:
        found.append(Caution(CautionKind.NOT_REPEATED, ", ".join(dict.fromkeys(once))))
    own = [m for m in question.measures if m not in costs]
    without = [m for m in own if m not in study.users and study.delivered(m)]
    if without:
        labels = ", ".join(metric_of(m).label for m in without)
        found.append(Caution(CautionKind.NO_USER_VALUES, labels))
    return tuple(found)


def _family(arm: Arm) -> str:
    """Return the algorithm of an arm; the arm where that is the only one."""
    return str({**arm.levels, **arm.within}.get(FactorKind.ALGORITHM.value, arm.label))


def _over_runs(study: StudyValues, measure: str, arm: Arm) -> tuple[Interval, dict[str, float]]:
    """Return the interval over seeds of an arm's mean, and what else its runs tell."""
    values = study.run_values(measure).reindex(list(arm.ids)).to_numpy(dtype=float)
    seeds = _seed_means(study, measure, arm)
    interval = mean_interval(seeds, SEEDS, "users, splits") if len(seeds) > 1 else unknown(SEEDS)
    more = {"n": float(len(arm.ids)), "run_low": interval.low, "run_high": interval.high}
    if np.isfinite(values).all() and len(values) > 1:
        more |= {"min": float(values.min()), "max": float(values.max())}
    return replace(interval, n=len(seeds)), more


def _seed_means(study: StudyValues, measure: str, arm: Arm) -> list[float]:
    """Return the mean over places of each seed that all places have."""
    if not arm.is_random or not arm.cells:
        return []
    values = study.run_values(measure)
    seeds = set.intersection(*(set(own) for own in arm.cells.values()))
    found = [
        float(np.mean([values.get(own[s], math.nan) for own in arm.cells.values()]))
        for s in sorted(seeds)
    ]
    return [v for v in found if math.isfinite(v)]
