"""A data folder that moves takes its runs with it."""

import shutil

import pytest
from labs import ANN, lab_in, run_through, task
from scripted import ScriptedResearcher
from stored import rewrite, rows

from agent_core.domain import RunStatus


@pytest.mark.parametrize("is_old", [False, True], ids=["as written now", "as older logs"])
async def test_a_moved_folder_shows_exports_and_goes_on(tmp_path, ratings, is_old):
    old, new = tmp_path / "old", tmp_path / "new"
    async with lab_in(old, ScriptedResearcher()) as lab:
        run = (await run_through(lab, task(ratings))).id
    before = {p.name: p.read_bytes() for p in (old / "runs" / run / "data").iterdir()}
    named = rows(old, f"SELECT count(*) FROM events WHERE body LIKE '%{old}%'")
    if is_old:
        rewrite(old, f"UPDATE events SET body = replace(body, '@data/', '{old}/')")
    shutil.move(old, new)
    async with lab_in(new, ScriptedResearcher()) as lab:
        view = await lab.view(run)
        shutil.rmtree(lab.journal.folder(run) / "data")
        exported = await lab.export(run, tmp_path / "out")
        await lab.rerun(run, ANN)
        back = {p.name: p.read_bytes() for p in (lab.journal.folder(run) / "data").iterdir()}

    assert named == [(0,)]
    assert view.status is RunStatus.FINISHED
    assert view.report.bundle.is_relative_to(new)
    assert all(path.is_relative_to(new) for path in view.task.files)
    assert (exported / "report.md").read_text() == view.report.markdown
    assert back == before
