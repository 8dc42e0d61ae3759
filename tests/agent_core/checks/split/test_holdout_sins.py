"""Studies that sin in what is held out; and the check that finds it."""

from dataclasses import replace

import pandas as pd
import pytest
from designed import designed, liked_training
from sins import FAIL, WARN, Sins, newest, other_study, renamed, save_pairs, timed_split

from agent_core.checks.split.holdout import lists_exclude_train
from agent_core.domain import Candidates, Finding, Masked, SplitKind, Study

sin = Sins()


@sin("no_test_in_train", FAIL, pairs=60, of=60, fold="0")
def training_on_everything(made):
    train, test = made.splits["0"]
    made.splits["0"] = (sorted(train + test), test)


@sin("no_test_in_train", FAIL, pairs=1, of=60)
def one_tested_pair_in_training(made):
    train, test = made.splits["0"]
    made.splits["0"] = ([*train, test[7]], test)


@sin("no_test_in_train", FAIL, pairs=1, of=60)
def the_same_pair_rated_again_in_training(made):
    again = made.data.iloc[[made.splits["0"][1][3]]].assign(rating=1.0, timestamp=5)
    made.data = pd.concat([made.data, again], ignore_index=True)
    train, test = made.splits["0"]
    made.splits["0"] = ([*train, len(made.data) - 1], test)


@sin("no_test_in_train", FAIL, line=6, data="data", split_line=3)
def a_saved_split_that_is_not_the_one_trained_on(made):
    made.source = """
data = from_interactions_df(df)
split = next(crossfold_users(data, 1, SampleN(1, rng=42), rng=42))
labbook.split(0, split.train, split.test)
pipe = topn_pipeline(scorer, n=10)
pipe.train(data, TrainingOptions(rng=1))
"""


@sin("no_test_in_train", FAIL, line=5, data="data")
def the_whole_file_trained_on(made):
    made.source = """df = pd.read_csv("data.csv").rename(columns={"user": "user_id"})
held = df.groupby("user_id").sample(n=1, random_state=1)
labbook.split(0, df.drop(held.index), held)
data = from_interactions_df(df)
pipe.train(data, TrainingOptions(rng=1))
"""


@sin("no_test_in_train", FAIL, line=2, data="from_interactions_df(frame)")
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


@sin("split_as_planned", FAIL, kind="leave last", fold="0")
def renamed_pairs_of_a_temporal_split_without_times(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    save_pairs(made, lambda f: renamed(f)[["user_id", "item_id"]])


@sin("split_as_planned", FAIL, kind="leave last", fold="0")
def renamed_pairs_with_times_of_their_own(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)
    later = {"train": 0, "test": 10**6}
    save_pairs(made, lambda f: renamed(f).assign(timestamp=f["timestamp"] + f["part"].map(later)))


@sin("split_as_planned", FAIL, kind="leave last", users=57)
def prefixed_users_with_times_of_their_own(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)
    later = {"train": 0, "test": 10**6}
    save_pairs(
        made,
        lambda f: f.assign(
            user_id="u" + f["user_id"].astype(str), timestamp=f["timestamp"] + f["part"].map(later)
        ),
    )


@sin("split_as_planned", FAIL, users=1, most=2)
def two_tested_items_of_some_users(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[1:], sorted([*test, train[0]]))


@sin("split_as_planned", FAIL, users=30, of=60)
def only_half_of_the_users_tested(made):
    test = made.splits["0"][1][:30]
    made.splits["0"] = (made.data.index.difference(test).tolist(), test)


@sin("split_as_planned", FAIL, kind="leave last", users=57)
def a_random_split_called_temporal(made):
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_LAST)


@sin("split_as_planned", FAIL, kind="global time", late=631)
def time_travel(made):
    made.plan = made.plan.with_split(kind=SplitKind.GLOBAL_TIME)


@sin("split_as_planned", FAIL, planned=0.2)
def less_held_out_than_planned(made):
    kind = SplitKind.USER_FRACTION
    made.plan = made.plan.with_split(kind=kind, holdout=0.2)


@sin("split_as_planned", FAIL, users=30, of=60, users_2=28, fold_2="last")
def a_variant_that_is_not_split_as_it_says(made):
    other_study(made)
    made.splits["last"] = made.splits["0"]
    made.plan = made.plan.with_split(folds=1)
    test = made.splits["0"][1][:30]
    made.splits["last"] = (made.data.index.difference(test).tolist(), test)
    made.run["split"]["parts"] = {"last": {"kind": "leave_last"}}


@sin("split_as_planned", FAIL, users=30, of=60)
def one_numbered_fold_of_a_free_study_on_half_of_the_users(made):
    other_study(made)
    test = made.splits["0"][1][:30]
    made.splits["1"] = (made.data.index.difference(test).tolist(), test)


