"""Plans of many phrasings: study, algorithms, metrics, split, repetitions, what is left out."""

from dataclasses import replace

import pytest
from designs import GENRES

from agent_core.domain import (
    Column,
    Dataset,
    FactorKind,
    Order,
    Packages,
    Priority,
    RunId,
    SplitKind,
    Study,
)
from agent_core.errors import OutsideGrammar
from agent_core.offline.plan_reading import reading_of
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest

COLUMNS = tuple(Column(n, "int", 9) for n in ("user_id", "item_id", "rating", "timestamp"))
MOVIES = Dataset(
    "u.data", "0" * 64, 1, "\t", False, COLUMNS, *(c.name for c in COLUMNS),
    rows=100_000, users=943, items=1682, rating_values=(1.0, 2.0, 3.0, 4.0, 5.0),
    min_user_interactions=20,
)  # fmt: skip
CLICKS = Dataset(
    "clicks.csv", "1" * 64, 1, ",", True, COLUMNS[:2], "user_id", "item_id", None, None,
    rows=5_000, users=100, items=80, min_user_interactions=1,
)  # fmt: skip
SEED_TASK = """I'd like to run an experiment to quantify how much random seeds affect recommender
system results. Please use a simple ImplicitMF algorithm from LensKit, perform a train/test split
on the MovieLens100K 'u.data', train it multiple times with identical settings but different
random seeds, and analyze how metrics like NDCG or Recall vary across runs to find out if reporting
seeds is important. I placed the 'u.data' file of MovieLens100K in your current working directory.
You can load it from there!"""


async def plan_of(task, dataset=MOVIES, folds=1):
    context = Context(RunId("r"), task, (dataset,), Packages("3.11", {}), folds=folds)
    return await OfflineResearcher().plan(PlanRequest(context))


def named(plan):
    return [a.name for a in plan.algorithms]


def keys(plan):
    return [m.key for m in plan.metrics]


async def test_the_example_of_version_one_is_planned_as_it_means():
    plan = await plan_of(SEED_TASK)

    assert plan.study is Study.SEED_VARIANCE
    assert named(plan) == ["ImplicitMF", "Popularity"]
    assert keys(plan) == ["ndcg@10", "recall@10"]
    assert plan.split.kind is SplitKind.LEAVE_ONE_OUT
    assert plan.seeds == tuple(range(30))
    assert any("leave-one-out" in a for a in plan.assumptions)
    assert plan.unmapped == ()
    assert 10 <= len(plan.requirements) <= 16


async def test_clauses_are_the_words_of_the_user():
    plan = await plan_of(SEED_TASK)

    clauses = {r.check: r.clause for r in plan.requirements}
    assert clauses["algorithms_as_planned"] == "ImplicitMF"
    assert clauses["metrics_as_planned"] == "NDCG or Recall"
    assert clauses["configuration_as_planned"] == "identical settings"
    assert "random seeds" in clauses["seeds_as_planned"]


async def test_four_models_under_cross_validation():
    plan = await plan_of(
        "Compare popularity, item kNN, implicit MF and EASE with 5-fold cross-validation, NDCG@10"
    )

    assert plan.study is Study.COMPARISON
    assert named(plan) == ["Popularity", "ItemKNN", "ImplicitMF", "EASE"]
    assert (plan.split.kind, plan.split.folds) == (SplitKind.CROSSFOLD_USERS, 5)
    assert len(plan.requirements) <= 16


@pytest.mark.parametrize(
    ("task", "study"),
    [
        ("Evaluate WMF with hit rate at 10, 10 seeds", Study.SEED_VARIANCE),
        ("train ALS 10 times and give me the standard deviation of nDCG@5", Study.SEED_VARIANCE),
        ("does the random initialization matter for BPR?", Study.SEED_VARIANCE),
        ("Compare EASE, SLIM and BPR on NDCG@10 with 5 folds and 3 seeds", Study.COMPARISON),
        ("Which algorithm works best on my data?", Study.COMPARISON),
        ("is EASE significantly better than ItemKNN on recall@20?", Study.COMPARISON),
        ("EASE should beat popularity, show me that", Study.COMPARISON),
        ("How does the number of latent factors affect NDCG@10 of ALS?", Study.SWEEP),
        ("Tune EASE's lambda", Study.SWEEP),
        ("Evaluate FunkSVD with learning rate 0.002 and 30 epochs: RMSE", Study.COMPARISON),
    ],
)
async def test_the_kind_of_study_is_understood(task, study):
    assert (await plan_of(task)).study is study


