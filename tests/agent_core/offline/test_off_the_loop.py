"""Reading what people write keeps nobody else waiting."""

import asyncio
import time

import pytest
from results import dataset

from agent_core.domain import Packages
from agent_core.errors import OutsideGrammar
from agent_core.offline import researcher
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest

LONG = "Compare ItemKNN and EASE on NDCG@10 with seeds " + ", ".join(map(str, range(150)))


def request(text):
    return PlanRequest(Context("r", text, (dataset(),), Packages("3.11", {})))


async def test_the_loop_turns_while_a_task_is_read(monkeypatch):
    turns, planning = 0, asyncio.create_task(OfflineResearcher().plan(request(LONG)))
    begun = time.thread_time()
    while not planning.done():
        await asyncio.sleep(0.001)
        turns += 1
    own = time.thread_time() - begun

    await asyncio.gather(planning, return_exceptions=True)
    assert turns > 5
    assert own < 1.0  # of the loop's own thread: the reading is another's


async def test_what_takes_too_long_to_read_is_said(monkeypatch):
    monkeypatch.setattr(researcher, "READING_S", 0.0)

    with pytest.raises(OutsideGrammar, match="fewer words"):
        await OfflineResearcher().plan(request(LONG))
