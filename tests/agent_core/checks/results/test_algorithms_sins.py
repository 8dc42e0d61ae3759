"""Studies that sin in algorithms and their configurations; and the check that finds it."""

from dataclasses import replace

import pytest
from sins import FAIL, WARN, Sins, random_rows, sweep

from agent_core.domain import Algorithm, Metric

sin = Sins()


@sin("algorithms_as_planned", FAIL, algorithms="EASE")
def a_planned_algorithm_left_out(made):
    ease = Algorithm("EASE", "EASEScorer")
    made.plan = replace(made.plan, algorithms=(*made.plan.algorithms, ease))


@sin(
    "algorithms_as_planned",
    FAIL,
    algorithm="ImplicitMF",
    kind="PopScorer",
    planned="ImplicitMFScorer",
)
def another_model_under_the_planned_name(made):
    made.run["algorithms"]["ImplicitMF"]["class"] = "PopScorer"


@sin("configuration_as_planned", FAIL, parameter="embedding_size", found="50", planned="32")
def another_configuration(made):
    made.run["algorithms"]["ImplicitMF"]["config"]["embedding_size"] = 50


@sin("hyperparameters_took_effect", FAIL, parameter="weights", kind="ImplicitMFScorer")
def a_planned_name_that_does_not_exist(made):
    first = made.plan.algorithms[0]
    config = {**first.config, "weights": 5}
    made.plan = replace(
        made.plan, algorithms=(replace(first, config=config), made.plan.algorithms[1])
    )


@sin("hyperparameters_took_effect", FAIL, line=2, argument="iterations")
def an_argument_that_is_ignored(made):
    made.source = "\nscorer = ImplicitMFScorer(embedding_size=32, iterations=99)\n"


@sin("hyperparameters_took_effect", FAIL, line=1, argument="embedding_size", value="512")
def another_model_than_the_recorded_one(made):
    made.source = "fit(ImplicitMFScorer(embedding_size=512))\n"


@sin("hyperparameters_took_effect", FAIL, without_config="ImplicitMF")
def a_configuration_that_is_not_shown(made):
    made.run["algorithms"]["ImplicitMF"] = {"class": "ImplicitMFScorer"}


@sin("hyperparameters_took_effect", FAIL, parameter="embedding_size", levels=3)
def a_sweep_without_effect(made):
    sweep(made, lambda n: made.lists["ImplicitMF", "0", "0"])


@sin("baseline_present", FAIL, baselines="Popularity", metric="NDCG@10")
def no_baseline(made):
    made.rows = [r for r in made.rows if r["algorithm"] != "Popularity"]


@sin("baseline_present", WARN, "names no baseline")
def a_plan_without_a_baseline(made):
    made.plan = replace(made.plan, algorithms=made.plan.algorithms[:1])
    made.rows = [r for r in made.rows if r["algorithm"] != "Popularity"]
    del made.run["algorithms"]["Popularity"]


@sin("beats_baseline", WARN, algorithm="ImplicitMF", value=0.015, baseline="Popularity")
def five_times_below_popularity(made):
    made.lists, made.per_user = {}, None
    for row in random_rows(made):
        row["value"] = 0.015


@sin("beats_baseline", WARN, metric="RMSE", value=3.0, base=1.0)
def a_worse_rating_error(made):
    made.plan = replace(made.plan, metrics=(Metric("rmse"),))
    made.rows = [
        {"metric": "rmse", "value": v, "algorithm": a, "n": 60}
        for a, v in (("ImplicitMF", 3.0), ("Popularity", 1.0))
    ]


@sin("tuning_parity", WARN, algorithm="ImplicitMF", trials=40, algorithm_2="EASE", trials_2=0)
def only_the_own_model_tuned(made):
    made.plan = replace(
        made.plan, algorithms=(*made.plan.algorithms, Algorithm("EASE", "EASEScorer"))
    )
    made.run["algorithms"]["ImplicitMF"]["trials"] = 40
    made.run["algorithms"]["EASE"] = {"class": "EASEScorer", "config": {}, "trials": 0}
    made.rows += [{**r, "algorithm": "EASE"} for r in made.rows if r["algorithm"] == "ImplicitMF"]


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
