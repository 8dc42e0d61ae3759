"""The question of interaction: whether a difference is another at another level.

Over the same users it is a difference of differences user by user; over other users both
differences are independent and their squared standard errors add.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from agent_core.domain import Levels, LevelValue, Question
from agent_core.statistics.answers.answer import (
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureKind,
    Grade,
    Limit,
    PairTest,
    Statistic,
    Verdict,
    figure_of,
    label_of,
    metric_of,
)
from agent_core.statistics.answers.arms import GRADES, Arm, arms_of, grade_of_arms, held_fixed
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    level_estimates,
    over_of,
)
from agent_core.statistics.answers.paired import (
    DETECTABLE,
    DIGITS,
    flips_of,
    holm_of,
    verdict_of,
)
from agent_core.statistics.answers.samples import (
    BOTH,
    USERS,
    Column,
    Error,
    Panel,
    error_of,
    panel_of,
    t_interval,
)
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Floats, Interval, unknown

SIGNS = (1.0, -1.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """Two levels of one factor at two levels of another: a difference of differences."""

    arms: tuple[Arm, Arm, Arm, Arm]
    """First and second at one level, then at the other."""
    grade: Grade
    why: str
    value: float
    error: Error
    influence: Floats
    """By user; empty where the levels have other users."""
    n: int
    over: str
    differences: tuple[float, float]
    """At the one level and at the other; the value is the first less the second."""
    is_between: bool = False
    """Whether the two are of other users: tested by Welch's t."""


def interaction_answer(question: Question, study: StudyValues) -> Answer:
    """Return the difference of differences of each pair across the levels of another factor."""
    both = [n for n in (*question.over, *question.within) if n in study.cells][:2]
    if len(both) < 2:
        about = "an interaction is of two factors that the cells have"
        return Answer(question, cautions=(Caution(CautionKind.NOT_ASKED, about),))
    first, second = both
    found: list[Estimate] = []
    means: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        arms = arms_of(study, measure, (first, second), question.within)
        squares = [_square(study, measure, own) for own in _squares(question, first, second, arms)]
        found += square_estimates(measure, second, squares)
        means += level_estimates(study, measure, arms)
        cautions += [
            Caution(
                CautionKind.APART if s.grade is Grade.APART else CautionKind.NOT_SAME,
                f"{s.arms[0].label} and {s.arms[2].label}: {s.why}",
            )
            for s in squares
            if s.grade is not Grade.SAME
        ]
    return Answer(
        question,
        (*found, *means),
        interaction_table(found),
        figure_of(FigureKind.SLOPES, slope_marks(first, second, means), second, ""),
        over_of(found),
        held_fixed(arms),
        (*LIMITS, Limit.EQUALITY),
        (*dict.fromkeys(cautions), *design_cautions(study, question, arms)),
    )


def _squares(
    question: Question, first: str, second: str, arms: Sequence[Arm]
) -> Iterator[tuple[Arm, Arm, Arm, Arm]]:
    """Yield pairs of the first factor at pairs of the second, a reference or the earlier behind.

    A reference is a level of either factor.
    """
    for own in _by_context(arms).values():
        at = {(a.levels.get(first), a.levels.get(second)): a for a in own}
        lefts = list(dict.fromkeys(a.levels[first] for a in own))
        rights = list(dict.fromkeys(a.levels[second] for a in own))
        pairs = level_pairs(lefts, question.pairs, question.reference)
        changes = ends_first([(y, x) for x, y in itertools.combinations(rights, 2)], rights)
        if question.reference in rights:
            changes = level_pairs(rights, (), question.reference)
        for (a, b), (x, y) in itertools.product(pairs, changes):
            corners = [at.get(k) for k in ((a, x), (b, x), (a, y), (b, y))]
            whole = [c for c in corners if c is not None]
            if len(whole) == 4:
                yield whole[0], whole[1], whole[2], whole[3]


def ends_first(
    pairs: Sequence[tuple[LevelValue, LevelValue]], levels: Sequence[LevelValue]
) -> list[tuple[LevelValue, LevelValue]]:
    """Return pairs of levels, those that lie furthest apart in their order first."""
    return sorted(pairs, key=lambda pair: -abs(levels.index(pair[0]) - levels.index(pair[1])))


