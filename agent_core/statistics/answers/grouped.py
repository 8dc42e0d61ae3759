"""The question of groups: levels and differences within groups of users or items.

Groups are fixed once, from one named training part, and are the same for all cells. Differences
of algorithms within a group are paired; between groups nothing is compared, since groups differ
in more than their rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from agent_core.domain import Question
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
from agent_core.statistics.answers.arms import Arm, arms_of, held_fixed, pairs_of
from agent_core.statistics.answers.differences import difference_table, grade_cautions
from agent_core.statistics.answers.groupings import Grouping
from agent_core.statistics.answers.levels import (
    LIMITS,
    design_cautions,
    level_estimates,
    mean_table,
)
from agent_core.statistics.answers.paired import Pair, difference_estimates, paired
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import unknown

GROUP = "group"


def groups_answer(question: Question, study: StudyValues) -> Answer:
    """Return levels and paired differences within each group; Holm over pairs and groups."""
    grouping = study.groupings.get(question.grouping)
    if grouping is None or len(grouping.names) < 2:
        return Answer(question, cautions=(no_groups(question, grouping),))
    found: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    cautions: list[Caution] = []
    for measure in question.measures:
        pairs: list[Pair] = []
        for name, part in studies_of(study, grouping, measure):
            arms = arms_of(part, measure, question.over, question.within)
            arms = tuple(replace(a, within={**a.within, GROUP: name}) for a in arms)
            found += level_estimates(part, measure, arms)
            sides = pairs_of(part, question, arms)
            pairs += paired(part, measure, sides)
            cautions += grade_cautions(part, sides)
        found += difference_estimates(pairs, measure, question)
        cautions += left_out(study, grouping, measure)
    means = [e for e in found if e.statistic is Statistic.MEAN]
    differences = [e for e in found if e.statistic is Statistic.DIFFERENCE]
    return Answer(
        question,
        (*found, *sizes_of(grouping)),
        difference_table(differences) if differences else mean_table(means),
        figure_of(FigureKind.GROUPED_DOTS, _marks(means), GROUP, ""),
        over_groups(study, question, grouping),
        f"{held_fixed(arms)}; {_made_text(grouping, question)}",
        (*LIMITS, Limit.CAUSE_OF_GROUPS),
        (*dict.fromkeys(cautions), *confounded(grouping),
         *design_cautions(study, question, arms)),
    )  # fmt: skip


def _made_text(grouping: Grouping, question: Question) -> str:
    """Say how groups were made, and where there are fewer than were asked for."""
    made = f"groups by {grouping.rule} of training part {grouping.block}"
    found, wanted = len(grouping.names), question.groups_wanted
    if not wanted or found == wanted:
        return made
    return f"{made}: {found} of {wanted}, as too many {grouping.of} are alike in it"


def no_groups(question: Question, grouping: Grouping | None) -> Caution:
    """Return why there are no groups to hold against each other."""
    about = f"no groups by {question.groups or 'anything'} are known"
    if grouping is not None:
        about = f"all {grouping.of} are alike in {grouping.rule}: there are no groups"
    return Caution(CautionKind.NOT_ASKED, about)


def studies_of(
    study: StudyValues, grouping: Grouping, measure: str
) -> Iterator[tuple[str, StudyValues]]:
    """Yield each group with the study of its users, or of the test items of its items."""
    for name in grouping.names:
        table = study.users.get(measure)
        if grouping.of == "items":
            table = grouping.item_values.get(measure, {}).get(name)
        elif table is not None:
            members = grouping.members.index[grouping.members == name]
            table = table[table.index.isin(members)]
        if table is not None and len(table):
            weights: Mapping[str, pd.DataFrame] = {
                k: w.reindex(table.index) for k, w in study.weights.items() if k == measure
            }
            runs = study.runs.iloc[:0]
            yield name, replace(study, users={measure: table}, runs=runs, weights=weights)


def left_out(study: StudyValues, grouping: Grouping, measure: str) -> Iterator[Caution]:
    """Yield how many users are in no group, or have no test items of one."""
    table = study.users.get(measure)
    if table is None:
        return
    if grouping.of == "items":
        if measure not in grouping.item_values:
            about = f"groups of items are told of recall and hit, not of {measure}"
            yield Caution(CautionKind.NOT_ASKED, about)
        for name, own in grouping.item_values.get(measure, {}).items():
            lost = len(table) - int(own.notna().any(axis=1).sum())
            if lost:
                yield Caution(CautionKind.LEFT_OUT_USERS, f"{name}: {lost}")
        return
    lost = int((~table.index.isin(grouping.members.index)).sum())
    if lost:
        yield Caution(CautionKind.LEFT_OUT_USERS, f"in no group: {lost}")


def over_groups(study: StudyValues, question: Question, grouping: Grouping) -> str:
    """Return over how many users, in how many groups, an answer is."""
    tables = [study.users[m] for m in question.measures if m in study.users]
    if grouping.of == "items" or not tables:
        return f"{len(grouping.names)} groups of {grouping.of}"
    users = int(tables[0].index.isin(grouping.members.index).sum())
    return f"{users} users in {len(grouping.names)} groups"


def sizes_of(grouping: Grouping) -> Iterator[Estimate]:
    """Yield the size of each group, with the means of what else is known of its members."""
    for name in grouping.names:
        members = grouping.members.index[grouping.members == name]
        own = grouping.quantities.reindex(members)
        more = {f"mean_{c}": float(own[c].mean()) for c in own.columns}
        yield Estimate(
            Statistic.COUNT, grouping.of, {GROUP: name}, float(len(members)), unknown(""),
            more=more,
        )  # fmt: skip


def confounded(grouping: Grouping) -> Iterator[Caution]:
    """Yield the quantities that go with the rule: how far each is correlated with it."""
    table = grouping.quantities
    if grouping.rule not in table:
        return
    others = [c for c in table.columns if c != grouping.rule]
    for name in others:
        both = table[[grouping.rule, name]].dropna().rank()
        if len(both) > 2 and (both.std() > 0).all():
            rho = float(np.corrcoef(both.to_numpy().T)[0, 1])
            if math.isfinite(rho):
                yield Caution(CautionKind.CONFOUNDED, f"{name}: rank correlation {rho:.2f}")


def _marks(means: Sequence[Estimate]) -> list[dict[str, object]]:
    """Return the marks of grouped dots: a group a place, a level a colour."""
    return [
        {
            "x": e.within.get(GROUP),
            "y": e.value,
            "low": e.interval.low,
            "high": e.interval.high,
            "series": label_of(e.levels),
            "panel": ", ".join(
                filter(
                    None,
                    (
                        metric_of(e.measure).label,
                        label_of({k: v for k, v in e.within.items() if k != GROUP}),
                    ),
                )
            ),
        }
        for e in means
    ]
