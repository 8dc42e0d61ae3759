"""The question of order: whether algorithms stand alike under the levels of a factor, or measures.

References
----------
Yilmaz, Aslam and Robertson, A new rank correlation coefficient for information retrieval, SIGIR
2008 (AP correlation).
Sakai, Evaluating evaluation metrics based on the bootstrap, SIGIR 2006 (discriminative power).
Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from agent_core.domain import Better, FactorKind, Levels, LevelValue, Question
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
    name_of_order,
)
from agent_core.statistics.answers.arms import Arm, arms_of, held_fixed
from agent_core.statistics.answers.differences import told_apart
from agent_core.statistics.answers.levels import LIMITS, design_cautions
from agent_core.statistics.answers.paired import difference_estimates, paired
from agent_core.statistics.answers.samples import Panel, panel_of
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import (
    LEVEL,
    Floats,
    Interval,
    kendall,
    percentile_interval,
    unknown,
)

FEWEST_SYSTEMS = 6
"""Below, no p and no interval of tau: the smallest two-sided p is 0.33 with 3, 0.083 with 4."""
FEWEST_DATASETS = 6
CHANGE, NO_CHANGE = "change places", "no test shows it"
"""What is told of a pair that stands the other way round in another order."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Arms under one measure and one level of each other factor."""

    measure: str
    where: Levels
    panel: Panel
    draws: Floats
    """Means in resamples of the users, oriented so that higher is better."""

    @property
    def means(self) -> Floats:
        """Means, oriented so that higher is better."""
        return _sign(self.measure) * np.array([c.mean for c in self.panel.columns])

    @property
    def labels(self) -> list[str]:
        """The arms."""
        return [arm.label for arm in self.panel.arms]

    @property
    def name(self) -> str:
        """Under what it orders, for people."""
        return name_of_order(self.measure, self.where)

    @property
    def has_users(self) -> bool:
        """Whether there are users to resample."""
        return self.panel.n > 1


def order_answer(question: Question, study: StudyValues) -> Answer:
    """Return winners, pairs that change places, with tests, how stable these are, and tau-b.

    The stability of a pair is the share of resamples of users that keep its order, a winner's
    the share in which it wins.
    """
    rankings = list(_rankings(question, study))
    found: list[Estimate] = []
    for ranking in rankings:
        found += [_winner(ranking), *_stabilities(ranking)]
    compared = list(_to_compare(question, rankings))
    tests = _tested_changes(question, study, compared)
    agreements = [_agreement(a, b, tests) for a, b in compared]
    powers = list(_powers(question, study)) if _is_of_measures(question) else []
    arms = [arm for r in rankings for arm in r.panel.arms]
    return Answer(
        question,
        (*agreements, *_same_winners(question, rankings), *found, *tests.values(), *powers),
        _table(rankings),
        figure_of(FigureKind.HEAT_MAP, _marks(rankings), "", ""),
        next((f"{r.panel.n} users" for r in rankings if r.has_users), ""),
        held_fixed(arms),
        (*LIMITS, Limit.OTHER_SEEDS),
        (*_cautions(question, study, rankings), *design_cautions(study, question, arms)),
    )


def ap_correlation(truth: ArrayLike, estimate: ArrayLike) -> float:
    """Return the AP correlation of two orders: tau that weighs the top of `estimate`.

    2 / (n - 1) Σ_{i>1} C(i) / (i - 1) - 1, with C(i) the number of systems above rank i of the
    estimate that are above it in truth too; ties count half.
    """
    a, b = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    order = np.argsort(-b, kind="stable")
    n = len(order)
    if n < 2:
        return math.nan
    ranked = a[order]
    shares = [
        float(((ranked[:i] > ranked[i]) + 0.5 * (ranked[:i] == ranked[i])).mean())
        for i in range(1, n)
    ]
    return 2 * float(np.mean(shares)) - 1


def _sign(measure: str) -> float:
    return -1.0 if metric_of(measure).better is Better.LOWER else 1.0


def _is_of_measures(question: Question) -> bool:
    """Whether orders under measures are compared, not those under the levels of a factor."""
    return not question.within and len(question.measures) > 1


def _rankings(question: Question, study: StudyValues) -> Iterator[Ranking]:
    """Yield the order under each measure and each level of the other factors."""
    over = question.over or (FactorKind.ALGORITHM.value,)
    turns: list[pd.Index] = []
    for measure in question.measures:
        arms = arms_of(study, measure, over, question.within)
        for where, own in _contexts(arms):
            if len(own) < 2:
                continue
            panel = panel_of(study, measure, own)
            turn = next((i for i, u in enumerate(turns) if u.equals(panel.users)), len(turns))
            turns += [panel.users] if turn == len(turns) else []
            yield Ranking(measure, where, panel, _sign(measure) * panel.draws(turn))


