"""Responses: ratio to the reference, trend of ranks, first level within a tolerance."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, KNN, MF, by_algorithm, part_of, study_plan, study_values, swept
from scipy import stats

from agent_core.domain import Estimand, Factor, Metric, Question, cells_of
from agent_core.statistics.answers.answer import CautionKind, FigureKind, Grade, Statistic
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.responses import page_trend

K = Factor("max_nbrs", (5, 10, 20), of=("ItemKNN",))
RESPONSE = Question(Estimand.RESPONSE, ("max_nbrs",), ("ndcg@10",), reference=20)
SHARES = (0.1, 0.5, 1.0)


def by_level(factor, means, spread=0.05):
    noise = np.random.default_rng(0).standard_normal(400)

    def value_of(cell, metric, users):
        return means[cell.levels[factor]] * (1 + spread * noise[: len(users)])

    return value_of


def test_pages_test_agrees_with_scipy_where_there_are_no_ties():
    values = np.random.default_rng(1).random((12, 4)) + np.arange(4) * 0.1

    found = page_trend(values)

    known = stats.page_trend_test(values, method="asymptotic")
    assert found.statistic == known.statistic
    assert found.p == pytest.approx(2 * known.pvalue)


def test_pages_variance_holds_with_ties():
    # Ranks 1, 2.5, 2.5: the six orders of a user give Σ j r of 13.5 (2), 12 (2) and 10.5 (2).
    found = page_trend(np.array([[0.1, 0.5, 0.5]]))

    assert found.statistic == 13.5
    assert found.p == pytest.approx(2 * stats.norm.sf(1.5 / np.sqrt(1.5)))


def test_users_whose_values_are_all_equal_have_no_trend():
    assert page_trend(np.full((5, 3), 0.2)).p == 1.0


def test_a_response_has_ratios_differences_and_a_trend():
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K], questions=[RESPONSE])
    study = study_values(plan, by_level("max_nbrs", {5: 0.1, 10: 0.15, 20: 0.2}), 100)

    found = answer_to(RESPONSE, study)

    assert found.values["ndcg@10|max_nbrs=5 - max_nbrs=20|ratio"] == pytest.approx(0.5)
    assert [e.test.family for e in found.of(Statistic.DIFFERENCE)] == [2, 2]
    (trend,) = found.of(Statistic.TREND)
    assert trend.value == pytest.approx(1.0)
    assert trend.more["trend_p"] < 1e-6
    assert found.figure.kind is FigureKind.CURVES
    assert list(found.figure.frame["x"]) == [5, 10, 20]


@pytest.mark.parametrize(("tolerance", "first"), [(0.02, 20), (0.12, 10), (0.6, 5)])
def test_the_first_level_within_a_tolerance_holds_from_there_on(tolerance, first):
    asked = replace(RESPONSE, tolerance=tolerance, is_relative=True)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K])
    study = study_values(plan, by_level("max_nbrs", {5: 0.1, 10: 0.18, 20: 0.2}), 100)

    (one,) = answer_to(asked, study).of(Statistic.FIRST_WITHIN)

    assert (one.value, one.found) == (first, {"max_nbrs": first})


def test_a_level_within_it_below_one_that_is_not_does_not_count():
    asked = replace(RESPONSE, tolerance=0.05, is_relative=True)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K])
    study = study_values(plan, by_level("max_nbrs", {5: 0.2, 10: 0.1, 20: 0.2}), 100)

    (one,) = answer_to(asked, study).of(Statistic.FIRST_WITHIN)

    assert one.value == 20


def test_of_errors_the_upper_limit_counts():
    rmse = Metric("rmse")
    asked = replace(RESPONSE, measures=("rmse",), tolerance=0.05, is_relative=True)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K], metrics=[rmse])
    study = study_values(plan, by_level("max_nbrs", {5: 1.2, 10: 0.5, 20: 1.0}), 100)

    (one,) = answer_to(asked, study).of(Statistic.FIRST_WITHIN)

    assert one.value == 10


def share_study(parts=None, algorithms=(EASE, KNN)):
    asked = Question(Estimand.RESPONSE, ("train_share",), ("ndcg@10",))
    plan = study_plan(*algorithms, factors=[Factor("train_share", SHARES)], questions=[asked])
    blocks = list(dict.fromkeys(c.block.name for c in cells_of(plan)))
    made = None if parts is None else dict(zip(blocks, parts, strict=True))
    study = study_values(plan, by_level("train_share", {0.1: 0.1, 0.5: 0.2, 1.0: 0.3}), 60,
                         parts=made)  # fmt: skip
    return asked, study


def test_all_of_the_training_is_the_reference_and_curves_are_by_algorithm():
    asked, study = share_study()

    found = answer_to(asked, study)

    ratios = found.of(Statistic.RATIO)
    assert {(e.levels["train_share"], e.within["algorithm"]) for e in ratios} == {
        (share, name) for share in (0.1, 0.5) for name in ("EASE", "ItemKNN")
    }
    assert all(e.against["train_share"] == 1.0 for e in ratios)
    assert len(found.of(Statistic.TREND)) == 2
    assert set(found.figure.frame["series"]) == {"EASE", "ItemKNN"}


def test_where_candidates_differ_there_are_ratios_but_no_test_and_no_trend():
    parts = [part_of(range(60), candidates=range(n)) for n in (10, 15, 20)]
    asked, study = share_study(parts)

    found = answer_to(asked, study)

    assert {e.grade for e in found.of(Statistic.RATIO)} == {Grade.COMMON}
    assert not found.of(Statistic.TREND)
    assert all(np.isnan(e.test.p) for e in found.of(Statistic.DIFFERENCE))
    assert CautionKind.NOT_SAME in {c.kind for c in found.cautions}


def test_all_interactions_stand_behind_the_numbers():
    sizes = Factor("profile_size", (5, 10, "all"))
    asked = Question(
        Estimand.RESPONSE, ("profile_size",), ("ndcg@10",), reference="all",
        tolerance=0.5, is_relative=True,
    )  # fmt: skip
    plan = study_plan(EASE, factors=[sizes])
    study = study_values(plan, by_level("profile_size", {5: 0.1, 10: 0.2, "all": 0.3}), 60)

    found = answer_to(asked, study)

    assert list(found.figure.frame["x"]) == [5, 10, "all"]
    assert found.of(Statistic.FIRST_WITHIN)[0].value == 10


def test_cut_offs_are_read_off_the_same_lists():
    metrics = [Metric("ndcg", k) for k in (5, 10, 20)]
    asked = Question(Estimand.RESPONSE, ("k",), tuple(m.key for m in metrics))
    plan = study_plan(EASE, MF, metrics=metrics)
    values = by_algorithm(EASE=0.2, ImplicitMF=0.1)

    found = answer_to(asked, study_values(plan, values))

    assert list(found.figure.frame["x"]) == [5, 5, 10, 10, 20, 20]
    assert set(found.figure.frame["panel"]) == {"NDCG"}
