"""Spread over a repeated factor, and which of two scatters more."""

import math

import numpy as np
import pytest
from made_studies import MF, POP, repeated_splits, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Question
from agent_core.statistics.answers.answer import CautionKind, Statistic
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.repetitions import nested_components, separate_components

SPREAD = Question(Estimand.SPREAD, ("model_seed",), ("ndcg@10",))
RATIO = Question(Estimand.SPREAD_RATIO, ("split_seed", "model_seed"), ("ndcg@10",))
TABLE = np.array([[0.10, 0.14], [0.20, 0.24], [0.30, 0.28]])


def by_table(cell, metric, users):
    row = cell.levels.get("split_seed", 0)
    column = cell.levels.get("model_seed", 0)
    return np.full(len(users), TABLE[row, column])


def test_a_spread_has_sd_interval_cv_range_and_gap():
    values = [0.1, 0.12, 0.17]
    plan = study_plan(MF, POP, seeds=(0, 1, 2), questions=[SPREAD])
    study = study_values(plan, lambda c, m, u: np.full(len(u), values[c.seed or 0]))

    found = answer_to(SPREAD, study)

    sd = np.std(values, ddof=1)
    one = found.of(Statistic.SD)[0]
    assert one.value == pytest.approx(sd)
    assert one.interval.low == pytest.approx(sd * math.sqrt(2 / stats.chi2.ppf(0.975, 2)))
    assert one.more["cv"] == pytest.approx(sd / 0.13)
    assert one.more["range"] == pytest.approx(0.07)
    assert one.more["gap"] == pytest.approx(1.96 * math.sqrt(2) * sd, rel=1e-3)
    assert (one.n, found.over) == (3, "3 seeds")
    assert found.values["ndcg@10|ImplicitMF|sd_high"] > sd
    assert len(found.figure.frame.query("y == 'ImplicitMF'")) == 3


def test_what_draws_no_random_numbers_does_not_scatter():
    plan = study_plan(MF, POP, seeds=(0, 1), questions=[SPREAD])

    found = answer_to(SPREAD, study_values(plan, lambda c, m, u: np.full(len(u), 0.1)))

    assert found.of(Statistic.SD)[1].value == 0.0
    assert found.of(Statistic.SD)[1].why == "draws no random numbers"


def test_a_cv_needs_a_positive_mean():
    plan = study_plan(MF, seeds=(0, 1))
    study = study_values(plan, lambda c, m, u: np.full(len(u), [-0.1, -0.3][c.seed]))

    (one,) = answer_to(SPREAD, study).of(Statistic.SD)

    assert math.isnan(one.more["cv"])


def test_seeds_over_folds_are_averaged_first_and_a_gap_is_of_single_runs():
    plan = study_plan(MF, seeds=(0, 1), folds=2)
    table = np.array([[0.1, 0.2], [0.3, 0.2]])
    study = study_values(plan, lambda c, m, u: np.full(len(u), table[c.seed, c.block.fold]))

    (one,) = answer_to(SPREAD, study).of(Statistic.SD)

    assert one.value == pytest.approx(np.std([0.15, 0.25], ddof=1))
    assert one.more["single_sd"] == pytest.approx(math.sqrt(0.02 / 2))


def test_folds_share_training_which_widens_the_interval_of_their_mean():
    asked = Question(Estimand.SPREAD, ("fold",), ("ndcg@10",))
    plan = study_plan(POP, folds=4)
    study = study_values(plan, lambda c, m, u: np.full(len(u), 0.1 + c.block.fold / 100))

    found = answer_to(asked, study)

    (one,) = found.of(Statistic.SD)
    assert one.interval.over == "folds"
    # As many test as training interactions in these parts: (1 / 4 + 1) s².
    half = stats.t.ppf(0.975, 3) * math.sqrt(1.25) * one.value
    assert (one.more["run_high"] - one.more["run_low"]) / 2 == pytest.approx(half)
    assert CautionKind.OVERLAPPING_TRAINING in {c.kind for c in found.cautions}