@pytest.mark.parametrize(
    ("task", "swept", "values"),
    [
        ("ImplicitMF with 8, 16, 32 and 64 factors", "embedding_size", [8, 16, 32, 64]),
        ("factors of ImplicitMF: try 8 to 128", "embedding_size", [8, 16, 32, 64, 128]),
        ("sweep regularization from 1 to 1000 for EASE", "regularization", [1, 10, 100, 1000]),
        ("ItemKNN with k = 10, 20, 50 neighbors by NDCG@10", "max_nbrs", [10, 20, 50]),
        ("does the number of ALS iterations (5/10/20) matter?", "epochs", [5, 10, 20]),
        ("epochs of ALS from 10 to 30 in steps of 10", "epochs", [10, 20, 30]),
        ("is the seed effect larger for 8 factors than for 128 factors?", "embedding_size",
         [8, 128]),
        ("Does a larger neighbourhood help item kNN? 5 to 20 neighbours", "max_nbrs", [5, 10, 20]),
    ],
)  # fmt: skip
async def test_swept_values_are_read(task, swept, values):
    plan = await plan_of(task)

    assert plan.swept == swept
    assert [a.config[swept] for a in plan.algorithms if " " in a.name] == values


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Precision@5, Precision@10 and Recall@20 of EASE",
         ["precision@5", "precision@10", "recall@20"]),
        ("NDCG and Recall at 10 of EASE", ["ndcg@10", "recall@10"]),
        ("recall at 5 and 20 of EASE", ["recall@5", "recall@20"]),
        ("EASE: RMSE and NDCG@10 with BiasedMF", ["rmse", "ndcg@10"]),
        ("top-20 lists of EASE: coverage and MRR", ["coverage@20", "mrr@20"]),
        ("hit rate and MAP of ALS with 50 factors", ["hit@10", "map@10"]),
    ],
)  # fmt: skip
async def test_each_metric_has_its_cutoffs(task, expected):
    assert keys(await plan_of(task)) == expected


async def test_hyperparameters_belong_to_the_algorithm_they_follow():
    plan = await plan_of("Compare ImplicitMF (64 factors) and EASE (regularization 500), NDCG@10")

    config = {a.name: a.config for a in plan.algorithms}
    assert config["ImplicitMF"]["embedding_size"] == 64
    assert config["ImplicitMF"]["regularization"] == 1
    assert config["EASE"]["regularization"] == 500


async def test_the_rating_error_of_a_ranker_is_explained():
    plan = await plan_of("RMSE of ImplicitMF")

    assert named(plan) == ["BiasedMF", "Bias"]
    assert any("ImplicitMF ranks items and predicts no ratings" in a for a in plan.assumptions)


async def test_a_threshold_above_a_rating_is_the_next_rating():
    assert (await plan_of("EASE on ratings above 3")).data.lowest_rating == 4


async def test_a_threshold_that_nobody_reaches_is_said():
    plan = await plan_of("EASE, only ratings of 8 and more count, NDCG@10")

    assert plan.data.lowest_rating is None
    assert any("no rating reaches 8" in a for a in plan.assumptions)


async def test_data_without_ratings_or_times_are_met_with_what_is_possible():
    plan = await plan_of("RMSE and NDCG@5 of EASE, temporal split", CLICKS)

    assert keys(plan) == ["ndcg@5"]
    assert plan.split.kind is SplitKind.USER_FRACTION
    assert any("no ratings" in a for a in plan.assumptions)
    assert any("no timestamps" in a for a in plan.assumptions)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("1000000 seeds of ImplicitMF", "1000000 seeds are more"),
        ("EASE with 5000 folds", "5000 folds are not possible"),
        ("ImplicitMF with 100000 factors", "embedding_size 100000 is out of range"),
    ],
)
async def test_numbers_stay_sane_and_it_is_said(task, said):
    plan = await plan_of(task)

    assert any(said in a.replace("1e+05", "100000") for a in plan.assumptions), plan.assumptions
    assert len(plan.seeds) <= 1000


async def test_wishes_outside_are_nice_at_most_and_listed():
    plan = await plan_of(
        "NDCG@10 and diversity of EASE and SASRec, after a 5-core filter. Also write a poem."
    )

    assert {r.priority for r in plan.requirements if r.check is None} == {Priority.NICE}
    open_clauses = (*plan.unmapped, *(u.clause for u in plan.unanswered))
    for words in ("diversity", "sasrec", "poem"):
        assert any(words in u.lower() for u in open_clauses), open_clauses
    assert plan.data.counts == {5}


async def test_the_newest_share_of_each_user_is_planned_and_split_so():
    task = "Compare EASE and ItemKNN, hold out the newest 30 % of each user"
    plan = await plan_of(task)
    timeless = await plan_of(task, CLICKS)

    assert plan.split.text.startswith("the newest 30% of each user's interactions held out")
    assert (plan.split.holdout, plan.split.order, plan.split.seed) == (0.3, Order.NEWEST, 42)
    assert (timeless.split.kind, timeless.split.order is Order.NEWEST) == (
        SplitKind.USER_FRACTION,
        False,
    )
    assert any("no timestamps" in a for a in timeless.assumptions)
    assert reading_of(plan).is_newest


async def test_parts_of_the_data_are_said_to_be_left_in():
    plan = await plan_of(
        "Compare EASE and ItemKNN on the 500 most active users, remove all items with fewer than "
        "10 ratings"
    )

    assert any("the 500 most active users" in u for u in plan.unmapped), plan.unmapped
    assert (plan.data.fewest_per_user, plan.data.fewest_per_item) == (1, 10)


