"""Levels and differences: exact small cases, seeds counted, families, grades."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_studies import (
    EASE,
    KNN,
    MF,
    NDCG,
    POP,
    by_algorithm,
    part_of,
    repeated_splits,
    study_plan,
    study_values,
)
from scipy import stats

from agent_core.domain import Estimand, Factor, Level, Metric, Question, cells_of
from agent_core.domain.rules import DataRule, DataRuleKind, DataRules
from agent_core.statistics.answers.answer import CautionKind, Grade, Statistic, Verdict
from agent_core.statistics.answers.registry import answer_to

CORE = DataRules((DataRule(DataRuleKind.CORE, 5),))
TWO_LEVELS = (Level(DataRules(), "all"), Level(CORE, "5-core"))
DIFFERENCE = Question(Estimand.DIFFERENCE, ("algorithm",), ("ndcg@10",))
LEVEL = Question(Estimand.LEVEL, ("algorithm",), ("ndcg@10",))


def noisy(mean, spread=0.1, seed_sd=0.0):
    def values(cell, users):
        rng = np.random.default_rng([int(mean * 1000), len(users)])
        shift = np.random.default_rng(cell.seed or 0).normal(0, seed_sd) if seed_sd else 0.0
        return mean + spread * rng.standard_normal(len(users)) + shift

    return values


def test_a_level_is_the_mean_over_users_of_their_means_over_seeds():
    plan = study_plan(MF, POP, seeds=(0, 1), questions=[LEVEL])
    values = by_algorithm(
        ImplicitMF=lambda c, u: [0.1, 0.3, 0.5] if c.seed == 0 else [0.3, 0.5, 0.7],
        Popularity=lambda c, u: [0.0, 0.0, 0.3],
    )

    found = answer_to(LEVEL, study_values(plan, values, 3))

    first = found.of(Statistic.MEAN)[0]
    assert first.value == pytest.approx(0.4)
    assert (first.n, first.interval.over) == (3, "users")
    assert found.values["ndcg@10|ImplicitMF|mean"] == pytest.approx(0.4)
    assert found.values["ndcg@10|Popularity|mean"] == pytest.approx(0.1)
    assert found.is_primary
    assert found.held == "training data, one split, averaged over 2 seeds"
    assert list(found.table["level"]) == ["ImplicitMF", "Popularity"]


def test_users_of_folds_are_told_together():
    plan = study_plan(EASE, POP, folds=2, questions=[LEVEL])

    def half(cell, users):
        is_in = users % 2 == cell.block.fold
        return np.where(is_in, users / 10, np.nan)

    parts = {"0": part_of([0, 2]), "1": part_of([1, 3])}
    found = answer_to(
        LEVEL, study_values(plan, by_algorithm(EASE=half, Popularity=half), 4, parts=parts)
    )

    assert found.of(Statistic.MEAN)[0].value == pytest.approx(0.15)
    assert found.of(Statistic.MEAN)[0].n == 4


def test_a_difference_of_deterministic_algorithms_has_the_t_interval_of_its_users():
    a, b = np.array([0.1, 0.4, 0.5, 0.9]), np.array([0.0, 0.4, 0.2, 0.3])
    plan = study_plan(EASE, KNN, questions=[DIFFERENCE])

    found = answer_to(
        DIFFERENCE,
        study_values(plan, by_algorithm(EASE=lambda c, u: a, ItemKNN=lambda c, u: b), 4),
    )

    (one,) = found.of(Statistic.DIFFERENCE)
    d = a - b
    half = stats.t.ppf(0.975, 3) * d.std(ddof=1) / 2
    assert one.value == pytest.approx(d.mean())
    assert one.interval.half_width == pytest.approx(half)
    assert one.interval.over == "users"
    assert one.test.d_z == pytest.approx(d.mean() / d.std(ddof=1))
    assert (one.share_better, one.share_worse, one.test.equal) == (0.75, 0.0, 0.25)
    assert one.test.detectable == pytest.approx(2.8 * d.std(ddof=1) / 2)
    # Of 16 flips of these three differences and a zero, 4 are as far from 0.
    assert one.test.p == pytest.approx(4 / 16)
    assert one.test.verdict is Verdict.OPEN


def test_seeds_widen_the_interval_of_a_difference_by_welch_and_satterthwaite():
    plan = study_plan(MF, EASE, seeds=(0, 1, 2), questions=[DIFFERENCE])
    shifts = np.array([-0.02, 0.0, 0.05])
    base = np.linspace(0, 1, 20)
    values = by_algorithm(ImplicitMF=lambda c, u: base**2 + shifts[c.seed], EASE=lambda c, u: base)

    (one,) = answer_to(DIFFERENCE, study_values(plan, values, 20)).of(Statistic.DIFFERENCE)

    d = base**2 + shifts.mean() - base
    users, seeds = d.var(ddof=1) / 20, shifts.var(ddof=1) / 3
    degrees = (users + seeds) ** 2 / (users**2 / 19 + seeds**2 / 2)
    half = stats.t.ppf(0.975, degrees) * math.sqrt(users + seeds)
    assert one.interval.half_width == pytest.approx(half)
    assert one.interval.over == "users and seeds"
    assert one.test.user_interval.half_width < half


def test_a_difference_that_only_the_seed_makes_is_not_told_apart():
    plan = study_plan(MF, EASE, seeds=(0, 1, 2), questions=[DIFFERENCE])
    values = by_algorithm(
        ImplicitMF=lambda c, u: np.full(200, 0.2) + [0.0, 0.01, 0.05][c.seed],
        EASE=lambda c, u: np.full(200, 0.2),
    )

    (one,) = answer_to(DIFFERENCE, study_values(plan, values, 200)).of(Statistic.DIFFERENCE)

    assert one.test.p < 0.001
    assert one.test.verdict is Verdict.OPEN


def test_one_seed_of_a_random_algorithm_is_said():
    plan = study_plan(MF, EASE, questions=[DIFFERENCE])

    found = answer_to(
        DIFFERENCE, study_values(plan, by_algorithm(ImplicitMF=noisy(0.3), EASE=noisy(0.2)))
    )

    assert [c.about for c in found.cautions if c.kind is CautionKind.ONE_SEED] == ["ImplicitMF"]


def test_holm_is_over_all_pairs_of_all_other_levels():
    data = Factor("data", ("all", "5-core"))
    plan = study_plan(
        EASE, KNN, POP, factors=[data], questions=[DIFFERENCE],
        data_levels=TWO_LEVELS,
    )  # fmt: skip
    values = by_algorithm(EASE=noisy(0.3), ItemKNN=noisy(0.25), Popularity=noisy(0.24))

    found = answer_to(DIFFERENCE, study_values(plan, values)).of(Statistic.DIFFERENCE)

    assert len(found) == 6
    assert {e.test.family for e in found} == {6}
    assert {e.subject for e in found} >= {"EASE - ItemKNN (data=5-core)"}
    ordered = sorted(found, key=lambda e: e.test.p)
    assert ordered[0].test.adjusted_p == pytest.approx(6 * ordered[0].test.p)


def test_a_pair_that_holm_does_not_reject_says_so():
    rng = np.random.default_rng(3)
    d = rng.standard_normal(60)
    d += 2.2 * d.std(ddof=1) / np.sqrt(60) - d.mean()
    plan = study_plan(EASE, KNN, POP, questions=[DIFFERENCE])
    values = by_algorithm(
        EASE=lambda c, u: d, ItemKNN=0.0, Popularity=lambda c, u: d + rng.standard_normal(60)
    )

    found = answer_to(DIFFERENCE, study_values(plan, values, 60)).of(Statistic.DIFFERENCE)

    first = next(e for e in found if e.subject == "EASE - ItemKNN")
    assert first.test.p < 0.05 < first.test.adjusted_p
    assert first.test.verdict is Verdict.NOT_AFTER_CORRECTION


def test_hits_of_one_run_are_tested_by_mcnemar():
    a, b = np.array([1, 1, 1, 1, 0, 0.0]), np.array([0, 0, 0, 1, 1, 0.0])
    plan = study_plan(EASE, KNN, metrics=[Metric("hit", 10)])
    asked = replace(DIFFERENCE, measures=("hit@10",))

    (one,) = answer_to(
        asked, study_values(plan, by_algorithm(EASE=lambda c, u: a, ItemKNN=lambda c, u: b), 6)
    ).of(Statistic.DIFFERENCE)

    assert one.test.name == "McNemar's exact test"
    assert one.test.p == pytest.approx(stats.binomtest(3, 4).pvalue)


def test_wilcoxon_ranks_zeros_by_pratt_and_no_rounding_errors():
    d = np.array([0.1, 0.2, -0.3, 0.4, 0.0, 1e-17, 0.5])
    plan = study_plan(EASE, KNN)
    asked = replace(DIFFERENCE, test="wilcoxon")

    found = answer_to(
        asked, study_values(plan, by_algorithm(EASE=lambda c, u: 0.3 + d, ItemKNN=0.3), 7)
    )

    (one,) = found.of(Statistic.DIFFERENCE)
    exact = np.array([0.1, 0.2, -0.3, 0.4, 0.0, 0.0, 0.5])
    wanted = stats.wilcoxon(exact, zero_method="pratt", method="asymptotic").pvalue
    assert one.test.named_p == pytest.approx(wanted)
    assert found.values["ndcg@10|EASE - ItemKNN|p_wilcoxon"] == pytest.approx(wanted)
    assert one.test.equal == pytest.approx(2 / 7)


def test_equivalence_by_an_absolute_margin_counts_the_seeds():
    base = np.random.default_rng(0).random(200)
    small = base + 0.001 * np.random.default_rng(1).standard_normal(200)
    plan = study_plan(MF, EASE, seeds=(0, 1, 2))
    asked = replace(DIFFERENCE, margin=0.005)

    def found(sd):
        values = by_algorithm(
            ImplicitMF=lambda c, u: small + sd * (c.seed - 1), EASE=lambda c, u: base
        )
        (one,) = answer_to(asked, study_values(plan, values, 200)).of(Statistic.DIFFERENCE)
        return one.test.equivalence

    assert found(0.0).is_shown
    assert not found(0.004).is_shown


def test_a_relative_margin_is_tested_on_the_ratio_of_means():
    base = np.linspace(0.1, 0.5, 100)
    plan = study_plan(EASE, KNN)
    asked = replace(DIFFERENCE, margin=0.05, is_relative=True)
    values = by_algorithm(EASE=lambda c, u: 1.02 * base, ItemKNN=lambda c, u: base)

    found = answer_to(asked, study_values(plan, values, 100))

    (one,) = found.of(Statistic.DIFFERENCE)
    assert one.test.equivalence.is_shown
    assert one.test.equivalence.interval.low == pytest.approx(0.02)
    assert found.values["ndcg@10|EASE - ItemKNN|ratio"] == pytest.approx(1.02)
    assert found.values["ndcg@10|EASE - ItemKNN|ratio_90_high"] == pytest.approx(0.02)


def test_a_reference_level_stands_second_in_every_pair():
    plan = study_plan(POP, EASE, KNN)
    asked = replace(DIFFERENCE, reference="Popularity")
    values = by_algorithm(EASE=noisy(0.3), ItemKNN=noisy(0.28), Popularity=noisy(0.2))

    found = answer_to(asked, study_values(plan, values)).of(Statistic.DIFFERENCE)

    assert [e.subject for e in found] == ["EASE - Popularity", "ItemKNN - Popularity"]


def data_study(parts):
    data = Factor("data", ("all", "5-core"))
    plan = study_plan(
        EASE, KNN, factors=[data],
        data_levels=TWO_LEVELS,
    )  # fmt: skip

    def value_of(cell, metric, users):
        is_in = np.isin(users, parts[cell.block.name].users)
        return np.where(is_in, 0.2 + 0.1 * (cell.block.name == "5-core") + users / 100, np.nan)

    return study_values(plan, value_of, 10, parts=parts)


DATA = Question(Estimand.DIFFERENCE, ("data",), ("ndcg@10",))


def test_other_candidates_are_told_over_the_common_users_without_a_test():
    parts = {"all": part_of(range(10)), "5-core": part_of(range(3, 10), candidates=range(9))}

    found = answer_to(DATA, data_study(parts))

    for one in found.of(Statistic.DIFFERENCE):
        assert (one.grade, one.n) == (Grade.COMMON, 7)
        assert one.value == pytest.approx(-0.1)
        assert math.isnan(one.test.p)
        assert one.test.verdict is Verdict.DIFFERS
        assert one.why == "other test users"
    assert CautionKind.NOT_SAME in {c.kind for c in found.cautions}


def test_the_same_test_with_other_items_left_out_is_not_the_same():
    parts = {"all": part_of(range(10)), "5-core": part_of(range(10), masked=7)}

    (one, *_) = answer_to(DATA, data_study(parts)).of(Statistic.DIFFERENCE)

    assert (one.grade, one.why) == (
        Grade.COMMON,
        "other items left out of the lists, user by user",
    )


def test_what_is_apart_stands_side_by_side():
    parts = {"all": part_of(range(5)), "5-core": part_of(range(5, 10))}

    found = answer_to(DATA, data_study(parts))

    assert not found.of(Statistic.DIFFERENCE)
    assert len(found.of(Statistic.MEAN)) == 4
    assert CautionKind.APART in {c.kind for c in found.cautions}


def test_the_same_test_and_candidates_are_tested_whatever_the_names_of_blocks():
    parts = {"all": part_of(range(10)), "5-core": part_of(range(10))}

    (one, *_) = answer_to(DATA, data_study(parts)).of(Statistic.DIFFERENCE)

    assert one.grade is Grade.SAME
    assert one.test.p <= 1


def test_missing_cells_take_their_repetition_with_them_and_are_told():
    plan = study_plan(MF, EASE, seeds=(0, 1, 2), questions=[DIFFERENCE])
    lost = next(c for c in cells_of(plan) if c.seed == 2)
    values = by_algorithm(ImplicitMF=noisy(0.3), EASE=noisy(0.2))

    found = answer_to(DIFFERENCE, study_values(plan, values, skip=[lost.id]))

    assert [(m.variant, m.seed) for m in found.missing] == [("ImplicitMF", "2")]
    assert found.held.endswith("averaged over 2 seeds")


def test_an_algorithm_that_failed_everywhere_leaves_the_others_whole():
    plan = study_plan(EASE, KNN, POP, folds=2, questions=[DIFFERENCE])
    values = by_algorithm(EASE=noisy(0.3), ItemKNN=noisy(0.2), Popularity=noisy(0.1))

    found = answer_to(
        DIFFERENCE, study_values(plan, values, skip=lambda c: c.algorithm.name == "ItemKNN")
    )

    assert [e.subject for e in found.of(Statistic.DIFFERENCE)] == ["EASE - Popularity"]
    assert "2 splits or folds" in found.held
    assert len(found.missing) == 2


def test_a_pooled_error_is_the_root_of_the_mean_over_predictions():
    rmse = Metric("rmse")
    plan = study_plan(EASE, KNN, metrics=[rmse])
    asked = replace(DIFFERENCE, measures=("rmse",))
    losses, counts = np.array([1.0, 4.0, 0.0]), np.array([1.0, 2.0, 3.0])
    study = study_values(
        plan, by_algorithm(EASE=lambda c, u: losses, ItemKNN=lambda c, u: 2 * losses), 3
    )
    weights = {"rmse": study.users["rmse"] * 0 + counts[:, None]}

    found = answer_to(asked, replace(study, weights=weights))

    assert found.values["rmse|EASE|mean"] == pytest.approx(math.sqrt(9 / 6))
    assert found.values["rmse|EASE - ItemKNN|difference"] == pytest.approx(
        math.sqrt(1.5) - math.sqrt(3)
    )


def test_a_measure_without_values_of_users_is_told_over_seeds():
    coverage = Metric("coverage")
    plan = study_plan(MF, EASE, seeds=(0, 1, 2), metrics=[coverage])
    asked = replace(DIFFERENCE, measures=("coverage",))
    study = study_values(plan, lambda c, m, u: 0.5 if c.seed is None else 0.6 + c.seed / 100)

    found = answer_to(asked, study)

    (one,) = found.of(Statistic.DIFFERENCE)
    assert one.value == pytest.approx(0.11)
    assert one.interval.half_width == pytest.approx(stats.t.ppf(0.975, 2) * 0.01 / math.sqrt(3))
    assert one.interval.over == "seeds"
    assert CautionKind.NO_USER_VALUES in {c.kind for c in found.cautions}


def test_repeated_splits_are_paired_split_by_split():
    plan = study_plan(EASE, KNN, factors=[repeated_splits((1, 2, 3))], questions=[DIFFERENCE])

    def ease(cell, users):
        return users / 100 + cell.levels["split_seed"] + 0.01

    def knn(cell, users):
        return users / 100 + cell.levels["split_seed"]

    found = answer_to(DIFFERENCE, study_values(plan, by_algorithm(EASE=ease, ItemKNN=knn), 30))

    (one,) = found.of(Statistic.DIFFERENCE)
    assert one.value == pytest.approx(0.01)
    assert one.interval.half_width == pytest.approx(0.0, abs=1e-9)
    assert NDCG.key in one.reference
