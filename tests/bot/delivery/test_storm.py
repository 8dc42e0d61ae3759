"""A storm of faults and restarts over several tasks: every thread ends with each post once."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from patience import PATIENCE_S
from tiers import each_of

from bot.workspace.faults import ApiTrouble

TASKS = 4
ROUNDS = 6
METHODS = ("chat.postMessage", "chat.update", "files.*", "conversations.replies", "upload")
PARTS = ("🔬", "Plan v1", "First working", "The seed moves", "Plots of run", "Code and all")


def trouble(rng: Random) -> ApiTrouble:
    method = rng.choice(METHODS)
    kinds = [
        ApiTrouble(method, status=429, retry_after_s=1),
        ApiTrouble(method, times=2, status=503),
        ApiTrouble(method, is_after_work=True),
        ApiTrouble(method, status=500, is_after_work=True),
    ]
    return rng.choice(kinds)


async def whirl(bench, rng: Random) -> None:
    """Let something go wrong."""
    bench.workspace.faults.add(trouble(rng))
    bench.workspace.faults.duplicate_events = rng.randrange(3)
    match rng.randrange(4):
        case 0:
            await bench.workspace.drop_connections()
        case 1:
            bench.workspace.faults.lose_acks = 1
        case 2:
            await bench.stop()
            await bench.start()


def advance(bench, rng: Random) -> None:
    """Let one of the runs go on by a step."""
    run = rng.choice(list(bench.lab.logs))
    kinds = {type(logged.event).__name__ for logged in bench.lab.logs[run]}
    if "ProtocolFrozen" not in kinds or "RunFinished" in kinds:
        return
    if "NodeJudged" not in kinds:
        bench.lab.work(run)
    else:
        bench.lab.finish(run, bench.folder / run)


async def started(bench, threads) -> None:
    for ts in threads:
        await bench.post(ts, "Plan v1", 60)
        bench.say(ts, "start")
    async with asyncio.timeout(PATIENCE_S):
        while len([c for c in bench.lab.calls if c[0] == "start"]) < TASKS:
            await bench.lab.asked.wait()


@pytest.mark.slow
@pytest.mark.parametrize("seed", each_of(range(3), 3))
async def test_every_post_is_there_once(bench, seed):
    rng = Random(seed)
    await bench.start()
    threads = [bench.ask() for _ in range(TASKS)]
    await whirl(bench, rng)
    await started(bench, threads)

    for _ in range(ROUNDS):
        await whirl(bench, rng)
        advance(bench, rng)
    for run in bench.lab.logs:
        while (await bench.lab.view(run)).report is None:
            advance(bench, rng)

    for ts in threads:
        await bench.post(ts, "Code and all", 60)
        await bench.post(ts, "*Finished*", 60)
        for part in PARTS:
            assert len([m for m in bench.posts(ts) if part in m["text"]]) == 1, part
    assert len(bench.lab.logs) == TASKS
