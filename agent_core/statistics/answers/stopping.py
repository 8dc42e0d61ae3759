"""The question of stopping: the first prefix of repetitions from which on nothing changes.

The reference is all repetitions, which holds the prefix: near the end they agree by construction.
So agreement is shown beside that of random prefixes of the same length, and hindsight is told
apart from a rule that sees the prefix alone (the width of its interval).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from agent_core.domain import Better, FactorKind, LevelValue, Question
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
from agent_core.statistics.answers.arms import Arm, arms_of
from agent_core.statistics.answers.levels import of_runs_cautions
from agent_core.statistics.answers.repetitions import (
    NESTED,
    SEED,
    cells_by,
    means_by,
    run_table,
)
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import Floats, Interval, resamples

ORDERS = 1000
"""Seeded orders of the repetitions; all of them where these are fewer."""
ALL_UP_TO = 6
"""Repetitions with at most so many orders: 720."""
FEWEST = 2
"""Repetitions that an interval needs."""
RANDOM = 23
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Values of algorithms (lines) over repetitions (columns), in plan order."""

    measure: str
    labels: tuple[str, ...]
    repetitions: tuple[LevelValue, ...]
    values: Floats
    tolerance: float
    is_relative: bool
    """Whether the tolerance is a share of the mean over all repetitions."""
    overlap: float = 0.0
    """Test by training interactions where training sets of repetitions overlap (folds)."""
    trainings: int = 0
    """Of one repetition, on average."""
    drawn: Floats | None = None
    """Values in resamples of the users, shape (algorithms, resamples, repetitions)."""

    @property
    def tolerances(self) -> Floats:
        """How far each mean may be from that over all repetitions."""
        whole = np.abs(self.values.mean(axis=1))
        return self.tolerance * whole if self.is_relative else np.full(len(whole), self.tolerance)

    def agrees(self, orders: Ints) -> Bools:
        """Return whether order and means of each prefix agree with all repetitions.

        Parameters
        ----------
        orders
            Shape (orders, repetitions).

        Returns
        -------
        Shape (orders, repetitions): prefixes of length 1, 2, ...
        """
        return self.prefixes_agree(self.values[:, orders])

    def prefixes_agree(self, values: Floats) -> Bools:
        """Return the same of values of shape (algorithms, lines, repetitions)."""
        n = values.shape[2]
        means = np.cumsum(values, axis=2) / np.arange(1, n + 1)
        whole = means[:, :, -1:]
        allowed = self.tolerance * np.abs(whole) if self.is_relative else self.tolerance
        found = (np.abs(means - whole) <= allowed + 1e-12).all(axis=0)
        if _is_ordering(self.measure):
            for i, j in itertools.combinations(range(len(means)), 2):
                found &= np.sign(means[i] - means[j]) == np.sign(whole[i] - whole[j])
        return np.asarray(found)

    def narrow(self, orders: Ints) -> Bools:
        """Return whether the intervals of all means are within the tolerance at each prefix.

        t over repetitions; of folds, whose training overlaps, by Nadeau and Bengio.
        """
        n = self.values.shape[1]
        ordered = self.values[:, orders]
        counts = np.arange(1, n + 1)
        sums, squares = np.cumsum(ordered, axis=2), np.cumsum(ordered**2, axis=2)
        variances = np.maximum(0.0, squares - sums**2 / counts) / np.maximum(1, counts - 1)
        quantiles = scipy.stats.t.ppf(1 - ALPHA / 2, np.maximum(1, counts - 1))
        half = quantiles * np.sqrt((1 / counts + self.overlap) * variances)
        found = (half <= self.tolerances[:, None, None]).all(axis=0)
        found[:, : FEWEST - 1] = False
        return np.asarray(found)


def stopping_answer(question: Question, study: StudyValues) -> Answer:
    """Return the first prefix from which on order and means stay, and what a rule would do."""
    if question.tolerance is None:
        return Answer(
            question, cautions=(Caution(CautionKind.NOT_ASKED, "no tolerance was stated before"),)
        )
    factor = next((n for n in question.over if n in NESTED), FactorKind.FOLD.value)
    found: list[Estimate] = []
    lines: list[dict[str, object]] = []
    marks: list[dict[str, object]] = []
    cautions: list[Caution] = []
    for measure in question.measures:
        for within, arms in _contexts(study, question, measure):
            cautions += of_runs_cautions(study, measure, arms)
            course = _course(question, study, measure, factor, arms)
            if course.values.shape[1] < FEWEST:
                continue
            found += _estimates(course, within)
            lines += list(_lines(course, within))
            marks += list(_marks(course, within))
    return Answer(
        question,
        tuple(found),
        pd.DataFrame(lines),
        figure_of(FigureKind.CURVES, marks, factor, "running mean"),
        over=f"{found[0].more['repetitions']:.0f} repetitions" if found else "",
        held="users, data",
        not_shown=(Limit.OTHER_REPETITIONS, Limit.OTHER_DATA),
        cautions=(*cautions, *_cautions(factor)),
    )


