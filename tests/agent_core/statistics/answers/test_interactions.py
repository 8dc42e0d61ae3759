"""A difference across the levels of another factor."""

import math

import numpy as np
import pytest
from made_studies import EASE, KNN, MF, part_of, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Factor, Question, cells_of
from agent_core.statistics.answers.answer import CautionKind, Grade, Statistic, Verdict
from agent_core.statistics.answers.registry import answer_to

ASKED = Question(
    Estimand.INTERACTION, ("algorithm", "train_share"), ("ndcg@10",), pairs=(("EASE", "ItemKNN"),)
)
SHARES = Factor("train_share", (0.5, 1.0))
NOISE = np.random.default_rng(5).standard_normal((4, 80))


def value_of(cell, metric, users):
    is_ease, is_whole = cell.algorithm.name == "EASE", cell.levels["train_share"] == 1.0
    effect = 0.2 * is_ease + 0.1 * is_whole + 0.15 * (is_ease and is_whole)
    return effect + 0.1 * NOISE[2 * is_ease + is_whole, : len(users)]


def study(parts=None, algorithms=(EASE, KNN), **more):
    plan = study_plan(*algorithms, factors=[SHARES], **more)
    blocks = list(dict.fromkeys(c.block.name for c in cells_of(plan)))
    made = dict(zip(blocks, parts, strict=True)) if parts else None
    return study_values(plan, value_of, 80, parts=made)


def test_over_the_same_users_it_is_a_difference_of_differences_by_user():
    found = answer_to(ASKED, study())

    (one,) = found.of(Statistic.INTERACTION)
    d = (NOISE[3] - NOISE[1]) * 0.1 + 0.15 - (NOISE[2] - NOISE[0]) * 0.1
    assert one.value == pytest.approx(d.mean())
    half = stats.t.ppf(0.975, 79) * d.std(ddof=1) / math.sqrt(80)
    assert one.interval.half_width == pytest.approx(half)
    assert one.test.verdict is Verdict.HIGHER
    assert (one.grade, one.test.family) == (Grade.SAME, 1)
    assert one.found["from"] == "train_share=0.5"


def test_with_other_candidates_it_differs_by_and_is_not_tested():
    parts = [part_of(range(80), candidates=range(n)) for n in (10, 20)]

    (one,) = answer_to(ASKED, study(parts)).of(Statistic.INTERACTION)

    assert (one.grade, one.test.verdict) == (Grade.COMMON, Verdict.DIFFERS)
    assert math.isnan(one.test.p)


def test_over_other_users_squared_errors_add():
    parts = [part_of(range(80)), part_of(range(100, 180))]

    (one,) = answer_to(ASKED, study(parts)).of(Statistic.INTERACTION)

    errors = [((NOISE[2 + i] - NOISE[i]) * 0.1).var(ddof=1) / 80 for i in (0, 1)]
    degrees = sum(errors) ** 2 / sum(e**2 / 79 for e in errors)
    half = stats.t.ppf(0.975, degrees) * math.sqrt(sum(errors))
    assert one.grade is Grade.APART
    assert one.interval.half_width == pytest.approx(half)


def test_seeds_count_in_it():
    asked = Question(
        Estimand.INTERACTION, ("algorithm", "train_share"), ("ndcg@10",),
        pairs=(("ImplicitMF", "ItemKNN"),),
    )  # fmt: skip
    plan = study_plan(MF, KNN, factors=[SHARES], seeds=(0, 1))

    def values(cell, metric, users):
        return np.full(len(users), 0.2 + 0.05 * (cell.seed or 0))

    (one,) = answer_to(asked, study_values(plan, values, 30)).of(Statistic.INTERACTION)

    assert one.interval.over == "users and seeds"
    # Two means of two seeds, each with variance 0.00125 / 2, and one degree of freedom each.
    half = stats.t.ppf(0.975, 2) * math.sqrt(2 * 0.00125 / 2)
    assert one.interval.half_width == pytest.approx(half)


def test_an_interaction_needs_two_factors():
    found = answer_to(Question(Estimand.INTERACTION, ("algorithm",), ("ndcg@10",)), study())

    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]
