"""One line for the data and one for the split, written from fields alone."""

import pytest
from builders import plan_of

from agent_core.domain import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Of,
    Order,
    SplitKind,
    SplitRules,
)
from agent_core.rules.wording import data_text, split_text


def test_rules_are_told_in_the_order_in_which_they_apply():
    low = DataRule(DataRuleKind.LOWEST_RATING, 4)
    core = DataRule(DataRuleKind.CORE, 20)

    told = [data_text(DataRules(rules)) for rules in ((low, core), (core, low), ())]

    assert told[0].index("ratings of 4") < told[0].index("20-core")
    assert told[1].index("20-core") < told[1].index("ratings of 4")
    assert told[2] == "all interactions"


@pytest.mark.parametrize("kind", list(DataRuleKind))
def test_every_kind_of_data_rule_has_words_of_its_own(kind):
    rule = DataRule(kind, 5, Of.USERS, first="1998-01-01", text="bots are left out")

    assert data_text(DataRules((rule,))) not in ("", "all interactions")


@pytest.mark.parametrize("kind", list(SplitKind))
@pytest.mark.parametrize("order", list(Order))
def test_every_split_is_told_with_its_seed(kind, order):
    told = split_text(SplitRules(kind, folds=5, seed=7, order=order, text="by session"))

    assert ("(seed 7)" in told) is (kind is not SplitKind.GIVEN)  # folds are drawn but there
    assert (
        ("newest" in told) or order is not Order.NEWEST or not kind.is_drawn or kind.is_of_records
    )


@pytest.mark.parametrize(
    ("split", "is_drawn"),
    [
        (SplitRules(SplitKind.LEAVE_LAST, seed=7, order=Order.NEWEST), False),
        (SplitRules(SplitKind.GLOBAL_TIME, seed=7), False),
        (SplitRules(SplitKind.USER_FRACTION, seed=7, order=Order.NEWEST), False),
        (SplitRules(SplitKind.LEAVE_LAST, seed=7, test_users=300), True),
        (SplitRules(SplitKind.LEAVE_ONE_OUT, seed=7), True),
    ],
)
def test_a_seed_is_told_of_what_is_drawn(split, is_drawn):
    assert ("seed 7" in split_text(split)) is is_drawn


def test_who_is_not_tested_loses_nothing():
    told = split_text(SplitRules(SplitKind.USER_FRACTION, test_user_share=0.3))

    assert "each test user" in told
    assert "others whole in training" in told


def test_what_limits_the_test_stands_in_the_line():
    split = SplitRules(
        SplitKind.CROSSFOLD_USERS,
        held_out=5,
        test_users=1000,
        lowest_test_rating=4,
        has_validation=True,
        candidates=Candidates.SAMPLED,
        candidate_count=99,
    )

    told = split_text(split)

    for words in ("5 interactions", "1,000 test users", "ratings of 4", "validation", "99"):
        assert words in told


def test_the_text_of_a_planner_cannot_hide_what_its_fields_say():
    plan = plan_of().with_split(kind=SplitKind.LEAVE_LAST, text="a random fifth of each user")

    assert "random" not in split_text(plan.split)
