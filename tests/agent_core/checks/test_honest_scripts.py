"""Honest studies, legitimate oddities among them, that no binding check may stop."""

from dataclasses import replace

import numpy as np
import pytest
from builders import rated
from studies import EACH, ITEMS, USERS, K, honest, rating_prediction, top_lists
from tiers import each_of

from agent_core.checks.registry import RULES, run_checks
from agent_core.domain import Algorithm, Finding, SplitKind, Study, Waiver
from agent_core.rules.split_words import asks_about_leaks


def stopping(findings):
    return {n: c.reason for n, c in findings.items() if c.finding is Finding.FAIL and c.is_binding}


def with_split(made, kind, folds, parts, **more):
    """Replace the split and make honest lists for it."""
    made.plan = made.plan.with_split(kind=kind, folds=folds, **more)
    made.splits, made.lists = parts, {}
    rng = np.random.default_rng(3)
    for fold, (train, _) in parts.items():
        data = made.data.iloc[train]
        counts = data["item_id"].value_counts()
        popular = np.array([[counts.get(i + 100, 0) + i / 1e3 for i in range(ITEMS)]] * USERS)
        made.lists["Popularity", fold, "none"] = top_lists(data, popular)
        for seed in "012":
            scores = rng.random((USERS, ITEMS))
            made.lists["ImplicitMF", fold, seed] = top_lists(data, scores)
    made.measure()
    return made


def plain(made):
    return made


def model_below_the_baseline(made):
    rng = np.random.default_rng(1)
    train = made.data.iloc[made.splits["0"][0]]
    for seed in "012":
        made.lists["ImplicitMF", "0", seed] = top_lists(train, rng.random((USERS, ITEMS)))
    made.measure()
    return made


def another_variant_of_the_data_in_a_fold_of_its_own(made):
    made.splits["5-core"] = made.splits["0"]
    configured = made.run["algorithms"]
    for (name, _, seed), frame in list(made.lists.items()):
        made.lists[f"{name} 5-core", "5-core", seed] = frame
        configured[f"{name} 5-core"] = configured[name]
    made.measure()
    return made


def planned_variants_of_the_data(made):
    made = another_variant_of_the_data_in_a_fold_of_its_own(made)
    more = tuple(replace(a, name=f"{a.name} 5-core") for a in made.plan.algorithms)
    plan = replace(made.plan, study=Study.OTHER, algorithms=(*made.plan.algorithms, *more))
    made.plan = plan
    return made


def deterministic_models(made):
    plan = made.plan
    made.plan = replace(
        plan,
        study=Study.COMPARISON,
        algorithms=(Algorithm("EASE", "EASEScorer"), plan.algorithms[1]),
    )
    lists = {("EASE", "0", "none"): made.lists["ImplicitMF", "0", "0"]}
    made.lists = lists | {k: v for k, v in made.lists.items() if k[0] == "Popularity"}
    made.run["algorithms"]["EASE"] = {"class": "EASEScorer", "config": {"regularization": 1.0}}
    made.measure()
    return made


def deterministic_model_repeated_over_seeds(made):
    made = deterministic_models(made)
    ease = replace(made.plan.algorithms[0], is_random=True)
    made.plan = replace(made.plan, algorithms=(ease, made.plan.algorithms[1]))
    for seed in "012":
        made.lists["EASE", "0", seed] = made.lists["EASE", "0", "none"]
    del made.lists["EASE", "0", "none"]
    made.measure()
    return made


def stopped_at_the_second_seed(made):
    del made.lists["ImplicitMF", "0", "2"]
    made.measure()
    made.exit_code = 1
    return made


def aggregates_over_seeds(made):
    values = [r["value"] for r in made.rows if r["metric"] == "ndcg" and "seed" in r]
    mean = sum(values) / 3
    row = {"metric": "ndcg", "k": K, "algorithm": "ImplicitMF", "value": mean, "n": 3}
    made.rows.append(
        row | {"aggregate": True, "ci_low": mean - 0.1, "ci_high": mean + 0.1, "ci_over": "seeds"}
    )
    return made


def aggregates_over_users(made):
    row = {"metric": "hit", "k": K, "algorithm": "ImplicitMF", "value": 0.5, "n": USERS}
    ends = {"ci_low": 0.4, "ci_high": 0.6, "ci_over": "users"}
    made.rows.append(row | ends | {"aggregate": True})
    return made


def values_rounded_to_five_digits(made):
    for row in made.rows:
        row["value"] = round(row["value"], 5)
    return made


def rows_without_fold_and_labels_with_cutoff(made):
    for row in made.rows:
        row["metric"] = f"{row['metric'].upper()}@{row.pop('k')}"
        row.pop("fold")
    return made


def users_with_empty_lists(made):
    key = ("ImplicitMF", "0", "1")
    made.lists[key] = made.lists[key].query("user_id > 3")
    made.measure()
    return made


