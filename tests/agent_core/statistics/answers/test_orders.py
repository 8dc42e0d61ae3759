"""Orders under levels and measures: winners, stability, agreement."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, KNN, MF, POP, study_plan, study_values

from agent_core.domain import Algorithm, Estimand, Factor, Level, Metric, Question
from agent_core.domain.rules import DataRule, DataRuleKind, DataRules
from agent_core.statistics.answers.answer import CautionKind, FigureKind, Statistic
from agent_core.statistics.answers.orders import ap_correlation
from agent_core.statistics.answers.registry import answer_to

CORE = DataRules((DataRule(DataRuleKind.CORE, 5),))
LEVELS = (Level(DataRules(), "all"), Level(CORE, "5-core"))
ORDER = Question(Estimand.ORDER, ("algorithm",), ("ndcg@10",), within=("data",))
MEANS = {
    "all": {"EASE": 0.3, "ItemKNN": 0.2, "Popularity": 0.1},
    "5-core": {"EASE": 0.3, "ItemKNN": 0.1, "Popularity": 0.2},
}


def by_data(cell, metric, users):
    noise = np.random.default_rng(len(cell.algorithm.name)).standard_normal(len(users))
    return MEANS[cell.block.name][cell.algorithm.name] + 0.01 * noise


def data_study(**more):
    plan = study_plan(EASE, KNN, POP, factors=[Factor("data", ("all", "5-core"))],
                      data_levels=LEVELS, questions=[ORDER], **more)  # fmt: skip
    return study_values(plan, by_data, 60)


def test_winners_and_pairs_that_change_places_are_told():
    found = answer_to(ORDER, data_study())

    winners = found.of(Statistic.WINNER)
    assert [e.found for e in winners] == [{"algorithm": "EASE"}] * 2
    assert [e.value for e in winners] == [1.0, 1.0]
    (tau,) = found.of(Statistic.TAU)
    assert tau.value == pytest.approx(1 / 3)
    assert tau.more["changed"] == 1
    assert tau.found == {"ItemKNN and Popularity": "change places"}
    assert found.figure.kind is FigureKind.HEAT_MAP
    assert list(found.table["NDCG@10 (data=5-core)"]) == [1, 3, 2]


def test_below_six_systems_tau_has_no_p_and_no_interval():
    found = answer_to(ORDER, data_study())

    (tau,) = found.of(Statistic.TAU)
    assert "tau_p" not in tau.more
    assert not tau.interval.is_known
    assert [c.about for c in found.cautions if c.kind is CautionKind.FEW_SYSTEMS] == ["3 systems"]


def test_from_six_systems_on_tau_has_both():
    names = [Algorithm(f"A{i}", "EASEScorer") for i in range(6)]
    metrics = [Metric("ndcg", 10), Metric("recall", 10)]
    asked = Question(Estimand.ORDER, ("algorithm",), ("ndcg@10", "recall@10"))
    plan = study_plan(*[replace(a, config={"n": i}) for i, a in enumerate(names)], metrics=metrics)
    noise = np.random.default_rng(0).standard_normal((6, 80))

    def value_of(cell, metric, users):
        i = int(cell.algorithm.name[1])
        return 0.1 * i + 0.3 * noise[i] * (metric.name == "ndcg")

    found = answer_to(asked, study_values(plan, value_of, 80))

    (tau,) = found.of(Statistic.TAU)
    assert 0 < tau.more["tau_p"] < 0.1
    assert tau.interval.low < tau.value <= 1
    assert {e.measure: e.value for e in found.of(Statistic.SHARE)}["recall@10"] == 1.0


def test_a_pair_keeps_its_order_in_a_share_of_resamples():
    plan = study_plan(EASE, KNN, questions=[ORDER])
    asked = replace(ORDER, within=())
    d = np.array([1.0, 0.0, 0.0, 0.0])

    found = answer_to(
        asked, study_values(plan, lambda c, m, u: d * (c.algorithm.name == "EASE"), 4)
    )

    (one,) = found.of(Statistic.STABILITY)
    # The user is in a resample with probability 1 - 0.75^4.
    assert one.value == pytest.approx(1 - 0.75**4, abs=0.04)
    assert found.of(Statistic.WINNER)[0].value >= one.value


def test_of_errors_the_lowest_wins():
    rmse = Metric("rmse")
    plan = study_plan(EASE, KNN, metrics=[rmse])
    asked = replace(ORDER, measures=("rmse",), within=())

    found = answer_to(
        asked,
        study_values(plan, lambda c, m, u: u / 10 + 0.5 * (c.algorithm.name == "EASE"), 20),
    )

    assert found.of(Statistic.WINNER)[0].found == {"algorithm": "ItemKNN"}


def test_ap_correlation_weighs_the_top():
    truth = [4, 3, 2, 1]

    assert ap_correlation(truth, truth) == 1.0
    assert ap_correlation(truth, truth[::-1]) == -1.0
    # The two best exchanged: shares 0, 1, 1; the two last exchanged: 1, 1, 2/3.
    assert ap_correlation(truth, [3, 4, 2, 1]) == pytest.approx(1 / 3)
    assert ap_correlation(truth, [4, 3, 1, 2]) == pytest.approx(7 / 9)


def test_few_data_sets_are_no_sample():
    asked = replace(ORDER, within=("dataset",))
    plan = study_plan(
        EASE, MF, factors=[Factor("dataset", ("a.csv", "b.csv"))], datasets=("a.csv", "b.csv")
    )

    found = answer_to(asked, study_values(plan, lambda c, m, u: u / 10))

    assert CautionKind.FEW_DATASETS in {c.kind for c in found.cautions}
