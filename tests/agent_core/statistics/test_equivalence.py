"""Equivalence: against scipy and by hand, and only with a margin."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import TypeAdapter
from results import (
    NDCG,
    comparison_evidence,
    comparison_plan,
    evidence_of,
    inputs_of,
)
from scipy import stats

from agent_core.domain import Metric, Plan, ReportDraft
from agent_core.domain.plan import plan_hash
from agent_core.grounding.claim_sentences import comparison_sentence
from agent_core.grounding.report_text import Filler
from agent_core.lab.conclusion import Conclusion
from agent_core.report.writer import write_report
from agent_core.statistics import equivalence, pooled_errors
from agent_core.statistics.equivalence import Equivalence, tost, tost_of_draws
from agent_core.statistics.facts import EQUIVALENCE, Comparison, collect_facts
from agent_core.statistics.inference import Interval, mean_draws

NAMES = ("EASE", "ItemKNN", "ImplicitMF")


def study(margin=0.05, **more):
    return comparison_evidence(replace(comparison_plan(*NAMES, **more), margin=margin))


def test_both_one_sided_tests_are_those_of_scipy():
    differences = np.random.default_rng(1).normal(0.001, 0.02, size=300)

    found = tost(differences, 0.004)

    lower = stats.ttest_1samp(differences, -0.004, alternative="greater")
    upper = stats.ttest_1samp(differences, 0.004, alternative="less")
    assert found.p_value == pytest.approx(max(lower.pvalue, upper.pvalue))
    wanted = stats.ttest_1samp(differences, 0).confidence_interval(0.90)
    assert (found.interval.low, found.interval.high) == pytest.approx((wanted.low, wanted.high))


def test_equivalence_by_hand():
    # mean 2.5, standard error 1.291 / 2, t(0.95, 3) = 2.353: 0.98 to 4.02
    differences = [1.0, 2.0, 3.0, 4.0]

    found = tost(differences, 5.0)

    assert (found.interval.low, found.interval.high) == pytest.approx((0.981, 4.019), abs=1e-3)
    assert found.interval.n == 4
    assert found.is_shown
    assert tost(differences, 4.1).is_shown
    assert not tost(differences, 4.0).is_shown


def test_at_the_margin_equivalence_is_claimed_one_time_in_twenty():
    rng = np.random.default_rng(7)

    claimed = [tost(rng.normal(0.5, 1.0, size=60), 0.5).is_shown for _ in range(2000)]

    assert 0.03 < np.mean(claimed) < 0.07


def test_users_are_resampled_and_few_or_very_many_take_t():
    def method(users):
        rng = np.random.default_rng(5)
        runs = {(n, "0", ""): rng.random(users) for n in ("EASE", "Popularity")}
        plan = replace(comparison_plan("EASE"), margin=0.5)
        return collect_facts(evidence_of(plan, runs)).comparisons[0].equivalence.interval.method

    assert [method(n) for n in (20, 30, 400, 6000)] == [
        "t", "percentile bootstrap", "percentile bootstrap", "t",
    ]  # fmt: skip


def test_bootstrap_and_t_agree_on_many_users():
    rng = np.random.default_rng(9)
    values = rng.beta(1, 4, 900)
    other = values + rng.normal(0.001, 0.02, 900)
    plan = replace(comparison_plan("EASE"), margin=0.004)
    runs = {("EASE", "0", ""): other, ("Popularity", "0", ""): values}

    found = collect_facts(evidence_of(plan, runs)).comparisons[0].equivalence

    wanted = tost(other - values, 0.004)
    assert found.interval.low == pytest.approx(wanted.interval.low, abs=1e-4)
    assert found.interval.high == pytest.approx(wanted.interval.high, abs=1e-4)
    assert found.is_shown == wanted.is_shown


def test_sparse_hits_keep_the_level_at_the_margin():
    rng = np.random.default_rng(11)
    draws = [rng.choice([-1.0, 0.0, 1.0], p=[0.03, 0.90, 0.07], size=300) for _ in range(150)]

    claimed = [
        tost_of_draws(mean_draws(d[:, None], np.random.default_rng(1))[:, 0], 0.04, 300).is_shown
        for d in draws
    ]

    assert np.mean(claimed) < 0.09


def test_without_any_difference_there_is_nothing_to_test_against():
    found = tost(np.zeros(50), 0.01)

    assert not found.interval.is_known
    assert not found.is_shown


def test_draws_decide_where_errors_are_pooled():
    draws = np.random.default_rng(2).normal(0.0, 0.001, size=2000)

    near, far = tost_of_draws(draws, 0.005, 90), tost_of_draws(draws, 0.001, 90)

    assert (near.p_value, near.is_shown) == (pytest.approx(1 / 2001), True)
    assert not far.is_shown
    assert near.interval.half_width == pytest.approx(1.645e-3, rel=0.05)


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_equivalence_needs_a_margin(margin):
    with pytest.raises(ValueError, match="margin"):
        tost([0.1, 0.2], margin)
    with pytest.raises(ValueError, match="margin"):
        tost_of_draws(np.ones(3), margin, 3)


def test_without_a_margin_nothing_is_said_of_equivalence():
    facts = collect_facts(comparison_evidence())

    assert all(c.equivalence is None for c in facts.comparisons)
    close = facts.comparison("ItemKNN", "ImplicitMF")
    assert "equivalen" not in comparison_sentence(close, "ItemKNN", "ImplicitMF")


def test_the_margin_is_one_of_the_primary_metric_only():
    facts = collect_facts(study(metrics=(NDCG, Metric("recall", 10))))

    for comparison in facts.comparisons:
        assert (comparison.equivalence is not None) == (comparison.metric == NDCG)


def test_equivalence_is_adjusted_over_the_family():
    found = [c.equivalence for c in collect_facts(study()).comparisons]

    assert len(found) == 6
    smallest = min(found, key=lambda e: e.p_value)
    assert smallest.adjusted_p == pytest.approx(6 * smallest.p_value)
    assert all(e.adjusted_p >= e.p_value for e in found)


def test_a_margin_changes_no_other_number():
    plain = collect_facts(comparison_evidence(comparison_plan(*NAMES))).values
    tested = collect_facts(study()).values

    assert {k: tested[k] for k in plain} == plain
    assert tested["ndcg@10|EASE - ItemKNN|margin"] == 0.05


def test_pooled_errors_are_tested_over_users():
    rng = np.random.default_rng(3)
    values = rng.exponential(size=(200, 20))
    counts = np.full(200, 20.0)
    a = pooled_errors.Losses(values.sum(axis=1), counts, is_root=True)
    noise = rng.normal(0, 0.001, 200)
    b = pooled_errors.Losses(values.sum(axis=1) + noise, counts, is_root=True)

    draws = pooled_errors.pooled_draws(a, b, np.random.default_rng(equivalence.SEED))

    assert len(draws) == 2000
    assert tost_of_draws(draws, 0.01, 200).is_shown


def compared(low, high, found, *, difference=0.001):
    return Comparison(
        NDCG, "EASE", "ItemKNN", difference, Interval(low, high, "users"), 0.4, 0.8, 300,
        family=3, higher=9, lower=8, equivalence=found,
    )  # fmt: skip


WITHIN = Equivalence(0.005, Interval(-0.001, 0.003, "users"), 1e-5, 2e-5)


def test_sentences_name_margin_test_and_interval():
    close = compared(-0.0015, 0.0035, WITHIN)
    wide = compared(-0.01, 0.012, Equivalence(0.005, Interval(-0.008, 0.01, "users"), 0.4, 0.8))
    clear = replace(compared(0.0005, 0.0035, WITHIN), adjusted_p=0.01)

    told = [comparison_sentence(c, "EASE", "ItemKNN") for c in (close, wide, clear)]
    turned = comparison_sentence(close, "ItemKNN", "EASE")

    assert "are not distinguishable in NDCG@10" in told[0]
    assert told[0].endswith(
        "; equivalent within ±0.005 (TOST: 90 % interval over users -0.0010 to 0.0030, "
        "p < 0.001, Holm over 3)"
    )
    assert "; equivalence within ±0.005 is not shown (TOST: 90 %" in told[1]
    assert "EASE is higher than ItemKNN" in told[2]
    assert "; yet equivalent within ±0.005" in told[2]
    assert "interval over users -0.0030 to 0.0010" in turned


def test_the_report_tells_what_the_margin_decides(tmp_path):
    inputs = inputs_of(study())

    found = write_report(replace(inputs, evidence=None), ReportDraft(""), tmp_path / "report")

    assert "ItemKNN and ImplicitMF are not distinguishable" in found.headline
    assert "; equivalent within ±0.05 (TOST: 90 % interval" in found.headline
    assert "| 90 % low | 90 % high | p (TOST) after Holm | equivalence |" in found.markdown
    assert "| equivalent within ±0.05 |" in found.markdown
    assert "margin ±0.05 NDCG@10, frozen" in found.markdown
    assert "xploratory" not in found.headline


def test_a_margin_set_after_the_start_is_exploratory(tmp_path):
    inputs = inputs_of(study())
    plan = inputs.plan
    versions = (replace(plan, margin=None), replace(plan, version=2))
    later = replace(inputs, evidence=None, view=replace(inputs.view, plans=versions))

    found = write_report(later, ReportDraft(""), tmp_path / "report")

    assert "after results were seen. So was the equivalence margin." in found.headline
    assert "; margin set after the start: exploratory)" in found.headline
    assert "| equivalent within ±0.05 (exploratory) |" in found.markdown
    assert "set after the start (exploratory)" in found.markdown
    methods = found.methods.read_text()
    assert "(plan v1 to v2) after results were seen. 1 script tried" in methods


@pytest.mark.parametrize("statistic", ["margin", "difference_90_low", "tost_p"])
def test_what_a_margin_decides_is_no_value_of_one_algorithm(statistic):
    evidence = study()
    reference = f"ndcg@10|EASE - ItemKNN|{statistic}"
    facts = collect_facts(evidence)
    filler = Filler(evidence.plan, facts)

    assert reference in facts.values
    assert filler.fill(f"EASE reaches {{{{{reference}}}}} in NDCG@10.") == ""
    assert "a difference is told by a claim" in filler.struck[0]


async def test_a_margin_set_after_the_start_is_none_for_answers():
    inputs = inputs_of(study())
    frozen, later = replace(inputs.plan, margin=None), replace(inputs.plan, version=2)

    class Known(Conclusion):
        def delivery(self, node, execution=None):
            return SimpleNamespace(is_large=False, read=lambda: inputs.evidence)

    async def facts(*plans):
        view = replace(inputs.view, nodes=(inputs.best,), plans=plans)
        known = Known(SimpleNamespace(view=view), inputs.packages, {})
        return (await known.afterwards("Are they equivalent?")).facts.values

    early, late = await facts(inputs.plan), await facts(frozen, later)

    assert "ndcg@10|EASE - ItemKNN|tost_p" in early
    assert {k.rpartition("|")[2] for k in late} & set(EQUIVALENCE) == set()
    assert late == {k: v for k, v in early.items() if k in late}
    assert "ndcg@10|EASE - ItemKNN|p" in late


def test_users_of_one_algorithm_only_are_left_out():
    plan = replace(comparison_plan("EASE"), margin=0.1)
    rng = np.random.default_rng(4)
    values = rng.normal(0.3, 0.02, 40)
    runs = {
        ("EASE", "0", ""): values,
        ("Popularity", "0", ""): values[:30] + 0.001 * rng.random(30),
    }

    found = collect_facts(evidence_of(plan, runs)).comparisons[0]

    assert (found.users, found.equivalence.interval.n) == (30, 30)


def test_the_margin_counts_in_the_hash_and_old_plans_stay_readable():
    plan = comparison_plan(*NAMES)
    stored = TypeAdapter(Plan).dump_python(plan, mode="json")
    del stored["margin"]

    assert plan_hash(plan) != plan_hash(replace(plan, margin=0.01))
    assert TypeAdapter(Plan).validate_python(stored) == plan


def test_a_difference_beyond_the_margin_is_told_in_short():
    far = Equivalence(0.005, Interval(0.04, 0.05, "users"), 1.0, 1.0)
    clear = replace(compared(0.03, 0.06, far, difference=0.045), adjusted_p=0.001)

    assert comparison_sentence(clear, "EASE", "ItemKNN").endswith(
        "Holm over 3); equivalence within ±0.005 is not shown"
    )