@pytest.mark.parametrize(
    "task",
    [
        "hello",
        "Write me a poem about cats",
        "Rate these films for me",
        "Please evaluate SVD++ and NeuMF",
        "Evaluate my essay",
    ],
)
async def test_what_no_study_of_mine_answers_is_refused_with_a_way_out(task):
    with pytest.raises(OutsideGrammar, match="OPENAI_API_KEY"):
        await plan_of(task)


@pytest.mark.parametrize(
    ("task", "factor", "levels"),
    [
        ("Does the choice of split matter: leave-one-out, 80/20 or temporal for EASE?",
         FactorKind.SPLIT, 3),
        ("learning curve with 20%, 40%, 60% and 80% of the training data for item kNN",
         FactorKind.TRAIN_SHARE, 4),
        ("NDCG@10 of EASE with no filter, a 5-core and a 10-core", FactorKind.DATA, 3),
    ],
)  # fmt: skip
async def test_what_was_beyond_the_families_is_a_design(task, factor, levels):
    plan = await plan_of(task)

    assert len(plan.factor(factor).levels) == levels
    assert plan.questions
    assert plan.open_main == ()


async def test_a_main_question_that_no_script_carries_out_is_open():
    plan = await plan_of("Compare NMF and BiasedMF by RMSE")

    (main,) = plan.open_main
    assert "NMF is not among the algorithms" in main.reason


async def test_a_refusal_says_what_was_understood():
    with pytest.raises(OutsideGrammar, match=r"size of the data.*ItemKNN; NDCG"):
        await plan_of("Does the amount of training data matter for NDCG@10 of item kNN?")


async def test_preferred_folds_are_taken_where_they_fit():
    assert (await plan_of("Compare EASE and SLIM", folds=5)).split.folds == 5
    assert (await plan_of("Compare EASE and SLIM, leave-one-out", folds=5)).split.folds == 1


@pytest.mark.parametrize(
    ("task", "margin"),
    [
        ("Are EASE and ItemKNN equivalent within 0.01 NDCG?", 0.01),
        ("Compare EASE and ItemKNN with NDCG@20, equivalence margin 0.005", 0.005),
        ("Is EASE equivalent to ItemKNN up to ±.02 in NDCG@10?", 0.02),
        ("Compare EASE and BiasedMF by RMSE with a margin of 0.02", 0.02),
        ("Are EASE and ItemKNN equivalent with 5-fold cross-validation?", None),
        ("Compare EASE and ItemKNN within 10 seeds", None),
        ("Are EASE and ItemKNN equivalent within 2 in NDCG@10?", None),
    ],
)
async def test_an_equivalence_margin_is_read(task, margin):
    plan = await plan_of(task)

    assert plan.margin == margin
    if margin:
        told = next(r for r in plan.requirements if r.check == "statistics_available")
        assert f"whether differences lie within ±{margin:g}" in told.text


async def test_equivalence_without_a_margin_is_no_promise():
    asked = await plan_of("Are EASE and ItemKNN equivalent?")
    share = await plan_of("Are EASE and ItemKNN equivalent within 1 %?")

    assert any("will not be called equality" in a for a in asked.assumptions)
    assert (share.questions[0].margin, share.questions[0].is_relative) == (0.01, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("NDCG@10 of EASE and ItemKNN at 10%, 50% and 100% of the training data.",
         ("NDCG@10", "share of the training")),
        ("RMSE of BiasedMF: how far does it scatter over 5 splits and 3 seeds?",
         ("RMSE", "split seeds", "training seeds")),
        ("Compare EASE and ItemKNN by NDCG@10 on all data, a 5-core and a 10-core.",
         ("NDCG@10", "data variant")),
        ("Compare EASE and ItemKNN by NDCG@10.", ("Comparison", "ItemKNN")),
    ],
)  # fmt: skip
async def test_a_title_names_what_is_studied(text, named):
    title = (await plan_of(text)).title

    assert all(words in title for words in named), title


@pytest.mark.parametrize(
    ("measure", "is_used"), [("NDCG@10", False), ("category coverage@10 of the genres", True)]
)
async def test_a_plan_says_whether_side_data_are_used(measure, is_used):
    data = replace(MOVIES, sides=(GENRES,))

    made = await plan_of(f"Compare popularity and item kNN by {measure}.", data)

    told = [a for a in made.assumptions if "movies.csv" in a]
    assert [("genres" in a, "not used" in a) for a in told] == [(is_used, not is_used)]


async def test_rows_without_a_rating_count_and_that_is_said():
    columns = [replace(c, missing=7 if c.name == "rating" else 0) for c in COLUMNS]

    made = await plan_of("Compare popularity and item kNN.", replace(MOVIES, columns=(*columns,)))

    assert "rated or not" in made.feedback
    assert made.feedback in made.assumptions