def orders_of(n: int) -> Ints:
    """Return orders of n repetitions: all where there are at most `ORDERS`, else so many drawn."""
    if n <= ALL_UP_TO:
        return np.array(list(itertools.permutations(range(n))))
    rng = np.random.default_rng(RANDOM)
    return np.array([rng.permutation(n) for _ in range(ORDERS)])


def first_lasting(holds: Bools) -> Ints:
    """Return, by line, the first length from which on something holds to the end."""
    broken = ~holds
    last = holds.shape[1] - np.argmax(broken[:, ::-1], axis=1)
    found = np.where(broken.any(axis=1), np.minimum(last + 1, holds.shape[1]), 1)
    return np.asarray(found, dtype=np.intp)


def first_time(holds: Bools) -> Ints:
    """Return, by line, the first length at which something holds; all where it never does."""
    first = np.argmax(holds, axis=1) + 1
    return np.asarray(np.where(holds.any(axis=1), first, holds.shape[1]), dtype=np.intp)


def _is_ordering(measure: str) -> bool:
    return metric_of(measure).better in (Better.HIGHER, Better.LOWER)


def _contexts(
    study: StudyValues, question: Question, measure: str
) -> Iterator[tuple[dict[str, LevelValue], list[Arm]]]:
    """Yield the algorithms within each level of the other compared factors."""
    algorithm = FactorKind.ALGORITHM.value
    within = [n for n in question.within if n != algorithm]
    found: dict[str, list[Arm]] = {}
    for arm in arms_of(study, measure, (algorithm,), within):
        found.setdefault(label_of(arm.within), []).append(arm)
    for arms in found.values():
        yield dict(arms[0].within), arms


def _course(
    question: Question, study: StudyValues, measure: str, factor: str, arms: Sequence[Arm]
) -> Course:
    """Return the values of arms over the repetitions that all of them vary over."""
    tables = [run_table(study, measure, arm) for arm in arms]
    series = [means_by(t, factor) if factor in t else {} for t in tables]
    varied = [
        (arm, own)
        for arm, own in zip(arms, series, strict=True)
        if factor != SEED or arm.is_random
    ]
    levels = list(dict.fromkeys(level for _, own in varied for level in own))
    shared = [v for v in levels if all(v in own for _, own in varied)]
    values = np.array([[own[v] for v in shared] for _, own in varied], dtype=float)
    values = values.reshape(len(varied), len(shared))
    trainings = sum(len(arm.ids) for arm, _ in varied) // max(1, len(shared))
    overlap = _overlap(study, factor, [arm for arm, _ in varied], len(shared))
    return Course(
        measure, tuple(arm.label for arm, _ in varied), tuple(shared), values,
        question.tolerance or 0.0, question.is_relative, overlap, trainings,
        _resampled(study, measure, [arm for arm, _ in varied], (factor, shared)),
    )  # fmt: skip


def _overlap(study: StudyValues, factor: str, arms: Sequence[Arm], n: int) -> float:
    """Return test by training interactions of folds; nothing overlaps otherwise."""
    if factor == SEED or n < FEWEST:
        return 0.0
    parts = [study.parts[b] for arm in arms for b in arm.blocks.values() if b in study.parts]
    shares = [p.test_share for p in parts if p.test_share]
    return float(np.mean(shares)) if shares else 1 / (n - 1)


