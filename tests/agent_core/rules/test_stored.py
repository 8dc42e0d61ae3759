"""Plans of logs that were written before rules had fields open with the same meaning."""

import json
from datetime import UTC, datetime

import pytest
from builders import plan_of
from pydantic import TypeAdapter

from agent_core.domain import Order, Plan, SplitKind
from agent_core.domain.events import PlanSet
from agent_core.rules.stored import with_levels
from agent_core.run.journal import decode, encode
from storage.records import EventRecord

NOW = datetime(2026, 1, 2, tzinfo=UTC).isoformat()


def old_body(min_rating=None, assumptions=(), **split):
    """Return a plan's event as the log had it when split and threshold were plain fields."""
    kind, body = encode(PlanSet(plan_of()))
    event = json.loads(body)
    plan = event["plan"]
    del plan["data_levels"], plan["split_levels"]
    plan["split"] = {"kind": "user_fraction", "folds": 1, "holdout": 0.3, "seed": 7, **split}
    plan |= {"min_rating": min_rating, "assumptions": list(assumptions)}
    return kind, event


def opened(**fields):
    kind, event = old_body(**fields)
    record = EventRecord(run="r", seq=1, at=NOW, kind=kind, body=json.dumps(event))
    return decode(record).event.plan


def test_an_old_split_keeps_its_share_seed_and_order():
    plan = opened(is_newest=True, text="the newest 30 % of each user")

    split = plan.split
    assert (split.kind, split.holdout, split.seed) == (SplitKind.USER_FRACTION, 0.3, 7)
    assert split.order is Order.NEWEST


def test_an_old_threshold_becomes_a_data_rule():
    assert opened(min_rating=4.0).data.lowest_rating == 4
    assert opened().data.rules == ()


@pytest.mark.parametrize(
    ("words", "users"),
    [("Users with fewer than 20 ratings are removed", 20), ("Every rating counts", 1)],
)
def test_what_an_old_plan_only_worded_is_read_once(words, users):
    assert opened(assumptions=(words,)).data.fewest_per_user == users


def test_a_plan_with_levels_is_opened_as_it_is():
    plan = plan_of().with_split(order=Order.EITHER, text="the newest of each user")
    kind, body = encode(PlanSet(plan))

    record = EventRecord(run="r", seq=1, at=NOW, kind=kind, body=body)

    assert decode(record).event.plan == plan


def test_old_plans_are_found_at_any_depth():
    _, event = old_body(min_rating=3.0)
    nested = {"request": {"plans": [event["plan"]]}}

    found = with_levels(nested)["request"]["plans"][0]

    assert TypeAdapter(Plan).validate_python(found).data.lowest_rating == 3
