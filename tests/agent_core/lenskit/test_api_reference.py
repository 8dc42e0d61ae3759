import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from builders import plan_of
from model_designs import DESIGNS
from model_requests import DATA
from tiers import wide_but

import sandbox
from agent_core.domain.cells import design_record
from agent_core.lenskit.api_reference import (
    OF_RUNS,
    descriptions_in,
    introspection,
    labbook,
    lenskit,
    lookup_with,
    names_in,
    part,
    runner,
)
from agent_core.lenskit.scorers import SCORERS
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

LAB = Path(__file__).parents[3] / ".venv-lab" / "bin" / "python"

TRACE = """noise
Traceback (most recent call last):
  File "/home/job/script.py", line 9, in main
    scorer = ImplicitMFScorer(50)
  File "/lib/lenskit/pipeline/components.py", line 99, in __init__
TypeError: ImplicitMFScorer.__init__() takes 1 positional argument but 2 were given
"""


@pytest.mark.parametrize(
    ("error", "names"),
    [
        (TRACE, ("ImplicitMFScorer",)),
        ("ModuleNotFoundError: No module named 'lenskit.algorithms'", ("lenskit.algorithms",)),
        (
            "ImportError: cannot import name 'RMSe' from 'lenskit.metrics' (x)",
            ("lenskit.metrics.RMSe",),
        ),
        ("AttributeError: module 'lenskit.batch' has no attribute 'run'", ("lenskit.batch.run",)),
        ("AttributeError: 'TTSplit' object has no attribute 'x'", ("TTSplit",)),
        ("all is well", ()),
    ],
)
def test_the_names_of_a_traceback_are_found(error, names):
    assert names_in(error) == names


def test_a_plan_brings_only_its_parts_and_scorers():
    text = lenskit(plan_of())

    assert "### Top-n" in text
    assert "### Rating prediction" not in text
    assert "EASEScorer(regularization" not in text
    assert len(text) < 12_000


def test_the_helper_is_described_from_its_own_source():
    text = labbook()

    for name in ("cells", "data", "part", "once", "is_last", "results", "chosen", "figure"):
        assert f"labbook.{name}(" in text
    for name in ("training", "model", "lists", "predictions", "row", "per_user"):
        assert f"c.{name}(" in text
    assert all(f"`{name}`" in text for name in ("kind", "config", "seed", "tested", "query"))
    assert not any(f"labbook.{name}(" in text for name in OF_RUNS)
    assert len(text) < 6000


async def test_a_lookup_asks_once_for_the_same_names():
    asked = []

    async def run(source):
        asked.append(source)
        return 'x <<reference>>["ImplicitMFScorer(...)"]<</reference>>'

    lookup = lookup_with(run)

    assert await lookup(TRACE) == "ImplicitMFScorer(...)"
    assert await lookup(TRACE) == "ImplicitMFScorer(...)"
    assert await lookup("no traceback") == ""
    assert len(asked) == 1


@pytest.mark.parametrize(
    "output", ["", "<<reference>>{<</reference>>", "<<reference>>3<</reference>>"]
)
def test_an_introspection_that_says_nothing_is_empty(output):
    assert descriptions_in(output) == ""


BEFORE = {
    "data": "import labbook\nfrom lenskit.basic import BiasScorer, PopScorer\n"
    "c = next(labbook.cells())\nc.__enter__()\n",
    "topn": "scorer = PopScorer()\n",
    "ratings": "scorer = BiasScorer(damping=5)\n",
}
"""What the code of a part takes as given."""
AFTER = """
assert set(frame["user_id"]) <= set(users) and len(per_user) == len(recs)
lists = recommended(pipe, part, users).to_df()
assert lists["user_id"].nunique() == len(users) and lists.groupby("user_id").size().max() <= 10
"""
"""What is asked of it."""


def lab(source):
    """Run a source under the experiments' interpreter."""
    environment = os.environ | {"LK_NUM_PROCS": "1"}
    done = subprocess.run(
        [LAB, "-"], input=source, capture_output=True, text=True, env=environment, timeout=100
    )
    return done.stdout + done.stderr


