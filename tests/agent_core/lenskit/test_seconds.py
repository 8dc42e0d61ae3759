"""What takes too long is said before anything runs, from the counts of the data."""

from dataclasses import replace

import pytest
from results import comparison_plan, dataset

from agent_core.domain import Algorithm, Level, Room, SplitKind, with_design
from agent_core.lenskit.room import cautions
from agent_core.lenskit.scorers import SCORERS
from agent_core.lenskit.seconds import lists_s, needed_s, training_s

SMALL = dataset()
TEN = dataset("ten.csv", rows=10_000_000, users=70_000, items=10_000)
PLAN = comparison_plan("EASE", "ItemKNN")
ROOM = Room(script_mib=1 << 20, script_s=3600.0)


def with_split(plan, **rules):
    split = replace(plan.split, **rules)
    return with_design(replace(plan, split_levels=(Level(split),)))


@pytest.mark.parametrize("kind", [k for k, scorer in SCORERS.items() if scorer.seconds])
def test_estimates_grow_with_the_data(kind):
    algorithm = Algorithm(kind, kind)

    assert 0 < training_s(algorithm, SMALL) < training_s(algorithm, TEN)
    assert lists_s(algorithm, SMALL, 100) < lists_s(algorithm, TEN, 100)


def test_a_plan_takes_the_time_of_all_its_cells():
    once = needed_s(PLAN, TEN)
    records, users = (
        needed_s(with_split(PLAN, kind=kind, folds=5), TEN)
        for kind in (SplitKind.CROSSFOLD_RECORDS, SplitKind.CROSSFOLD_USERS)
    )

    assert records.tested_s == pytest.approx(5 * once.tested_s)
    assert users.tested_s == pytest.approx(once.tested_s)
    assert once.fixed_s < users.fixed_s == records.fixed_s


@pytest.mark.parametrize("rules", [{"test_users": 7_000}, {"test_user_share": 0.1}])
def test_lists_take_the_time_of_the_users_who_are_tested(rules):
    some = needed_s(with_split(PLAN, **rules), TEN)

    assert some.tested_s == pytest.approx(needed_s(PLAN, TEN).tested_s / 10)


def test_what_takes_longer_than_a_script_may_is_said_with_the_limit_that_it_needs():
    (said,) = cautions(PLAN, (TEN,), replace(ROOM, script_s=600.0))

    limit = int(said.split("exec.timeout to ")[1].split(", test")[0].replace(",", ""))
    assert needed_s(PLAN, TEN).total_s < limit
    assert cautions(with_split(PLAN, test_users=1000), (TEN,), ROOM) == ()
    assert cautions(PLAN, (TEN,), Room()) == ()


def test_a_plan_without_algorithms_takes_no_time_for_lists():
    assert needed_s(replace(PLAN, algorithms=()), SMALL).tested_s == 0
