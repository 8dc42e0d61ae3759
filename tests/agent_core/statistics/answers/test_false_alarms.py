"""How often runs are told apart that differ in the seed alone."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, MF, repeated_splits, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Question
from agent_core.statistics.answers.answer import CautionKind, Statistic
from agent_core.statistics.answers.registry import answer_to

ASKED = Question(Estimand.FALSE_ALARMS, ("model_seed",), ("ndcg@10",))


def study(shift):
    plan = study_plan(MF, EASE, seeds=tuple(range(10)))

    def value_of(cell, metric, users):
        rng = np.random.default_rng([cell.seed or 0, 1])
        base = 0.4 if cell.seed is None else 0.3 + shift * (cell.seed % 2)
        return base + 0.01 * rng.standard_normal(len(users))

    return study_values(plan, value_of, 40)


@pytest.mark.parametrize(("shift", "hits"), [(0.1, 5), (0.0, 0)])
def test_the_interval_is_over_disjoint_pairs(shift, hits):
    found = answer_to(ASKED, study(shift))

    (share,) = found.of(Statistic.SHARE)
    exact = stats.binomtest(hits, 5).proportion_ci(0.95, method="exact")
    assert (share.more["pairs"], share.more["disjoint_pairs"]) == (45, 5)
    assert (share.interval.low, share.interval.high) == (exact.low, exact.high)
    # With a shift 25 of 45 pairs differ in it.
    assert share.value == pytest.approx(25 / 45 if shift else 0.0, abs=0.12)
    assert CautionKind.FEW_REPETITIONS in {c.kind for c in found.cautions}


def test_a_test_that_is_asked_for_by_name_counts_the_alarms():
    made = study(0.01)
    plain, by_name = (
        answer_to(replace(ASKED, test=test), made).of(Statistic.SHARE)[0] for test in ("", "t")
    )
    own = made.cells.loc[made.cells["algorithm"] == MF.name, "id"]
    values = made.users["ndcg@10"][list(own)].to_numpy()
    pairs = list(itertools.combinations(range(10), 2))
    found = [stats.ttest_rel(values[:, a], values[:, b]).pvalue < 0.05 for a, b in pairs]

    assert by_name.value == pytest.approx(np.mean(found))
    assert plain.more["pairs"] == by_name.more["pairs"] == 45


def test_real_differences_stand_beside_those_of_chance():
    found = answer_to(ASKED, study(0.0))

    (real,) = found.of(Statistic.DIFFERENCE)
    assert abs(real.value) > 5 * found.of(Statistic.SHARE)[0].more["largest_aa"]
    assert set(found.figure.frame["y"]) == {"ImplicitMF", "differences of algorithms"}


def test_runs_with_other_test_items_are_no_pairs():
    plan = study_plan(EASE, factors=[repeated_splits((0, 1, 2))])
    asked = Question(Estimand.FALSE_ALARMS, ("split_seed",), ("ndcg@10",))
    made = study_values(plan, lambda c, m, u: u / 10, parts={})

    found = answer_to(asked, made)

    assert not found.of(Statistic.SHARE)
    assert CautionKind.APART in {c.kind for c in found.cautions}
