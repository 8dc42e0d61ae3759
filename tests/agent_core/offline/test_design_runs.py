"""Scripts of cells really run: no binding check fails on them, their values come again."""

import json
import random
from dataclasses import replace

import pandas as pd
import pytest
import pytest_asyncio
from composed_designs import DESIGNS, NEIGHBOURS, POPULAR, RERANKED, asked, designed
from labs import lab_in, run_through, settings

from agent_core.checks.registry import run_checks
from agent_core.data.given_files import with_tables
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Estimand, Factor, Outcome, Requirement, Task, UserId
from agent_core.evidence.evidence import read_evidence
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.lab.dataset_choice import read_files
from agent_core.measures.beyond import KNOWN
from agent_core.offline.composer import COMPUTED, compose
from agent_core.offline.researcher import OfflineResearcher
from sandbox.execution import Input, Job, Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]
LIMITS = Limits(timeout_s=300)
GENRES = ("Drama", "Comedy", "Horror", "Action", "Romance")
NAMES = ("catalogue.tsv", "second.tsv")
TWO = designed(
    (POPULAR, NEIGHBOURS),
    Factor("dataset", NAMES),
    questions=(asked(Estimand.ORDER, "algorithm", within=("dataset",)),),
    datasets=NAMES,
)
STUDIES = {**DESIGNS, "re-ranking": RERANKED, "two datasets": TWO}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox(SandboxSettings()) as opened:
        yield opened


def one_with_genres(folder):
    write_catalogue(folder / NAMES[0], users=80, items=120, per_user=20)
    dice = random.Random(1)
    lines = (f"{i},{'|'.join(dice.sample(GENRES, dice.randint(1, 3)))}" for i in range(1, 121))
    (folder / "movies.csv").write_text("\n".join(["item_id,genres", *lines]))


def two(folder):
    write_catalogue(folder / NAMES[0], users=80, items=120, per_user=20)
    write_catalogue(folder / NAMES[1], seed=9, users=60, items=100, per_user=20)


async def data_of(plan, folder):
    """Write the data of a plan; return the files and the profiles."""
    folder.mkdir()
    (two if len(plan.datasets) > 1 else one_with_genres)(folder)
    files = {path.name: path for path in sorted(folder.iterdir())}
    datasets = await read_files(files, folder, "Compare algorithms.")
    return with_tables(files), datasets


async def carried_out(sandbox, plan, variant, folder):
    """Run the script of a plan; return what it delivered as evidence."""
    files, datasets = await data_of(plan, folder / "data")
    script = compose(plan, max(datasets, key=lambda d: d.rows), variant)
    write_design(folder / DESIGN, plan, datasets)
    inputs = tuple(Input(n, p) for n, p in {**files, DESIGN: folder / DESIGN}.items())
    (folder / "out").mkdir()
    execution = await sandbox.execute(Job(script.source, inputs, LIMITS), folder / "out")
    assert execution.is_ok, execution.output[-2000:]
    return read_evidence(plan, script.source, execution, datasets, files)


@pytest.mark.wide
@pytest.mark.parametrize(("number", "name"), list(enumerate(STUDIES)))
async def test_no_binding_check_fails_on_an_honest_script(sandbox, tmp_path, number, name):
    plan = STUDIES[name]

    evidence = await carried_out(sandbox, plan, number % 3, tmp_path)

    assert {c.name: c.reason for c in run_checks(evidence) if c.is_fault} == {}
    assert evidence.agreement["agrees"].all()
    again = {*evidence.agreement["metric"], *evidence.validated_agreement["metric"]}
    assert again == set(evidence.measured["metric"]) & KNOWN
    measured = {m.name for m in plan.metrics} if plan.algorithms else set()
    assert set(evidence.rows["metric"]) == measured <= set(COMPUTED)
    figures = {p.name for p in (tmp_path / "out").glob("question_*.png")}
    assert len(figures) == len(plan.questions)


@pytest.mark.wide
async def test_all_ways_come_to_the_same_values(sandbox, tmp_path):
    found = []
    for variant in range(3):
        folder = tmp_path / str(variant)
        folder.mkdir()
        await carried_out(sandbox, DESIGNS["data"], variant, folder)
        cells = json.loads((folder / "out" / "results.json").read_text())["rows"]
        found.append({(row["cell"], row["metric"]): row["value"] for row in cells})

    first, second, third = found
    assert first == pytest.approx(second)
    assert first == pytest.approx(third)


class Given(OfflineResearcher):
    """The rule-based researcher with a plan that was made elsewhere."""

    def __init__(self, plan):
        self.given = plan

    async def plan(self, request):
        return self.given


async def test_a_study_of_cells_comes_to_a_report(tmp_path):
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=80, items=120, per_user=20)
    wanted = ("recomputation_agrees", "split_as_planned", "algorithms_as_planned", "lists_saved")
    plan = replace(
        DESIGNS["data"],
        requirements=tuple(Requirement(n, c, check=c) for n, c in enumerate(wanted, start=1)),
        estimate_s=100.0,
    )
    text = "Does the gap of NDCG@10 between popularity and ItemKNN depend on the data variant?"
    task = Task(text, (path,), UserId("ann"), "t:1")

    async with lab_in(tmp_path / "lab", Given(plan), settings(), preload_after_s=0) as lab:
        view = await run_through(lab, task)

    assert view.best is not None
    assert {c.name: c.reason for c in view.best.checks if c.is_fault} == {}
    assert view.outcome in (Outcome.SATISFIED, Outcome.PARTIAL)
    assert view.best.score.met == len(wanted)
    table = pd.read_csv(
        next(a.path for a in view.best.execution.artifacts if a.name == "cells.csv")
    )
    assert len(table) == 2 * 4
    assert [rerun.is_identical for rerun in view.reruns] == [True]