def _estimates(course: Course, within: dict[str, LevelValue]) -> Iterator[Estimate]:
    """Yield the stop by hindsight in plan order and in others, then that of the rule."""
    n = course.values.shape[1]
    plan, orders = np.arange(n)[None, :], orders_of(n)
    agrees = course.agrees(orders)
    stop, stops = int(first_lasting(course.agrees(plan))[0]), first_lasting(agrees)
    kind = Interval(0, 0, "orders of the repetitions", "range of 95 % of them", n=len(orders))
    yield Estimate(
        Statistic.STOP, course.measure, {}, float(stop), _range(stops, kind), within=within,
        more={
            "orders": float(len(orders)),
            "share_of_orders": float((stops <= stop).mean()),
            "random_prefixes_agree": float(agrees[:, stop - 1].mean()),
            "saved": float((n - stop) * course.trainings),
            "repetitions": float(n),
            **_over_users(course, stop),
        },
    )  # fmt: skip
    rule, rules = (int(first_time(course.narrow(plan))[0]), first_time(course.narrow(orders)))
    right = agrees[np.arange(len(orders)), rules - 1]
    yield Estimate(
        Statistic.RULE, course.measure, {}, float(rule), _range(rules, kind), within=within,
        why="" if course.narrow(plan).any() else "never narrow enough",
        more={
            "rule_agrees": float(right.mean()),
            "rule_saved": float((n - rule) * course.trainings),
        },
    )  # fmt: skip


def _resampled(
    study: StudyValues,
    measure: str,
    arms: Sequence[Arm],
    along: tuple[str, Sequence[LevelValue]],
) -> Floats | None:
    """Return the value of each repetition in resamples of the users; None without their values.

    A repetition that tests some users only is averaged over those of them that are drawn.
    """
    table = study.users.get(measure)
    if table is None or not arms or len(table) < 2 or measure in study.weights:
        return None
    columns = [
        table[[i for i in cells_by(study, arm, along[0])[level] if i in table]].mean(axis=1)
        for arm in arms
        for level in along[1]
    ]
    values = np.column_stack([c.to_numpy(dtype=float) for c in columns])
    known = np.isfinite(values)
    filled, flags = np.where(known, values, 0.0), known.astype(float)
    rng = np.random.default_rng(RANDOM)
    drawn = [(w @ filled) / np.maximum(w @ flags, 1e-300) for w in resamples(len(values), rng)]
    shape = (-1, len(arms), len(along[1]))
    return np.concatenate(drawn).reshape(shape).transpose(1, 0, 2)


def _over_users(course: Course, stop: int) -> dict[str, float]:
    """Return where 95 % of resamples of the users stop, and how many of them stop there."""
    if course.drawn is None:
        return {}
    stops = first_lasting(course.prefixes_agree(course.drawn))
    ends = _range(stops, Interval(0, 0, "users"))
    return {
        "users_low": ends.low,
        "users_high": ends.high,
        "share_of_users_resamples": float((stops == stop).mean()),
    }


def _range(stops: Ints, kind: Interval) -> Interval:
    low, high = np.quantile(stops, [ALPHA / 2, 1 - ALPHA / 2], method="inverted_cdf")
    return Interval(float(low), float(high), kind.over, kind.method, kind.held, kind.n)


def _lines(course: Course, within: dict[str, LevelValue]) -> Iterator[dict[str, object]]:
    """Yield, for each length, whether its prefix agrees, and the share of random ones that do."""
    n = course.values.shape[1]
    plan, agrees = np.arange(n)[None, :], course.agrees(orders_of(n)).mean(axis=0)
    own, narrow = course.agrees(plan)[0], course.narrow(plan)[0]
    for i in range(n):
        yield {
            "measure": metric_of(course.measure).label,
            "within": label_of(within),
            "repetitions": i + 1,
            "agrees with all": bool(own[i]),
            "random prefixes that agree": float(agrees[i]),
            "rule would stop": bool(narrow[i]),
        }


def _marks(course: Course, within: dict[str, LevelValue]) -> Iterator[dict[str, object]]:
    """Yield the running means, with the tolerance about the mean of all."""
    n = course.values.shape[1]
    running = np.cumsum(course.values, axis=1) / np.arange(1, n + 1)
    panel = ", ".join(filter(None, (metric_of(course.measure).label, label_of(within))))
    for i, label in enumerate(course.labels):
        whole, near = float(course.values[i].mean()), float(course.tolerances[i])
        for j in range(n):
            yield {
                "x": j + 1,
                "y": float(running[i, j]),
                "low": whole - near,
                "high": whole + near,
                "series": label,
                "panel": panel,
            }


def _cautions(factor: str) -> Iterator[Caution]:
    yield Caution(CautionKind.MECHANICAL)
    if factor == FactorKind.FOLD.value:
        yield Caution(CautionKind.OVERLAPPING_TRAINING)
