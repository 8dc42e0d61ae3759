"""Studies that sin in the range of values; and the check that finds it."""

import pandas as pd
import pytest
from sins import FAIL, WARN, Sins
from studies import rating_prediction

sin = Sins()


@sin("values_in_range", FAIL, metric="ndcg@10", algorithm="Popularity", value=1.2)
def a_share_above_one(made):
    made.rows[0]["value"] = 1.2


@sin("values_in_range", FAIL, metric="ndcg@10", algorithm="Popularity", value="nan")
def a_missing_value(made):
    made.rows[0]["value"] = None


@sin("values_in_range", FAIL, metric="ndcg", value=-0.5, values=1)
def a_negative_value_of_one_user(made):
    made.per_user.loc[0, "value"] = -0.5


@sin("values_in_range", FAIL, faults="an item stands twice in one list")
def an_item_recommended_twice(made):
    frame = made.lists["Popularity", "0", "none"]
    frame.loc[frame["rank"] == 2, "item_id"] = frame.loc[frame["rank"] == 1, "item_id"].to_numpy()


@sin("values_in_range", FAIL, low=0.9, high=0.95, algorithm="Popularity")
def an_interval_beside_its_value(made):
    row = {**made.rows[0], "aggregate": True, "ci_low": 0.9, "ci_high": 0.95}
    made.rows.append(row)


@sin("values_in_range", WARN, too_good=1.0, metric="ndcg@10", algorithm="ImplicitMF")
def lists_made_from_the_test(made):
    for seed in "012":
        frame = made.lists["ImplicitMF", "0", seed]
        tested = made.data.iloc[made.splits["0"][1]].set_index("user_id")["item_id"]
        listed = frame["item_id"] == frame["user_id"].map(tested)
        first = frame["rank"] == 1
        frame.loc[listed & ~first, "item_id"] = 999
        frame.loc[first, "item_id"] = frame.loc[first, "user_id"].map(tested)
    made.measure()


@sin("values_in_range", WARN, unordered="ImplicitMF")
def best_items_moved_to_the_end(made):
    frame = made.lists["ImplicitMF", "0", "1"]
    frame["rank"] = frame["rank"].map(lambda r: 10 if r == 1 else r - 1)
    made.measure()


@sin("values_in_range", FAIL, pairs=1140, run="BiasedMF (fold 0)")
def easy_predictions_repeated(made):
    rating_prediction(made)
    frame = made.predictions["BiasedMF", "0", "none"]
    made.predictions["BiasedMF", "0", "none"] = pd.concat([frame] * 20)


@sin("identical_results", WARN, pairs="ImplicitMF and Popularity")
def one_model_under_two_names(made):
    for seed in "012":
        made.lists["ImplicitMF", "0", seed] = made.lists["Popularity", "0", "none"]
    made.measure()


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
