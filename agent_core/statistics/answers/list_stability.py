"""How much lists of the same users have in common, between cells that differ in one factor alone.

Each user's value is the mean over all pairs of levels of the factor (of many levels each with the
next, in a circle); users without a list in either are left out and counted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agent_core.domain import Cell, FactorRole, Levels, LevelValue, Plan, Question
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.measures.list_pairs import PAIRED, pair_values
from agent_core.statistics.answers.answer import Estimate, Statistic, metric_of
from agent_core.statistics.inference import bootstrap_means

MOST_LEVELS = 10
"""Up to which all pairs are looked at, 45; of more levels as many pairs as there are levels."""
RANDOM = 23
Place = tuple[tuple[str, LevelValue], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """What the lists of one level of each compared factor have in common."""

    factor: str
    measure: str
    levels: Levels
    values: pd.Series[float]
    """Of each user, the mean over pairs."""
    pairs: tuple[float, ...]
    """Mean over users of each pair."""
    without: int = 0
    """Users who lack a list in one of the cells."""


def is_of_pairs(measure: str) -> bool:
    """Whether a measure is of the lists of two cells."""
    return measure.partition("@")[0] in PAIRED


def stabilities_of(evidence: Evidence) -> tuple[Stability, ...]:
    """Return what lists have in common, for the measures and factors that questions ask about."""
    return tuple(
        found
        for question in evidence.plan.questions
        for measure in filter(is_of_pairs, question.measures)
        for found in _of_measure(evidence, _factor_of(evidence.plan, question), measure)
    )


def stability_estimate(found: Stability) -> Estimate:
    """Return the mean over users with its interval, and the range over pairs of cells."""
    rng = np.random.default_rng(RANDOM)
    held = f"training data, {len(found.pairs)} pairs of cells"
    (interval,) = bootstrap_means(found.values.to_numpy()[:, None], "users", held, rng)
    low, high = (f(found.pairs) if found.pairs else math.nan for f in (min, max))
    more = {"pairs": float(len(found.pairs)), "min": low, "max": high}
    return Estimate(
        Statistic.MEAN, found.measure, found.levels, float(found.values.mean()), interval,
        n=len(found.values), more=more,
    )  # fmt: skip


def _factor_of(plan: Plan, question: Question) -> str:
    """Return the factor whose levels are held against each other: one that is repeated first."""
    repeated = [f.name for f in plan.factors if f.role is FactorRole.REPEATED]
    asked = [n for n in question.over if n in repeated]
    return next(iter([*asked, *question.over, *repeated]), "")


def _of_measure(evidence: Evidence, factor: str, measure: str) -> Iterator[Stability]:
    compared = {f.name for f in evidence.plan.factors if f.role is FactorRole.COMPARED} - {factor}
    groups: dict[Place, dict[Place, list[tuple[LevelValue, Run]]]] = {}
    for run, cell in evidence.of_runs.items():
        if factor in cell.levels and run in evidence.lists:
            own, place = _places(cell, compared, factor)
            groups.setdefault(own, {}).setdefault(place, []).append((cell.levels[factor], run))
    for own, places in groups.items():
        pairs = [p for runs in places.values() for p in _pairs([run for _, run in runs])]
        if pairs:
            yield _stability(evidence, factor, measure, dict(own), pairs)


def _places(cell: Cell, compared: Iterable[str], factor: str) -> tuple[Place, Place]:
    """Return the compared levels of a cell, and those of all else but the factor."""
    names = set(compared)
    own = tuple((n, v) for n, v in cell.levels.items() if n in names)
    rest = tuple((n, v) for n, v in cell.levels.items() if n not in names and n != factor)
    return own, rest


def _pairs(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    if len(runs) <= MOST_LEVELS:
        yield from itertools.combinations(runs, 2)
    else:
        yield from zip(runs, [*runs[1:], runs[0]], strict=True)


def _stability(
    evidence: Evidence, factor: str, measure: str, levels: Levels, pairs: Sequence[tuple[Run, Run]]
) -> Stability:
    name, k = metric_of(measure).name, metric_of(measure).k or MOST_LEVELS
    sums: pd.Series[float] = pd.Series(dtype=float)
    counts: pd.Series[float] = pd.Series(dtype=float)
    means, users = [], set()
    for one, other in pairs:
        first, second = evidence.lists[one], evidence.lists[other]
        values = pair_values(name, first, second, k)
        users |= {*first["user_id"], *second["user_id"]}
        means.append(float(values.mean()))
        sums = sums.add(values, fill_value=0.0)
        counts = counts.add(pd.Series(1.0, index=values.index), fill_value=0.0)
    tested = {u for fold in {run[1] for pair in pairs for run in pair}
              for u in evidence.test[fold]["user_id"]} if evidence.test else users  # fmt: skip
    found = sums / counts
    return Stability(
        factor, measure, levels, found, tuple(means), len((tested | users) - set(found.index))
    )
