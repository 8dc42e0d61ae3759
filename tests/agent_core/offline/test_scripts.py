"""Composed scripts really run, and every binding check passes on what they deliver."""

from pathlib import Path

import pytest
import pytest_asyncio
from benches import Bench
from tiers import each_of

from agent_core.checks.registry import run_checks
from agent_core.data.given_files import RECIPES, table_name, with_tables, write_recipes
from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Finding, Packages, RunId
from agent_core.evidence.evidence import read_evidence
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, DraftRequest, PlanRequest
from sandbox.execution import Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
LIMITS = Limits(timeout_s=110)
ODD = "user;product;when\n" + "".join(
    f"ann{u % 40};{(u * 7 + i * i) % 60}x;2024-01-{1 + (u + i) % 28:02}\n"
    for u in range(48)
    for i in range(9)
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox(SandboxSettings()) as opened:
        yield opened


async def outcome(sandbox, tmp_path: Path, path: Path, task: str, variant: int):
    dataset = profile(path, task=task, table=path.with_name(table_name(path.name)))
    write_recipes(path.with_name(RECIPES), (dataset,))
    context = Context(RunId("r"), task, (dataset,), Packages("3.11", {}))
    researcher = OfflineResearcher()
    plan = await researcher.plan(PlanRequest(context))
    script = await researcher.draft(DraftRequest(context, plan, variant))
    bench = Bench(sandbox, tmp_path / "out")
    write_design(tmp_path / DESIGN, plan, (dataset,))
    inputs = [*with_tables({path.name: path}).values(), tmp_path / DESIGN]
    execution = await bench.run(script.source, inputs=inputs, limits=LIMITS)
    assert execution.is_ok, execution.output[-2000:]
    files = {dataset.name: path}
    evidence = read_evidence(plan, script.source, execution, (dataset,), files)
    checks = {c.name: c for c in run_checks(evidence)}
    wanted = {r.check for r in plan.requirements if r.check}
    failed = [
        c for n, c in checks.items() if c.finding is Finding.FAIL and (c.is_binding or n in wanted)
    ]
    return plan, evidence, failed


@pytest.mark.parametrize(
    ("task", "variant"),
    each_of(
        [
            ("3 random seeds, NDCG, MRR and hit rate at 10 of ImplicitMF, leave-one-out", 1),
            ("Compare popularity, item kNN and EASE, 3-fold cross-validation, NDCG@10, MAP@10", 2),
            ("How do 4, 8 or 16 factors change NDCG@10 of ImplicitMF, 80/20 split?", 3),
            ("RMSE and MAE of BiasedMF and item kNN, 2-fold cross-validation", 0),
            ("RMSE of BiasedMF and NDCG@5 of EASE, ratings of 3 and more, 80/20", 1),
            ("temporal split: NDCG@10 and coverage of EASE and user kNN", 0),
            ("leave last out: precision at 5 of item kNN", 1),
            ("How much do 3 seeds change NDCG@10 of ImplicitMF and the RMSE of BiasedMF?", 2),
            ("NDCG@5 of EASE, ratings of 3 and more, then a 10-core, 80/20", 0),
            ("NDCG@5 of EASE, remove users with fewer than 30 ratings, leave-one-out", 1),
        ],
        10,
    ),
)
async def test_a_study_passes_its_checks(sandbox, tmp_path, task, variant):
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=80, items=120, per_user=20)

    _, evidence, failed = await outcome(sandbox, tmp_path, path, task, variant)

    assert failed == []
    assert evidence.agreement["agrees"].all()


@pytest.mark.parametrize(("folds", "variant"), each_of([("", 1), (", 3 folds", 0)], 2))
async def test_the_newest_share_of_each_user_is_held_out(sandbox, tmp_path, folds, variant):
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=40, items=60, per_user=10)
    lines = path.read_text().splitlines()
    few = "\t".join(["900", *lines[1].split("\t")[1:]])
    path.write_text("\n".join([*lines, few]) + "\n")
    task = f"NDCG@5 of item kNN, hold out the newest 20 % of each user{folds}"

    _, evidence, failed = await outcome(sandbox, tmp_path, path, task, variant)

    assert failed == []
    for fold, test in evidence.test.items():
        newest = evidence.train[fold].groupby("user_id")["timestamp"].max()
        assert (test["timestamp"] >= newest.reindex(test["user_id"]).to_numpy()).all()
        assert "900" not in set(test["user_id"])


async def test_column_names_from_the_task_and_ids_of_mixed_kinds_pass(sandbox, tmp_path):
    path = tmp_path / "odd.csv"
    rows = [f"{u},{'x' * (i % 2)}{i},{1 + (u + i) % 5}" for u in range(30) for i in range(12)]
    path.write_text("who,what,score\n" + "\n".join([*rows, rows[0]]) + "\n")
    task = "The user column is who and the item column is what. NDCG@5 of EASE, ratings above 1."

    plan, _, failed = await outcome(sandbox, tmp_path, path, task, 1)

    assert failed == []
    assert plan.data.lowest_rating == 2


@pytest.mark.parametrize("variant", each_of([0, 1], 2))
async def test_odd_data_passes_its_checks(sandbox, tmp_path, variant):
    path = tmp_path / "odd.csv"
    path.write_text(ODD)

    plan, _, failed = await outcome(
        sandbox, tmp_path, path, "Compare EASE and item kNN, leave-one-out, NDCG@5", variant
    )

    assert failed == []
    assert "every row is a positive signal" in plan.feedback