def leave_last(made):
    order = made.data.sort_values("timestamp")
    test = sorted(order.groupby("user_id").tail(1).index)
    train = made.data.index.difference(test).tolist()
    return with_split(made, SplitKind.LEAVE_LAST, 1, {"0": (train, test)})


def share_of_each_user(made):
    test = sorted(made.data.groupby("user_id").sample(frac=0.25, random_state=3).index)
    train = made.data.index.difference(test).tolist()
    return with_split(made, SplitKind.USER_FRACTION, 1, {"0": (train, test)}, holdout=0.25)


def users_in_three_folds(made):
    parts = {}
    for fold in range(3):
        mine = made.data[made.data["user_id"] % 3 == fold]
        test = sorted(mine.groupby("user_id").sample(n=EACH // 4, random_state=3).index)
        parts[str(fold)] = (made.data.index.difference(test).tolist(), test)
    made = with_split(made, SplitKind.CROSSFOLD_USERS, 3, parts, holdout=0.25)
    for (name, fold, seed), frame in made.lists.items():
        tested = set(made.data.iloc[parts[fold][1]]["user_id"])
        made.lists[name, fold, seed] = frame[frame["user_id"].isin(tested)]
    made.measure()
    return made


def a_study_of_a_leak(made):
    plan = replace(made.plan, study=Study.OTHER, question="How much does a leak help?")
    train, test = made.splits["0"]
    made.plan, made.splits = plan, {"0": (sorted(train + test[:5]), test)}
    return made


def a_study_with_and_without_a_leak(made):
    plan = replace(made.plan, study=Study.OTHER, title="ALS with and without a leak")
    train, test = made.splits["0"]
    made.plan = plan
    made.splits = {"clean": (train, test), "leaky": (sorted(train + test[:5]), test)}
    for (name, _, seed), frame in list(made.lists.items()):
        made.lists[name, "clean", seed] = made.lists[name, "leaky", seed] = frame
        del made.lists[name, "0", seed]
    made.measure()
    return made


def two_splits_compared(made):
    made.plan = replace(made.plan, study=Study.OTHER, question="Does the split matter?")
    last = sorted(made.data.sort_values("timestamp").groupby("user_id").tail(1).index)
    random = made.splits["0"]
    parts = {"0": random, "1": (made.data.index.difference(last).tolist(), last)}
    made.run["split"]["parts"] = {"0": {"kind": "leave_one_out"}, "1": {"kind": "Leave-Last"}}
    return with_split(made, SplitKind.LEAVE_ONE_OUT, 1, parts)


def sizes_of_the_data_compared(made):
    made.plan = replace(made.plan, study=Study.OTHER, question="How much data is enough?")
    rng = np.random.default_rng(2)
    train, test = made.splits["0"]
    parts = {f"part{n}": (sorted(rng.choice(train, len(train) * n // 100, False)), test)
             for n in (50, 75)}  # fmt: skip
    made.run["split"]["parts"] = {f"part{n}": {"kind": "leave_one_out"} for n in (50, 75)}
    return with_split(made, SplitKind.LEAVE_ONE_OUT, 1, {"whole": (train, test), **parts})


def a_cut_in_time(made):
    order = made.data.sort_values("timestamp").index
    parts = {"0": (sorted(order[:576]), sorted(order[576:]))}
    return with_split(made, SplitKind.GLOBAL_TIME, 1, parts)


def a_few_left_out_after_a_named_filter(made):
    made.run["dataset"]["filters"] = [{"name": "core2", "before": 725, "after": 720}]
    train, test = made.splits["0"]
    return with_split(made, SplitKind.LEAVE_ONE_OUT, 1, {"0": (train[3:], test)})


def users_who_come_after_the_cut_left_out(made):
    made.data.loc[made.data["user_id"] == 1, "timestamp"] += 10**6
    order = made.data.sort_values("timestamp").index
    known = set(made.data.loc[order[:576], "user_id"])
    later = [row for row in order[576:] if made.data.loc[row, "user_id"] in known]
    return with_split(made, SplitKind.GLOBAL_TIME, 1, {"0": (sorted(order[:576]), sorted(later))})


def no_baseline_in_the_plan(made):
    made.plan = replace(made.plan, algorithms=made.plan.algorithms[:1])
    made.lists = {k: v for k, v in made.lists.items() if k[0] != "Popularity"}
    made.measure()
    return made


def high_ratings_only(made):
    made.plan = rated(made.plan, 4.0)
    high = made.data.index[made.data["rating"] >= 4]
    held = made.data.loc[high].groupby("user_id").sample(n=1, random_state=1).index
    parts = {"0": (high.difference(held).tolist(), sorted(held))}
    kept = [{"name": "min_rating=4", "before": len(made.data), "after": len(high)}]
    made.run["dataset"]["filters"] = kept
    return with_split(made, SplitKind.LEAVE_ONE_OUT, 1, parts)


HONEST = (
    plain,
    model_below_the_baseline,
    another_variant_of_the_data_in_a_fold_of_its_own,
    planned_variants_of_the_data,
    deterministic_models,
    deterministic_model_repeated_over_seeds,
    stopped_at_the_second_seed,
    aggregates_over_seeds,
    aggregates_over_users,
    values_rounded_to_five_digits,
    rows_without_fold_and_labels_with_cutoff,
    users_with_empty_lists,
    leave_last,
    share_of_each_user,
    users_in_three_folds,
    a_study_of_a_leak,
    a_study_with_and_without_a_leak,
    two_splits_compared,
    sizes_of_the_data_compared,
    a_cut_in_time,
    users_who_come_after_the_cut_left_out,
    a_few_left_out_after_a_named_filter,
    no_baseline_in_the_plan,
    high_ratings_only,
    rating_prediction,
)


@pytest.mark.parametrize("make", each_of(HONEST, 2), ids=lambda f: f.__name__)
def test_no_honest_study_is_stopped(make, tmp_path):
    made = make(honest())

    found = made.findings(tmp_path)

    assert stopping(found) == {}
    assert found["split_as_planned"].finding is not Finding.FAIL, found["split_as_planned"].reason
    assert found["filters_as_planned"].finding is not Finding.FAIL


def test_all_checks_of_an_honest_study_pass_or_say_why(tmp_path):
    made = honest()
    made.files = {"table.csv": b"a,b\n1,2\n", "plot.png": b"\x89PNG\r\n\x1a\n"}

    found = made.findings(tmp_path)

    assert [c for c in found.values() if c.finding is Finding.FAIL] == []
    warned = {n for n, c in found.items() if c.finding is Finding.WARN}
    assert warned == {"temporal_leak"}
    assert all(c.reason.endswith(".") and c.subject for c in found.values())


def test_a_subject_is_compared_with_the_baseline_of_its_own_variant(tmp_path):
    made = planned_variants_of_the_data(honest())
    easier = {
        "ImplicitMF": 0.3,
        "Popularity": 0.2,
        "ImplicitMF 5-core": 0.6,
        "Popularity 5-core": 0.5,
    }
    made.lists, made.per_user = {}, None
    for row in made.rows:
        row["value"] = easier[row["algorithm"]]

    found = made.findings(tmp_path)["beats_baseline"]

    assert found.finding is Finding.PASS
    told = {"algorithm": "ImplicitMF 5-core", "baseline": "Popularity 5-core", "base": 0.5}
    assert found.values.items() >= told.items()


def test_figures_that_nobody_asked_for_are_not_missed(tmp_path):
    made = honest()
    made.plan = replace(made.plan, reported=())

    assert made.findings(tmp_path)["figures_saved"].finding is Finding.NOT_APPLICABLE


def test_figures_that_were_asked_for_are_missed(tmp_path):
    made = honest()
    asked = replace(made.plan.requirements[0], check="figures_saved")
    made.plan = replace(made.plan, reported=(), requirements=(asked,))

    assert made.findings(tmp_path)["figures_saved"].finding is Finding.FAIL


def test_names_of_checks_are_unique():
    names = [r.name for r in RULES]

    assert len(names) == len(set(names)) == len(RULES)


def test_a_waived_failure_becomes_a_warning_with_the_reason(tmp_path):
    made = honest()
    made.change("ImplicitMF", 1, value=0.9)
    waivers = [Waiver("recomputation_agrees", "known rounding", "U1"), Waiver("x", "y", "U1")]

    found = {c.name: c for c in run_checks(made.evidence(tmp_path), waivers)}

    check = found["recomputation_agrees"]
    assert check.finding is Finding.WARN
    told = {"waived_by": "U1", "waiver": "known rounding", "claimed": 0.9}
    assert check.values.items() >= told.items()


ABOUT_LEAKS = (
    "How much does leakage inflate NDCG?",
    "How much does a leak help?",
    "Effect of data leakage on rankings",
    "The impact of test-set leakage",
    "Does temporal leakage change the ranking of algorithms?",
    "Compare ALS with and without leakage",
    "Does training on leaked interactions help?",
    "A study of leaks in offline evaluation",
)
NOT_ABOUT_LEAKS = (
    "Compare ALS and EASE without data leakage",
    "How much better is EASE than kNN without leakage?",
    "Which model is best when no test data leak into training?",
    "Compare X and Y, avoiding leakage",
    "A leak-free comparison of ALS and EASE",
    "How strong is ALS? Make sure that nothing leaks",
    "Effect of the number of factors, preventing any leakage of the test",
    "Compare X and Y; there must not be any leak",
    "How much do seeds matter? Guard against leakage.",
    "How do ALS and EASE compare under a protocol free of leaks?",
    "Does leakage prevention matter less than seeds?",
    "How much does EASE gain over ALS? Check for leakage.",
)


@pytest.mark.parametrize("text", ABOUT_LEAKS)
def test_a_study_of_leaks_is_known(text):
    assert asks_about_leaks(text)


@pytest.mark.parametrize("text", NOT_ABOUT_LEAKS)
def test_a_promise_of_no_leaks_is_no_study_of_them(text):
    assert not asks_about_leaks(text)
