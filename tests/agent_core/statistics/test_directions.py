"""Which end of a metric is better is known, or said not to be; never guessed."""

from dataclasses import replace

import numpy as np
import pytest
from results import NDCG, comparison_plan, evidence_of

from agent_core.checks.results.algorithms import beats_baseline
from agent_core.domain import Algorithm, Better, Finding, Metric, Study
from agent_core.measures.metrics import SETTLED
from agent_core.offline.reporting import claims_of
from agent_core.report.headline import headline
from agent_core.statistics.facts import collect_facts

BASE = np.random.default_rng(4).beta(1, 4, 120)


def study(metric, **levels):
    plan = replace(comparison_plan("EASE", "ItemKNN"), metrics=(metric,))
    return evidence_of(plan, {(n, "0", ""): BASE + v for n, v in levels.items()})


def order(evidence):
    return [s.algorithm for s in collect_facts(evidence).of(evidence.plan.primary)]


@pytest.mark.parametrize("name", ["rmse", "mae", "mse", "logloss"])
def test_of_errors_the_lowest_is_first_and_only_more_is_below_the_baseline(name):
    evidence = study(Metric(name), EASE=1.0, ItemKNN=0.5, Popularity=0.8)

    found = beats_baseline(evidence)

    assert order(evidence) == ["ItemKNN", "Popularity", "EASE"]
    assert found.finding is Finding.WARN
    assert "EASE" in found.reason
    assert "ItemKNN" not in found.reason
    assert "(lower is better)" in headline(evidence.plan, collect_facts(evidence))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arp", "ARP (neither end is better): "),
        ("listgini", "LISTGINI (neither end is better): "),
        ("wonder", "WONDER (which end is better is not known): "),
    ],
)
def test_without_a_better_end_nothing_is_below_a_baseline(name, words):
    evidence = study(Metric(name), EASE=1.0, ItemKNN=0.5, Popularity=0.8)

    facts = collect_facts(evidence)
    told = headline(evidence.plan, facts)

    assert beats_baseline(evidence).finding is Finding.NOT_APPLICABLE
    assert words in told
    assert "expectation" not in told
    assert {c.direction.value for c in claims_of(evidence.plan, facts.values)} <= {"different"}


def test_a_sweep_without_a_better_end_has_no_best_value():
    swept = tuple(Algorithm(f"KNN {v}", "ItemKNNScorer", {"max_nbrs": v}) for v in (5, 10, 20))
    base = comparison_plan(metrics=(Metric("novelty", 10),))
    plan = replace(base, study=Study.SWEEP, swept="max_nbrs", algorithms=(*swept, *base.baselines))
    runs = {(a.name, "0", ""): BASE + i for i, a in enumerate(swept)}

    told = headline(plan, collect_facts(evidence_of(plan, runs)))

    assert told.startswith("**Novelty@10 (neither end is better) over max_nbrs: 5: 0.2")
    assert "highest" not in told
    assert "optimistic" not in told


def test_only_metrics_with_a_better_end_can_order_alike():
    metrics = (NDCG, Metric("logloss"), Metric("arp"))
    plan = comparison_plan("EASE", "ItemKNN", metrics=metrics)
    runs = {(n, "0", ""): BASE + v for n, v in (("EASE", 1), ("ItemKNN", 2), ("Popularity", 3))}

    found = collect_facts(evidence_of(plan, runs)).orders

    assert [(o.b.name, o.tau) for o in found] == [("logloss", -1.0)]


def test_every_metric_that_can_be_computed_has_a_better_end():
    assert {Metric(n).is_directed for n in SETTLED} == {True}
    assert Metric("mse").better is Better.LOWER
    assert not Metric("mse").is_rating
