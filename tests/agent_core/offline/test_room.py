"""A plan is fitted to what a script may use, and says how."""

import asyncio
from dataclasses import replace

import pytest
from results import PACKAGES, dataset

from agent_core.domain import Room, RunId
from agent_core.lenskit.seconds import needed_s
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest, ReviseRequest

TASK = "Compare popularity, item kNN and EASE by NDCG@10"
ROOM = Room(4096, 24_000, 3600.0)
TEN = dataset("ten.csv", rows=10_000_000, users=70_000, items=10_000)
MANY_ITEMS = dataset("wide.csv", rows=1_000_000, users=20_000, items=40_000)


def planned(data, task=TASK, room=ROOM):
    context = Context(RunId("size"), task, (data,), PACKAGES, room=room)
    return asyncio.run(OfflineResearcher().plan(PlanRequest(context))), context


def revised(data, reply):
    plan, context = planned(data)
    request = ReviseRequest(context, plan, reply)
    return asyncio.run(OfflineResearcher().revise(request)).plan


def said(plan, words):
    return [a for a in plan.assumptions if words in a]


def test_usual_data_are_tested_whole_and_without_a_word():
    plan, _ = planned(dataset())

    assert plan.split.test_users is None
    assert {a.family for a in plan.algorithms} == {"Popularity", "ItemKNN", "EASE"}
    assert not said(plan, "users are tested")


def test_of_many_users_a_sample_is_tested_that_there_is_time_for():
    plan, _ = planned(TEN)

    assert 1000 <= plan.split.test_users < TEN.users
    assert f"{plan.split.test_users:,} test users" in plan.split.text
    assert len(said(plan, "users are tested")) == 1
    assert needed_s(plan, TEN).total_s < ROOM.script_s / 2
    assert {a.family for a in plan.algorithms} == {"Popularity", "ItemKNN", "EASE"}


@pytest.mark.parametrize(
    "words", ["70,000 test users", "5,000 test users", "10 % of the users tested"]
)
def test_a_number_that_is_said_stays(words):
    plan, _ = planned(TEN, f"{TASK}, {words}")

    assert (plan.split.test_users, plan.split.test_user_share) in (
        (70_000, None), (5_000, None), (None, 0.1),
    )  # fmt: skip
    assert not said(plan, "users are tested")


def test_a_reply_has_all_users_tested():
    assert revised(TEN, "70,000 test users").split.test_users == TEN.users


def test_another_change_keeps_the_sample_and_its_reason():
    plan = revised(TEN, "use recall@20")

    assert plan.split.test_users == planned(TEN)[0].split.test_users
    assert len(said(plan, "users are tested")) == 1


def test_what_needs_more_memory_than_a_script_has_is_left_out_with_the_limit():
    plan, _ = planned(MANY_ITEMS)

    assert {a.family for a in plan.algorithms} == {"Popularity", "ItemKNN"}
    (told,) = said(plan, "EASE is left out")
    assert "sandbox.memory_mib = " in told


def test_a_machine_that_lacks_the_memory_is_named_instead_of_a_limit():
    (told,) = said(planned(MANY_ITEMS, room=replace(ROOM, machine_mib=8_000))[0], "left out")

    assert "8,000" in told
    assert "sandbox.memory_mib" not in told


def test_what_is_asked_for_alone_stays_although_it_is_too_large():
    plan, _ = planned(MANY_ITEMS, "Measure EASE by NDCG@10")

    assert "EASE" in {a.family for a in plan.algorithms}


def test_nothing_is_chosen_where_no_limit_is_known():
    plan, _ = planned(TEN, room=Room())

    assert plan.split.test_users is None
    assert not said(plan, "left out")
