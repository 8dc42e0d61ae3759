"""Studies that sin in metrics and whom they are measured on; and the check that finds it."""

from dataclasses import replace

import numpy as np
import pytest
from sins import FAIL, WARN, Sins, other_study, random_rows
from studies import USERS, rating_prediction

from agent_core.domain import Metric

sin = Sins()


@sin(
    "same_test_users",
    FAIL,
    algorithm="ImplicitMF",
    folds="0",
    algorithm_3="ImplicitMF easy",
    folds_3="1",
)
def pairs_of_algorithms_on_numbered_folds_of_their_own(made):
    other_study(made)
    train, test = made.splits["0"]
    made.splits["1"] = (train, test[:30])
    for name, seed in (("ImplicitMF", "1"), ("Popularity", "none")):
        made.lists[f"{name} easy", "1", seed] = made.lists[name, "0", seed]
    more = tuple(replace(a, name=f"{a.name} easy") for a in made.plan.algorithms)
    made.plan = replace(made.plan, algorithms=(*made.plan.algorithms, *more))
    made.measure()


@sin(
    "recomputation_agrees", FAIL, metric="ndcg@10", run="ImplicitMF (fold 0, seed 1)", claimed=0.9
)
def one_false_number(made):
    made.change("ImplicitMF", 1, value=0.9)


@sin(
    "recomputation_agrees",
    FAIL,
    metric="ndcg@10",
    run="ImplicitMF (fold 0, seed 2)",
    wrong=1,
    total=12,
)
def one_number_a_little_higher(made):
    random_rows(made)[2]["value"] += 2e-4


@sin("recomputation_agrees", FAIL, algorithms="Popularity")
def an_algorithm_without_lists(made):
    del made.lists["Popularity", "0", "none"]


@sin(
    "recomputation_agrees", FAIL, metric="hit@10", run="Popularity (fold 0)", value=0.35, mean=1.0
)
def per_user_values_of_another_run(made):
    chosen = (made.per_user["metric"] == "hit") & (made.per_user["algorithm"] == "Popularity")
    made.per_user.loc[chosen, "value"] = 1.0


@sin(
    "recomputation_agrees",
    FAIL,
    metric="recall@10",
    names="hits / min(test items, k); hits / test items",
)
def a_kinder_definition_for_one_algorithm(made):
    """Measure one algorithm with LensKit's recall, the other with the classic one."""
    train, test = two_thirds_tested(made)
    made.splits["0"] = (train, test)
    made.measure()
    tests = made.data.iloc[test].groupby("user_id")["item_id"].apply(set)
    frame = made.lists["Popularity", "0", "none"]
    listed = frame.groupby("user_id")["item_id"].apply(set)
    classic = [len(listed[u] & t) / len(t) for u, t in tests.items()]
    for row in made.rows:
        if row["algorithm"] == "Popularity" and row["metric"] == "recall":
            row["value"] = float(np.mean(classic))
    made.per_user = None


def two_thirds_tested(made):
    test = sorted(made.data.groupby("user_id").sample(n=11, random_state=3).index)
    return made.data.index.difference(test).tolist(), test


@sin("recomputation_agrees", FAIL, metric="ndcg@10", run="ImplicitMF (fold 0, seed 1)", wrong=1)
def averaged_over_the_lucky_users(made):
    """Average over users with a hit, and claim all of them."""
    for row in random_rows(made):
        if row["seed"] == 1:
            users = made.per_user.query("algorithm == 'ImplicitMF' and metric == 'ndcg'")
            row["value"] = float(
                users[(users["seed"] == 1) & (users["value"] > 0)]["value"].mean()
            )


@sin("recomputation_agrees", FAIL, ratings=60, algorithm="BiasedMF")
def ratings_forged_beside_their_predictions(made):
    rating_prediction(made)
    key = ("BiasedMF", "0", "none")
    made.predictions[key]["rating"] = made.predictions[key]["prediction"] + 0.1


@sin("recomputation_agrees", FAIL, values=1, metric="NDCG@10")
def one_run_without_lists(made):
    del made.lists["ImplicitMF", "0", "1"]


