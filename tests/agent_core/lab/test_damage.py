"""A run that cannot be read, or that ends the service, takes no other run with it."""

import asyncio
import shutil

import pytest
from labs import ANN, RATINGS, lab_in, task, until, waiting
from scripted import ScriptedResearcher
from stored import NOW, opened, rewrite

from agent_core.domain import NodeId, Operator, RunId, RunStatus, Script
from agent_core.domain.events import (
    Logged,
    NodeStarted,
    Resumed,
    RunFinished,
    ScriptWritten,
    StatusChanged,
)
from agent_core.errors import DamagedRun
from agent_core.lab.housekeeping import MOST_RESUMES
from agent_core.run.journal import Journal, process_name
from agent_core.run.resuming import fruitless_resumes
from agent_core.run.view import fold
from bot.commands.tasks import forget_run, list_runs, show_run
from bot.settings import Settings
from storage.settings import StorageSettings

DAMAGES = {
    "a byte of an event": "UPDATE events SET body = '{' || body WHERE run = ? AND seq = 2",
    "a number turned into a word": "UPDATE events SET body = replace(body, '\"version\":1', "
    "'\"version\":\"x\"') WHERE run = ? AND kind = 'PlanSet'",
    "an event is gone": "DELETE FROM events WHERE run = ? AND seq = 2",
    "an unknown kind": "UPDATE events SET kind = 'Zzz' WHERE run = ? AND seq = 3",
    "a moment": "UPDATE events SET at = 'today' WHERE run = ? AND seq = 2",
}


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """A data folder in which two runs wait for their start, and their ids."""
    folder = tmp_path_factory.mktemp("left")
    ratings = folder / "ratings.csv"
    ratings.write_text(RATINGS)

    async def plan():
        async with lab_in(folder / "data", ScriptedResearcher()) as lab:
            ids = [await lab.submit(task(ratings, origin)) for origin in ("a:1", "a:2")]
            for run in ids:
                await waiting(lab, run)
        return ids

    return folder / "data", asyncio.run(plan())


@pytest.fixture
def planned(left, tmp_path):
    """A copy of it."""
    shutil.copytree(left[0], tmp_path / "data")
    for path in (tmp_path / "data").rglob("log.jsonl"):
        path.unlink()  # else the log is read from its copy
    return tmp_path / "data", *left[1]


async def view_in(folder, run):
    """Return how a run stands."""
    async with opened(folder) as database:
        return fold(run, await Journal(database, process_name()).read(run))


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_run_says_what_is_damaged_and_how_to_be_rid_of_it(planned, damage):
    folder, bad, good = planned
    rewrite(folder, DAMAGES[damage], [bad])

    view = await view_in(folder, bad)

    assert view.is_damaged
    assert view.status is RunStatus.FAILED
    assert f"tasks forget {bad}" in view.failure
    assert not (await view_in(folder, good)).is_damaged


async def test_others_run_and_a_damaged_one_is_not_gone_on_with(planned):
    folder, bad, good = planned
    rewrite(folder, DAMAGES["a byte of an event"], [bad])
    rewrite(folder, "UPDATE runs SET task_json = '{' WHERE id = ?", [bad])

    async with lab_in(folder, ScriptedResearcher()) as lab:
        with pytest.raises(DamagedRun):
            await lab.resume(bad, ANN)
        with pytest.raises(DamagedRun):
            await lab.driver(bad)
        await lab.start(good, ANN)
        await until(lab, good, lambda e: isinstance(e, RunFinished))
        listed = [view.standing for view in await lab.runs()]

    assert listed == ["damaged", "finished"]


def test_tasks_list_names_it_and_forget_removes_it(planned, capsys):
    folder, bad, good = planned
    rewrite(folder, DAMAGES["a byte of an event"], [bad])
    given = Settings.model_construct(storage=StorageSettings(path=folder))

    assert list_runs(given, as_json=False) == 0
    listed = capsys.readouterr()
    assert show_run(given, bad, as_json=False, calls=False) == 0
    assert forget_run(given, bad) == 0
    capsys.readouterr()
    assert list_runs(given, as_json=False) == 0
    after = capsys.readouterr()

    assert "damaged" in listed.out
    assert bad in listed.err
    assert good in after.out
    assert bad not in after.out + after.err


async def test_a_run_that_is_resumed_without_progress_fails_and_can_be_resumed(planned):
    folder, _, run = planned
    killed = [Resumed("gone"), NodeStarted(NodeId(1), Operator.DRAFT, ())] * MOST_RESUMES
    async with opened(folder) as database:
        journal = Journal(database, process_name())
        await journal.append(run, StatusChanged(RunStatus.RUNNING), *killed)

    async with lab_in(folder, ScriptedResearcher()) as lab:
        failed = await lab.view(run)
        await lab.resume(run, ANN)
        resumed = await lab.view(run)

    assert failed.status is RunStatus.FAILED
    assert not failed.is_damaged
    assert resumed.status is not RunStatus.FAILED


def test_only_what_comes_to_nothing_while_it_works_counts():
    def count(*events):
        log = [Logged(n, NOW, e) for n, e in enumerate(events, 1)]
        return fruitless_resumes(RunId("r"), log)

    resumed, begun = Resumed("gone"), NodeStarted(NodeId(1), Operator.DRAFT, ())
    written = ScriptWritten(NodeId(1), Script("x", "y"))
    assert count(resumed, begun, resumed, begun) == 2
    assert count(resumed, begun, resumed, begun, written, resumed) == 1
    assert count(StatusChanged(RunStatus.WAITING), resumed, resumed) == 0
