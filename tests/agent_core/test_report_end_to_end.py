"""From a script that trains with LensKit to a zip whose script gives the same numbers again."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from importlib import resources

import pytest
from results import PACKAGES, inputs_of

from agent_core.checks.registry import run_checks
from agent_core.datasets import profile
from agent_core.domain import Finding, ReportDraft, RunId
from agent_core.evidence import read_evidence
from agent_core.offline.researcher import OfflineResearcher
from agent_core.reporter import write_report
from agent_core.researcher import Context, DraftRequest, PlanRequest
from agent_core.synthetic import write_catalogue
from sandbox.errors import SandboxUnavailable
from sandbox.execution import Artifact, Ended, Execution, Level
from sandbox.packages import find_python

TASK = "How much does NDCG@10 of ImplicitMF vary over 4 training seeds?"


def python():
    try:
        return find_python()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def execute(folder, *arguments):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LK_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [python(), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def executed(folder):
    """Collect what a script left, as the sandbox does."""
    given = {"script.py", "labbook.py", "synthetic.tsv"}
    made = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in given]
    artifacts = tuple(
        Artifact(p.relative_to(folder).as_posix(), p, p.stat().st_size)
        for p in made
        if "__pycache__" not in p.parts
    )
    return Execution(0, Ended.FINISHED, "", 1.0, Level.COLD, artifacts=artifacts)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_zip_of_a_seed_study_repeats_its_numbers(tmp_path):
    data, work = tmp_path / "synthetic.tsv", tmp_path / "work"
    write_catalogue(data, users=120, items=150)
    work.mkdir()
    shutil.copyfile(data, work / data.name)
    helper = (resources.files("sandbox") / "labbook.py").read_text("utf-8")
    (work / "labbook.py").write_text(helper)
    known = profile(data)
    researcher = OfflineResearcher()
    context = Context(RunId("run"), TASK, (known,), PACKAGES)
    plan = await researcher.plan(PlanRequest(context))
    script = await researcher.draft(DraftRequest(context, plan, 0))
    (work / "script.py").write_text(script.source)
    execute(work, "script.py")
    evidence = read_evidence(plan, script.source, executed(work), (known,), {known.name: data})
    checks = run_checks(evidence)

    report = write_report(inputs_of(evidence, checks=checks), ReportDraft(""), tmp_path / "report")

    assert not [c for c in checks if c.is_binding and c.finding is Finding.FAIL]
    assert report.headline.startswith("**The seed moves NDCG@10 of ImplicitMF")
    assert "over 4 seeds" in report.headline
    assert "Synthetic data" in report.headline
    with zipfile.ZipFile(report.bundle) as archive:
        archive.extractall(tmp_path / "unzipped")
    folder = next((tmp_path / "unzipped").iterdir())
    hashed = hashlib.sha256(data.read_bytes()).hexdigest()
    assert (folder / "split" / "dataset.sha256").read_text() == f"{hashed}  {data.name}\n"
    assert not list(folder.rglob(data.name))
    execute(folder, "solution.py", "--data", str(data), "--out", "again")
    compared = execute(folder, "compare.py", ".", "again")
    rows = json.loads((folder / "results.json").read_text())["rows"]
    assert f"{len(rows)} values in both, 0 in one only" in compared
