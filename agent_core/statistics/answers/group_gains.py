"""Whether a difference is another in another group of users: each group has users of its own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from agent_core.domain import Question
from agent_core.statistics.answers.answer import (
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureKind,
    Grade,
    Limit,
    figure_of,
)
from agent_core.statistics.answers.arms import Arm, arms_of, grade_of_arms, held_fixed
from agent_core.statistics.answers.differences import grade_cautions
from agent_core.statistics.answers.grouped import (
    GROUP,
    confounded,
    left_out,
    no_groups,
    over_groups,
    sizes_of,
    studies_of,
)
from agent_core.statistics.answers.interactions import (
    Square,
    ends_first,
    interaction_table,
    level_pairs,
    slope_marks,
    square_estimates,
    sum_of_errors,
)
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    level_estimates,
)
from agent_core.statistics.answers.samples import (
    BOTH,
    USERS,
    Error,
    Noise,
    error_of,
    panel_of,
)
from agent_core.statistics.answers.study_values import StudyValues


def group_gains_answer(question: Question, study: StudyValues) -> Answer:
    """Return how a difference changes between groups: its value in one less that in the other.

    Within a group the difference is paired over its users; two groups are independent, so that
    the squared standard errors of their users add, and Welch's t tests them. What a seed does to
    both groups alike is in neither.
    """
    grouping = study.groupings.get(question.grouping)
    if grouping is None or len(grouping.names) < 2:
        return Answer(question, cautions=(no_groups(question, grouping),))
    over = next((n for n in question.over if n in study.cells), "")
    if not over:
        about = "a difference between groups is of the levels of a factor that the cells have"
        return Answer(question, cautions=(Caution(CautionKind.NOT_ASKED, about),))
    found: list[Estimate] = []
    means: list[Estimate] = []
    cautions: list[Caution] = []
    arms: tuple[Arm, ...] = ()
    for measure in question.measures:
        parts = dict(studies_of(study, grouping, measure))
        own = {name: _arms(part, question, measure, over, name) for name, part in parts.items()}
        sides = [] if not own else list(_pairs(question, over, next(iter(own.values()))))
        squares = list(_squares(study, parts, own, measure, sides))
        found += square_estimates(measure, GROUP, squares)
        for name, part in parts.items():
            means += level_estimates(part, measure, own[name])
        arms = tuple(arm for some in own.values() for arm in some)
        cautions += [*grade_cautions(study, sides), *left_out(study, grouping, measure)]
    return Answer(
        question,
        (*found, *means, *sizes_of(grouping)),
        interaction_table(found),
        figure_of(FigureKind.SLOPES, slope_marks(over, GROUP, means), GROUP, ""),
        over_groups(study, question, grouping),
        f"{held_fixed(arms)}; groups by {grouping.rule} of training part {grouping.block}",
        (*LIMITS, Limit.EQUALITY, Limit.CAUSE_OF_GROUPS),
        (*dict.fromkeys(cautions), *confounded(grouping),
         *design_cautions(study, question, arms)),
    )  # fmt: skip


def _arms(
    part: StudyValues, question: Question, measure: str, over: str, group: str
) -> tuple[Arm, ...]:
    """Return the arms of a group."""
    arms = arms_of(part, measure, (over,), question.within)
    return tuple(replace(arm, levels={**arm.levels, GROUP: group}) for arm in arms)


def _pairs(question: Question, over: str, arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Yield the arms of each difference, in each context."""
    levels = list(dict.fromkeys(arm.levels[over] for arm in arms))
    asked = level_pairs(levels, question.pairs, question.reference)
    at = {(arm.levels[over], tuple(arm.within.items())): arm for arm in arms}
    for context in dict.fromkeys(tuple(arm.within.items()) for arm in arms):
        for a, b in asked:
            if (a, context) in at and (b, context) in at:
                yield at[a, context], at[b, context]


def _squares(
    study: StudyValues,
    parts: Mapping[str, StudyValues],
    arms: Mapping[str, Sequence[Arm]],
    measure: str,
    sides: Sequence[tuple[Arm, Arm]],
) -> Iterator[Square]:
    """Yield each difference in a later group less that in an earlier one."""
    groups = ends_first([*itertools.combinations(parts, 2)], tuple(parts))
    for (a, b), (earlier, later) in itertools.product(sides, groups):
        grade, why = grade_of_arms(study, a, b)
        corners = [_like(arms[str(name)], arm) for name in (later, earlier) for arm in (a, b)]
        whole = tuple(c for c in corners if c is not None)
        if grade is not Grade.APART and len(whole) == 4:
            both = parts[str(later)], parts[str(earlier)]
            yield _square(study, both, measure, whole, (grade, str(why)))


def _like(arms: Sequence[Arm], wanted: Arm) -> Arm | None:
    """Return the arm of a group that has the levels of another group's."""

    def key(arm: Arm) -> dict[str, object]:
        return {**arm.within, **{n: v for n, v in arm.levels.items() if n != GROUP}}

    return next((arm for arm in arms if key(arm) == key(wanted)), None)


def _square(
    study: StudyValues,
    parts: tuple[StudyValues, StudyValues],
    measure: str,
    arms: tuple[Arm, ...],
    grade: tuple[Grade, str],
) -> Square:
    """Return the difference of two independent differences with its standard error."""
    panels = [panel_of(part, measure, own) for part, own in zip(parts, _twos(arms), strict=True)]
    columns = [panel.columns for panel in panels]
    errors = [error_of(a.values - b.values, (), has_users=p.has_users)
              for (a, b), p in zip(columns, panels, strict=True)]  # fmt: skip
    plain = measure not in study.weights
    noise = [
        *(_noise_between(parts, measure, arms) if plain else
          (n for both in columns for c in both for n in c.scaled_noise(1.0)))
    ]  # fmt: skip
    errors += [Error(0.0, math.sqrt(n.variance), n.degrees) for n in noise]
    values = [a.mean - b.mean for a, b in columns]
    return Square(
        (arms[0], arms[1], arms[2], arms[3]), *grade, values[0] - values[1],
        sum_of_errors(errors), columns[0][0].values[:0], sum(p.n for p in panels),
        BOTH if noise else USERS, (values[0], values[1]), is_between=True,
    )  # fmt: skip


def _twos(arms: Sequence[Arm]) -> tuple[Sequence[Arm], Sequence[Arm]]:
    return arms[:2], arms[2:]


def _noise_between(
    parts: tuple[StudyValues, StudyValues], measure: str, arms: Sequence[Arm]
) -> Iterator[Noise]:
    """Yield what seeds add: how the gap between both groups scatters from seed to seed."""
    for arm, other in zip(arms[:2], arms[2:], strict=True):
        places = [p for p in arm.cells if p in other.cells]
        for place in places:
            seeds = [s for s in arm.cells[place] if s in other.cells[place]]
            gaps = [
                _mean(parts[0], measure, arm.cells[place][s])
                - _mean(parts[1], measure, other.cells[place][s])
                for s in seeds
            ]
            if arm.is_random and len(gaps) > 1:
                variance = float(pd.Series(gaps).var(ddof=1)) / len(gaps) / len(places) ** 2
                yield Noise(variance, len(gaps) - 1)


def _mean(part: StudyValues, measure: str, cell: str) -> float:
    return float(part.users[measure][cell].mean())
