"""The steps of a script reach people, whatever else it prints."""

import asyncio

import pytest

from agent_core.domain import NodeId
from agent_core.execution.progress import Ticker

INTERVAL_S = 0.05


def ticker():
    told = []
    return Ticker(NodeId(1), told.append, INTERVAL_S), told


@pytest.mark.asyncio
async def test_a_step_behind_other_lines_is_told_in_its_turn():
    one, told = ticker()

    one.line("loading")
    for _ in range(1000):
        one.line("warning: slow")
    one.line("[labbook] cell 3 of 60: EASE, 5-core, seed 2")
    for _ in range(1000):
        one.line("warning: slow")
    await asyncio.sleep(3 * INTERVAL_S)

    assert [p.line for p in told] == ["loading", "cell 3 of 60: EASE, 5-core, seed 2"]
    assert (told[-1].done, told[-1].total) == (2, 60)


@pytest.mark.asyncio
async def test_what_a_script_says_itself_stands_behind_the_step():
    one, told = ticker()

    one.line("[labbook] 2/30 seeds")
    await asyncio.sleep(2 * INTERVAL_S)
    one.line("epoch 4\n")

    assert told[-1].line == "2/30 seeds · epoch 4"
    assert (told[-1].done, told[-1].total) == (2, 30)


@pytest.mark.asyncio
async def test_of_many_steps_at_once_the_last_is_told():
    one, told = ticker()

    for number in range(1, 201):
        one.line(f"[labbook] cell {number} of 200: Popularity")
    await asyncio.sleep(3 * INTERVAL_S)

    assert [p.done for p in told] == [0, 199]


@pytest.mark.asyncio
async def test_nothing_is_told_after_the_end():
    one, told = ticker()

    one.line("[labbook] cell 1 of 2: A")
    one.line("[labbook] cell 2 of 2: B")
    one.close()
    await asyncio.sleep(3 * INTERVAL_S)

    assert len(told) == 1
