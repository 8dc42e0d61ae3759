import asyncio
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from model_requests import CONTEXT, DATA, ask, node_with
from playing_model import playing_model

import sandbox
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Plan, Script
from agent_core.domain.cells import design_record

LAB = Path(__file__).parents[3] / ".venv-lab" / "bin" / "python"
CONTEXT_CSV = replace(CONTEXT, datasets=(replace(DATA, name="ratings.csv"),))


async def played(talk):
    async with talk(playing_model("ratings.csv", seeds=2)) as it:
        plan = await ask(it.researcher, "plan", context=CONTEXT_CSV)
        draft = await ask(it.researcher, "draft", context=CONTEXT_CSV, plan=plan)
        node = node_with(source=draft.source)
        open_ones = tuple(r for r in plan.requirements if r.check is None)
        verdicts = await ask(it.researcher, "judge", plan=plan, node=node, open=open_ones)
    return plan, draft, verdicts


async def test_a_competent_model_plans_writes_and_judges(talk):
    plan, draft, verdicts = await played(talk)

    assert isinstance(plan, Plan)
    assert isinstance(draft, Script)
    assert [(v.requirement, v.is_met) for v in verdicts] == [(5, True)]


def executed(folder):
    return subprocess.run(
        [LAB, "script.py"],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.slow
async def test_its_script_runs_on_the_synthetic_catalogue(talk, tmp_path):
    plan, draft, _ = await played(talk)
    write_catalogue(tmp_path / "ratings.csv", users=80, items=60)
    design = design_record(plan, CONTEXT_CSV.datasets)
    (tmp_path / "design.json").write_text(json.dumps(design))
    (tmp_path / "script.py").write_text(draft.source)
    shutil.copy(Path(sandbox.__file__).parent / "labbook.py", tmp_path)
    done = await asyncio.to_thread(executed, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert {r["cell"] for r in rows} == {c["id"] for c in design["cells"]}
    assert {p.name for p in (tmp_path / "cells").iterdir()} == {r["cell"] for r in rows}
    assert (tmp_path / "per_cell.csv").exists()
    assert (tmp_path / "cells.png").exists()
