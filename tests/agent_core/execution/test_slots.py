import asyncio

import pytest

from agent_core.execution.slots import FairSlots, open_pool


async def test_slots_go_round_over_users_then_over_their_runs_that_have_begun():
    slots = FairSlots(1)
    order = []

    async def work(user, run):
        async with slots.slot(user, run):
            order.append((user, run))
            await asyncio.sleep(0)

    await slots.enter("first", "r0")
    wanted = [("ann", "a1"), ("ann", "a1"), ("ann", "a2"), ("bob", "b1")]
    tasks = [asyncio.create_task(work(*w)) for w in wanted]
    await asyncio.sleep(0)
    slots.leave()
    await asyncio.gather(*tasks)

    assert order == [("ann", "a1"), ("bob", "b1"), ("ann", "a1"), ("ann", "a2")]
    assert slots.free == 1


async def test_a_cancelled_wait_loses_no_slot():
    slots = FairSlots(1)
    await slots.enter("ann", "a")
    waiting = asyncio.create_task(slots.enter("bob", "b"))
    await asyncio.sleep(0)

    waiting.cancel()
    slots.leave()
    await asyncio.gather(waiting, return_exceptions=True)

    assert slots.free == 1


async def test_a_slot_given_to_a_cancelled_wait_goes_back():
    slots = FairSlots(1)
    await slots.enter("ann", "a")
    waiting = asyncio.create_task(slots.enter("bob", "b"))
    await asyncio.sleep(0)

    slots.leave()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert slots.free == 1


async def test_leaving_the_pool_cancels_what_still_runs():
    ended = asyncio.Event()

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with open_pool(2) as pool:
        future = pool.spawn_n(forever())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert ended.is_set()
    with pytest.raises(asyncio.CancelledError):
        future.result()


async def test_no_more_than_the_size_work_at_once():
    active, most = 0, 0

    async def work():
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1

    async with open_pool(3) as pool:
        await asyncio.gather(*(pool.spawn_n(work()) for _ in range(10)))

    assert most == 3
