"""Two measures along a factor."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import KNN, study_plan, study_values, swept

from agent_core.domain import Estimand, Factor, Metric, Question
from agent_core.statistics.answers.answer import CautionKind, FigureKind, Statistic
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.trade_offs import undominated

K = Factor("max_nbrs", (5, 10, 20), of=("ItemKNN",))
METRICS = (Metric("ndcg", 10), Metric("recall", 10))
ASKED = Question(Estimand.TRADE_OFF, ("max_nbrs",), ("ndcg@10", "recall@10"), reference=5)
MEANS = {5: (0.3, 0.1), 10: (0.2, 0.2), 20: (0.1, 0.15)}


def value_of(cell, metric, users):
    noise = np.random.default_rng(1).standard_normal(len(users))
    return MEANS[cell.levels["max_nbrs"]][metric.name == "recall"] * (1 + 0.1 * noise)


def plan_with(metrics=METRICS):
    return study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K], metrics=metrics)


def test_both_measures_are_relative_to_the_reference_and_some_points_are_dominated():
    found = answer_to(ASKED, study_values(plan_with(), value_of, 60))

    ratios = {(e.measure, e.levels["max_nbrs"]): e.value for e in found.of(Statistic.RATIO)}
    assert ratios["ndcg@10", 10] == pytest.approx(2 / 3)
    assert ratios["recall@10", 10] == pytest.approx(2.0)
    best = {e.levels["max_nbrs"]: e.value for e in found.of(Statistic.UNDOMINATED)}
    assert best == {5: 1.0, 10: 1.0}
    assert found.figure.kind is FigureKind.SCATTER
    assert found.figure.is_path
    assert len(found.figure.frame) == 3
    assert found.table["undominated"].tolist() == [True, True, False]


def test_measures_without_a_better_end_dominate_nothing():
    metrics = (Metric("ndcg", 10), Metric("novelty", 10))

    def values(cell, metric, users):
        return value_of(cell, Metric("recall", 10) if metric.name == "novelty" else metric, users)

    found = answer_to(
        replace(ASKED, measures=("ndcg@10", "novelty@10")),
        study_values(plan_with(metrics), values, 60),
    )

    assert not found.of(Statistic.UNDOMINATED)
    assert len(found.of(Statistic.RATIO)) == 4


def test_accuracy_against_time():
    study = study_values(plan_with(METRICS[:1]), value_of, 60)
    study = replace(study, cells=study.cells.assign(train_s=[4.0, 2.0, 3.0]))

    found = answer_to(replace(ASKED, measures=("ndcg@10", "training_time")), study)

    assert {e.levels["max_nbrs"] for e in found.of(Statistic.UNDOMINATED)} == {5, 10}


def test_equal_points_do_not_dominate_each_other():
    assert undominated(np.array([[1.0, 1.0], [1.0, 1.0]])) == [True, True]


def test_one_measure_is_no_trade_off():
    found = answer_to(replace(ASKED, measures=("ndcg@10",)), study_values(plan_with(), value_of))

    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]
