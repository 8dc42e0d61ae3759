"""What the words of a plan say of data and test becomes rules, once."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import DataRuleKind, Keep, SplitKind
from agent_core.domain.rules import A_BIT
from agent_core.rules.reading import with_rules_read
from agent_core.rules.split_fields import split_fields


def worded(text):
    return with_rules_read(replace(plan_of(), assumptions=(text,)))


@pytest.mark.parametrize(
    ("text", "users", "items"),
    [
        ("The 5-core of the data", 5, 5),
        ("five-core", 5, 5),
        ("k-core filtering (k = 5)", 5, 5),
        ("Users with at least 10 interactions", 10, 1),
        ("Users with fewer than 20 ratings are removed", 20, 1),
        ("Remove all users with fewer than 10 ratings", 10, 1),
        ("users with under 10 ratings removed", 10, 1),
        ("Users and items with <5 interactions are dropped", 5, 5),
        ("All users with fewer than 5 ratings and all items with fewer than 8 ratings go", 5, 8),
        ("Only users that rated at least 20 movies are kept", 20, 1),
        ("Only movies with more than 50 ratings", 1, 51),
        ("Items rated by fewer than 10 users are removed", 1, 10),
        ("users with at most 4 ratings are dropped", 5, 1),
        ("interactions per user >= 5", 5, 1),
        ("Cold users (fewer than 5 interactions) go, no user is left without training", 5, 1),
        ("k-core filters cannot be applied; all users and items stay", 1, 1),
        ("5-core is a filter that I cannot apply", 1, 1),
        ("Every user has at least 20 ratings, so that no filter is needed", 1, 1),
        ("Users are grouped: fewer than 50 ratings, 50 to 200 ratings, more", 1, 1),
        ("Paired tests need at least 100 users", 1, 1),
        ("The machine has 2 cores", 1, 1),
        ("ImplicitMF score 40", 1, 1),
        ("Every rating counts", 1, 1),
    ],
)
def test_fewest_interactions_are_read_from_the_words_of_a_plan(text, users, items):
    data = worded(text).data

    assert (data.fewest_per_user, data.fewest_per_item) == (users, items)


@pytest.mark.parametrize(
    ("text", "of_all", "of_test"),
    [
        ("Ratings of at least 4 count as positive", 4.0, None),
        ("4 stars or more", 4.0, None),
        ("only ratings of 4 or 5 count as positive", 4.0, None),
        ("Binarize ratings at 4", 4.0, None),
        ("Ratings below 4 are removed", 4.0, None),
        ("ratings above 3 are positive", 3.0 + A_BIT, None),
        ("ratings of 3.5 and higher are relevant, others are dropped", 3.5, None),
        ("ratings above 3 are relevant in the test", None, 3.0 + A_BIT),
        ("Only ratings of at least 3.5 are relevant in the test", None, 3.5),
        ("Only users that rated at least 5 movies", None, None),
        ("Every rating counts", None, None),
    ],
)
def test_thresholds_are_read_from_the_words_of_a_plan(text, of_all, of_test):
    plan = worded(text)

    assert (plan.data.lowest_rating, plan.split.lowest_test_rating) == (of_all, of_test)


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("the 500 most active users", True),
        ("200 users drawn at random", True),
        ("a 10 % sample of the interactions", True),
        ("Only interactions since 1998", True),
        ("Bots are removed from the data", True),
        ("Users who rate everything alike are excluded", True),
        ("Intervals from a bootstrap sample of users", False),
        ("Metrics among a random sample of 100 candidate items", False),
        ("Items seen in training are excluded from recommendations", False),
        ("100 random test users; all others stay in training", False),
        ("The 5-core of the data", False),
        ("Every rating counts", False),
    ],
)
def test_what_words_leave_out_without_a_number_is_left_to_readers(text, is_said):
    assert bool(worded(text).data.partial) is is_said


def test_numbers_of_tested_users_are_read_from_the_words_of_a_plan():
    assert worded("1,000 random test users").split.test_users == 1000


@pytest.mark.parametrize(
    "text",
    [
        "Report the interactions before and after each filter",
        "The data are filtered by nothing",
        "No data leakage: test interactions are removed from training",
        "Remove test items from the training data",
        "After filtering, 20 % of each user's interactions are held out",
        "Outliers in the ratings are inspected",
        "The 1-core of the data",
    ],
)
def test_what_leaves_nothing_out_of_the_data_becomes_no_rule(text):
    assert worded(text).data.rules == ()


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("Drop duplicates of user and item, keep the last", Keep.LAST),
        ("Repeated pairs are dropped from the data", Keep.FIRST),
    ],
)
def test_repeated_pairs_are_a_rule_of_their_own(text, keep):
    (rule,) = worded(text).data.rules

    assert (rule.kind, rule.keep) == (DataRuleKind.REPEATED_PAIRS, keep)


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("No user with under 10 plays; of", SplitKind.USER_FRACTION),
        ("Drop every customer with less than 5 purchases. Of", SplitKind.USER_FRACTION),
        ("Ratings below 4 go; of", SplitKind.GLOBAL_TIME),
    ],
)
def test_the_remaining_ones_are_what_stands_before(before, kind):
    said = split_fields([f"{before} the remaining ones, the newest 20 % are the test."])

    assert (said["kind"], said["holdout"]) == (kind, 0.2)
