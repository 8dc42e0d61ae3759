from __future__ import annotations

import pytest
from bot_bench import QUICK, Bench
from scripted_lab import ScriptedLab

from bot.commands.loop_watch import STILL_S, watching_loop
from bot.workspace.server import open_workspace

ROOM = 5


@pytest.fixture
async def bench(tmp_path):
    told = []
    with watching_loop(told.append):
        async with open_workspace(rules=QUICK) as workspace:
            bench = Bench(workspace, ScriptedLab(), tmp_path)
            yield bench
            await bench.stop()
    # A loaded machine may stop everybody, and makes work dearer: the CPU time counts, with room.
    assert not [s for s in told if s.cpu_s >= ROOM * STILL_S]


@pytest.fixture
async def live(bench):
    await bench.start()
    return bench