def _contexts(arms: Sequence[Arm]) -> Iterator[tuple[Levels, list[Arm]]]:
    """Yield the levels of the other factors with the arms that stand within them.

    An arm that a factor does not apply to stands within each of its levels.
    """
    names = dict.fromkeys(n for arm in arms for n in arm.within)
    levels: dict[str, list[LevelValue]] = {
        n: list(dict.fromkeys(arm.within[n] for arm in arms if n in arm.within)) for n in names
    }
    seen: set[tuple[int, ...]] = set()
    for values in itertools.product(*levels.values()):
        where = dict(zip(names, values, strict=True))
        own = [a for a in arms if all(where[n] == v for n, v in a.within.items())]
        key = tuple(id(a) for a in own)
        if own and key not in seen:
            seen.add(key)
            yield where, own


def _to_compare(
    question: Question, rankings: Sequence[Ranking]
) -> Iterator[tuple[Ranking, Ranking]]:
    """Yield the orders that are held against each other: under measures, or under levels."""
    for a, b in itertools.combinations(rankings, 2):
        is_other_measure = a.measure != b.measure
        is_elsewhere = a.where != b.where
        asked = is_other_measure and not is_elsewhere
        if not _is_of_measures(question):
            asked = is_elsewhere and not is_other_measure
        if asked:
            yield a, b


def _winner(ranking: Ranking) -> Estimate:
    """Return the best arm with the share of resamples in which it is best."""
    best = int(np.argmax(ranking.means))
    share = math.nan
    if ranking.has_users:
        share = float((ranking.draws.argmax(axis=1) == best).mean())
    first = ranking.panel.arms[best]
    return Estimate(
        Statistic.WINNER, ranking.measure, {}, share, unknown("users"), within=ranking.where,
        n=ranking.panel.n, found=first.levels,
    )  # fmt: skip


def _same_winners(question: Question, rankings: Sequence[Ranking]) -> Iterator[Estimate]:
    """Yield the share of resamples in which one level is first in all orders of a measure.

    Of orders under measures: in those under all of them. Users are resampled together.
    """
    is_of_measures = _is_of_measures(question)
    for measure in ("",) if is_of_measures else question.measures:
        own = [r for r in rankings if is_of_measures or r.measure == measure]
        if len(own) < 2:
            continue
        firsts = [np.array(r.labels)[r.draws.argmax(axis=1)] for r in own]
        share = math.nan
        if all(r.has_users for r in own):
            share = float(np.all([f == firsts[0] for f in firsts], axis=0).mean())
        winners = [r.panel.arms[int(np.argmax(r.means))] for r in own]
        is_same = len({w.label for w in winners}) == 1
        yield Estimate(
            Statistic.SAME_WINNER, measure, {}, share, unknown("users"), n=own[0].panel.n,
            more={"orders": float(len(own))}, found=winners[0].levels if is_same else {},
        )  # fmt: skip


Tests = Mapping[tuple[str, frozenset[str]], Estimate]
"""The name of an order and the two that change places in it to their difference there."""


def _tested_changes(
    question: Question, study: StudyValues, compared: Sequence[tuple[Ranking, Ranking]]
) -> Tests:
    """Return the difference of each pair that changes places, in both orders, with its test.

    Holm over all of a measure: the largest change was looked for.
    """
    sides: dict[str, dict[tuple[str, frozenset[str]], tuple[Arm, Arm]]] = {}
    for a, b in compared:
        for pair in _changed_pairs(a, b):
            for r in (a, b):
                arms = [arm for arm in r.panel.arms if arm.label in pair]
                own = sides.setdefault(r.measure, {})
                own[r.name, frozenset(pair)] = arms[0], arms[1]
    found: dict[tuple[str, frozenset[str]], Estimate] = {}
    for measure, own in sides.items():
        keys = {(id(a), id(b)): key for key, (a, b) in own.items()}
        pairs = paired(study, measure, list(own.values()))
        tested = difference_estimates(pairs, measure, question)
        found |= {keys[id(p.a), id(p.b)]: e for p, e in zip(pairs, tested, strict=True)}
    return found


def _changed_pairs(a: Ranking, b: Ranking) -> list[tuple[str, str]]:
    """Return the pairs that stand the other way round in another order."""
    both = [label for label in a.labels if label in b.labels]
    first, second = (r.means[[r.labels.index(x) for x in both]] for r in (a, b))
    return [(both[i], both[j]) for i, j in _changes(first, second)]


def _stabilities(ranking: Ranking) -> Iterator[Estimate]:
    """Yield the share of resamples that keep the order of each pair, the better first."""
    means = ranking.means
    for i, j in itertools.combinations(range(len(means)), 2):
        a, b = (i, j) if means[i] >= means[j] else (j, i)
        share = math.nan
        if ranking.has_users:
            share = float((ranking.draws[:, a] > ranking.draws[:, b]).mean())
        first, second = ranking.panel.arms[a], ranking.panel.arms[b]
        yield Estimate(
            Statistic.STABILITY, ranking.measure, first.levels, share, unknown("users"),
            second.levels, ranking.where, ranking.panel.n,
        )  # fmt: skip


