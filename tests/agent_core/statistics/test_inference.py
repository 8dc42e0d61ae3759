"""Statistics against scipy, closed forms and cases made by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from agent_core.statistics import inference, pooled_errors


def rng():
    return np.random.default_rng(3)


def test_the_sd_interval_follows_chi_square():
    values = [0.150, 0.152, 0.155, 0.157, 0.161]

    low, high = inference.sd_interval(values)

    sd = np.std(values, ddof=1)
    assert low == pytest.approx(sd * math.sqrt(4 / stats.chi2.ppf(0.975, 4)))
    assert high == pytest.approx(sd * math.sqrt(4 / stats.chi2.ppf(0.025, 4)))
    assert (low, high) == (
        pytest.approx(sd * 0.5991, rel=1e-3),
        pytest.approx(sd * 2.8736, rel=1e-3),
    )


def test_the_sd_interval_covers_the_truth_as_often_as_it_says():
    draws = rng().normal(0, 2.0, size=(2000, 30))

    covered = [
        low <= 2.0 <= high for low, high in (inference.sd_interval(sample) for sample in draws)
    ]

    assert 0.935 < np.mean(covered) < 0.965


def test_thirty_runs_are_described():
    values = rng().normal(0.155, 0.0027, 30)

    found = inference.spread_of(values, "seeds", rng())

    assert found.sd == pytest.approx(np.std(values, ddof=1))
    assert found.interval.low < found.bootstrap.low * 1.2
    assert found.bootstrap.low < found.sd < found.bootstrap.high
    assert (found.interval.n, found.interval.over, found.bootstrap.over) == (30, "seeds", "seeds")
    assert inference.single_run_gap(found.sd) == pytest.approx(1.959964 * 2**0.5 * found.sd)


def test_runs_without_any_difference_have_no_spread():
    found = inference.spread_of([0.1, 0.1, 0.1], "seeds", rng())

    assert (found.sd, found.interval.low, found.interval.high) == (0.0, 0.0, 0.0)
    assert not found.bootstrap.is_known


def test_one_run_has_no_spread():
    with pytest.raises(ValueError, match="two runs or more"):
        inference.spread_of([0.1], "seeds", rng())


def test_the_t_interval_is_that_of_scipy():
    values = [1.0, 2.0, 4.0, 7.0]

    found = inference.mean_interval(values, "seeds", "one split")

    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(wanted.low), pytest.approx(wanted.high))
    assert (found.over, found.held, found.n) == ("seeds", "one split", 4)


def test_a_single_value_has_no_interval():
    assert not inference.mean_interval([1.0], "seeds").is_known
    assert not inference.bootstrap_means(np.ones((1, 1)), "users", "", rng())[0].is_known
    assert not inference.corrected_interval([0.2], 0.25).is_known


def test_the_bootstrap_of_a_mean_agrees_with_scipy():
    values = rng().exponential(size=400)

    found = inference.bootstrap_means(values[:, None], "users", "", rng())[0]

    wanted = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=2000, rng=rng()
    ).confidence_interval
    assert found.low == pytest.approx(wanted.low, abs=0.015)
    assert found.high == pytest.approx(wanted.high, abs=0.015)


def test_very_many_users_take_the_central_limit():
    values = rng().exponential(size=20_000)

    found = inference.bootstrap_means(values[:, None], "users", "", rng())[0]

    assert found.method == "t"
    assert found.half_width == pytest.approx(1.96 * values.std() / math.sqrt(20_000), rel=0.01)


def test_few_pairs_are_tested_exactly():
    differences = np.array([0.3, 0.1, -0.2, 0.4, 0.5, 0.2, 0.15])

    p, name = inference.sign_flips(differences[:, None], rng())

    wanted = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert p[0] == pytest.approx(wanted.pvalue)
    assert name.endswith("exact")


def test_many_pairs_agree_with_scipy_and_with_t():
    differences = rng().normal(0.05, 0.4, size=200)

    p, _ = inference.sign_flips(differences[:, None], rng())

    wanted = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=9999, rng=rng()
    )
    assert p[0] == pytest.approx(wanted.pvalue, abs=0.02)
    assert p[0] == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


def test_no_difference_at_all_has_p_one():
    zeros = np.zeros((50, 1))

    found = inference.paired_differences(zeros, "", rng())[0]

    assert found.p == 1.0
    assert (found.mean, found.interval.low, found.interval.high) == (0.0, 0.0, 0.0)


def test_p_is_never_zero():
    p, _ = inference.sign_flips(np.ones((100, 1)), rng())

    assert p[0] == pytest.approx(1 / 10_000)


def test_the_permutation_test_keeps_its_level():
    found = [
        inference.sign_flips(rng_.normal(size=(30, 20)), rng_)[0]
        for rng_ in (np.random.default_rng(i) for i in range(20))
    ]

    assert 0.02 < np.mean(np.concatenate(found) < 0.05) < 0.085


def test_large_samples_take_the_normal_approximation():
    differences = rng().normal(0.02, 1.0, size=(6000, 1))

    p, name = inference.sign_flips(differences, rng())

    assert "normal" in name
    assert p[0] == pytest.approx(stats.ttest_1samp(differences[:, 0], 0).pvalue, abs=0.005)


def test_differences_count_who_is_higher():
    column = np.array([0.5, -0.5, 0.0, 1.0])

    found = inference.paired_differences(column[:, None], "one split", rng())[0]

    assert (found.higher, found.lower, found.n) == (2, 1, 4)
    assert found.mean == pytest.approx(0.25)
    assert found.interval.over == "users"


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 -> .04 .06 .06 .06
    assert inference.holm([0.04, 0.01, 0.03, 0.02]).tolist() == pytest.approx(
        [0.06, 0.04, 0.06, 0.06]
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_only_raises_and_keeps_the_order(p_values):
    adjusted = inference.holm(p_values)

    assert (adjusted >= np.array(p_values)).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_overlapping_folds_widen_the_interval():
    values = [0.20, 0.22, 0.19, 0.21, 0.23]

    plain = inference.mean_interval(values, "folds")
    corrected = inference.corrected_interval(values, 0.25)

    assert corrected.half_width / plain.half_width == pytest.approx(math.sqrt((1 / 5 + 0.25) * 5))


def test_mcnemar_counts_discordant_users():
    a = [1, 1, 1, 1, 1, 1, 0, 0, 1, 0]
    b = [0, 0, 0, 0, 0, 1, 1, 0, 1, 0]

    p, only_a, only_b = inference.mcnemar(a, b)

    assert (only_a, only_b) == (5, 1)
    assert p == pytest.approx(2 * (1 + 6) / 2**6)
    assert inference.mcnemar([1, 0], [1, 0]) == (1.0, 0, 0)


def test_kendall_is_unknown_where_an_order_is_constant():
    assert inference.kendall([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert math.isnan(inference.kendall([1, 1, 1], [1, 2, 3]))


def losses_of(values, *, is_root=True):
    return pooled_errors.Losses(values.sum(axis=1), np.full(len(values), 20.0), is_root)


def test_a_pooled_error_is_resampled_by_users():
    values = rng().exponential(size=(200, 20))

    found = pooled_errors.pooled_interval(losses_of(values), "", rng())

    pooled = math.sqrt(values.mean())
    assert found.low < pooled < found.high
    assert found.half_width == pytest.approx(1.96 / math.sqrt(4000) / (2 * pooled), rel=0.15)


def test_pooled_errors_are_compared_over_the_same_users():
    values = rng().exponential(size=(200, 20))
    worse = values + 0.1

    found = pooled_errors.pooled_difference(losses_of(worse), losses_of(values), "", rng())

    assert found.mean == pytest.approx(math.sqrt(worse.mean()) - math.sqrt(values.mean()))
    assert found.interval.low < found.mean < found.interval.high
    assert (found.p, found.higher, found.lower) == (pytest.approx(1e-4), 200, 0)


def test_absolute_errors_take_no_root():
    values = rng().exponential(size=(50, 20))
    once = np.ones((1, 50))

    assert losses_of(values, is_root=False).error_of(once)[0] == pytest.approx(values.mean())


def test_resamples_draw_every_unit_equally_often():
    weights = np.concatenate(list(inference.resamples(40, rng())))

    assert weights.shape == (2000, 40)
    assert (weights.sum(axis=1) == 40).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(40), abs=0.1)


def test_the_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    samples = rng().exponential(size=(150, 400))

    found = inference.bootstrap_means(samples, "users", "", rng())

    covered = np.mean([i.low <= 1.0 <= i.high for i in found])
    assert 0.91 < covered < 0.975


def test_the_bootstrap_of_a_deviation_holds_it_as_often_as_it_says():
    draws = rng().normal(0, 1.0, size=(120, 30))

    found = [inference.bootstrap_sd(sample, rng()) for sample in draws]

    assert 0.84 < np.mean([low <= 1.0 <= high for low, high in found]) <= 1.0


def test_two_runs_differ_by_more_than_the_gap_once_in_twenty():
    first, second = rng().normal(0.155, 0.003, size=(2, 100_000))

    exceeded = np.abs(first - second) > inference.single_run_gap(0.003)

    assert np.mean(exceeded) == pytest.approx(0.05, abs=0.003)


def test_the_exact_test_by_hand():
    # of eight sign patterns of 1, 2, 3 only +++ and --- sum to 6 in size
    p, _ = inference.sign_flips(np.array([[1.0], [2.0], [3.0]]), rng())

    assert p[0] == pytest.approx(2 / 8)


def test_users_without_a_difference_do_not_change_an_exact_p():
    values = np.array([0.3, -0.1, 0.4, 0.2, 0.5])

    alone, _ = inference.sign_flips(values[:, None], rng())
    with_zeros, _ = inference.sign_flips(np.append(values, [0.0] * 6)[:, None], rng())

    assert with_zeros[0] == pytest.approx(alone[0])


def test_holm_over_one_and_over_tied_values():
    assert inference.holm([0.03]).tolist() == [0.03]
    assert inference.holm([0.02, 0.02, 0.5]).tolist() == pytest.approx([0.06, 0.06, 0.5])
    assert inference.holm([]).tolist() == []


def test_nadeau_and_bengio_by_hand():
    # s² = 0.00025, (1/5 + 1/4) s² = 0.0001125, t(0.975, 4) = 2.7764
    found = inference.corrected_interval([0.20, 0.22, 0.19, 0.21, 0.23], 0.25)

    assert found.low == pytest.approx(0.21 - 2.7764 * math.sqrt(0.0001125), abs=1e-6)
    assert found.high == pytest.approx(0.21 + 2.7764 * math.sqrt(0.0001125), abs=1e-6)
    assert (found.over, found.n) == ("folds", 5)


def test_mcnemar_is_the_binomial_test_of_scipy():
    a, b = rng().integers(0, 2, size=(2, 80))

    p, only_a, only_b = inference.mcnemar(a, b)

    smaller = min(only_a, only_b)
    wanted = min(1.0, 2 * stats.binom.cdf(smaller, only_a + only_b, 0.5))
    assert p == pytest.approx(wanted)


def test_kendall_with_ties_is_that_of_scipy_and_of_the_formula():
    a, b = [1, 2, 2, 3, 4, 4], [2, 1, 3, 3, 5, 6]

    tau = inference.kendall(a, b)

    # 11 pairs agree, 1 does not; of 15 pairs a ties 2 and b ties 1
    assert tau == pytest.approx((11 - 1) / math.sqrt((15 - 2) * (15 - 1)))
    assert tau == pytest.approx(stats.kendalltau(a, b).statistic)
