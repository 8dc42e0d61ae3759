"""What means are over: shared folds, users rather than folds, and the data's own ratings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from results import NDCG, comparison_plan, dataset, evidence_of, inputs_of

from agent_core.checks.results.algorithms import beats_baseline
from agent_core.checks.results.statistics import statistics_available
from agent_core.domain import Finding, Metric
from agent_core.evidence.cells import Cells
from agent_core.evidence.evidence import (
    ROW_COLUMNS,
    USER_COLUMNS,
    Evidence,
    Named,
    empty,
    recomputed_of,
)
from agent_core.report.caveats import split_limits
from agent_core.report.headline import headline
from agent_core.statistics.facts import collect_facts
from agent_core.statistics.measured_values import user_values

RMSE = Metric("rmse")
OK = evidence_of(comparison_plan(), {}).execution


def users_in_all_folds(evidence):
    """Name users alike in every fold, as where interactions are split."""
    users = evidence.per_user["user_id"].str.split("-").str[1]
    return replace(evidence, per_user=evidence.per_user.assign(user_id=users))


def unequal_folds():
    base = np.random.default_rng(3).beta(1, 4, 200)
    runs = {
        ("EASE", "0", ""): base,
        ("EASE", "1", ""): base + 0.3,
        ("ItemKNN", "0", ""): base + 0.01,
        ("Popularity", "0", ""): base * 0.4,
    }
    return users_in_all_folds(evidence_of(comparison_plan("EASE", "ItemKNN"), runs))


def test_a_metric_that_cannot_be_computed_again_is_compared_by_the_values_claimed_of_users():
    base = np.random.default_rng(3).beta(1, 4, 50)
    runs = {(name, "0", ""): base for name in ("EASE", "ItemKNN")}
    novelty = Metric("novelty", 10)
    evidence = evidence_of(comparison_plan("EASE", "ItemKNN", metrics=(novelty, NDCG)), runs)
    ndcg = evidence.per_user[evidence.per_user["metric"] == "ndcg"]
    evidence = replace(evidence, recomputed=ndcg.assign(definition="by hand"))

    values = user_values(evidence)

    assert dict(values.groupby("metric")["is_recomputed"].all()) == {
        "ndcg": True,
        "novelty": False,
    }
    assert statistics_available(evidence).finding is Finding.PASS


def test_an_easy_fold_of_its_own_makes_no_algorithm_better():
    evidence = unequal_folds()

    facts = collect_facts(evidence)
    told = headline(evidence.plan, facts)

    assert facts.left_out == ("1",)
    assert split_limits(inputs_of(evidence), facts)[-1].endswith("algorithm has them: 1.")
    assert facts.summary(NDCG, "EASE").mean == pytest.approx(facts.summary(NDCG, "EASE").low)
    assert [s.algorithm for s in facts.of(NDCG)] == ["ItemKNN", "EASE", "Popularity"]
    assert facts.comparison("ItemKNN", "EASE").difference == pytest.approx(-0.01)
    assert "ItemKNN is higher than EASE in NDCG@10 by 0.0100 (" in told


def test_the_check_of_the_baseline_has_the_means_of_the_report():
    evidence = unequal_folds()
    means = {s.algorithm: f"{s.mean:.4g}" for s in collect_facts(evidence).of(NDCG)}

    found = beats_baseline(evidence)

    assert f"ItemKNN {means['ItemKNN']}, baseline Popularity {means['Popularity']}" in found.reason


def test_users_of_folds_of_unequal_size_weigh_the_same():
    rng = np.random.default_rng(1)
    few, many = rng.beta(8, 2, 20), rng.beta(1, 9, 480)
    runs = {
        ("EASE", "0", ""): few,
        ("EASE", "1", ""): many,
        ("Popularity", "0", ""): few * 0.2,
        ("Popularity", "1", ""): many * 1.05,
    }

    facts = collect_facts(evidence_of(comparison_plan("EASE"), runs))

    found = facts.summary(NDCG, "EASE")
    assert found.mean == pytest.approx(np.concatenate([few, many]).mean())
    assert found.estimand == "users"
    assert found.user_interval.low < found.mean < found.user_interval.high
    difference = found.mean - facts.summary(NDCG, "Popularity").mean
    assert facts.comparisons[0].difference == pytest.approx(difference)


def test_without_per_user_values_of_all_means_are_over_runs_and_have_no_other_interval():
    runs = {("EASE", "0", ""): [0.9] * 5, ("EASE", "1", ""): [0.1, 0.2] * 50}
    runs |= {("Popularity", f, ""): [0.1, 0.2] * 5 for f in "01"}
    evidence = evidence_of(comparison_plan("EASE"), runs)
    users = evidence.per_user
    bare = replace(evidence, per_user=users[users["algorithm"] == "EASE"])

    found = collect_facts(bare).summary(NDCG, "EASE")

    assert found.mean == pytest.approx((0.9 + 0.15) / 2)
    assert found.estimand == "runs"
    assert not found.user_interval.is_known


def test_seeds_over_folds_of_unequal_size_scatter_around_the_mean():
    rng = np.random.default_rng(1)
    parts = {"0": rng.beta(8, 2, 20), "1": rng.beta(1, 9, 480)}
    runs = {
        ("EASE", f, str(s)): values + s / 1000 for f, values in parts.items() for s in range(4)
    }

    found = collect_facts(evidence_of(comparison_plan("EASE"), runs)).summary(NDCG, "EASE")

    assert found.over == "seeds"
    assert found.low < found.mean < found.high


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    seeds=st.integers(1, 3),
    is_shared=st.booleans(),
    kind=st.sampled_from(["same", "bits", "skewed"]),
    number=st.integers(0, 2**31),
)
def test_a_mean_lies_in_its_interval(sizes, seeds, is_shared, kind, number):
    rng = np.random.default_rng(number)
    draw = {
        "same": lambda n: np.full(n, 0.1),
        "bits": lambda n: (rng.random(n) < 0.1).astype(float),
        "skewed": lambda n: rng.beta(0.2, 3, n),
    }[kind]
    runs = {
        (name, str(fold), str(seed)): draw(size)
        for name in ("EASE", "Popularity")
        for fold, size in enumerate(sizes)
        for seed in range(seeds)
    }
    evidence = evidence_of(comparison_plan("EASE"), runs)

    facts = collect_facts(users_in_all_folds(evidence) if is_shared else evidence)

    for found in facts.of(NDCG):
        interval = found.user_interval
        assert not interval.is_known or interval.low <= found.mean <= interval.high
        assert found.estimand == "users"


def rated(shift=0.0, users=80, each=5):
    """BiasedMF a little worse than the baseline; `rating` beside its predictions may be forged."""
    rng = np.random.default_rng(2)
    test = pd.DataFrame(
        {
            "user_id": np.repeat([str(u) for u in range(users)], each),
            "item_id": [str(i % 37) for i in range(users * each)],
            "rating": rng.integers(1, 6, users * each).astype(float),
        }
    )
    noisy = 3 + rng.normal(0, 0.3, len(test))
    forged = noisy + shift if shift else test["rating"]
    predictions = pd.concat(
        [
            test.assign(algorithm="Popularity", prediction=3.0),
            test.assign(algorithm="BiasedMF", prediction=noisy, rating=forged),
        ]
    ).assign(fold="0", seed="")
    values = {
        name: float(np.sqrt(((p - test["rating"]) ** 2).mean()))
        for name, p in (("Popularity", 3.0), ("BiasedMF", noisy))
    }
    rows = pd.DataFrame(
        [
            {"metric": "rmse", "value": v, "algorithm": a, "fold": "0", "seed": "",
             "dataset": "", "aggregate": False, "n": len(test)}
            for a, v in values.items()
        ]
    ).reindex(columns=list(ROW_COLUMNS)).astype({"k": "Int64"})  # fmt: skip
    parts = {"train": {"0": test.assign(item_id="x")}, "test": {"0": test}}
    cells = Cells.of(predictions)
    found = Named(rows, empty(USER_COLUMNS), Cells(), cells)
    users_found, agreement = recomputed_of(found, parts, is_sample=False)
    plan = comparison_plan("BiasedMF", metrics=(RMSE,))
    return Evidence(
        plan, "", OK, (dataset(),), rows=rows, predictions=cells, train=parts["train"],
        test=parts["test"], recomputed=users_found, agreement=agreement,
    )  # fmt: skip


def test_errors_are_against_the_ratings_of_the_data_not_those_delivered():
    honest, forged = collect_facts(rated()), collect_facts(rated(shift=0.1))

    found = forged.summary(RMSE, "BiasedMF")

    assert forged.values == honest.values
    assert found.user_interval.low < found.mean < found.user_interval.high
    assert forged.comparisons[0].difference > 0
    assert found.estimand == "predictions"
