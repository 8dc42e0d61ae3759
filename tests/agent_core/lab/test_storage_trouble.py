"""Storage that cannot be used for a while: runs wait, say why, stop, and go on."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from labs import ANN, lab_in, task, until, waiting
from patience import PATIENCE_S
from scripted import ScriptedResearcher

from agent_core.domain import RunStatus
from agent_core.domain.events import RunFinished
from agent_core.run import journal
from storage import database
from storage.database import FILE_NAME


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(journal, "STORAGE_WAITS_S", (0.05,))


async def trouble(lab):
    """Wait until the lab says that nothing can be stored."""
    async with asyncio.timeout(PATIENCE_S):
        while not lab.storage_trouble:  # noqa: ASYNC110 - a card asks for it in the same way
            await asyncio.sleep(0.01)
    return lab.storage_trouble


async def test_a_locked_database_is_waited_for(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME)) as other:
            other.execute("BEGIN IMMEDIATE")
            await lab.start(run, ANN)
            told = await trouble(lab)
            assert (await lab.view(run)).status is RunStatus.WAITING
        await until(lab, run, lambda e: isinstance(e, RunFinished))

        assert "locked" in told
        assert FILE_NAME in told
        assert lab.storage_trouble == ""


async def test_a_full_disk_is_told_and_a_stop_is_carried_out_all_the_same(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)

        async def allow(pages):
            connected = lab.journal.database.connected
            await lab.journal.database.on_thread(
                lambda: connected.conn.execute(f"PRAGMA max_page_count = {pages}").fetchall()
            )

        await allow(1)
        wish = asyncio.create_task(lab.answer(run, "x" * 100_000, ANN))
        stopping = asyncio.create_task(lab.stop(run, ANN))
        told = await trouble(lab)
        async with asyncio.timeout(PATIENCE_S):
            await lab.drivers[run].stopped.wait()
        await allow(10**6)
        await asyncio.gather(stopping, wish)
        await until(lab, run, lambda e: getattr(e, "status", None) is RunStatus.CANCELLED)

    assert "full" in told
    assert "Free some space" in told


async def test_a_service_that_ends_meanwhile_waits_no_more(tmp_path, ratings):
    folder = tmp_path / "data"
    async with asyncio.timeout(PATIENCE_S), lab_in(folder, ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        other = sqlite3.connect(folder / FILE_NAME)
        other.execute("BEGIN IMMEDIATE")
        await lab.start(run, ANN)
        await trouble(lab)
    other.close()
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        assert (await lab.view(run)).status is RunStatus.WAITING
