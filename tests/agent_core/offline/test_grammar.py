import pytest

from agent_core.domain import DataRules, SplitKind, Study
from agent_core.offline.grammar import read

SEED_TASK = """
I'd like to run an experiment to quantify how much random seeds affect recommender system results.
Please use a simple ImplicitMF algorithm from LensKit, perform a train/test split on the
MovieLens100K 'u.data', train it multiple times with identical settings but different random seeds,
and analyze how metrics like NDCG or Recall vary across runs to find out if reporting seeds is
important. I placed the 'u.data' file of MovieLens100K in your current working directory.
"""


def test_the_example_of_version_one_is_a_seed_study_of_implicit_mf():
    reading = read(SEED_TASK)

    assert reading.study is Study.SEED_VARIANCE
    assert reading.algorithms == ("ImplicitMF",)
    assert reading.metrics == ("ndcg", "recall")


@pytest.mark.parametrize(
    ("text", "algorithms"),
    [
        (
            "popularity, item kNN, implicit MF and EASE",
            ("Popularity", "ItemKNN", "ImplicitMF", "EASE"),
        ),
        ("most popular vs. ItemItem", ("Popularity", "ItemKNN")),
        ("user-based CF against item-based CF", ("UserKNN", "ItemKNN")),
        ("BiasedMF and FunkSVD", ("BiasedMF", "FunkSVD")),
        ("ALS", ("ImplicitMF",)),
        ("WMF with BPR", ("ImplicitMF", "BPR")),
        ("SLIM or EASE-R", ("SLIM", "EASE")),
        ("please ease off, it was a bias of mine", ("EASE",)),
        ("nothing here", ()),
    ],
)
def test_algorithms_are_known_by_their_usual_names(text, algorithms):
    assert read(text).algorithms == algorithms


@pytest.mark.parametrize(
    ("text", "cutoffs"),
    [
        ("NDCG@10", (10,)),
        ("NDCG and Recall at 10", (10,)),
        ("recall at 5 and 20", (5, 20)),
        ("use K = 20", (20,)),
        ("top-50 lists", (50,)),
        ("NDCG@5, @10", (5, 10)),
        ("look at 30 seeds", ()),
        ("with 5 folds", ()),
    ],
)
def test_cutoffs_are_read(text, cutoffs):
    assert read(text).cutoffs == cutoffs


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("30 seeds", 30),
        ("ten different random seeds", 10),
        ("train it 20 times", 20),
        ("repeat with five runs", 5),
        ("seeds = 12", 12),
        ("several seeds", None),
    ],
)
def test_repetitions_are_read(text, seeds):
    assert read(text).seeds == seeds


@pytest.mark.parametrize(
    ("text", "kind", "holdout"),
    [
        ("leave-one-out", SplitKind.LEAVE_ONE_OUT, None),
        ("leave last out", SplitKind.LEAVE_LAST, None),
        ("an 80/20 split", SplitKind.USER_FRACTION, 0.2),
        ("10% test", SplitKind.USER_FRACTION, 0.1),
        ("temporal split", SplitKind.GLOBAL_TIME, None),
        ("a split", None, None),
    ],
)
def test_splits_are_read(text, kind, holdout):
    assert (read(text).split, read(text).holdout) == (kind, holdout)


@pytest.mark.parametrize(
    ("text", "kind", "holdout", "is_newest"),
    [
        ("hold out the newest 20 % of each user", SplitKind.USER_FRACTION, 0.2, True),
        ("the last 10% of each user's ratings", SplitKind.USER_FRACTION, 0.1, True),
        ("of every user the last 30 percent", SplitKind.USER_FRACTION, 0.3, True),
        ("a temporal split per user, 80/20", SplitKind.USER_FRACTION, 0.2, True),
        ("per-user chronological split", SplitKind.USER_FRACTION, None, True),
        ("hold out 20 % of each user", SplitKind.USER_FRACTION, 0.2, False),
        ("test on the last 20% of the ratings", SplitKind.GLOBAL_TIME, 0.2, False),
        ("a temporal 80/20 split, NDCG of each", SplitKind.GLOBAL_TIME, 0.2, False),
        ("leave the last item out", SplitKind.LEAVE_LAST, None, False),
    ],
)
def test_the_newest_of_each_user_is_told_from_a_cut_in_time(text, kind, holdout, is_newest):
    found = read(text)

    assert (found.split, found.holdout, found.is_newest) == (kind, holdout, is_newest)