@sin("split_as_planned", WARN, kind="leave one out", folds="easy")
def a_variant_of_no_kind(made):
    other_study(made)
    test = made.splits["0"][1][:30]
    made.splits["easy"] = (made.data.index.difference(test).tolist(), test)


@sin("no_test_in_train", FAIL, fold="0", pairs=1)
def a_leak_in_a_study_that_promises_none(made):
    other_study(made, "How do ALS and popularity compare without data leakage?")
    train, test = made.splits["0"]
    made.splits["0"] = (sorted([*train, test[4]]), test)


@sin("no_test_in_train", FAIL, fold="clean", pairs=1)
def a_leak_in_the_clean_fold_of_a_study_of_leaks(made):
    other_study(made, "How much does a leak inflate NDCG?")
    train, test = made.splits["0"]
    made.splits = {"leaky": (sorted(train + test), test)}
    made.splits["clean"] = (sorted([*train, test[4]]), test)


@sin("folds_as_planned", FAIL, planned=5, folds=1)
def one_fold_of_five(made):
    made.plan = made.plan.with_split(folds=5)


@sin(
    "folds_as_planned",
    WARN,
    planned=1,
    algorithm="ImplicitMF",
    folds=2,
    algorithm_2="Popularity",
    folds_2=2,
)
def more_folds_than_planned(made):
    made.splits["1"] = made.splits["0"]
    for (name, _, seed), frame in list(made.lists.items()):
        made.lists[name, "1", seed] = frame
    made.measure()


@sin("lists_exclude_train", FAIL, pairs=1)
def recommending_what_is_known(made):
    frame = made.lists["ImplicitMF", "0", "0"]
    known = made.data.iloc[made.splits["0"][0]]
    first = known[known["user_id"] == 1]["item_id"].iloc[0]
    frame.loc[(frame["user_id"] == 1) & (frame["rank"] == 10), "item_id"] = first


@pytest.mark.parametrize("levels", [("all", "liked"), ("known", "liked")])
def test_what_the_full_training_masks_is_sought_in_lists(levels, tmp_path):
    full = liked_training(Candidates.FULL_TRAINING, Masked.FULL_TRAINING, levels)
    honest = designed(full)
    sinful = designed(liked_training(Candidates.FULL_TRAINING, Masked.TRAINING, levels))
    sinful.plan = full

    passed = lists_exclude_train(honest.evidence(tmp_path / "honest", 2))
    found = lists_exclude_train(sinful.evidence(tmp_path / "sinful", 2))

    assert (passed.finding, found.finding) == (Finding.PASS, FAIL)
    assert found.values["pairs"] > 0


def test_what_the_plan_does_not_mask_may_be_recommended(tmp_path):
    made = designed(liked_training(Candidates.FULL_TRAINING, Masked.TRAINING))

    assert lists_exclude_train(made.evidence(tmp_path, 2)).finding is Finding.PASS


@sin("temporal_leak", FAIL, fold="0", users=1, of=60)
def one_user_with_a_later_interaction_in_training(made):
    test = newest(made)
    own = made.data[made.data["user_id"] == 7].sort_values("timestamp").index
    timed_split(made, SplitKind.LEAVE_LAST, [*test.difference(own), own[-2]])


@sin("temporal_leak", FAIL, fold="1", users=60, of=60)
def time_travel_in_the_second_fold_only(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    oldest = made.data.sort_values("timestamp").groupby("user_id").head(1).index
    made.splits["1"] = (made.data.index.difference(oldest).tolist(), sorted(oldest))


@sin("temporal_leak", FAIL, late=1, of=576)
def one_later_interaction_in_training(made):
    order = made.data.sort_values("timestamp").index
    timed_split(made, SplitKind.GLOBAL_TIME, [*order[575:-1]])


@sin("temporal_leak", FAIL, fold="last")
def a_variant_that_is_not_as_old_as_it_says(made):
    made.plan = replace(made.plan, study=Study.OTHER)
    made.splits["last"] = made.splits["0"]
    made.run["split"]["parts"] = {"last": {"kind": "leave_last"}}


@sin("temporal_leak", WARN, folds="0")
def a_temporal_split_without_times(made):
    timed_split(made, SplitKind.GLOBAL_TIME, newest(made))
    save_pairs(made, lambda frame: renamed(frame)[["user_id", "item_id"]])


@sin("temporal_leak", WARN, share=pytest.approx(0.453, abs=0.001))
def a_random_split_of_timed_data(made):
    pass


@sin("duplicates_in_test", WARN, pairs=1, fold="0")
def a_pair_tested_twice(made):
    again = made.data.iloc[[made.splits["0"][1][0]]]
    made.data = pd.concat([made.data, again], ignore_index=True)
    train, test = made.splits["0"]
    made.splits["0"] = (train, [*test, len(made.data) - 1])


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
