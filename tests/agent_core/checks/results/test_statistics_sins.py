"""Studies that sin in statistics and sweeps; and the check that finds it."""

from dataclasses import replace

import pytest
from sins import FAIL, Sins, random_rows, sweep
from studies import EACH, USERS, K

from agent_core.domain import Study

sin = Sins()


@sin("sweep_as_planned", FAIL, algorithm="MF 16", parameter="embedding_size", found=8, planned=16)
def a_sweep_that_stands_still(made):
    lists = [made.lists["ImplicitMF", "0", s] for s in "012"]
    sweep(made, lambda n: lists[n])
    made.run["algorithms"]["MF 16"]["config"]["embedding_size"] = 8


def summary(made, **more):
    values = [r["value"] for r in random_rows(made)]
    row = {"metric": "ndcg", "k": K, "algorithm": "ImplicitMF", "aggregate": True}
    made.rows.append({**row, "value": sum(values) / len(values), **more})


@sin("no_pseudo_replication", FAIL, metric="ndcg@10", n=180.0, users=60, seeds=3)
def seeds_times_users_as_observations(made):
    summary(made, n=USERS * 3)


@sin("no_pseudo_replication", FAIL, metric="ndcg@10", pooled=pytest.approx(0.0626, abs=1e-4))
def an_interval_over_pooled_values(made):
    values = made.per_user.query("algorithm == 'ImplicitMF' and metric == 'ndcg'")["value"]
    half = 1.96 * values.std() / len(values) ** 0.5
    mean = values.mean()
    # The same value for each seed of a user, so that pooling only counts them three times.
    first = made.lists["ImplicitMF", "0", "0"]
    for seed in "12":
        made.lists["ImplicitMF", "0", seed] = first.assign(score=first["score"] + int(seed) / 9)
    made.measure()
    values = made.per_user.query("algorithm == 'ImplicitMF' and metric == 'ndcg'")["value"]
    mean, half = values.mean(), 1.96 * values.std() / len(values) ** 0.5
    summary(made, ci_low=mean - half, ci_high=mean + half, ci_over="users")


@sin("no_pseudo_replication", FAIL, metric="ndcg@10", n=720.0, users=60)
def one_run_with_more_users_than_tested(made):
    random_rows(made)[0]["n"] = USERS * EACH


@sin("statistics_available", FAIL, algorithm="ImplicitMF", seeds=1)
def one_seed_only(made):
    made.rows = [r for r in made.rows if r.get("seed") in (None, 0)]


@sin("statistics_available", FAIL, metric="NDCG@10", algorithms="ImplicitMF")
def a_comparison_without_pairs(made):
    made.plan = replace(made.plan, study=Study.COMPARISON)
    made.per_user = None
    made.lists = {}


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
