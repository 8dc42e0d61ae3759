"""Studies that sin, each in one way, about half of them subtly; and the check that finds it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import rated
from studies import EACH, USERS, K, honest, rating_prediction

from agent_core.domain import Algorithm, Finding, Metric, Role, SplitKind, Study
from agent_core.evidence.file_hashes import seal_of
from agent_core.evidence.retrained import Pair, Retrained

FAIL, WARN = Finding.FAIL, Finding.WARN
SINS = []


def sin(check, finding, *words):
    """Register a study that `check` must find; the reason must hold `words`."""

    def register(make):
        SINS.append(pytest.param(make, check, finding, words, id=f"{check}-{make.__name__}"))
        return make

    return register


def random_rows(made, metric="ndcg"):
    return [r for r in made.rows if r["algorithm"] == "ImplicitMF" and r["metric"] == metric]


# -- files


@sin("contract_parses", FAIL, "no rows")
def no_results(made):
    made.rows = []


@sin("contract_parses", FAIL, "row 0", "value")
def a_value_that_is_text(made):
    made.rows[0]["value"] = "high"


@sin("contract_parses", FAIL, "lists/ImplicitMF/0-1.parquet")
def a_broken_table(made):
    made.files = {"lists/ImplicitMF/0-1.parquet": b"PAR1 but no more"}


@sin("contract_parses", FAIL, "names rows that the dataset (720 rows) lacks")
def row_numbers_beyond_the_data(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train, [*test, 5000])


@sin("contract_parses", FAIL, "the same part as pairs")
def a_part_saved_in_both_forms(made):
    made.files["split/0.test.parquet"] = made.data.iloc[made.splits["0"][1]].to_parquet()


@sin("files_unchanged", FAIL, "rows of results.json were changed")
def a_value_raised_after_it_was_delivered(made):
    digest = {"rows": len(made.rows), "sha256": seal_of(made.rows, {"metric": "ndcg", "k": K})}
    made.rows[5]["value"] += 1e-6
    made.digest = digest


@sin("files_unchanged", FAIL, "line 2 puts something else in place")
def a_helper_of_its_own(made):
    made.source = "import labbook\nlabbook.row = mine\n"


@sin("runs_clean", FAIL, "status 1")
def a_crash(made):
    made.exit_code = 1


@sin("dataset_loaded", FAIL, "other.csv")
def another_dataset(made):
    made.run["dataset"]["file"] = "other.csv"


@sin("dataset_loaded", FAIL, "another content")
def a_changed_dataset(made):
    made.run["dataset"]["sha256"] = "0" * 64


@sin("lists_saved", FAIL, "seed 2")
def lists_of_one_seed_missing(made):
    del made.lists["ImplicitMF", "0", "2"]


@sin("lists_saved", WARN, "Popularity 5, others 10 or more")
def shorter_lists_of_the_baseline(made):
    frame = made.lists["Popularity", "0", "none"]
    made.lists["Popularity", "0", "none"] = frame[frame["rank"] <= 5]
    made.measure()


@sin("per_user_saved", FAIL, "missing")
def no_per_user_values(made):
    made.per_user = None


@sin("figures_saved", FAIL, "1 of 2")
def a_figure_that_is_none(made):
    made.plan = replace(made.plan, reported=("2 plots",))
    made.files = {"a.png": b"\x89PNG....", "b.png": b"not a picture"}


@sin("metadata_saved", FAIL, "ImplicitMF")
def no_configuration(made):
    del made.run["algorithms"]["ImplicitMF"]


# -- ranges


@sin("values_in_range", FAIL, "1.2")
def a_share_above_one(made):
    made.rows[0]["value"] = 1.2


@sin("values_in_range", FAIL, "nan")
def a_missing_value(made):
    made.rows[0]["value"] = None


@sin("values_in_range", FAIL, "per-user ndcg is -0.5")
def a_negative_value_of_one_user(made):
    made.per_user.loc[0, "value"] = -0.5


@sin("values_in_range", FAIL, "twice in one list")
def an_item_recommended_twice(made):
    frame = made.lists["Popularity", "0", "none"]
    frame.loc[frame["rank"] == 2, "item_id"] = frame.loc[frame["rank"] == 1, "item_id"].to_numpy()


@sin("values_in_range", FAIL, "interval")
def an_interval_beside_its_value(made):
    row = {**made.rows[0], "aggregate": True, "ci_low": 0.9, "ci_high": 0.95}
    made.rows.append(row)


@sin("values_in_range", WARN, "nearly perfect")
def lists_made_from_the_test(made):
    for seed in "012":
        frame = made.lists["ImplicitMF", "0", seed]
        tested = made.data.iloc[made.splits["0"][1]].set_index("user_id")["item_id"]
        listed = frame["item_id"] == frame["user_id"].map(tested)
        first = frame["rank"] == 1
        frame.loc[listed & ~first, "item_id"] = 999
        frame.loc[first, "item_id"] = frame.loc[first, "user_id"].map(tested)
    made.measure()


@sin("values_in_range", WARN, "not in the order of their scores")
def best_items_moved_to_the_end(made):
    frame = made.lists["ImplicitMF", "0", "1"]
    frame["rank"] = frame["rank"].map(lambda r: 10 if r == 1 else r - 1)
    made.measure()


@sin("values_in_range", FAIL, "predicted more than once (1,140 in BiasedMF (fold 0))")
def easy_predictions_repeated(made):
    rating_prediction(made)
    frame = made.predictions["BiasedMF", "0", "none"]
    made.predictions["BiasedMF", "0", "none"] = pd.concat([frame] * 20)


@sin("identical_results", WARN, "ImplicitMF and Popularity")
def one_model_under_two_names(made):
    for seed in "012":
        made.lists["ImplicitMF", "0", seed] = made.lists["Popularity", "0", "none"]
    made.measure()


# -- split


def timed_split(made, kind, test):
    """Plan a temporal split and hold `test` out."""
    made.plan = made.plan.with_split(kind=kind)
    made.splits = {"0": (made.data.index.difference(test).tolist(), sorted(test))}


def newest(made):
    return made.data.sort_values("timestamp").groupby("user_id").tail(1).index


@sin("no_test_in_train", FAIL, "60 of 60")
def training_on_everything(made):
    train, test = made.splits["0"]
    made.splits["0"] = (sorted(train + test), test)


@sin("no_test_in_train", FAIL, "1 of 60")
def one_tested_pair_in_training(made):
    train, test = made.splits["0"]
    made.splits["0"] = ([*train, test[7]], test)


@sin("no_test_in_train", FAIL, "1 of 60")
def the_same_pair_rated_again_in_training(made):
    again = made.data.iloc[[made.splits["0"][1][3]]].assign(rating=1.0, timestamp=5)
    made.data = pd.concat([made.data, again], ignore_index=True)
    train, test = made.splits["0"]
    made.splits["0"] = ([*train, len(made.data) - 1], test)


@sin("no_test_in_train", FAIL, "Line 6", "`data`")
def a_saved_split_that_is_not_the_one_trained_on(made):
    made.source = """
