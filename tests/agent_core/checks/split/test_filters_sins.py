"""Studies that sin in what is left out of the data; and the check that finds it."""

import pytest
from builders import rated
from sins import FAIL, WARN, Sins, newest, other_study, timed_split

from agent_core.domain import SplitKind

sin = Sins()


@sin("filters_as_planned", FAIL, interactions=100, of=720, users=0)
def interactions_dropped_silently_in_a_free_study(made):
    other_study(made)
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, interactions=100, of=720, users=0)
def interactions_dropped_silently_under_a_temporal_plan(made):
    timed_split(made, SplitKind.LEAVE_LAST, newest(made))
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, claimed="core2", after_2=700, kept_2=620, interactions_3=100)
def more_dropped_than_a_claimed_filter_left(made):
    made.run["dataset"]["filters"] = [{"name": "core2", "before": 720, "after": 700}]
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, planned=4.0)
def a_threshold_that_was_not_applied(made):
    made.plan = rated(made.plan, 4.0)


@sin("filters_as_planned", FAIL, interactions=100, of=720, users=0)
def interactions_dropped_silently(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[100:], test)


@sin("filters_as_planned", FAIL, claimed="20-core", core=20)
def a_claimed_core_that_is_none(made):
    made.run["dataset"]["filters"] = [{"name": "20-core", "before": 800, "after": 720}]


@sin("filters_as_planned", FAIL, after=500, kept=720)
def a_claimed_count_that_is_another(made):
    made.run["dataset"]["filters"] = [{"name": "sample", "before": 720, "after": 500}]


def cut_in_time(made):
    """Cut the data in time; return the numbers of training and of later rows."""
    made.plan = made.plan.with_split(kind=SplitKind.GLOBAL_TIME)
    order = made.data.sort_values("timestamp", kind="stable").index
    return sorted(order[:576]), sorted(order[576:])


@sin("filters_as_planned", FAIL, interactions=40, of=720, users=0)
def old_interactions_missing_under_a_cut_in_time(made):
    train, test = cut_in_time(made)
    made.splits["0"] = (train[40:], test)


@sin("filters_as_planned", FAIL, interactions=39, of=720, users=0)
def only_users_with_many_tests_under_a_cut_in_time(made):
    train, test = cut_in_time(made)
    users = made.data.loc[test, "user_id"]
    many = users[users.map(users.value_counts()) > 2]
    made.splits["0"] = (train, many.index.tolist())


@sin("filters_as_planned", FAIL, filters="data_cleaning", users=24, of_users=60)
def many_users_removed_by_a_filter_of_its_own(made):
    keep = made.data.index[made.data["user_id"] > 24]
    made.splits["0"] = tuple(sorted(set(part) & set(keep)) for part in made.splits["0"])
    filters = [{"name": "data_cleaning", "before": 720, "after": len(keep)}]
    made.run["dataset"]["filters"] = filters


@sin("filters_as_planned", WARN, interactions=12, of=720, users=1, of_users=60, filters="cleaning")
def one_user_removed_by_a_filter_of_its_own(made):
    keep = made.data.index[made.data["user_id"] > 1]
    made.splits["0"] = tuple(sorted(set(part) & set(keep)) for part in made.splits["0"])
    made.run["dataset"]["filters"] = [{"name": "cleaning", "before": 720, "after": len(keep)}]


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
