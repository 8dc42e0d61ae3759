"""A data folder written before plans had typed rules opens, answers, exports and improves.

`old_runs` holds three runs as that product wrote them: their rows and events as lines of JSON, and
what their scripts delivered, by hash. Two finished, the third waits with an undone change.
"""

import json
import zipfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from labs import ANN, lab_in, settings, until
from tiers import each_of

from agent_core.domain import DataRuleKind, Finding, Order, Outcome, RunId, RunStatus, SplitKind
from agent_core.domain.events import RunFinished
from agent_core.offline.researcher import OfflineResearcher
from storage import runs
from storage.database import open_database
from storage.records import RunRecord
from storage.settings import StorageSettings

OLD_RUNS = Path(__file__).parent / "old_runs"
COMPARISON, SEEDS, UNDONE = map(RunId, ("285d019730", "f7a9319a75", "56e4e97cce"))
NAMES = {COMPARISON: "comparison", SEEDS: "seed_variance", UNDONE: "undone_plan"}
FINISHED = (COMPARISON, SEEDS)


def lines_of(run, folder):
    """Return the row of a run and its events, with the paths that they have in `folder`."""
    text = (OLD_RUNS / f"{NAMES[run]}.jsonl").read_text(encoding="utf-8")
    row, *events = map(json.loads, text.replace("<data>", str(folder)).splitlines())
    return row, events


async def store_events(folder):
    async with open_database(StorageSettings(path=folder)) as database:
        for run in NAMES:
            row, events = lines_of(run, folder)
            await runs.add_run(database, RunRecord(**row))
            for event in events:
                await runs.append(database, run, [(event["kind"], event["body"])], event["at"])


def store_files(folder):
    """Put what the runs read and wrote where their events say that it lies."""
    with zipfile.ZipFile(OLD_RUNS / "files.zip") as archive:
        for run in NAMES:
            data = folder / "runs" / run / "data" / "ratings.csv"
            data.parent.mkdir(parents=True)
            data.write_bytes((OLD_RUNS / "ratings.csv").read_bytes())
            for event in lines_of(run, folder)[1]:
                place_artifacts(archive, json.loads(event["body"]).get("execution") or {})
        for name in archive.namelist():
            of_run, slash, place = name.partition("/")
            if slash and of_run in NAMES.values():
                write(folder / place, archive.read(name))


def place_artifacts(archive, execution):
    for artifact in execution.get("artifacts", ()):
        write(Path(artifact["path"]), archive.read(artifact["sha256"]))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@asynccontextmanager
async def old_lab(folder, **search):
    """Open the folder of the old runs with the product of today."""
    await store_events(folder)
    store_files(folder)
    async with lab_in(folder, OfflineResearcher(), settings(**search)) as lab:
        yield lab


async def test_all_runs_are_listed_as_they_stood(tmp_path):
    async with old_lab(tmp_path) as lab:
        views = {v.id: v for v in await lab.runs()}

    assert {run: v.status for run, v in views.items()} == {
        COMPARISON: RunStatus.FINISHED,
        SEEDS: RunStatus.FINISHED,
        UNDONE: RunStatus.WAITING,
    }
    assert all(len(views[run].nodes) == 3 for run in FINISHED)
    assert all(len(views[run].plan.requirements) == 16 for run in FINISHED)
    assert all(views[run].best.is_satisfactory for run in FINISHED)
    assert all(views[run].outcome is Outcome.SATISFIED for run in FINISHED)


@pytest.mark.parametrize("run", [COMPARISON, UNDONE])
async def test_rules_of_old_plans_mean_what_they_meant(tmp_path, run):
    async with old_lab(tmp_path) as lab:
        plan = (await lab.view(run)).plan

    assert [(r.kind, r.amount, r.is_above) for r in plan.data.rules] == [
        (DataRuleKind.LOWEST_RATING, 4.0, False)
    ]
    assert plan.data.lowest_rating == 4.0
    assert plan.split.kind is SplitKind.USER_FRACTION
    assert plan.split.order is Order.NEWEST
    assert (plan.split.holdout, plan.split.seed, plan.split.held_out) == (0.2, 42, None)
    assert (plan.split.test_users, plan.split.test_user_share) == (None, None)


async def test_an_old_plan_without_rules_of_data_keeps_all_of_it(tmp_path):
    async with old_lab(tmp_path) as lab:
        plan = (await lab.view(SEEDS)).plan

    assert plan.data.rules == ()
    assert plan.split.kind is SplitKind.LEAVE_ONE_OUT
    assert (plan.split.order, plan.split.test_users) == (Order.RANDOM, None)
    assert plan.seeds == (0, 1, 2)


async def test_an_undone_change_is_still_undone(tmp_path):
    async with old_lab(tmp_path) as lab:
        view = await lab.view(UNDONE)
        said = await lab.undo(UNDONE, ANN)

    assert [change.back_to for change in view.changes] == [None, None, 1]
    assert view.plan.metrics == view.plans[0].metrics != view.plans[1].metrics
    assert said.change.back_to == 1


async def test_a_waiting_plan_is_refined(tmp_path):
    async with old_lab(tmp_path) as lab:
        revision = await lab.revise(UNDONE, "also report Recall@10", ANN)

    assert [m.key for m in revision.plan.metrics] == ["ndcg@10", "recall@10"]
    assert revision.plan.data.lowest_rating == 4.0


@pytest.mark.parametrize("run", FINISHED)
async def test_an_old_report_is_exported(tmp_path, run):
    async with old_lab(tmp_path / "data") as lab:
        report = (await lab.view(run)).report
        folder = await lab.export(run, tmp_path / "out")

    with zipfile.ZipFile(folder / report.bundle.name) as archive:
        written = next(n for n in archive.namelist() if n.endswith("report.md"))
        assert report.title in archive.read(written).decode()


@pytest.mark.parametrize(
    ("run", "question", "value"),
    [(COMPARISON, "What is NDCG@10 of EASE?", "0.28"), (SEEDS, "What is the SD?", "0.006")],
)
async def test_a_question_is_answered_from_the_old_files(tmp_path, run, question, value):
    async with old_lab(tmp_path) as lab:
        answer = await lab.answer(run, question, ANN)

    assert value in answer.text


@pytest.mark.parametrize("run", FINISHED)
async def test_old_files_are_found_as_they_were_reported(tmp_path, run):
    async with old_lab(tmp_path) as lab:
        told = await lab.dispute(run, "The baseline is wrong.", ANN)

    assert told.is_same, told.text
    assert "values computed again from the saved lists agree" in told.text


@pytest.mark.slow
@pytest.mark.parametrize("run", each_of(FINISHED, 2))
async def test_an_old_run_is_improved(tmp_path, run):
    async with old_lab(tmp_path / "data", max_iterations=1) as lab:
        first = await lab.view(run)
        await lab.improve(run, "also report Recall@10", ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished), first.seq)
        second = await lab.view(run)
        folder = await lab.export(run, tmp_path / "out")

    checks = {c.name: c.finding for c in second.best.checks}
    assert second.plan.version == 2
    assert second.plan.data == first.plan.data
    assert second.best.plan_version == 2
    assert checks["split_as_planned"] is checks["recomputation_agrees"] is Finding.PASS
    assert "Recall@10" in second.report.markdown
    assert (folder / second.report.bundle.name).is_file()
    assert second.report.bundle != first.report.bundle
