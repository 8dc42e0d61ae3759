"""Studies that sin in seeds and repetitions; and the check that finds it."""

import pytest
from sins import FAIL, WARN, Sins

sin = Sins()


@sin("seeds_as_planned", FAIL, algorithm="ImplicitMF", seeds=2, planned=3, missing="2")
def a_seed_left_out(made):
    made.rows = [r for r in made.rows if r.get("seed") != 2]


@sin("repetitions_repeat", FAIL, distinct=1, kind="lists", seeds=3)
def one_training_copied_over_the_seeds(made):
    for seed in "12":
        made.lists["ImplicitMF", "0", seed] = made.lists["ImplicitMF", "0", "0"]
    made.measure()


@sin("repetitions_repeat", FAIL, distinct=2, kind="lists", seeds=3)
def one_seed_copied_in_another_order(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    made.lists["ImplicitMF", "0", "2"] = frame.sample(frac=1, random_state=1)
    made.measure()


@sin("repetitions_repeat", WARN, same_lists="ImplicitMF")
def one_training_with_noise_on_its_scores(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    for seed in "12":
        noisy = frame.assign(score=frame["score"] + int(seed) * 1e-4)
        made.lists["ImplicitMF", "0", seed] = noisy
    made.measure()


@sin("repetitions_repeat", WARN, line=4, algorithms="ImplicitMF")
def seeds_that_no_training_takes(made):
    made.source = (
        "import numpy as np\nfor seed in range(3):\n    np.random.seed(seed)\n"
        "    pipe.train(data, TrainingOptions(rng=42))\n"
    )


@sin("repetitions_repeat", WARN, nearly_same_lists="ImplicitMF")
def one_training_with_two_places_swapped(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    for seed in "12":
        swapped = {int(seed): int(seed) + 1, int(seed) + 1: int(seed)}
        is_one = frame["user_id"] <= 9
        rank = frame["rank"].mask(is_one, frame["rank"].replace(swapped))
        made.lists["ImplicitMF", "0", seed] = frame.assign(rank=rank, score=1.0 / rank)
    made.measure()


@sin("repetitions_repeat", FAIL, without_shared_fold="ImplicitMF")
def every_seed_on_a_split_of_its_own(made):
    for seed in "12":
        made.splits[seed] = made.splits["0"]
        made.lists["ImplicitMF", seed, seed] = made.lists.pop(("ImplicitMF", "0", seed))
        made.lists["Popularity", seed, "none"] = made.lists["Popularity", "0", "none"]
    made.measure()


@sin("repetitions_repeat", FAIL, distinct=1, kind="results", seeds=3)
def copied_values_without_lists(made):
    made.lists = {}
    for row in made.rows:
        row["value"] = 0.5


@sin("same_seed_same_result", WARN, runs=1, metric="hit@10", algorithm="ImplicitMF")
def two_values_of_one_run(made):
    made.rows.append({**made.rows[-1], "value": made.rows[-1]["value"] / 2})


@sin("same_seed_same_result", WARN, not_random="Popularity")
def a_deterministic_model_that_varies(made):
    made.rows += [
        {**r, "seed": 5, "value": r["value"] * 1.01}
        for r in made.rows
        if r["algorithm"] == "Popularity"
    ]


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
