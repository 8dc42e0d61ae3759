"""Studies on data that came in parts: the split is the given one, and a new one is found out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pytest_asyncio
from tiers import each_of

from agent_core.checks.registry import run_checks
from agent_core.data.given_files import with_tables
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Finding, Packages, RunId, SplitKind
from agent_core.evidence.evidence import read_evidence
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.lab.dataset_choice import read_files
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, DraftRequest, PlanRequest
from sandbox.execution import Input, Job, Limits
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]
LIMITS = Limits(timeout_s=300)
COLUMNS = ["user_id", "item_id", "rating", "timestamp"]
AGAIN = """
    everything = pd.concat([part.train, part.tested]).drop_duplicates(["user_id", "item_id"])
    tested = everything.sample(len(part.tested), random_state=1)
    train = everything.drop(tested.index)
    labbook.split(c.block, train, tested)"""
"""A script that draws the split anew."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox(SandboxSettings()) as opened:
        yield opened


def catalogue(folder: Path) -> pd.DataFrame:
    write_catalogue(folder / "whole.tsv", users=60, items=90, per_user=20)
    frame = pd.read_csv(folder / "whole.tsv", sep="\t")
    (folder / "whole.tsv").unlink()
    return frame.set_axis(COLUMNS, axis=1).sample(frac=1, random_state=3, ignore_index=True)


def pair(folder: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """Write a training and a test file as MovieLens 100K has them, three pairs in both."""
    whole = catalogue(folder)
    train, test = whole.iloc[300:], pd.concat([whole.iloc[:300], whole.iloc[300:303]])
    for name, part in (("u1.base", train), ("u1.test", test)):
        part.to_csv(folder / name, sep="\t", header=False, index=False)
    return {"train": train, "test": test}, "train on u1.base and test on u1.test"


def three(folder: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """Write a training, a validation and a test file with headers."""
    whole = catalogue(folder)
    parts = {"train": whole.iloc[400:], "valid": whole.iloc[:200], "test": whole.iloc[200:400]}
    for name, part in parts.items():
        part.to_csv(folder / f"{name}.csv", index=False)
    return parts, ""


async def planned(folder: Path, words: str):
    """Return what the rule-based researcher makes of the files of a folder."""
    files = {p.name: p for p in sorted(folder.iterdir())}  # noqa: ASYNC240
    task = f"Compare popularity and item kNN, NDCG@10. {words}".strip()
    datasets = await read_files(files, folder, task)
    context = Context(RunId("r"), task, datasets, Packages("3.11", {}))
    researcher = OfflineResearcher()
    plan = await researcher.plan(PlanRequest(context))
    script = await researcher.draft(DraftRequest(context, plan, 0))
    return files, datasets, plan, script.source


async def judged(sandbox, out, files, datasets, plan, source):
    """Run a script among the files of its data; return the evidence and the findings."""
    given = with_tables(files)
    write_design(out.with_name(DESIGN), plan, datasets)
    inputs = tuple(Input(n, p) for n, p in {**given, DESIGN: out.with_name(DESIGN)}.items())
    out.mkdir()
    execution = await sandbox.execute(Job(source, inputs, LIMITS), out)
    assert execution.is_ok, execution.output[-2000:]
    evidence = read_evidence(plan, source, execution, datasets, given)
    return evidence, {c.name: c for c in run_checks(evidence)}


def ndcg(lists: pd.DataFrame, test: pd.DataFrame, k: int = 10) -> float:
    """Return NDCG by its definition, from lists and the file that was attached."""
    values = []
    for user, own in test.groupby("user_id"):
        wanted = {str(i) for i in own["item_id"]}
        shown = lists[(lists["user_id"] == str(user)) & (lists["rank"] <= k)]
        gains = [1 / np.log2(max(r, 2)) for r in shown.loc[shown["item_id"].isin(wanted), "rank"]]
        ideal = sum(1 / np.log2(max(r, 2)) for r in range(1, min(k, len(wanted)) + 1))
        values.append(sum(gains) / ideal)
    return float(np.mean(values))


@pytest.mark.parametrize("written", each_of([pair, three], 2))
async def test_the_given_split_is_run_and_no_other(sandbox, tmp_path, written):
    folder = tmp_path / "data"
    folder.mkdir()
    parts, words = written(folder)
    files, datasets, plan, source = await planned(folder, words)
    evidence, checks = await judged(sandbox, tmp_path / "out", files, datasets, plan, source)

    assert plan.split.kind is SplitKind.GIVEN
    assert plan.split.has_validation is ("valid" in parts)
    for saved, name in ((evidence.train["0"], "train"), (evidence.test["0"], "test")):
        ids = [map(int, evidence.ids.texts(saved[c])) for c in ("user_id", "item_id")]
        own = [*zip(*ids, strict=True)]
        wanted = zip(parts[name]["user_id"], parts[name]["item_id"], strict=True)
        assert sorted(own) == sorted(wanted)
    claimed = evidence.single.set_index("algorithm")["value"]
    for (name, *_), saved in evidence.lists.items():
        texts = {c: evidence.ids.texts(saved[c]) for c in ("user_id", "item_id")}
        assert claimed[name] == pytest.approx(ndcg(saved.assign(**texts), parts["test"]), abs=1e-9)
    wanted = {r.check for r in plan.requirements if r.check}
    assert not [c for n, c in checks.items() if c.finding is Finding.FAIL
                and (c.is_binding or n in wanted)]  # fmt: skip
    shared = checks["no_test_in_train"]
    assert shared.finding is (Finding.PASS if "valid" in parts else Finding.WARN)


@pytest.mark.wide
async def test_a_split_drawn_anew_is_found_out(sandbox, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    _, words = three(folder)
    files, datasets, plan, source = await planned(folder, words)
    told = "train, tested = part.train, part.tested"
    assert source.count(told) == 1
    _, checks = await judged(
        sandbox, tmp_path / "out", files, datasets, plan, source.replace(told, AGAIN.strip())
    )
    found = checks["split_as_planned"]

    assert found.finding is Finding.FAIL
    assert found.values["strange"] > 100
    assert "train" in found.reason
