"""A script of cells with the helper itself: pilot, whole run and hashes, confined as it is."""

import json

import pytest
import pytest_asyncio
from laid_designs import SCORED, designed, interactions

from agent_core.domain import Script, cells_of
from agent_core.evidence.file_hashes import changed_files
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.pilot import PILOT_FROM_S
from agent_core.execution.slots import FairSlots
from sandbox.execution import Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

LIMITS = Limits(memory_mib=2048, disk_mib=64, inodes=2000, processes=64)
NEVER_S = 3600.0
NOISY = SCORED.replace("        part =", "        print('warning\\n' * 500)\n        part =")


@pytest_asyncio.fixture(params=["warm", "unconfined"])
async def executor(request):
    settings = SandboxSettings(level=request.param, preload_after_s=NEVER_S)
    async with open_sandbox(settings) as sandbox:
        yield Executor(sandbox, FairSlots(1), LIMITS)


@pytest.mark.asyncio
async def test_cells_of_a_pilot_are_kept_and_progress_is_told(executor, tmp_path):
    data, plan, told = tmp_path / "data.csv", designed(), []
    interactions().to_csv(data, index=False)
    write_design(tmp_path / DESIGN, plan, ())
    asked = Experiment(
        "run",
        "user",
        1,
        Script("", f"import pandas as pd\nimport labbook\n{NOISY}"),
        {DESIGN: tmp_path / DESIGN, "data.csv": data},
        tmp_path / "artifacts",
        timeout_s=120.0,
        expected_s=PILOT_FROM_S,
        cells=cells_of(plan),
    )

    execution = await executor.execute(asked, told.append)

    assert execution.is_ok, execution.output
    # Two are made by the pilot, which is over when the whole script begins.
    assert "cell 2 of 8" not in execution.output
    assert "cell 3 of 8" in execution.output
    files = {a.name: a.path for a in execution.artifacts}
    assert sum(name.endswith("/cell.json") for name in files) == 8
    results = json.loads(files["results.json"].read_text())
    assert len(results["rows"]) == 8
    assert changed_files(execution.artifacts, results) == ()
    assert set(json.loads(files["run.json"].read_text())["blocks"]) == {"all", "8-core"}
    assert told[-1].total == 8
    assert "cell" in told[-1].line
