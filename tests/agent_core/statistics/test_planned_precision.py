"""What a plan can show is told before it runs, by the formulas that its answers use."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, MF, POP, repeated_splits, study_plan
from results import dataset

from agent_core.domain import Estimand, Question, Room
from agent_core.lenskit.seconds import needed_s, time_cautions
from agent_core.statistics.inference import sd_interval
from agent_core.statistics.planned_precision import (
    detectable,
    precision_lines,
    sd_limits,
    sd_ratio_factor,
)

KEY = ("ndcg@10",)


@pytest.mark.parametrize(("levels", "factor"), [(5, 9.6), (10, 4.0), (30, 2.1)])
def test_few_levels_tell_little_of_a_ratio_of_spreads(levels, factor):
    assert sd_ratio_factor(levels - 1, levels - 1) == pytest.approx(factor, abs=0.05)


def test_the_limits_are_those_of_the_interval_that_is_reported():
    values = np.random.default_rng(0).normal(size=7)

    assert np.multiply(sd_limits(7), values.std(ddof=1)) == pytest.approx(sd_interval(values))


def test_the_detectable_difference_is_2_8_standard_errors():
    assert detectable(400) == pytest.approx(2.8 / math.sqrt(400), rel=0.01)
    assert detectable(400, family=10) > detectable(400)


@pytest.mark.parametrize(
    ("question", "count"),
    [
        (Question(Estimand.SPREAD, ("model_seed",), KEY), 1),
        (Question(Estimand.SPREAD_RATIO, ("model_seed", "split_seed"), KEY), 1),
        (Question(Estimand.DIFFERENCE, ("algorithm",), KEY), 1),
        (Question(Estimand.FALSE_ALARMS, ("model_seed",), KEY), 1),
        (Question(Estimand.ORDER, ("algorithm",), KEY), 0),
    ],
)
def test_each_question_says_what_it_can_show(question, count):
    splits = repeated_splits((0, 1, 2))
    plan = study_plan(EASE, MF, POP, questions=[question], factors=[splits], seeds=range(6))

    assert len(precision_lines(plan, (dataset(),))) == count


def test_fewer_repetitions_are_offered_where_time_is_short():
    plan = study_plan(
        MF, POP, questions=[Question(Estimand.SPREAD, ("model_seed",), KEY)], seeds=range(20)
    )
    plan = replace(plan, datasets=("u.data",))
    total = needed_s(plan, dataset()).total_s

    (tight,) = time_cautions(plan, (dataset(),), Room(script_s=total / 2))

    assert "9 training seeds" in tight
    assert time_cautions(plan, (dataset(),), Room(script_s=total * 2)) == ()
