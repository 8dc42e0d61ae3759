"""A difference held against the same difference in another group of users."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_studies import EASE, KNN, MF, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Factor, Question
from agent_core.report.answer_sentences import answer_text
from agent_core.statistics.answers.answer import CautionKind, Statistic
from agent_core.statistics.answers.groupings import Grouping
from agent_core.statistics.answers.registry import answer_to

SHARES = Factor("train_share", (0.2, 0.5, 1.0))
ASKED = Question(Estimand.INTERACTION, ("train_share",), ("ndcg@10",), groups="activity")
GROUPS = np.array(["1 light", "2 middle", "3 heavy"])[np.arange(90) % 3]
NOISE = np.random.default_rng(1).normal(0, 0.1, (2, 90))
GAINS = {"1 light": 0.0, "2 middle": 0.1, "3 heavy": 0.2}


def value_of(cell, metric, users):
    is_whole = cell.levels["train_share"] == 1.0
    gains = np.array([GAINS[g] for g in GROUPS]) * (cell.algorithm.name == "EASE")
    return 0.3 + gains * is_whole + NOISE[int(is_whole)]


def grouped(plan, values=value_of, **more):
    names = pd.Series(GROUPS, index=range(90))
    made = study_values(plan, values, 90, **more)
    return replace(made, groupings={"activity": Grouping("interactions", "0", names)})


def test_the_gain_of_a_group_less_that_of_another_has_welch_s_interval_and_test():
    found = answer_to(ASKED, grouped(study_plan(EASE, KNN, factors=[SHARES])))

    first = found.of(Statistic.INTERACTION)[0]
    d = value_of(_cell("EASE", 1.0), "", None) - value_of(_cell("EASE", 0.2), "", None)
    heavy, light = d[GROUPS == "3 heavy"], d[GROUPS == "1 light"]
    test = stats.ttest_ind(heavy, light, equal_var=False)
    ends = test.confidence_interval(0.95)
    assert first.value == pytest.approx(heavy.mean() - light.mean())
    assert (first.interval.low, first.interval.high) == pytest.approx((ends.low, ends.high))
    assert first.test.p == pytest.approx(test.pvalue)
    assert first.test.family == 6
    assert first.n == 60
    assert first.more["difference_to"] == pytest.approx(heavy.mean())
    assert {"from": "group=1 light", "to": "group=3 heavy"}.items() <= first.found.items()


def test_the_lead_says_for_whom_the_gain_depends_on_the_group():
    text = answer_text(answer_to(ASKED, grouped(study_plan(EASE, KNN, factors=[SHARES])))).lead

    first = text.split(". ")[0]
    assert f"depends on the {ASKED.groups} for EASE" in first
    assert "for ItemKNN that is not shown" in first


def test_what_a_seed_does_to_both_groups_alike_does_not_count():
    plan = study_plan(MF, factors=[SHARES], seeds=(0, 1, 2))

    def values(cell, metric, users):
        return 0.3 + NOISE[0] * cell.levels["train_share"] + 0.05 * cell.seed

    (one, *_) = answer_to(ASKED, grouped(plan, values)).of(Statistic.INTERACTION)

    d = 0.8 * NOISE[0]
    errors = [d[g == GROUPS].var(ddof=1) / 30 for g in ("3 heavy", "1 light")]
    degrees = sum(errors) ** 2 / sum(e**2 / 29 for e in errors)
    assert one.interval.half_width == pytest.approx(
        stats.t.ppf(0.975, degrees) * math.sqrt(sum(errors))
    )


def test_without_groups_nothing_is_held_against_each_other():
    study = study_values(study_plan(EASE, factors=[SHARES]), value_of, 90)

    found = answer_to(ASKED, study)

    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]


def _cell(algorithm, share):
    return SimpleNamespace(
        levels={"train_share": share}, algorithm=SimpleNamespace(name=algorithm)
    )
