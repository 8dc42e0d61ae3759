"""Groups that are fixed once, and what is told within them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_studies import EASE, KNN, by_algorithm, study_plan, study_values

from agent_core.domain import Estimand, Question
from agent_core.statistics.answers.answer import CautionKind, Limit, Statistic
from agent_core.statistics.answers.groupings import (
    Grouping,
    grouping_of,
    item_quantities,
    user_quantities,
)
from agent_core.statistics.answers.registry import answer_to

ASKED = Question(Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="activity of users")
TRAINING = pd.DataFrame(
    [(u, i, 86_400 * (u + i)) for u in range(30) for i in range(u // 10 * 2 + 1)],
    columns=["user_id", "item_id", "timestamp"],
)


def group_study(grouping):
    plan = study_plan(EASE, KNN)
    values = by_algorithm(EASE=lambda c, u: u / 100 + 0.1, ItemKNN=lambda c, u: u / 100)
    return replace(study_values(plan, values, 32), groupings={"activity of users": grouping})


def test_quantities_of_users_and_items_come_from_one_training_part():
    users, items = user_quantities(TRAINING), item_quantities(TRAINING)

    assert users["interactions"].tolist() == [1] * 10 + [3] * 10 + [5] * 10
    # Of five items one is popular: the one that all have.
    assert users["popular_share"].tolist() == [1.0] * 10 + [1 / 3] * 10 + [1 / 5] * 10
    assert items["interactions"].tolist() == [30, 20, 20, 10, 10]
    assert items["age"].iloc[0] == 33.0


@pytest.mark.parametrize(
    ("count", "called", "names"),
    [
        (3, ("light", "middle", "heavy"), ("1 light", "2 middle", "3 heavy")),
        (2, (), ("1 low", "2 high")),
        (5, ("a", "b", "c", "d", "e"), ("1 low", "2 middle", "3 high")),  # only three values
    ],
)
def test_there_are_as_many_groups_as_asked_for_and_they_are_called_so(count, called, names):
    table = user_quantities(TRAINING)

    assert grouping_of(table, "interactions", "0", count=count, called=called).names == names


def test_groups_end_at_the_shares_asked_for():
    table = pd.DataFrame({"interactions": range(1, 101)})

    grouping = grouping_of(table, "interactions", "0", ends=(0.2, 0.9), called=("a", "b", "c"))

    assert grouping.members.value_counts().to_dict() == {"1 a": 20, "2 b": 70, "3 c": 10}


def test_fewer_groups_than_asked_for_are_told():
    grouping = grouping_of(user_quantities(TRAINING), "interactions", "0", count=5)
    made = replace(group_study(grouping), groupings={"activity of users|5": grouping})

    assert "3 of 5" in answer_to(replace(ASKED, group_count=5), made).held


def test_groups_are_told_with_paired_differences_within_them():
    found = answer_to(
        ASKED, group_study(grouping_of(user_quantities(TRAINING), "interactions", "0"))
    )

    differences = found.of(Statistic.DIFFERENCE)
    assert [e.within["group"] for e in differences] == ["1 low", "2 middle", "3 high"]
    assert {e.test.family for e in differences} == {3}
    assert differences[0].value == pytest.approx(0.1)
    assert found.values["ndcg@10|EASE (group=1 low)|mean"] == pytest.approx(0.145)
    sizes = {e.levels["group"]: e.value for e in found.of(Statistic.COUNT)}
    assert sizes == {"1 low": 10, "2 middle": 10, "3 high": 10}
    assert Limit.CAUSE_OF_GROUPS in found.not_shown
    assert found.held.endswith("groups by interactions of training part 0")


def test_what_goes_with_a_group_and_who_is_in_none_are_told():
    found = answer_to(
        ASKED, group_study(grouping_of(user_quantities(TRAINING), "interactions", "0"))
    )

    told = {c.kind: c.about for c in found.cautions}
    assert told[CautionKind.CONFOUNDED] == "popular_share: rank correlation -1.00"
    assert told[CautionKind.LEFT_OUT_USERS] == "in no group: 2"


def test_cut_points_can_be_given():
    grouping = grouping_of(user_quantities(TRAINING), "interactions", "0", cuts=(3,))

    assert grouping.cuts == (3.0,)
    assert grouping.members.value_counts().to_dict() == {"1 low": 20, "2 high": 10}


def test_item_groups_are_over_users_with_test_items_in_them():
    study = group_study(None)
    table = study.users["ndcg@10"]
    few = table.where(pd.Series(np.arange(32) < 5, table.index), np.nan)
    grouping = Grouping(
        "interactions", "0", pd.Series(["1 low", "2 high"], index=[1, 2]), of="items",
        item_values={"ndcg@10": {"1 low": few, "2 high": table}},
    )  # fmt: skip

    found = answer_to(ASKED, group_study(grouping))

    assert {e.within["group"]: e.n for e in found.of(Statistic.DIFFERENCE)} == {
        "1 low": 5,
        "2 high": 32,
    }
    assert "1 low: 27" in {c.about for c in found.cautions}


def test_unknown_groups_are_not_made_up():
    found = answer_to(replace(ASKED, groups="shoe size"), group_study(None))

    assert [c.about for c in found.cautions] == ["no groups by shoe size are known"]


def test_where_most_have_the_highest_value_the_others_are_a_group():
    table = pd.DataFrame({"interactions": [1] * 5 + [9] * 25})

    grouping = grouping_of(table, "interactions", "0")

    assert grouping.members.value_counts().to_dict() == {"2 high": 25, "1 low": 5}


def test_users_who_are_all_alike_are_no_groups():
    grouping = grouping_of(pd.DataFrame({"interactions": [4] * 32}), "interactions", "0")

    found = answer_to(ASKED, group_study(grouping))

    assert not found.estimates
    assert [c.kind for c in found.cautions] == [CautionKind.NOT_ASKED]