def _agreement(a: Ranking, b: Ranking, tests: Tests) -> Estimate:
    """Return tau-b over the arms of two orders; from six systems on with p and interval."""
    both = [label for label in a.labels if label in b.labels]
    first, second = (
        (r.means[[r.labels.index(x) for x in both]], r.draws[:, [r.labels.index(x) for x in both]])
        for r in (a, b)
    )
    changed = _changed_pairs(a, b)
    n = len(both)
    more = {
        "systems": float(n),
        "pairs": n * (n - 1) / 2,
        "changed": float(len(changed)),
        "tau_ap": ap_correlation(first[0], second[0]),
    }
    interval = unknown("users", a.panel.n)
    if n >= FEWEST_SYSTEMS:
        more["tau_p"] = float(scipy.stats.kendalltau(first[0], second[0]).pvalue)
        if a.has_users and b.has_users:
            kind = Interval(0, 0, "users", "percentile bootstrap", n=min(a.panel.n, b.panel.n))
            drawn = _taus(first[1], second[1])
            interval = percentile_interval(drawn[np.isfinite(drawn)], kind, LEVEL)
    told = {"under": a.name}, {"under": b.name}
    measure = a.measure if a.measure == b.measure else ""
    return Estimate(
        Statistic.TAU, measure, told[0], kendall(first[0], second[0]), interval, told[1],
        n=interval.n, more=more,
        found={f"{x} and {y}": _is_shown(tests, (a, b), (x, y)) for x, y in changed},
    )  # fmt: skip


def _is_shown(tests: Tests, orders: tuple[Ranking, Ranking], pair: tuple[str, str]) -> str:
    """Return whether tests show both differences of a pair that changes places."""
    own = [tests.get((r.name, frozenset(pair))) for r in orders]
    shown = [e is not None and e.test is not None and e.test.is_shown for e in own]
    return CHANGE if all(shown) else NO_CHANGE


def _taus(a: Floats, b: Floats) -> Floats:
    """Return tau-b of the orders of each line."""
    pairs = list(itertools.combinations(range(a.shape[1]), 2))
    i, j = (list(side) for side in zip(*pairs, strict=True))
    first, second = (np.sign(x[:, i] - x[:, j]) for x in (a, b))
    scale = np.sqrt(np.abs(first).sum(axis=1) * np.abs(second).sum(axis=1))
    total = (first * second).sum(axis=1)
    return np.asarray(np.where(scale > 0, total / np.where(scale > 0, scale, 1.0), np.nan))


def _changes(a: Floats, b: Floats) -> list[tuple[int, int]]:
    """Return the pairs whose order is another."""
    pairs = itertools.combinations(range(len(a)), 2)
    return [(i, j) for i, j in pairs if (a[i] - a[j]) * (b[i] - b[j]) < 0]


def _powers(question: Question, study: StudyValues) -> Iterator[Estimate]:
    """Yield the share of pairs that each measure tells apart after Holm."""
    for measure in question.measures:
        arms = arms_of(study, measure, question.over or (FactorKind.ALGORITHM.value,))
        sides = [(a, b) for a, b in itertools.combinations(arms, 2) if a.can_stand_beside(b)]
        found = difference_estimates(paired(study, measure, sides), measure, question)
        yield Estimate(
            Statistic.SHARE, measure, {}, told_apart(found), unknown("pairs"),
            n=len(found), why="pairs told apart after Holm",
        )  # fmt: skip


def _cautions(
    question: Question, study: StudyValues, rankings: Sequence[Ranking]
) -> Iterator[Caution]:
    """Yield what the number of systems and of data sets keeps from being told."""
    fewest = min((len(r.labels) for r in rankings), default=0)
    if fewest < FEWEST_SYSTEMS:
        yield Caution(CautionKind.FEW_SYSTEMS, f"{fewest} systems")
    dataset = study.factor(FactorKind.DATASET.value)
    if dataset and dataset.name in question.within and len(dataset.levels) < FEWEST_DATASETS:
        yield Caution(CautionKind.FEW_DATASETS, f"{len(dataset.levels)} data sets")


def _table(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Return places for people: a line an algorithm, a column an order, the winner first."""
    columns = {}
    for ranking in rankings:
        places = scipy.stats.rankdata(-ranking.means, method="min").astype(int)
        columns[ranking.name] = dict(zip(ranking.labels, places, strict=True))
    labels = dict.fromkeys(label for own in columns.values() for label in own)
    lines = [{"level": x, **{n: own.get(x) for n, own in columns.items()}} for x in labels]
    return pd.DataFrame(lines)


def _marks(rankings: Sequence[Ranking]) -> list[dict[str, object]]:
    """Return the marks of a heat map: an order a column, an arm a row, its place the colour.

    The arm whose places are best comes first; one measure of all orders stands above them.
    """
    is_one = len({r.measure for r in rankings}) == 1 and all(r.where for r in rankings)
    places: dict[str, list[tuple[Ranking, float]]] = {}
    for r in rankings:
        for label, place in zip(
            r.labels, scipy.stats.rankdata(-r.means, method="min"), strict=True
        ):
            places.setdefault(label, []).append((r, float(place)))
    return [
        {
            "x": label_of(r.where) if is_one else r.name,
            "y": place,
            "series": label,
            "panel": metric_of(r.measure).label if is_one else "",
        }
        for label, own in sorted(places.items(), key=lambda p: np.mean([y for _, y in p[1]]))
        for r, place in own
    ]
