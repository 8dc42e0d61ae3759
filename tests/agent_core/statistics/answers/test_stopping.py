"""From which prefix on nothing changes: hindsight, other orders, and a rule."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, KNN, MF, repeated_splits, study_plan, study_values

from agent_core.domain import Estimand, Question
from agent_core.statistics.answers.answer import CautionKind, Statistic
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.stopping import first_lasting, first_time, orders_of

STOP = Question(Estimand.STOPPING, ("split_seed",), ("ndcg@10",), tolerance=0.011)
SPLITS = repeated_splits((0, 1, 2, 3))


def study(ease, knn, **more):
    plan = study_plan(EASE, KNN, factors=[SPLITS], **more)
    rows = {"EASE": ease, "ItemKNN": knn}
    return study_values(
        plan, lambda c, m, u: np.full(len(u), rows[c.algorithm.name][c.levels["split_seed"]])
    )


def test_a_prefix_stands_when_it_and_all_longer_ones_agree():
    holds = np.array([[True, False, True, True], [False, False, False, True], [True] * 4])

    assert first_lasting(holds).tolist() == [3, 4, 1]
    assert first_time(holds).tolist() == [1, 4, 1]


def test_all_orders_are_looked_at_where_there_are_few_and_a_thousand_else():
    assert orders_of(4).shape == (24, 4)
    assert orders_of(10).shape == (1000, 10)
    assert (orders_of(10) == orders_of(10)).all()


def test_the_stop_by_hindsight_and_in_other_orders():
    # Running means of EASE: 0.30, 0.32, 0.31, 0.31; all: 0.31.
    found = answer_to(STOP, study([0.30, 0.34, 0.29, 0.31], [0.2] * 4))

    (stop,) = found.of(Statistic.STOP)
    assert stop.value == 1
    assert stop.more["orders"] == 24
    # Beginnings 0.30 and 0.31 are near, and with them all longer prefixes but (0.34, ...) ones.
    first = stop.more["random_prefixes_agree"]
    assert first == pytest.approx(0.5)
    assert stop.more["saved"] == 3 * 2
    assert 0 < stop.more["share_of_orders"] <= first
    assert CautionKind.MECHANICAL in {c.kind for c in found.cautions}


def test_an_order_that_turns_late_is_no_stop():
    found = answer_to(
        replace(STOP, tolerance=1.0), study([0.3, 0.3, 0.3, 0.0], [0.24, 0.24, 0.24, 0.24])
    )

    (stop,) = found.of(Statistic.STOP)
    assert stop.value == 4
    assert found.table["agrees with all"].tolist() == [False, False, False, True]


def test_a_relative_tolerance_is_a_share_of_the_mean_of_all():
    values = [0.5, 0.3, 0.4, 0.4]

    loose, tight = (
        answer_to(replace(STOP, tolerance=t, is_relative=True), study(values, [0.1] * 4))
        for t in (0.3, 0.2)
    )

    assert [a.of(Statistic.STOP)[0].value for a in (loose, tight)] == [1, 2]


def test_the_rule_sees_the_width_of_the_prefix_alone():
    # Two equal values have no width: the rule stops at 2, wrongly.
    found = answer_to(STOP, study([0.3, 0.3, 0.9, 0.9], [0.2] * 4))

    (rule,) = found.of(Statistic.RULE)
    assert rule.value == 2
    assert found.of(Statistic.STOP)[0].value == 4
    assert rule.more["rule_agrees"] < 1


def test_seeds_are_counted_of_random_algorithms_only():
    plan = study_plan(MF, KNN, seeds=(0, 1, 2))
    asked = replace(STOP, over=("model_seed",))
    values = [0.3, 0.31, 0.3]

    found = answer_to(
        asked, study_values(plan, lambda c, m, u: np.full(len(u), values[c.seed or 0]))
    )

    assert set(found.figure.frame["series"]) == {"ImplicitMF"}
    assert found.of(Statistic.STOP)[0].more["saved"] == 2


def test_users_are_resampled_for_the_stop_too():
    # One user makes the late turn: a resample without that user (1 in e) stops at once.
    plan = study_plan(EASE, KNN, factors=[SPLITS])

    def value_of(cell, metric, users):
        is_late = cell.algorithm.name == "EASE" and cell.levels["split_seed"] == 3
        return 0.3 + (users == 0) * 10.0 * is_late

    found = answer_to(STOP, study_values(plan, value_of, 40))

    (stop,) = found.of(Statistic.STOP)
    assert stop.value == 4
    assert stop.more["users_low"] == 1
    assert stop.more["share_of_users_resamples"] == pytest.approx(1 - (39 / 40) ** 40, abs=0.05)


def test_without_a_tolerance_stated_before_there_is_no_answer():
    found = answer_to(replace(STOP, tolerance=None), study([0.3] * 4, [0.2] * 4))

    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]
    assert not found.estimates