data = from_interactions_df(df)
split = next(crossfold_users(data, 1, SampleN(1, rng=42), rng=42))
labbook.split(0, split.train, split.test)
pipe = topn_pipeline(scorer, n=10)
pipe.train(data, TrainingOptions(rng=1))
"""


@sin("no_test_in_train", FAIL, "Line 5", "all that was read")
def the_whole_file_trained_on(made):
    made.source = """df = pd.read_csv("data.csv").rename(columns={"user": "user_id"})
held = df.groupby("user_id").sample(n=1, random_state=1)
labbook.split(0, df.drop(held.index), held)
data = from_interactions_df(df)
pipe.train(data, TrainingOptions(rng=1))
"""


@sin("no_test_in_train", FAIL, "Line 2", "all that was read")
def the_whole_file_handed_to_a_function(made):
    made.source = """def run(pipe, frame, seed):
    pipe.train(from_interactions_df(frame), TrainingOptions(rng=seed))

def main():
    df = pd.read_csv("data.csv")
    held = df.groupby("user_id").sample(n=1, random_state=1)
    labbook.split(0, df.drop(held.index), held)
    run(pipe, df, seed=3)
"""


@sin("no_test_in_train", FAIL, "No tested item is recommended")
def nothing_is_ever_hit(made):
    tested = made.data.iloc[made.splits["0"][1]].set_index("user_id")["item_id"]
    for frame in made.lists.values():
        frame.loc[frame["item_id"] == frame["user_id"].map(tested), "item_id"] = 999
    made.measure()


@sin("no_test_in_train", FAIL, "No split was saved")
def no_split(made):
    made.splits = {}


def save_pairs(made, change):
    """Save the split as pairs instead of row numbers, changed."""
    for part, rows in zip(("train", "test"), made.splits.pop("0"), strict=True):
        frame = change(made.data.iloc[rows].assign(part=part)).drop(
            columns="part", errors="ignore"
        )
        made.files[f"split/0.{part}.parquet"] = frame.to_parquet()


def renamed(frame):
    """Give users and items other ids that no prefix explains."""
    users = frame["user_id"].map(lambda u: f"{u * 7919 % 1009:x}z")
    return frame.assign(user_id=users, item_id=frame["item_id"].map(lambda i: f"{i:x}-{i % 7}"))


@sin("split_from_data", FAIL, "60 of 720 pairs of fold 0 are not in the dataset")
def pairs_in_the_test_that_nobody_had(made):
    save_pairs(
        made, lambda f: f.assign(item_id=f["item_id"] + 1000 * (f["part"] == "test").astype(int))
    )


@sin("split_from_data", FAIL, "3 of 60 pairs of fold 0")
def three_invented_pairs_beside_true_rows(made):
    train, test = made.splits.pop("0")
    frame = made.data.iloc[test].copy()
    frame.iloc[:3, 1] += 1000
    made.files["split/0.train_rows.csv"] = "\n".join(["row", *map(str, train)]).encode()
    made.files["split/0.test.parquet"] = frame.to_parquet()


@sin("split_from_data", WARN, "other ids", "could not be found")
def renamed_users_and_items(made):
    save_pairs(made, renamed)


@sin("split_from_data", FAIL, "other numbers of interactions per item")
def renamed_and_invented_pairs(made):
    save_pairs(made, lambda f: renamed(f.assign(item_id=100 + f["item_id"] % 40 // 2 * 2)))


@sin("split_from_data", FAIL, "other numbers of interactions per item")
def renamed_and_invented_pairs_with_a_row_dropped(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[1:], test)
    save_pairs(made, lambda f: renamed(f.assign(item_id=100 + f["item_id"] % 40 // 2 * 2)))


@sin("split_as_planned", FAIL, "none of the times of the dataset")
def renamed_pairs_of_a_temporal_split_without_times(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    save_pairs(made, lambda f: renamed(f)[["user_id", "item_id"]])


@sin("split_as_planned", FAIL, "none of the times of the dataset")
def renamed_pairs_with_times_of_their_own(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)
    later = {"train": 0, "test": 10**6}
    save_pairs(made, lambda f: renamed(f).assign(timestamp=f["timestamp"] + f["part"].map(later)))


@sin("split_as_planned", FAIL, "later interactions in training")
def prefixed_users_with_times_of_their_own(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)
    later = {"train": 0, "test": 10**6}
    save_pairs(
        made,
        lambda f: f.assign(
            user_id="u" + f["user_id"].astype(str), timestamp=f["timestamp"] + f["part"].map(later)
        ),
    )


@sin("split_as_planned", FAIL, "tested interaction")
def two_tested_items_of_some_users(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[1:], sorted([*test, train[0]]))


@sin("split_as_planned", FAIL, "30 of 60 users are not tested")
def only_half_of_the_users_tested(made):
    test = made.splits["0"][1][:30]
    made.splits["0"] = (made.data.index.difference(test).tolist(), test)


@sin("split_as_planned", FAIL, "later interactions in training")
def a_random_split_called_temporal(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)


@sin("split_as_planned", FAIL, "later than the first tested")
def time_travel(made):
    made.plan = made.plan.with_split(kind=SplitKind.GLOBAL_TIME)


@sin("split_as_planned", FAIL, "20% is planned")
def less_held_out_than_planned(made):
    kind = SplitKind.USER_FRACTION
    made.plan = made.plan.with_split(kind=kind, holdout=0.2)


def other_study(made, question="What does the way of splitting change?"):
    made.plan = replace(made.plan, study=Study.OTHER, question=question)


@sin("split_as_planned", FAIL, "later interactions in training")
def a_variant_that_is_not_split_as_it_says(made):
    other_study(made)
    made.splits["last"] = made.splits["0"]
    made.plan = made.plan.with_split(folds=1)
    test = made.splits["0"][1][:30]
    made.splits["last"] = (made.data.index.difference(test).tolist(), test)
    made.run["split"]["parts"] = {"last": {"kind": "leave_last"}}


@sin("split_as_planned", FAIL, "30 of 60 users are not tested")
def one_numbered_fold_of_a_free_study_on_half_of_the_users(made):
    other_study(made)
    test = made.splits["0"][1][:30]
    made.splits["1"] = (made.data.index.difference(test).tolist(), test)


@sin("split_as_planned", WARN, "not said to be of another kind: fold easy")
def a_variant_of_no_kind(made):
    other_study(made)
    test = made.splits["0"][1][:30]
    made.splits["easy"] = (made.data.index.difference(test).tolist(), test)


@sin("no_test_in_train", FAIL, "Also in training")
def a_leak_in_a_study_that_promises_none(made):
    other_study(made, "How do ALS and popularity compare without data leakage?")
    train, test = made.splits["0"]
    made.splits["0"] = (sorted([*train, test[4]]), test)


@sin("no_test_in_train", FAIL, "fold clean")
def a_leak_in_the_clean_fold_of_a_study_of_leaks(made):
    other_study(made, "How much does a leak inflate NDCG?")
    train, test = made.splits["0"]
    made.splits = {"leaky": (sorted(train + test), test)}
    made.splits["clean"] = (sorted([*train, test[4]]), test)


@sin("filters_as_planned", FAIL, "100 of 720 interactions are missing")
def interactions_dropped_silently_in_a_free_study(made):
    other_study(made)
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, "no filter says why")
def interactions_dropped_silently_under_a_temporal_plan(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, "700 interactions are claimed", "has 620")
def more_dropped_than_a_claimed_filter_left(made):
    made.run["dataset"]["filters"] = [{"name": "core2", "before": 720, "after": 700}]
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("same_test_users", FAIL, "share no fold")
def pairs_of_algorithms_on_numbered_folds_of_their_own(made):
    other_study(made)
    train, test = made.splits["0"]
    made.splits["1"] = (train, test[:30])
    for name, seed in (("ImplicitMF", "1"), ("Popularity", "none")):
        made.lists[f"{name} easy", "1", seed] = made.lists[name, "0", seed]
    more = tuple(replace(a, name=f"{a.name} easy") for a in made.plan.algorithms)
    made.plan = replace(made.plan, algorithms=(*made.plan.algorithms, *more))
    made.measure()


@sin("folds_as_planned", FAIL, "5 folds are planned")
def one_fold_of_five(made):
    made.plan = made.plan.with_split(folds=5)


@sin("folds_as_planned", WARN, "More folds than the 1 planned: ImplicitMF has 2, Popularity has 2")
def more_folds_than_planned(made):
    made.splits["1"] = made.splits["0"]
    for (name, _, seed), frame in list(made.lists.items()):
        made.lists[name, "1", seed] = frame
    made.measure()


@sin("filters_as_planned", FAIL, "below the planned 4")
def a_threshold_that_was_not_applied(made):
    made.plan = rated(made.plan, 4.0)


@sin("filters_as_planned", FAIL, "no filter says why")
def interactions_dropped_silently(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, "20-core")
def a_claimed_core_that_is_none(made):
    made.run["dataset"]["filters"] = [{"name": "20-core", "before": 800, "after": 720}]


@sin("filters_as_planned", FAIL, "500 interactions are claimed")
def a_claimed_count_that_is_another(made):
    made.run["dataset"]["filters"] = [{"name": "sample", "before": 720, "after": 500}]


def cut_in_time(made):
    """Cut the data in time; return the numbers of training and of later rows."""
    made.plan = made.plan.with_split(kind=SplitKind.GLOBAL_TIME)
    order = made.data.sort_values("timestamp", kind="stable").index
    return sorted(order[:576]), sorted(order[576:])


@sin("filters_as_planned", FAIL, "40 of 720 interactions are missing and no filter says why")
def old_interactions_missing_under_a_cut_in_time(made):
    train, test = cut_in_time(made)
    made.splits["0"] = (train[40:], test)


@sin("filters_as_planned", FAIL, "interactions are missing and no filter says why")
def only_users_with_many_tests_under_a_cut_in_time(made):
    train, test = cut_in_time(made)
    users = made.data.loc[test, "user_id"]
    many = users[users.map(users.value_counts()) > 2]
    made.splits["0"] = (train, many.index.tolist())


@sin("filters_as_planned", FAIL, "24 of 60 users", "data_cleaning, which the plan does not ask")
def many_users_removed_by_a_filter_of_its_own(made):
    keep = made.data.index[made.data["user_id"] > 24]
    made.splits["0"] = tuple(sorted(set(part) & set(keep)) for part in made.splits["0"])
    filters = [{"name": "data_cleaning", "before": 720, "after": len(keep)}]
    made.run["dataset"]["filters"] = filters


@sin("filters_as_planned", WARN, "12 of 720 interactions, 1 of 60 users are missing after")
def one_user_removed_by_a_filter_of_its_own(made):
    keep = made.data.index[made.data["user_id"] > 1]
    made.splits["0"] = tuple(sorted(set(part) & set(keep)) for part in made.splits["0"])
    made.run["dataset"]["filters"] = [{"name": "cleaning", "before": 720, "after": len(keep)}]


@sin("held_out_at_random", WARN, "seed 7", "seed 42 is planned")
def another_seed_than_planned(made):
    made.run["split"]["seed"] = 7


@sin("lists_exclude_train", FAIL, "already in training")
def recommending_what_is_known(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    known = made.data.iloc[made.splits["0"][0]]
    first = known[known["user_id"] == 1]["item_id"].iloc[0]
    frame.loc[(frame["user_id"] == 1) & (frame["rank"] == 10), "item_id"] = first


@sin("temporal_leak", FAIL, "fold 0, 1 of 60 users")
def one_user_with_a_later_interaction_in_training(made):
    test = newest(made)
    own = made.data[made.data["user_id"] == 7].sort_values("timestamp").index
    timed_split(made, SplitKind.LEAVE_LAST, [*test.difference(own), own[-2]])


@sin("temporal_leak", FAIL, "fold 1, 60 of 60 users")
def time_travel_in_the_second_fold_only(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    oldest = made.data.sort_values("timestamp").groupby("user_id").head(1).index
    made.splits["1"] = (made.data.index.difference(oldest).tolist(), sorted(oldest))


@sin("temporal_leak", FAIL, "1 of 576 interactions")
def one_later_interaction_in_training(made):
    order = made.data.sort_values("timestamp").index
    timed_split(made, SplitKind.GLOBAL_TIME, [*order[575:-1]])


@sin("temporal_leak", FAIL, "fold last")
def a_variant_that_is_not_as_old_as_it_says(made):
    made.plan = replace(made.plan, study=Study.OTHER)
    made.splits["last"] = made.splits["0"]
    made.run["split"]["parts"] = {"last": {"kind": "leave_last"}}


@sin("temporal_leak", WARN, "saved without times")
def a_temporal_split_without_times(made):
    timed_split(made, SplitKind.GLOBAL_TIME, newest(made))
    save_pairs(made, lambda frame: renamed(frame)[["user_id", "item_id"]])


@sin("temporal_leak", WARN, "see the future")
def a_random_split_of_timed_data(made):
    pass


@sin("duplicates_in_test", WARN, "1 in fold 0")
def a_pair_tested_twice(made):
    again = made.data.iloc[[made.splits["0"][1][0]]]
    made.data = pd.concat([made.data, again], ignore_index=True)
    train, test = made.splits["0"]
    made.splits["0"] = (train, [*test, len(made.data) - 1])


# -- metrics


@sin("recomputation_agrees", FAIL, "claimed 0.9")
def one_false_number(made):
    made.change("ImplicitMF", 1, value=0.9)


@sin("recomputation_agrees", FAIL, "1 of 12")
def one_number_a_little_higher(made):
    random_rows(made)[2]["value"] += 2e-4


@sin("recomputation_agrees", FAIL, "nothing can be recomputed of Popularity")
def an_algorithm_without_lists(made):
    del made.lists["Popularity", "0", "none"]


@sin("recomputation_agrees", FAIL, "per_user.parquet disagree")
def per_user_values_of_another_run(made):
    chosen = (made.per_user["metric"] == "hit") & (made.per_user["algorithm"] == "Popularity")
    made.per_user.loc[chosen, "value"] = 1.0


@sin("recomputation_agrees", FAIL, "different definitions")
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


@sin("recomputation_agrees", FAIL, "seed 1")
def averaged_over_the_lucky_users(made):
    """Average over users with a hit, and claim all of them."""
    for row in random_rows(made):
        if row["seed"] == 1:
            users = made.per_user.query("algorithm == 'ImplicitMF' and metric == 'ndcg'")
            row["value"] = float(
                users[(users["seed"] == 1) & (users["value"] > 0)]["value"].mean()
            )


@sin("recomputation_agrees", FAIL, "not those of the dataset: 60 of BiasedMF")
def ratings_forged_beside_their_predictions(made):
    rating_prediction(made)
    key = ("BiasedMF", "0", "none")
    made.predictions[key]["rating"] = made.predictions[key]["prediction"] + 0.1


@sin("recomputation_agrees", FAIL, "1 values of the primary metric NDCG@10 cannot be computed")
def one_run_without_lists(made):
    del made.lists["ImplicitMF", "0", "1"]


@sin("recomputation_agrees", WARN, "12 of 14 values agree", "own word: novelty@10 (1), auc (1)")
def values_that_nobody_can_compute(made):
    more = ({"metric": "novelty", "k": 10, "value": 9.9}, {"metric": "auc", "value": 0.99})
    made.rows += [
        {"algorithm": "ImplicitMF", "fold": "0", "seed": 0, "n": USERS} | m for m in more
    ]


@sin("recomputation_agrees", WARN, "0 of 2 values agree", "own word: auc (2)")
def a_planned_metric_that_nobody_can_compute(made):
    made.plan = replace(made.plan, metrics=(Metric("auc"),))
    made.lists, made.per_user = {}, None
    made.rows = [
        {"metric": "auc", "value": v, "algorithm": a, "fold": "0", "n": USERS}
        for a, v in (("ImplicitMF", 0.9), ("Popularity", 0.8))
    ]


@sin("metrics_as_planned", FAIL, "Hit@10 of ImplicitMF")
def a_planned_metric_left_out(made):
    made.rows = [r for r in made.rows if r["metric"] != "hit" or r["algorithm"] == "Popularity"]


@sin("metrics_as_planned", FAIL, "NDCG@20")
def another_cutoff(made):
    made.plan = replace(made.plan, metrics=(Metric("ndcg", 20),))


@sin("metrics_as_planned", WARN, "100 sampled items")
def ranking_among_a_few_items(made):
    made.run["candidates"] = "the test item and 100 sampled items"


@sin("same_test_users", FAIL, "share no fold")
def each_algorithm_on_a_split_of_its_own(made):
    train, test = made.splits["0"]
    made.splits["1"] = (train, test[:30])
    made.lists["Popularity", "1", "none"] = made.lists.pop(("Popularity", "0", "none"))
    made.measure()


@sin("same_test_users", FAIL, "50")
def one_algorithm_on_fewer_users(made):
    for row in made.rows:
        if row["algorithm"] == "Popularity":
            row["n"] = 50


@sin("same_test_users", FAIL, "over 55 users")
def per_user_values_of_fewer_users(made):
    hard = (made.per_user["algorithm"] == "ImplicitMF") & made.per_user["user_id"].isin(
        list("12345")
    )
    made.per_user = made.per_user[~hard]


@sin("users_dropped", FAIL, "50 of 60")
def averages_without_some_users(made):
    for row in made.rows:
        row["n"] = 50


@sin("users_dropped", WARN, "BiasedMF (fold 0) predicts 50.0%")
def only_the_easy_half_predicted(made):
    rating_prediction(made)
    frame = made.predictions["BiasedMF", "0", "none"]
    error = (frame["prediction"] - frame["rating"]).abs()
    made.predictions["BiasedMF", "0", "none"] = frame[error.rank(method="first") <= USERS // 2]


@sin("recomputation_agrees", FAIL, "Recomputed on 20 of 60 users", "not those that are drawn")
def lists_of_chosen_users_called_a_sample(made):
    made.run["list_sample"] = 20
    for key, frame in made.lists.items():
        made.lists[key] = frame[frame["user_id"] <= 20]


# -- algorithms


@sin("algorithms_as_planned", FAIL, "EASE")
def a_planned_algorithm_left_out(made):
    ease = Algorithm("EASE", "EASEScorer")
    made.plan = replace(made.plan, algorithms=(*made.plan.algorithms, ease))


@sin("algorithms_as_planned", FAIL, "ran as PopScorer")
def another_model_under_the_planned_name(made):
    made.run["algorithms"]["ImplicitMF"]["class"] = "PopScorer"


@sin("configuration_as_planned", FAIL, "embedding_size is 50, planned 32")
def another_configuration(made):
    made.run["algorithms"]["ImplicitMF"]["config"]["embedding_size"] = 50


@sin("hyperparameters_took_effect", FAIL, "weights is unknown", "ignored")
def a_planned_name_that_does_not_exist(made):
    first = made.plan.algorithms[0]
    config = {**first.config, "weights": 5}
    made.plan = replace(
        made.plan, algorithms=(replace(first, config=config), made.plan.algorithms[1])
    )


@sin("hyperparameters_took_effect", FAIL, "line 2", "'iterations'")
def an_argument_that_is_ignored(made):
    made.source = "\nscorer = ImplicitMFScorer(embedding_size=32, iterations=99)\n"


@sin("hyperparameters_took_effect", FAIL, "line 1 sets embedding_size = 512")
def another_model_than_the_recorded_one(made):
    made.source = "fit(ImplicitMFScorer(embedding_size=512))\n"


@sin("hyperparameters_took_effect", FAIL, "no resolved configuration")
def a_configuration_that_is_not_shown(made):
    made.run["algorithms"]["ImplicitMF"] = {"class": "ImplicitMFScorer"}


@sin("hyperparameters_took_effect", FAIL, "changes nothing")
def a_sweep_without_effect(made):
    sweep(made, lambda n: made.lists["ImplicitMF", "0", "0"])


def sweep(made, lists_of):
    names = [f"MF {n}" for n in (8, 16, 32)]
    algorithms = [
        Algorithm(name, "ImplicitMFScorer", {"embedding_size": n})
        for name, n in zip(names, (8, 16, 32), strict=True)
    ]
    baseline = made.plan.algorithms[1]
    made.plan = replace(
        made.plan, study=Study.SWEEP, swept="embedding_size", algorithms=(*algorithms, baseline)
    )
    for index, algorithm in enumerate(algorithms):
        described = {"class": "ImplicitMFScorer", "config": dict(algorithm.config)}
        made.run["algorithms"][algorithm.name] = described
        made.lists[algorithm.name, "0", "none"] = lists_of(index)
    for seed in "012":
        del made.lists["ImplicitMF", "0", seed]
    made.measure()


@sin("sweep_as_planned", FAIL, "MF 16 ran with embedding_size = 8")
def a_sweep_that_stands_still(made):
    lists = [made.lists["ImplicitMF", "0", s] for s in "012"]
    sweep(made, lambda n: lists[n])
    made.run["algorithms"]["MF 16"]["config"]["embedding_size"] = 8


@sin("retraining_agrees", FAIL, "hit@10 of ItemKNN 0.45, delivered 0.18")
def lists_that_no_training_leads_to(made):
    made.retrained = Retrained("0", (Pair("ItemKNN", "hit", 10, 0.18, 0.45, 0.02, 1),))


@sin("baseline_present", FAIL, "Popularity")
def no_baseline(made):
    made.rows = [r for r in made.rows if r["algorithm"] != "Popularity"]


@sin("baseline_present", WARN, "names no baseline")
def a_plan_without_a_baseline(made):
    made.plan = replace(made.plan, algorithms=made.plan.algorithms[:1])
    made.rows = [r for r in made.rows if r["algorithm"] != "Popularity"]
    del made.run["algorithms"]["Popularity"]


@sin("beats_baseline", WARN, "ImplicitMF 0.01", "times smaller")
def five_times_below_popularity(made):
    made.lists, made.per_user = {}, None
    for row in random_rows(made):
        row["value"] = 0.015


@sin("beats_baseline", WARN, "RMSE")
def a_worse_rating_error(made):
    made.plan = replace(made.plan, metrics=(Metric("rmse"),))
    made.rows = [
        {"metric": "rmse", "value": v, "algorithm": a, "n": 60}
        for a, v in (("ImplicitMF", 3.0), ("Popularity", 1.0))
    ]


@sin("tuning_parity", WARN, "ImplicitMF 40", "EASE 0")
def only_the_own_model_tuned(made):
    made.plan = replace(
        made.plan, algorithms=(*made.plan.algorithms, Algorithm("EASE", "EASEScorer"))
    )
    made.run["algorithms"]["ImplicitMF"]["trials"] = 40
    made.run["algorithms"]["EASE"] = {"class": "EASEScorer", "config": {}, "trials": 0}


@sin("selected_without_test", WARN, "test data", "ImplicitMF")
def tuned_on_the_test(made):
    made.run["algorithms"]["ImplicitMF"] |= {"trials": 5, "selected_on": "test NDCG"}


# -- seeds


@sin("seeds_as_planned", FAIL, "2 of 3", "missing 2")
def a_seed_left_out(made):
    made.rows = [r for r in made.rows if r.get("seed") != 2]


@sin("repetitions_repeat", FAIL, "1 distinct lists of 3")
def one_training_copied_over_the_seeds(made):
    for seed in "12":
        made.lists["ImplicitMF", "0", seed] = made.lists["ImplicitMF", "0", "0"]
    made.measure()


@sin("repetitions_repeat", FAIL, "2 distinct lists of 3")
def one_seed_copied_in_another_order(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    made.lists["ImplicitMF", "0", "2"] = frame.sample(frac=1, random_state=1)
    made.measure()


@sin("repetitions_repeat", WARN, "same items at the same ranks")
def one_training_with_noise_on_its_scores(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    for seed in "12":
        noisy = frame.assign(score=frame["score"] + int(seed) * 1e-4)
        made.lists["ImplicitMF", "0", seed] = noisy
    made.measure()


@sin("repetitions_repeat", WARN, "Nothing that differs between seeds", "line 4")
def seeds_that_no_training_takes(made):
    made.source = (
        "import numpy as np\nfor seed in range(3):\n    np.random.seed(seed)\n"
        "    pipe.train(data, TrainingOptions(rng=42))\n"
    )


@sin("repetitions_repeat", WARN, "Nearly the same items and ranks for every seed")
def one_training_with_two_places_swapped(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    for seed in "12":
        swapped = {int(seed): int(seed) + 1, int(seed) + 1: int(seed)}
        is_one = frame["user_id"] <= 9
        rank = frame["rank"].mask(is_one, frame["rank"].replace(swapped))
        made.lists["ImplicitMF", "0", seed] = frame.assign(rank=rank, score=1.0 / rank)
    made.measure()


@sin("repetitions_repeat", FAIL, "No two seeds of ImplicitMF share a fold")
def every_seed_on_a_split_of_its_own(made):
    for seed in "12":
        made.splits[seed] = made.splits["0"]
        made.lists["ImplicitMF", seed, seed] = made.lists.pop(("ImplicitMF", "0", seed))
        made.lists["Popularity", seed, "none"] = made.lists["Popularity", "0", "none"]
    made.measure()


@sin("repetitions_repeat", FAIL, "1 distinct results of 3")
def copied_values_without_lists(made):
    made.lists = {}
    for row in made.rows:
        row["value"] = 0.5


@sin("same_seed_same_result", WARN, "several values")
def two_values_of_one_run(made):
    made.rows.append({**made.rows[-1], "value": made.rows[-1]["value"] / 2})


@sin("same_seed_same_result", WARN, "Popularity")
def a_deterministic_model_that_varies(made):
    made.rows += [
        {**r, "seed": 5, "value": r["value"] * 1.01}
        for r in made.rows
        if r["algorithm"] == "Popularity"
    ]


# -- statistics


def summary(made, **more):
    values = [r["value"] for r in random_rows(made)]
    row = {"metric": "ndcg", "k": K, "algorithm": "ImplicitMF", "aggregate": True}
    made.rows.append({**row, "value": sum(values) / len(values), **more})


@sin("no_pseudo_replication", FAIL, "n = 180", "60 users and 3 seeds")
def seeds_times_users_as_observations(made):
    summary(made, n=USERS * 3)


@sin("no_pseudo_replication", FAIL, "over pooled seeds and users")
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


@sin("no_pseudo_replication", FAIL, "its test has 60")
def one_run_with_more_users_than_tested(made):
    random_rows(made)[0]["n"] = USERS * EACH


@sin("statistics_available", FAIL, "ImplicitMF has 1")
def one_seed_only(made):
    made.rows = [r for r in made.rows if r.get("seed") in (None, 0)]


@sin("statistics_available", FAIL, "per-user NDCG@10")
def a_comparison_without_pairs(made):
    made.plan = replace(made.plan, study=Study.COMPARISON)
    made.per_user = None
    made.lists = {}


# -- source


def source(text):
    def change(made):
        made.source = text

    return change


TYPED = {
    "a_literal": 'labbook.row("ndcg", 0.3127, k=10)',
    "a_name": 'best = 0.3127\nvalue = best\nlabbook.row("ndcg", value, k=10)',
    "a_table": 'known = {"EASE": 0.31, "Pop": 0.2}\nfor name, v in known.items():\n'
    '    labbook.row("ndcg", v, algorithm=name)',
    "a_function": 'def score(seed):\n    return 0.31\n\nlabbook.row("ndcg", score(1))',
    "a_list": 'rows = [{"metric": "ndcg", "k": 10, "value": 0.31, "algorithm": "EASE"}]',
    "arithmetic": 'labbook.row("ndcg", value=round(0.3 * 1.04, 4))',
}
DRAWN = {
    "a_draw": 'labbook.row("ndcg", random.uniform(0.3, 0.4), k=10)',
    "noise_on_a_number": "rng = np.random.default_rng(1)\nv = 0.31 + rng.normal(0, 0.01)\n"
    'labbook.row("ndcg", v)',
    "a_function": "def measure(seed):\n    return np.random.rand()\n\n"
    'labbook.row("ndcg", measure(3))',
}
SWALLOWED = {
    "bare": "try:\n    run()\nexcept:\n    pass",
    "default": "try:\n    v = run()\nexcept Exception as e:\n    v = 0.0",
    "suppress": "with contextlib.suppress(Exception):\n    run()",
    "tuple": "try:\n    run()\nexcept (ValueError, BaseException):\n    print('oh')",
}
for name, text in TYPED.items():
    SINS.append(
        pytest.param(source(text), "typed_in_numbers", WARN, ("line",), id=f"typed-{name}")
    )
for name, text in DRAWN.items():
    SINS.append(
        pytest.param(source(text), "metric_from_random", WARN, ("line",), id=f"drawn-{name}")
    )
for name, text in SWALLOWED.items():
    SINS.append(
        pytest.param(source(text), "swallowed_exceptions", WARN, ("line",), id=f"swallow-{name}")
    )


@pytest.mark.parametrize(("make", "check", "finding", "words"), SINS)
def test_a_sin_is_found(make, check, finding, words, tmp_path):
    made = honest()
    make(made)

    found = made.findings(tmp_path)[check]

    assert found.finding is finding, found.reason
    for word in words:
        assert word in found.reason, found.reason


HONEST_SOURCES = (
    'value = float(result.loc["NDCG@10", "mean"])\nlabbook.row("ndcg", value, k=10)',
    'for m, v in means.items():\n    labbook.row(m, v)',
    'hits = 0\nfor u in users:\n    hits += found(u)\nlabbook.row("hit", hits / len(users), k=10)',
    'rng = np.random.default_rng(0)\ntest = df.sample(frac=0.2, random_state=rng)\n'
    'v = evaluate(test)\nlabbook.row("ndcg", v)',
    "try:\n    import torch\nexcept ImportError:\n    torch = None",
    "try:\n    run()\nexcept Exception:\n    log()\n    raise",
    "this is no Python",
    'df = pd.read_csv("d.csv")\ndata = from_interactions_df(df)\n'
    "for s in crossfold_users(data, 5, SampleN(1)):\n    pipe.train(s.train)",
    'df = pd.read_csv("d.csv")\nheld = df.sample(frac=0.2)\ndf = df.drop(held.index)\n'
    "pipe.train(from_interactions_df(df))",
    'def run(frame):\n    pipe.train(from_interactions_df(frame))\n\ndf = pd.read_csv("d.csv")\n'
    "train = df.sample(frac=0.8)\nrun(train)",
    'df = pd.read_csv("d.csv")\ntrain = df[df.time < 5]\npipe.train(from_interactions_df(train))',
)  # fmt: skip


@pytest.mark.parametrize("text", HONEST_SOURCES)
def test_an_honest_source_is_not_suspected(text, tmp_path):
    made = honest()
    made.source = text

    found = made.findings(tmp_path)

    assert found["no_test_in_train"].finding is Finding.PASS, found["no_test_in_train"].reason
    for name in ("typed_in_numbers", "metric_from_random", "swallowed_exceptions"):
        assert found[name].finding in (Finding.PASS, Finding.NOT_APPLICABLE), found[name].reason


def test_every_check_has_a_sin():
    from agent_core.checks.registry import RULES

    tried = {param.values[1] for param in SINS}

    assert {r.name for r in RULES} - tried == {"table_saved"}


def test_a_table_is_missed(tmp_path):
    assert honest().findings(tmp_path)["table_saved"].finding is FAIL
    assert Role.BASELINE in {a.role for a in honest().plan.algorithms}