def test_seeds_are_nested_in_splits():
    plan = study_plan(MF, POP, seeds=(0, 1), factors=[repeated_splits((0, 1, 2))])

    found = answer_to(RATIO, study_values(plan, by_table))

    one = found.of(Statistic.SD_RATIO)[0]
    means = TABLE.mean(axis=1)
    within = TABLE.var(axis=1, ddof=1).mean()
    outer = (2 * means.var(ddof=1) - within) / 2
    assert one.more["sd_model_seed"] == pytest.approx(math.sqrt(within))
    assert one.more["sd_split_seed"] == pytest.approx(math.sqrt(outer))
    f = 2 * means.var(ddof=1) / within
    low = math.sqrt((f / stats.f.ppf(0.975, 2, 3) - 1) / 2)
    assert one.interval.low == pytest.approx(low)
    assert one.found == ({"larger": "split_seed"} if low > 1 else {})


def test_without_random_numbers_only_splits_scatter():
    splits = [repeated_splits((0, 1, 2))]
    both = study_plan(MF, POP, seeds=(0, 1), factors=splits)
    plan = study_plan(POP, seeds=(0, 1), factors=splits)

    (asked,) = answer_to(RATIO, study_values(both, by_table)).of(Statistic.SD_RATIO)
    (one,) = answer_to(RATIO, study_values(plan, by_table)).of(Statistic.SD_RATIO)

    assert asked.levels == {"algorithm": "ImplicitMF"}

    assert one.more["sd_model_seed"] == 0.0
    assert one.more["sd_split_seed"] == pytest.approx(np.std(TABLE[:, 0], ddof=1))
    assert one.found == {"larger": "split_seed"}


def test_a_split_variance_is_never_below_zero():
    found = nested_components(np.array([[0.1, 0.5], [0.2, 0.4], [0.31, 0.3]]))

    assert found.outer == 0.0
    assert found.interval.low == 0.0
    assert found.larger in (0, -1)


def test_causes_varied_one_after_the_other_are_told_as_varied_and_apart():
    plan = study_plan(
        MF, seeds=(0, 1, 2), factors=[repeated_splits((0, 1, 2))],
        excluded=tuple(
            {"split_seed": s, "model_seed": m} for s in (1, 2) for m in (1, 2)
        ),
    )  # fmt: skip
    splits, seeds = [0.10, 0.20, 0.36], [0.10, 0.12, 0.13]

    def value_of(cell, metric, users):
        split, seed = cell.levels["split_seed"], cell.levels["model_seed"]
        return np.full(len(users), seeds[seed] if split == 0 else splits[split])

    found = answer_to(RATIO, study_values(plan, value_of))

    (one,) = found.of(Statistic.SD_RATIO)
    both, seed = np.var(splits, ddof=1), np.var(seeds, ddof=1)
    assert one.more["sd_split_seed_as_varied"] == pytest.approx(math.sqrt(both))
    assert one.more["sd_split_seed"] == pytest.approx(math.sqrt(both - seed))
    assert one.value == pytest.approx(math.sqrt(both / seed))
    assert CautionKind.SPLITS_HOLD_SEEDS in {c.kind for c in found.cautions}


@pytest.mark.parametrize(("runs", "factor"), [(5, 9.6), (10, 4.0), (30, 2.1)])
def test_the_interval_of_a_ratio_is_as_wide_as_a_plan_says(runs, factor):
    found = separate_components(np.arange(runs), np.arange(runs))

    assert found.interval.high / found.ratio == pytest.approx(factor**0.5, rel=0.4) or (
        found.interval.high / found.interval.low == pytest.approx(factor, rel=0.05)
    )


def test_what_draws_no_random_numbers_has_no_line_of_repetitions():
    plan = study_plan(MF, POP, seeds=(0, 1, 2))
    asked = Question(Estimand.SPREAD, ("model_seed",), ("ndcg@10",))

    found = answer_to(asked, study_values(plan, lambda c, m, u: np.full(len(u), c.seed or 0.5)))

    assert [(e.subject, e.value > 0) for e in found.estimates][1:] == [("Popularity", False)]
    assert list(found.table["level"]) == ["ImplicitMF"]


def test_a_ratio_of_spreads_needs_two_factors():
    plan = study_plan(MF, seeds=(0, 1))
    asked = Question(Estimand.SPREAD_RATIO, ("model_seed",), ("ndcg@10",))

    found = answer_to(asked, study_values(plan, by_table))

    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]