def _by_context(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        found.setdefault(label_of(arm.within), []).append(arm)
    return found


def level_pairs(
    levels: Sequence[LevelValue],
    asked: Sequence[tuple[LevelValue, LevelValue]],
    reference: LevelValue | None,
) -> list[tuple[LevelValue, LevelValue]]:
    """Return the pairs that are named, those with the reference, of numbers the ends, or all."""
    if asked:
        return [(a, b) for a, b in asked if a in levels and b in levels]
    if reference in levels and reference is not None:
        return [(level, reference) for level in levels if level != reference]
    if len(levels) > 1 and all(isinstance(level, int | float) for level in levels):
        return [(max(levels, key=float), min(levels, key=float))]
    return list(itertools.combinations(levels, 2))


def _square(study: StudyValues, measure: str, arms: tuple[Arm, Arm, Arm, Arm]) -> Square:
    """Return a difference of differences with its standard error."""
    grades = [grade_of_arms(study, arms[0], arm) for arm in arms[1:]]
    grade, why = max(grades, key=lambda g: GRADES.index(g[0]))
    if grade is Grade.APART:
        # Those that share users are held against each other; which they are is all the same.
        is_first = grades[0][0] is Grade.APART
        own = ((arms[0], arms[2]), (arms[1], arms[3])) if is_first else (arms[:2], arms[2:])
        panels = [panel_of(study, measure, both) for both in own]
        return _of_others(arms, str(why), panels)
    panel = panel_of(study, measure, arms)
    influence = sum((s * c.values for s, c in zip(SIGNS, panel.columns, strict=True)), np.zeros(1))
    noise = [n for c in panel.columns for n in c.scaled_noise(1.0)]
    error = error_of(np.asarray(influence), noise, has_users=panel.has_users)
    over = BOTH if noise and panel.n else (USERS if panel.n else "seeds")
    both = _differences(panel.columns)
    return Square(
        arms, grade, str(why), both[0] - both[1], error, np.asarray(influence), panel.n, over, both
    )


def _of_others(arms: tuple[Arm, Arm, Arm, Arm], why: str, panels: Sequence[Panel]) -> Square:
    """Return the difference of two independent differences: squared standard errors add."""
    columns = [c for panel in panels for c in panel.columns]
    errors = []
    for panel in panels:
        a, b = panel.columns
        noise = (*a.scaled_noise(1.0), *b.scaled_noise(1.0))
        errors.append(error_of(a.values - b.values, noise, has_users=panel.has_users))
    n = min(panel.n for panel in panels)
    has_noise = any(c.noise for c in columns)
    over = BOTH if has_noise and n else (USERS if n else "seeds")
    both = _differences(columns)
    error = sum_of_errors(errors)
    return Square(arms, Grade.APART, why, both[0] - both[1], error, np.zeros(0), n, over, both)


def _differences(columns: Sequence[Column]) -> tuple[float, float]:
    """Return both differences of four columns: of the first two, and of the others."""
    a, b, c, d = (column.mean for column in columns)
    return a - b, c - d


def sum_of_errors(errors: Sequence[Error]) -> Error:
    """Return the error of a sum of independent estimates (Welch-Satterthwaite)."""
    squares = [e.total**2 for e in errors]
    total = sum(squares)
    below = sum(s**2 / e.degrees for s, e in zip(squares, errors, strict=True) if e.degrees > 0)
    users = math.sqrt(sum(e.users**2 for e in errors))
    degrees = total**2 / below if below else min(e.degrees for e in errors)
    return Error(users, math.sqrt(total), degrees)


def square_estimates(measure: str, factor: str, squares: Sequence[Square]) -> list[Estimate]:
    """Return estimates with their tests; Holm over those of grade *same*.

    `factor` is that over whose levels a difference may change.
    """
    tested = [s for s in squares if s.grade is Grade.SAME and s.n > 1]
    raw = _p_values(tested)
    holms = holm_of([raw[id(s)][0] for s in tested])
    adjusted = dict(zip((id(s) for s in tested), holms, strict=True))
    found = []
    for s in squares:
        kind = Interval(0, 0, s.over, "t, Welch-Satterthwaite", held_fixed(s.arms), s.n)
        interval = t_interval(s.value, s.error, kind)
        p, name = raw.get(id(s), (math.nan, ""))
        holm = float(adjusted.get(id(s), math.nan))
        excludes = interval.is_known and (interval.low > 0 or interval.high < 0)
        verdict = Verdict.DIFFERS if excludes else Verdict.UNDECIDED
        if s.grade is Grade.SAME:
            verdict = verdict_of(s.value, interval, p, holm)
        test = _test_of(s, p, holm, name)
        test = replace(test, family=len(tested), verdict=verdict)
        sides = [_side(s.arms[0], s.arms[1]), _side(s.arms[2], s.arms[3])]
        one, other = map(_told, sides)
        found.append(
            Estimate(
                Statistic.INTERACTION, measure, one, s.value, interval, other,
                s.arms[0].within, s.n, s.grade, s.why, test,
                more={"difference_to": s.differences[0], "difference_from": s.differences[1]},
                found={
                    "difference": sides[0][0], "to": sides[0][1], "from": sides[1][1],
                    "factor": factor,
                },
            )
        )  # fmt: skip
    return found


def _p_values(squares: Sequence[Square]) -> dict[int, tuple[float, str]]:
    """Return p of each, and the name of its test; those of as many users are flipped together."""
    groups: dict[int, list[Square]] = {}
    found = {id(s): (_welch_p(s), "Welch's t test of two groups") for s in squares if s.is_between}
    for square in squares:
        if not square.is_between:
            groups.setdefault(square.n, []).append(square)
    for own in groups.values():
        p_values, name = flips_of(np.column_stack([s.influence for s in own]), len(squares))
        found |= {id(s): (float(p), name) for s, p in zip(own, p_values, strict=True)}
    return found


def _welch_p(square: Square) -> float:
    """Return p of a difference between groups of other users."""
    error = square.error
    if not error.total or not error.degrees > 0:
        return math.nan
    return float(2 * stats.t.sf(abs(square.value) / error.total, error.degrees))


def _test_of(square: Square, p: float, holm: float, name: str) -> PairTest:
    """Return what stands beside a difference of differences."""
    moved = np.round(square.influence, DIGITS)
    has_users = square.n > 1 and len(moved) > 1
    higher, lower, equal = (
        float(s.mean()) if has_users else math.nan for s in (moved > 0, moved < 0, moved == 0)
    )
    sd = float(square.influence.std(ddof=1)) if has_users else math.nan
    d_z = square.value / sd if sd > 0 else math.nan
    detectable = DETECTABLE * square.error.total
    return PairTest(
        p, holm, name, 1, Verdict.OPEN, unknown(USERS, square.n), d_z, higher, lower, equal,
        detectable,
    )  # fmt: skip


def _side(a: Arm, b: Arm) -> tuple[str, str]:
    """Return a difference and the level that it is at: `EASE - ItemKNN`, `data=5-core`."""
    shared = {n: v for n, v in a.levels.items() if b.levels.get(n) == v}
    own = [{n: v for n, v in arm.levels.items() if n not in shared} for arm in (a, b)]
    return f"{label_of(own[0])} - {label_of(own[1])}", label_of(shared)


def _told(side: tuple[str, str]) -> Levels:
    # Levels of algorithms are told by their names alone, and so is this.
    return {"algorithm": f"({', '.join(side)})"}


def interaction_table(found: Sequence[Estimate]) -> pd.DataFrame:
    """Return differences of differences for people."""
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "within": label_of(e.within),
            "difference": e.found.get("difference", ""),
            "at": e.found.get("to", ""),
            "it is": e.more.get("difference_to", math.nan),
            "and at": e.found.get("from", ""),
            "it is there": e.more.get("difference_from", math.nan),
            "change": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "p": e.test.p if e.test else math.nan,
            "p after Holm": e.test.adjusted_p if e.test else math.nan,
            "grade": e.grade.value,
            "verdict": e.test.verdict.value if e.test else "",
        }
        for e in found
    )


def slope_marks(first: str, second: str, means: Sequence[Estimate]) -> list[dict[str, object]]:
    """Return the marks of slopes: a level of the second factor a place, of the first a line."""
    return [
        {
            "x": e.levels.get(second),
            "y": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "series": label_of({first: e.levels[first]}),
            "panel": ", ".join(filter(None, (metric_of(e.measure).label, label_of(e.within)))),
        }
        for e in means
    ]
