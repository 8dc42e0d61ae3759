"""What levels cost, and what data levels hold."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_studies import EASE, KNN, MF, by_algorithm, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Metric, Question
from agent_core.statistics.answers.answer import CautionKind, FigureKind, Statistic
from agent_core.statistics.answers.costs import ratio_of_means
from agent_core.statistics.answers.registry import answer_to

COST = Question(
    Estimand.COST, ("algorithm",), ("training_time", "ndcg@10"), reference="ItemKNN"
)  # fmt: skip


def timed(plan, seconds, **more):
    study = study_values(plan, by_algorithm(EASE=0.3, ItemKNN=0.2, ImplicitMF=0.25))
    lines = study.cells.assign(
        train_s=[seconds(v, f) for v, f in zip(study.cells["variant"],
                 study.cells.get("fold", [0] * len(study.cells)), strict=True)], **more,
    )  # fmt: skip
    return replace(study, cells=lines)


def test_a_ratio_of_costs_is_of_means_without_the_first_that_warms_up():
    plan = study_plan(EASE, KNN, folds=4, metrics=[Metric("ndcg", 10)])
    seconds = {"EASE": [90.0, 4.0, 5.0, 6.0], "ItemKNN": [80.0, 2.0, 2.5, 3.0]}

    found = answer_to(COST, timed(plan, lambda v, f: seconds[v][f]))

    (ratio,) = found.of(Statistic.RATIO)
    assert ratio.value == pytest.approx(2.0)
    assert ratio.n == 3
    assert found.values["training_time|EASE|mean"] == pytest.approx(5.0)
    assert ratio.interval.low < 2.0 < ratio.interval.high
    assert found.figure.kind is FigureKind.SCATTER
    assert not found.figure.is_path
    assert found.values["ndcg@10|EASE|mean"] == pytest.approx(0.3)


def test_the_interval_of_a_ratio_is_by_the_logarithm():
    a, b = np.array([2.0, 4.0]), np.array([1.0, 1.2])

    ratio, interval = ratio_of_means(a, b)

    causes = [v.var(ddof=1) / 2 / v.mean() ** 2 for v in (a, b)]
    degrees = sum(causes) ** 2 / sum(c**2 for c in causes)
    half = stats.t.ppf(0.975, degrees) * math.sqrt(sum(causes))
    assert ratio == pytest.approx(3 / 1.1)
    assert interval.high == pytest.approx(ratio * math.exp(half))


def test_what_was_measured_once_has_no_noise_and_says_so():
    found = answer_to(COST, timed(study_plan(EASE, KNN), lambda v, f: 1.0 + len(v), shared_s=2.0))

    (ratio,) = found.of(Statistic.RATIO)
    assert ratio.value == pytest.approx(5 / 8)
    assert not ratio.interval.is_known
    assert {c.kind for c in found.cautions} == {CautionKind.NOT_REPEATED, CautionKind.SHARED_WORK}


def test_seeds_repeat_measurements_too():
    plan = study_plan(MF, KNN, seeds=(0, 1, 2))
    asked = replace(COST, measures=("memory",))
    study = study_values(plan, by_algorithm(ImplicitMF=0.2, ItemKNN=0.1))
    study = replace(study, cells=study.cells.assign(peak_mib=[100.0, 50.0, 90.0, 110.0]))

    means = answer_to(asked, study).of(Statistic.MEAN)

    assert [(e.levels["algorithm"], e.n) for e in means] == [("ImplicitMF", 2), ("ItemKNN", 1)]


def test_counts_are_told_before_and_after_with_what_is_kept():
    counts = pd.DataFrame(
        [("u.data", d, s, u, i, r) for d, s, u, i, r in (
            ("all", "before", 100, 50, 1000), ("all", "after", 100, 50, 1000),
            ("5-core", "before", 100, 50, 1000), ("5-core", "after", 60, 20, 900),
        )],
        columns=["dataset", "data", "step", "users", "items", "interactions"],
    )  # fmt: skip
    asked = Question(Estimand.COUNTS, ("data",))
    study = replace(study_values(study_plan(EASE), by_algorithm(EASE=0.1)), counts=counts)

    found = answer_to(asked, study)

    key = "dataset=u.data, data=5-core (step=after)"
    assert found.values[f"interactions|{key}|count"] == 900
    assert found.values[f"interactions|{key}|share_kept"] == pytest.approx(0.9)
    assert found.values[f"density|{key}|count"] == pytest.approx(900 / 1200)
    assert not found.missing
    assert len(found.table) == 4
