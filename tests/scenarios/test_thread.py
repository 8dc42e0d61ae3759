"""The service as a process, killed in the middle of a run."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import sys
import zipfile
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from patience import STUDY_S

from agent_core.data.synthetic import write_catalogue
from bot.commands.loop_watch import STILL_S
from bot.workspace.server import open_workspace

ROOT = Path(__file__).parents[2]
QUESTION = (
    "@autoreclab How much does the random seed change NDCG@10 of ImplicitMF? Use {seeds} seeds, "
    "leave-one-out."
)
STANDSTILL = re.compile(r"stood still .*cpu_s=([\d.]+) place=(.*)\)")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=150, items=120)
    return path


@asynccontextmanager
async def service(workspace, folder):
    """Run `autoreclab serve` on a data folder, in a process of its own."""
    environment = {**os.environ, **workspace.environment()}
    environment.pop("OPENAI_API_KEY", None)
    settings = (f"storage.path={folder}", "treesearch.num_draft_nodes=1", "sandbox.slots=1")
    arguments = [part for setting in settings for part in ("--set", setting)]
    with (folder.parent / "service.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--researcher", "offline", *arguments),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        await workspace.wait_for(lambda: workspace.connections == 1, STUDY_S)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
    standstills = STANDSTILL.findall((folder.parent / "service.log").read_text())
    assert not [place for cpu_s, place in standstills if float(cpu_s) >= STILL_S]


def posts(workspace, ts, part):
    return [m for m in workspace.from_bot("experiments", ts) if part in m["text"]]


async def started(workspace, data, seeds):
    question = QUESTION.format(seeds=seeds)
    ts = workspace.post("experiments", "researcher", question, files=[data])["ts"]
    plans = await workspace.wait_for(lambda: posts(workspace, ts, "Plan v1"), STUDY_S)
    assert await workspace.press(plans[0]["ts"], "start", "researcher")
    return ts


async def reported(workspace, ts):
    """Wait for the zip; return the names of what is in it."""

    def bundles():
        shown = posts(workspace, ts, "Code and all results")
        return [f for m in shown for f in m["files"] if f["name"].endswith(".zip")]

    (bundle,) = await workspace.wait_for(bundles, STUDY_S)
    return zipfile.ZipFile(BytesIO(workspace.content(bundle))).namelist()


def events(folder, kind):
    database = sqlite3.connect(folder / "autoreclab.sqlite3")
    with database:
        rows = database.execute("SELECT body FROM events WHERE kind = ? ORDER BY seq", [kind])
        found = [row[0] for row in rows]
    database.close()
    return found


async def recorded(folder, kind, part):
    """Wait until the log has an event; a card that is edited at leisure may skip one."""
    async with asyncio.timeout(STUDY_S):
        while not any(part in body for body in events(folder, kind)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_killed_service_goes_on_from_its_log_with_one_report(tmp_path, data):
    folder = tmp_path / "data"
    async with open_workspace() as workspace:
        async with service(workspace, folder) as process:
            ts = await started(workspace, data, 6)
            # six seeds of one algorithm and the baseline
            await recorded(folder, "NodeProgress", '"total":7')
            process.kill()
            await process.wait()
        async with service(workspace, folder):
            names = await reported(workspace, ts)
            await workspace.wait_for(lambda: posts(workspace, ts, "*Finished"), STUDY_S)

    assert any(name.endswith("compare.py") for name in names)
    executed = events(folder, "NodeExecuted")
    assert len(events(folder, "Reported")) == 1
    assert len(executed) == len({body.partition(",")[0] for body in executed})
    for part in ("🔬", "Plan v1", "Plots of run", "Code and all results"):
        assert len(posts(workspace, ts, part)) == 1, part
