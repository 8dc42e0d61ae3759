"""The question of a trade-off: two measures along a factor, each relative to a reference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.domain import Better, LevelValue, Question
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
from agent_core.statistics.answers.arms import Arm, arms_of, held_fixed
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    level_estimates,
    over_of,
)
from agent_core.statistics.answers.paired import Pair, paired, ratio_estimate
from agent_core.statistics.answers.responses import order_key
from agent_core.statistics.answers.samples import panel_of
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Floats, unknown


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """The levels of a factor within one level of the others, under two measures."""

    within: dict[str, LevelValue]
    arms: tuple[tuple[Arm, ...], tuple[Arm, ...]]
    """Of both measures, in the same order of levels."""
    means: Floats
    """Shape (levels, 2), oriented so that higher is better."""
    draws: tuple[Floats, Floats]
    """Means in resamples of the users, oriented likewise, shape (resamples, levels)."""
    n: int
    """Users; 0 where a measure has no values of users, so that nothing was resampled for it."""


def trade_off_answer(question: Question, study: StudyValues) -> Answer:
    """Return both measures relative to the reference, and the points that nothing dominates.

    A point is dominated where another is at least as good in both measures and better in one;
    of measures without a better end nothing dominates anything.
    """
    if len(question.measures) < 2:
        return Answer(
            question, cautions=(Caution(CautionKind.NOT_ASKED, "a trade-off is of two measures"),)
        )
    both = question.measures[:2]
    arms = [arms_of(study, m, question.over, question.within) for m in both]
    found: list[Estimate] = []
    for own, measure in zip(arms, both, strict=True):
        found += level_estimates(study, measure, own)
        found += [ratio_estimate(p, measure) for p in _to_reference(question, study, measure, own)]
    is_directed = all(metric_of(m).better in (Better.HIGHER, Better.LOWER) for m in both)
    if is_directed:
        for path in _paths(study, both, arms):
            found += list(_undominated(path))
    return Answer(
        question,
        tuple(found),
        _table(found, both),
        replace(
            figure_of(FigureKind.SCATTER, _marks(found, both), both[0], both[1]),
            is_path=_are_numbers(arms[0]),
        ),
        over_of(found),
        held_fixed(arms[0]),
        (*LIMITS, Limit.BETWEEN_LEVELS),
        design_cautions(study, question, arms[0]),
    )


def undominated(points: Floats) -> list[bool]:
    """Return which points (lines, higher is better) no other is at least as good as and better.

    Examples
    --------
    >>> undominated(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0]]))
    [True, True, False]
    """
    return [bool(b) for b in _are_undominated(points[None])[0]]


def _are_undominated(points: Floats) -> NDArray[np.bool_]:
    """Return which points (second axis) nothing dominates in each set of points (first axis)."""
    others, own = points[:, None, :, :], points[:, :, None, :]
    at_least = np.all(others >= own, axis=3)
    more = np.any(others > own, axis=3)
    dominated: NDArray[np.bool_] = np.any(at_least & more, axis=2)
    return ~dominated


def _to_reference(
    question: Question, study: StudyValues, measure: str, arms: Sequence[Arm]
) -> list[Pair]:
    """Return the pairs of each level with the reference, by default the first."""
    sides = []
    for own in _by_context(arms).values():
        factor = next(iter(own[0].levels), "")
        named = [a for a in own if a.levels.get(factor) == question.reference]
        reference = (named or own)[0]
        sides += [(a, reference) for a in own if a is not reference]
    return paired(study, measure, sides)


def _by_context(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    """Return arms by what they stand within, in the order of their levels."""
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        found.setdefault(label_of(arm.within), []).append(arm)
    for own in found.values():
        if _are_numbers(own):
            own.sort(key=lambda a: [order_key(v) for v in a.levels.values()])
    return found


def _are_numbers(arms: Sequence[Arm]) -> bool:
    """Whether the levels of arms are numbers, which have an order."""
    return all(isinstance(v, int | float) for a in arms for v in a.levels.values())


def _paths(
    study: StudyValues, measures: Sequence[str], arms: Sequence[Sequence[Arm]]
) -> Iterator[Path]:
    """Yield the levels that have both measures, the same users resampled for both."""
    contexts = [_by_context(own) for own in arms]
    for name in contexts[0]:
        if name not in contexts[1]:
            continue
        labels = [[a.label for a in c[name]] for c in contexts]
        shared = [x for x in labels[0] if x in labels[1]]
        own = [tuple(next(a for a in c[name] if a.label == x) for x in shared) for c in contexts]
        if len(shared) < 2:
            continue
        panels = [panel_of(study, m, o) for m, o in zip(measures, own, strict=True)]
        signs = [-1.0 if metric_of(m).better is Better.LOWER else 1.0 for m in measures]
        means = np.column_stack(
            [s * np.array([c.mean for c in p.columns]) for s, p in zip(signs, panels, strict=True)]
        )
        draws = [s * p.draws() for s, p in zip(signs, panels, strict=True)]
        n = min(p.n for p in panels)
        yield Path(dict(own[0][0].within), (own[0], own[1]), means, (draws[0], draws[1]), n)


def _undominated(path: Path) -> Iterator[Estimate]:
    """Yield each point that nothing dominates, with the share of resamples in which that holds."""
    is_best = undominated(path.means)
    drawn = _are_undominated(np.stack(path.draws, axis=2))
    for i, arm in enumerate(path.arms[0]):
        if is_best[i]:
            share = float(drawn[:, i].mean()) if path.n else math.nan
            yield Estimate(
                Statistic.UNDOMINATED, "", arm.levels, share, unknown("users"), within=path.within,
                n=path.n,
            )  # fmt: skip


def _table(found: Sequence[Estimate], both: Sequence[str]) -> pd.DataFrame:
    """Return both measures of each level for people, and whether nothing dominates it."""
    best = {(label_of(e.levels), label_of(e.within))
            for e in found if e.statistic is Statistic.UNDOMINATED}  # fmt: skip
    lines: dict[tuple[str, str], dict[str, object]] = {}
    for e in found:
        if e.measure not in both:
            continue
        key = label_of(e.levels), label_of(e.within)
        start: dict[str, object] = {"within": key[1], "level": key[0], "undominated": key in best}
        line = lines.setdefault(key, start)
        label = metric_of(e.measure).label
        line[label if e.statistic is Statistic.MEAN else f"{label} relative"] = e.value
    return pd.DataFrame(list(lines.values()))


def _marks(found: Sequence[Estimate], both: Sequence[str]) -> list[dict[str, object]]:
    """Return the marks of the path: a level a point; its ends are of the second measure."""
    means = [e for e in found if e.statistic is Statistic.MEAN]
    first = {(label_of(e.levels), label_of(e.within)): e for e in means if e.measure == both[0]}
    return [
        {
            "x": first[key].value,
            "y": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "series": key[0],
            "panel": key[1],
        }
        for e in means
        if e.measure == both[1] and (key := (label_of(e.levels), label_of(e.within))) in first
    ]
