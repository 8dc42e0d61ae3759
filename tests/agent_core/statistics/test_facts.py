"""Facts from runs and users: the unit of every number, and nothing from aggregates."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import plan_of
from designed import EASE, POPULARITY, designed, study
from results import (
    NDCG,
    comparison_evidence,
    comparison_plan,
    evidence_of,
    seed_evidence,
)

from agent_core.domain import Factor, FactorRole, Metric
from agent_core.evidence.cells import Cells
from agent_core.evidence.evidence import AGREEMENT_COLUMNS
from agent_core.statistics.facts import collect_facts, facts_by_place
from agent_core.statistics.summaries import LEVELS

RECALL, HIT, RMSE = Metric("recall", 10), Metric("hit", 10), Metric("rmse")


def test_a_seed_study_tells_spread_over_seeds_and_interval_over_users():
    evidence = seed_evidence()

    found = collect_facts(evidence).summary(NDCG, "ImplicitMF")

    values = evidence.single.query("algorithm == 'ImplicitMF'")["value"]
    assert (found.over, found.units, found.runs, found.users) == ("seeds", 30, 30, 200)
    assert found.sd == pytest.approx(values.std(ddof=1))
    assert found.sd_interval.low < found.boot_interval.low * 1.3
    assert (found.low, found.high) == (values.min(), values.max())
    assert found.user_interval.half_width > 3 * found.run_interval.half_width
    assert found.user_interval.held == "one split, averaged over 30 seeds"


def test_seeds_times_users_are_not_so_many_observations():
    few, many = seed_evidence(seeds=3, sd=1e-6), seed_evidence(seeds=30, sd=1e-6)

    widths = [
        collect_facts(e).summary(NDCG, "ImplicitMF").user_interval.half_width for e in (few, many)
    ]

    assert widths[0] == pytest.approx(widths[1], rel=0.05)


def test_a_baseline_that_ran_once_has_no_spread():
    facts = collect_facts(seed_evidence())

    found = facts.summary(NDCG, "Popularity")

    assert (found.over, found.units) == ("one run", 1)
    assert math.isnan(found.sd)
    assert "ndcg@10|Popularity|sd" not in facts.values
    assert facts.values["ndcg@10|Popularity|n"] == 1


def test_seeds_over_folds_are_averaged_over_the_folds_first():
    rng = np.random.default_rng(1)
    folds = {"0": 0.1, "1": 0.3}
    runs = {
        ("EASE", fold, str(seed)): np.full(50, level + 0.001 * seed) + rng.normal(0, 1e-9, 50)
        for fold, level in folds.items()
        for seed in range(4)
    }

    found = collect_facts(evidence_of(comparison_plan("EASE"), runs)).summary(NDCG, "EASE")

    assert (found.over, found.units, found.runs, found.users) == ("seeds", 4, 8, 100)
    assert found.sd == pytest.approx(np.std([0, 0.001, 0.002, 0.003], ddof=1), rel=1e-3)


def test_folds_are_corrected_for_their_overlap():
    runs = {("EASE", str(f), ""): np.full(20, 0.2 + 0.01 * f) for f in range(5)}

    found = collect_facts(evidence_of(comparison_plan("EASE"), runs)).summary(NDCG, "EASE")

    assert found.over == "folds"
    assert found.run_interval.method == "Nadeau-Bengio corrected t"


def test_recomputed_values_replace_claimed_ones():
    evidence = comparison_evidence()
    row = evidence.single.iloc[0]
    keys = [row[c] for c in ("algorithm", "fold", "seed", "metric", "k")]
    agreement = pd.DataFrame(
        [(*keys, row["value"], 0.5, "a definition", False)], columns=list(AGREEMENT_COLUMNS)
    )

    facts = collect_facts(replace(evidence, agreement=agreement))

    assert facts.summary(NDCG, "EASE").mean == 0.5
    assert facts.summary(NDCG, "EASE").is_recomputed
    assert not facts.summary(NDCG, "ItemKNN").is_recomputed
    assert facts.definitions == {}


def test_a_sample_of_lists_does_not_replace_the_whole():
    evidence = comparison_evidence()
    row = evidence.single.iloc[0]
    keys = [row[c] for c in ("algorithm", "fold", "seed", "metric", "k")]
    agreement = pd.DataFrame([(*keys, 0.4, 0.4, "d", True)], columns=list(AGREEMENT_COLUMNS))

    facts = collect_facts(replace(evidence, agreement=agreement, run={"list_sample": 50}))

    assert facts.summary(NDCG, "EASE").mean == pytest.approx(row["value"])


def test_aggregates_of_the_script_count_for_nothing():
    evidence = comparison_evidence()
    lie = evidence.rows.iloc[[0]].assign(value=0.99, aggregate=True)

    facts = collect_facts(replace(evidence, rows=pd.concat([evidence.rows, lie])))

    assert facts.values == collect_facts(evidence).values


def test_differences_are_paired_over_users_and_adjusted():
    facts = collect_facts(comparison_evidence())

    clear = facts.comparison("ItemKNN", "EASE")
    close = facts.comparison("ItemKNN", "ImplicitMF")

    assert (clear.a, clear.b, clear.family, clear.users) == ("EASE", "ItemKNN", 6, 300)
    assert clear.is_distinguishable
    assert clear.interval.low < 0.05 < clear.interval.high
    assert not close.is_distinguishable
    assert close.adjusted_p >= close.p_value
    assert len(facts.comparisons) == 6


def test_other_metrics_are_outside_the_declared_family():
    plan = comparison_plan("EASE", "ItemKNN", "ImplicitMF", metrics=(NDCG, RECALL))

    facts = collect_facts(comparison_evidence(plan))

    assert facts.comparison("EASE", "ItemKNN").is_declared
    assert not facts.comparison("EASE", "ItemKNN", "recall@10").is_declared
    assert facts.comparisons[0].is_declared
    assert facts.orders[0].n == 4
    assert facts.orders[0].tau == 1.0


def test_the_same_results_give_the_same_facts():
    evidence = comparison_evidence()

    assert collect_facts(evidence).values == collect_facts(evidence).values


def test_hits_are_compared_by_mcnemar():
    plan = comparison_plan("EASE", metrics=(HIT,))
    hits = np.array([1.0] * 40 + [0.0] * 60)
    runs = {("EASE", "0", ""): hits, ("Popularity", "0", ""): np.roll(hits, 10) * hits}

    found = collect_facts(evidence_of(plan, runs)).comparison("EASE", "Popularity")

    assert found.test == "McNemar's exact test"
    assert (found.higher, found.lower) == (10, 0)
    assert found.p_value == pytest.approx(2 / 2**10)


def test_users_that_only_one_algorithm_has_are_not_compared():
    evidence = comparison_evidence()
    users = evidence.per_user
    is_gone = (users["algorithm"] == "EASE") & users["user_id"].isin([f"0-{i}" for i in range(50)])

    facts = collect_facts(replace(evidence, per_user=users[~is_gone]))

    assert facts.comparison("EASE", "ItemKNN").users == 250
    assert facts.comparison("ItemKNN", "ImplicitMF").users == 300
    assert facts.summary(NDCG, "EASE").users == 250


def test_pooled_errors_are_compared_as_pooled():
    rng = np.random.default_rng(2)
    plan = comparison_plan("BiasedMF", metrics=(RMSE,))
    tables, rows = [], {}
    user = np.repeat(np.arange(80), rng.integers(1, 30, 80))
    for name, noise in (("BiasedMF", 0.9), ("Popularity", 1.1)):
        error = np.random.default_rng(3).normal(0, noise, len(user))
        tables.append(
            pd.DataFrame(
                {"algorithm": name, "fold": "0", "seed": "", "user_id": user.astype(str),
                 "item_id": "1", "prediction": 3 + error, "rating": 3.0},
            )
        )  # fmt: skip
        rows[name, "0", ""] = [float(np.sqrt((error**2).mean()))]
    predictions = pd.concat(tables)
    evidence = evidence_of(plan, rows)
    values = evidence.single.set_index("algorithm")["value"]
    agreement = pd.DataFrame(
        [
            (n, "0", "", "rmse", None, values[n], values[n], "pooled over predictions", True)
            for n in values.index
        ],
        columns=list(AGREEMENT_COLUMNS),
    )

    cells = Cells.of(predictions)
    facts = collect_facts(replace(evidence, predictions=cells, agreement=agreement))

    summary, difference = facts.summary(RMSE, "BiasedMF"), facts.comparisons[0]
    assert summary.user_interval.low < summary.mean < summary.user_interval.high
    assert difference.difference == pytest.approx(values["BiasedMF"] - values["Popularity"])
    assert difference.is_distinguishable
    assert facts.of(RMSE)[0].algorithm == "BiasedMF"


def test_nothing_delivered_gives_no_facts():
    found = collect_facts(evidence_of(comparison_plan("EASE"), {}))

    assert (found.values, found.summaries, found.comparisons) == ({}, (), ())


def test_per_user_values_are_not_needed():
    evidence = comparison_evidence()
    bare = replace(evidence, per_user=evidence.per_user.iloc[:0])

    facts = collect_facts(bare)

    assert facts.summary(NDCG, "EASE").mean > 0
    assert not facts.summary(NDCG, "EASE").user_interval.is_known
    assert facts.comparisons == ()


def test_seeds_do_not_multiply_the_users_of_a_comparison():
    rng = np.random.default_rng(8)
    a, b = rng.normal(0.30, 0.1, 80), rng.normal(0.28, 0.1, 80)
    once = {("EASE", "0", "0"): a, ("Popularity", "0", ""): b}
    often = {("EASE", "0", str(s)): a for s in range(20)} | {("Popularity", "0", ""): b}

    single, many = (
        collect_facts(evidence_of(comparison_plan("EASE"), runs)).comparisons[0]
        for runs in (once, often)
    )

    assert (single.users, many.users) == (80, 80)
    assert many.p_value == pytest.approx(single.p_value, abs=0.01)
    assert many.interval.half_width == pytest.approx(single.interval.half_width, rel=0.02)


def test_over_levels_that_are_compared_nothing_scatters_and_nothing_is_tested(tmp_path):
    plan = study(EASE, POPULARITY, factors=(Factor("train_share", (0.2, 1.0)),))
    evidence = designed(plan).evidence(tmp_path)

    found = collect_facts(evidence)

    assert {s.over for s in found.summaries} == {LEVELS}
    assert not any(math.isfinite(v) for s in found.summaries for v in (s.sd, s.low, s.high))
    assert (found.comparisons, found.orders) == ((), ())
    places = dict(facts_by_place(evidence))
    assert len(places) == 2
    assert all(own.comparisons and len(own.summaries) for own in places.values())


def test_seed_means_of_several_splits_are_named_so():
    runs = {("ImplicitMF", f, s): np.arange(5.0) + int(s) for f in "01" for s in "123"}
    plan = replace(
        plan_of(), factors=(Factor("split_seed", (0, 1), FactorRole.REPEATED),), seeds=(1, 2, 3)
    )

    (found,) = collect_facts(evidence_of(plan, runs)).summaries

    assert found.varied == "3 seed means, each of 2 splits"
