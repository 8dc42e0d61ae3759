"""What words say of groups: by what, how many, what they are called."""

import pytest

from agent_core.domain.design import GroupBy
from agent_core.rules.group_words import group_by, groups_said


@pytest.mark.parametrize(
    ("text", "count", "names"),
    [
        ("four equally large groups of users", 4, ()),
        ("quartiles by the number of plays", 4, ()),
        ("thirds of the customers by activity", 3, ()),
        ("light, medium and heavy users", 3, ("light", "medium", "heavy")),
        ("heavy versus light listeners", 2, ("light", "heavy")),
        ("three groups (niche, diverse, blockbuster)", 3, ("niche", "diverse", "blockbuster")),
        ("four groups, from light to heavy", 4, ()),
        ("which algorithm is best?", 0, ()),
    ],
)
def test_numbers_and_names_of_groups_are_read(text, count, names):
    said = groups_said(text)

    assert (said.count, said.names) == (count, names)


def test_a_number_that_stands_elsewhere_goes_before_names():
    said = groups_said("are heavy listeners served better than light ones?", "in four groups")

    assert (said.count, said.names) == (4, ())


def test_groups_of_unequal_size_are_read_by_where_they_end():
    said = groups_said("niche (lowest 20 %), blockbuster (highest 10 %), and the rest")

    assert (said.ends, said.count) == ((0.2, 0.9), 3)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("share of popular artists in the profile of users", GroupBy.POPULAR_SHARE),
        ("activity of users", GroupBy.USER_ACTIVITY),
        ("popularity of items", GroupBy.ITEM_POPULARITY),
        ("age of the item", GroupBy.ITEM_AGE),
        ("number of genres", GroupBy.UNSAID),
    ],
)
def test_words_name_a_rule(text, rule):
    assert group_by(text) is rule
