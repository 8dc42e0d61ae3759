"""Where the loop stood still is told, and nothing is told of one that goes on or idles."""

import asyncio
import time

from patience import PATIENCE_S

from bot.commands.loop_watch import STILL_S, watching_loop


def block(seconds):
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        time.sleep(0.01)


async def test_a_loop_that_stood_still_is_told_with_the_place():
    told = []
    with watching_loop(told.append):
        ends = time.monotonic() + PATIENCE_S
        while not told and time.monotonic() < ends:
            block(3 * STILL_S)
            await asyncio.sleep(0.01)

    assert told[0].seconds >= STILL_S
    assert "test_loop_watch.py" in told[0].place
    assert " block" in told[0].place


async def test_nothing_is_told_of_work_beside_the_loop():
    told = []
    with watching_loop(told.append):
        await asyncio.to_thread(block, 4 * STILL_S)

    assert not [s for s in told if "test_loop_watch" in s.place]
