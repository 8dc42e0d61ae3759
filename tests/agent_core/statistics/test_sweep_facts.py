"""In a sweep the best value is tested against every other, and what was not tested is said."""

from dataclasses import replace

import numpy as np
import pytest
from results import NDCG, comparison_plan, evidence_of

from agent_core.domain import Algorithm, Metric, Study
from agent_core.report.headline import headline
from agent_core.statistics.facts import collect_facts

BASE = np.random.default_rng(1).beta(1, 4, 200)


def sweep(levels, metric=NDCG):
    names = {v: f"MF-{v}" for v in levels}
    base = comparison_plan(metrics=(metric,))
    swept = tuple(Algorithm(n, "ImplicitMFScorer", {"size": v}) for v, n in names.items())
    plan = replace(base, study=Study.SWEEP, swept="size", algorithms=(*swept, *base.baselines))
    runs = {(names[v], "0", ""): np.asarray(values) for v, values in levels.items()}
    return evidence_of(plan, runs | {("Popularity", "0", ""): BASE * 0.05})


def test_the_best_of_many_values_is_compared_with_every_other():
    evidence = sweep({v: BASE * (0.1 + 0.06 * v) for v in range(2, 16)})

    facts = collect_facts(evidence)
    told = headline(evidence.plan, facts)

    assert {c.a for c in facts.comparisons} == {"MF-15"}
    assert {c.family for c in facts.comparisons} == {14}
    assert all(c.is_distinguishable for c in facts.comparisons)
    assert "Not distinguishable" not in told
    assert "Not compared" not in told


def test_values_close_to_the_best_are_not_distinguishable():
    noise = np.random.default_rng(2).normal(0, 0.05, (3, 200))
    evidence = sweep({5: BASE * 0.2, 10: BASE + noise[0], 20: BASE + noise[1]})

    told = headline(evidence.plan, collect_facts(evidence))

    assert "Not distinguishable from it: size = 10." in told or (
        "Not distinguishable from it: size = 20." in told
    )
    assert "5" not in told.partition("Not distinguishable from it: ")[2].partition(".")[0]


def test_what_was_not_tested_is_not_called_indistinguishable():
    evidence = sweep({5: BASE * 0.2, 10: BASE})
    facts = collect_facts(replace(evidence, per_user=evidence.per_user.iloc[:0]))

    told = headline(evidence.plan, facts)

    assert "Not compared with it: size = 5." in told
    assert "Not distinguishable" not in told


@pytest.mark.parametrize(("metric", "best"), [("rmse", "MF-5"), ("ndcg", "MF-10")])
def test_the_best_is_at_the_metric_s_better_end(metric, best):
    facts = collect_facts(sweep({5: BASE * 0.2, 10: BASE}, Metric(metric)))

    assert {c.a for c in facts.comparisons} == {best}


def test_of_equal_values_the_one_that_was_compared_is_told():
    evidence = sweep({20: BASE, 10: BASE, 5: BASE * 0.2})

    told = headline(evidence.plan, collect_facts(evidence))

    assert "Not compared" not in told
    assert "highest at size = 20" in told