DEFINITIONS = """
from lenskit.data import ItemListCollection, UserIDKey
from lenskit.metrics import NDCG, Recall, RunAnalysis
import pandas as pd

def measured(place):
    items = [1 if rank == place else 100 + rank for rank in range(1, 11)]
    ranks = range(1, 11)
    lists = pd.DataFrame({"user_id": 5, "item_id": items, "rank": ranks})
    lists["score"] = -lists["rank"]
    truth = pd.DataFrame({"user_id": 5, "item_id": range(1, 21)})
    lists, truth = (ItemListCollection.from_df(f, UserIDKey) for f in (lists, truth))
    return RunAnalysis(NDCG(10), Recall(10)).measure(lists, truth).list_metrics().iloc[0]

first, second, fourth = (measured(place) for place in (1, 2, 4))
ratios = [round(other["NDCG@10"] / first["NDCG@10"], 3) for other in (second, fourth)]
print(first["Recall@10"], *ratios)
"""
NAMES = ("ImplicitMFScorer", "lenskit.batch.reccomend", "lenskit.algorithms", "pd.read_csv")
QUESTIONS = {
    "signatures": introspection(NAMES),
    "scorers": "\n".join(
        f"from {s.module} import {s.kind}\n"
        f"fields = set({s.kind}().config.__class__.model_fields)\n"
        f"print({s.kind!r}, sorted(set({s.parameters!r}) - fields))\n{s.example}"
        for s in SCORERS.values()
    ),
    "definitions": DEFINITIONS,
}
MARK = "----- next -----\n"


@pytest.fixture(scope="module")
def told():
    """What the experiments' interpreter says to each question, asked in one process."""
    source = f"print({MARK!r}, end='')\n".join(
        f"exec({q!r}, {{'__name__': '__main__'}})\n" for q in QUESTIONS.values()
    )
    return dict(zip(QUESTIONS, lab(source).split(MARK), strict=True))


@pytest.mark.slow
def test_real_signatures_come_from_the_installed_library(told):
    text = descriptions_in(told["signatures"])

    assert "lenskit.als.ImplicitMFScorer" in text
    assert "embedding_size=50" in text
    assert "lenskit.batch.recommend" in text
    assert "lenskit.algorithms: does not exist here" in text
    assert "pandas.read_csv(" in text


@pytest.mark.slow
def test_the_table_of_scorers_is_true_to_the_installed_library(told):
    assert told["scorers"].strip().splitlines() == [f"{kind} []" for kind in SCORERS]


@pytest.mark.slow
@pytest.mark.parametrize("name", wide_but(("cold start", "size of training"), "size of training"))
def test_the_code_of_the_reference_runs(name, tmp_path):
    lines = [f"{u}\t{(u * 7 + i * 3) % 40}\t{1 + (u + i) % 5}\t{10**9 + u * 1000 + i}\n"
             for u in range(60) for i in range(12)]  # fmt: skip
    (tmp_path / "u.data").write_text("".join(lines))
    splits = [split | {"test_users": 20} for split in DESIGNS[name]["splits"]]
    plan = plan_from(PlanAnswer.model_validate(DESIGNS[name] | {"splits": splits}), [DATA])
    (tmp_path / "design.json").write_text(json.dumps(design_record(plan, [DATA])))
    shutil.copy(Path(sandbox.__file__).parent / "labbook.py", tmp_path)
    code = ""
    for one in ("preamble", "data", "splits", "topn", "candidates", "ratings"):
        blocks = [block.split("```")[0] for block in part(one).split("```python\n")[1:]]
        code += BEFORE.get(one, "") + "\n".join(blocks) + AFTER * (one == "candidates")
    (tmp_path / "script.py").write_text(code)
    environment = os.environ | {"LK_NUM_PROCS": "1"}
    done = subprocess.run(
        [LAB, "script.py"], cwd=tmp_path, capture_output=True, text=True, env=environment,
        timeout=100,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
async def test_names_are_looked_up_in_the_sandbox():
    error = "AttributeError: module 'labbook' has no attribute 'rows'\n"
    async with open_sandbox(SandboxSettings(python=str(LAB))) as box:
        text = await lookup_with(runner(box))(error)

    assert "labbook.rows: does not exist here; near: labbook.row" in text
    assert "labbook.row(metric" in text


@pytest.mark.slow
def test_metrics_are_defined_as_the_reference_says(told):
    assert "smaller of n and the number of test items" in part("topn")
    assert "log2(max(rank, 2))" in part("topn")
    assert told["definitions"] == "0.1 1.0 0.5\n"
