from __future__ import annotations

import pytest
from bot_bench import QUICK, Bench
from scripted_lab import ScriptedLab

from bot.workspace.server import open_workspace


@pytest.fixture
async def bench(tmp_path):
    async with open_workspace(rules=QUICK) as workspace:
        bench = Bench(workspace, ScriptedLab(), tmp_path)
        yield bench
        await bench.stop()


@pytest.fixture
async def live(bench):
    await bench.start()
    return bench