@sin(
    "recomputation_agrees",
    WARN,
    agreeing=12,
    total=14,
    metric="surprise@10",
    values=1,
    metric_2="auc",
    values_2=1,
)
def values_that_nobody_can_compute(made):
    more = ({"metric": "surprise", "k": 10, "value": 9.9}, {"metric": "auc", "value": 0.99})
    made.rows += [
        {"algorithm": "ImplicitMF", "fold": "0", "seed": 0, "n": USERS} | m for m in more
    ]


@sin(
    "recomputation_agrees",
    WARN,
    metric="novelty@10",
    claimed=9.9,
    definition="-log2(users of the item / users) (Zhou 2010)",
)
def a_measure_typed_in_that_the_product_computes(made):
    more = {"metric": "novelty", "k": 10, "value": 9.9, "n": USERS}
    made.rows += [{"algorithm": "ImplicitMF", "fold": "0", "seed": 0} | more]


@sin("recomputation_agrees", WARN, agreeing=0, total=2, metric="auc", values=2)
def a_planned_metric_that_nobody_can_compute(made):
    made.plan = replace(made.plan, metrics=(Metric("auc"),))
    made.lists, made.per_user = {}, None
    made.rows = [
        {"metric": "auc", "value": v, "algorithm": a, "fold": "0", "n": USERS}
        for a, v in (("ImplicitMF", 0.9), ("Popularity", 0.8))
    ]


@sin("metrics_as_planned", FAIL, metric="Hit@10", algorithm="ImplicitMF")
def a_planned_metric_left_out(made):
    made.rows = [r for r in made.rows if r["metric"] != "hit" or r["algorithm"] == "Popularity"]


@sin(
    "metrics_as_planned", FAIL, metric="NDCG@20", algorithm="ImplicitMF", algorithm_2="Popularity"
)
def another_cutoff(made):
    made.plan = replace(made.plan, metrics=(Metric("ndcg", 20),))


@sin("metrics_as_planned", WARN, sample="“the test item and 100 sampled items”")
def ranking_among_a_few_items(made):
    made.run["candidates"] = "the test item and 100 sampled items"


@sin(
    "same_test_users",
    FAIL,
    algorithm="ImplicitMF",
    folds="0",
    algorithm_2="Popularity",
    folds_2="1",
)
def each_algorithm_on_a_split_of_its_own(made):
    train, test = made.splits["0"]
    made.splits["1"] = (train, test[:30])
    made.lists["Popularity", "1", "none"] = made.lists.pop(("Popularity", "0", "none"))
    made.measure()


@sin(
    "same_test_users",
    FAIL,
    metric="hit@10",
    fold="0",
    users=60.0,
    algorithm_2="Popularity",
    users_2=50.0,
)
def one_algorithm_on_fewer_users(made):
    for row in made.rows:
        if row["algorithm"] == "Popularity":
            row["n"] = 50


@sin("same_test_users", FAIL, metric="hit@10", algorithm="ImplicitMF", users=55, others=60)
def per_user_values_of_fewer_users(made):
    hard = (made.per_user["algorithm"] == "ImplicitMF") & made.per_user["user_id"].isin(
        list("12345")
    )
    made.per_user = made.per_user[~hard]


@sin("users_dropped", FAIL, metric="ndcg@10", run="Popularity (fold 0)", n=50.0, tested=60)
def averages_without_some_users(made):
    for row in made.rows:
        row["n"] = 50


@sin("users_dropped", WARN, run="BiasedMF (fold 0)", share=0.5)
def only_the_easy_half_predicted(made):
    rating_prediction(made)
    frame = made.predictions["BiasedMF", "0", "none"]
    error = (frame["prediction"] - frame["rating"]).abs()
    made.predictions["BiasedMF", "0", "none"] = frame[error.rank(method="first") <= USERS // 2]


@sin(
    "recomputation_agrees",
    FAIL,
    listed=20,
    of_users=60,
    skipped=40,
    run="ImplicitMF (fold 0, seed 0)",
)
def lists_of_chosen_users_called_a_sample(made):
    made.run["list_sample"] = 20
    for key, frame in made.lists.items():
        made.lists[key] = frame[frame["user_id"] <= 20]


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