def test_a_cut_in_time_with_its_share_is_one_split():
    assert read("compare EASE and ItemKNN on a temporal 80/20 split").beyond == ()
    assert read("compare EASE on a temporal split with EASE under leave-one-out").beyond


@pytest.mark.parametrize(
    ("text", "users", "items"),
    [
        ("remove all users with fewer than 10 ratings", 10, 1),
        ("at least 10 interactions per user", 10, 1),
        ("users with 10 or more ratings", 10, 1),
        ("compare EASE and SLIM after a 5-core filter", 5, 5),
        ("EASE, items with at least 20 ratings, NDCG@10", 1, 20),
        ("do not remove users with fewer than 10 ratings", 1, 1),
        ("EASE for users with fewer than 10 ratings", 1, 1),
    ],
)
def test_the_fewest_interactions_are_read(text, users, items):
    rules = DataRules(read(text).counts)

    assert (rules.fewest_per_user, rules.fewest_per_item) == (users, items)


def test_the_number_of_a_filter_is_no_cutoff():
    assert read("NDCG@10 of EASE after a 5-core filter").cutoffs == (10,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EASE on the 500 most active users", "the 500 most active users"),
        ("only items rated by more than 5 users", "only items rated by more than 5 users"),
        ("on a random sample of 300 users", "a random sample of 300 users"),
        ("the first 1,000 users", "the first 1,000 users"),
    ],
)
def test_a_part_of_the_data_is_named_as_what_cannot_be_done(text, words):
    (found,) = read(text).outside

    assert words in found[0]
    assert "all users and items stay" in found[1]


@pytest.mark.parametrize(
    "text",
    [
        "recommend the 10 most popular items as the baseline",
        "ratings of at least 4 on 943 users and 1682 items",
        "kNN with 20 neighbours and the top 10 items for all users",
        "averaged over all test users",
    ],
)
def test_numbers_of_users_and_items_alone_ask_for_no_part_of_the_data(text):
    assert read(text).outside == ()


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("number of factors (8, 16, 32, 64)", "embedding_size", (8, 16, 32, 64)),
        ("sweep the regularization of EASE: 10, 100, 500", "regularization", (10, 100, 500)),
        ("10, 20 or 50 neighbours", "max_nbrs", (10, 20, 50)),
        ("effect of the number of epochs", "epochs", (5, 10, 15, 20)),
        ("with 64 factors", None, ()),
    ],
)
def test_sweeps_are_read(text, name, values):
    reading = read(text)

    assert (reading.swept, reading.values) == (name, values)


def test_a_hyperparameter_with_one_value_is_a_setting():
    assert read("with 64 factors").parameters == {"embedding_size": 64}
    assert read("EASE with regularization 500 and ALS with 64 factors").parameters == {
        "EASE:regularization": 500.0,
        "ImplicitMF:embedding_size": 64,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("only ratings of 4 and more", 4.0), ("ratings >= 3.5", 3.5), ("5 seeds", None)],
)
def test_the_rating_that_counts_as_positive_is_read(text, value):
    assert read(text).min_rating == value


def test_wishes_beyond_the_grammar_are_named_with_the_reason():
    ((words, reason),) = read("Compare SASRec with BPR").outside

    assert words == "SASRec"
    assert "not among" in reason


@pytest.mark.parametrize("text", ["thanks!", "what is the weather", "", "lunch?"])
def test_what_is_no_experiment_is_empty(text):
    assert read(text).is_empty
