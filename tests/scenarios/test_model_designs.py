"""Designs of two and three factors through a model, whole: from the plan to checked evidence."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from pathlib import Path

import pytest
from model_designs import KNN, NEURAL, POPULARITY, asks, factor, plan
from model_server import open_model_server
from playing_model import playing_model, requirement

from agent_core.data.synthetic import write_catalogue

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.wide, pytest.mark.timeout(400)]
SMALL = NEURAL | {"config": ["embedding_size=8", "epochs=3"]}
NAMES = ("ItemKNN", "Popularity")
COMMON = {
    "datasets": ["ratings.csv"],
    "metrics": ["ndcg@10"],
    "list_length": 10,
    "requirements": [
        requirement(1, "All planned algorithms are trained.", "algorithms_as_planned"),
        requirement(2, "Test data are held out as planned.", "split_as_planned"),
        requirement(3, "A table holds one value per cell.", None),
    ],
}
STUDIES = {
    "data and seeds": plan(
        "Does 5-core filtering change the order over 2 seeds?",
        asks("difference", "algorithm", within=["data"]),
        **COMMON,
        algorithms=[SMALL, POPULARITY],
        factors=[
            factor("algorithm", "ImplicitMF", "Popularity"),
            factor("data", "all", "5-core"),
            factor("model_seed", 2, role="repeated", of=("ImplicitMF",)),
        ],
        data=[{"level": "5-core", "rule": "core", "amount": 5}],
    ),
    "shares of training": plan(
        "How much training do ItemKNN and Popularity need: 50 % or all of it?",
        asks("response", "train_share", within=["algorithm"], reference=1.0),
        **COMMON,
        algorithms=[KNN, POPULARITY],
        factors=[factor("algorithm", *NAMES), factor("train_share", 0.5, 1.0)],
    ),
    "splits and neighbours": plan(
        "Do more neighbours help under random and newest splits?",
        asks("response", "max_nbrs", within=["split"]),
        **COMMON,
        algorithms=[KNN, POPULARITY],
        factors=[
            factor("algorithm", *NAMES),
            factor("split", "random", "newest"),
            factor("max_nbrs", 5, 20, of=("ItemKNN",)),
        ],
        splits=[
            {"level": "random", "kind": "user_fraction", "holdout": 0.2, "seed": 7},
            {"level": "newest", "kind": "leave_last", "seed": 7},
        ],
    ),
}
LEVELS = {"model_seed": (0, 1)}
CELLS = {"data and seeds": 6, "shares of training": 4, "splits and neighbours": 6}


@pytest.fixture
def folder(tmp_path):
    write_catalogue(tmp_path / "ratings.csv", users=80, items=60)
    (tmp_path / "config.toml").write_text(
        "[treesearch]\nnum_draft_nodes = 1\nmax_iterations = 1\n"
        f'[sandbox]\npython = "{ROOT}/.venv-lab/bin/python"\n'
    )
    return tmp_path


@pytest.mark.parametrize("name", STUDIES)
async def test_a_design_is_carried_out_and_its_evidence_holds(folder, name):
    async with open_model_server(playing_model("ratings.csv", plan=STUDIES[name])) as server:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-x",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", STUDIES[name]["title"], "--data"),
            *("ratings.csv", "--json", "--researcher", "model", "--out", "results"),
            *("--accept-unanswered",),
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complained = await process.communicate()

    told = printed.decode() + complained.decode()
    table = (folder / "results/artifacts/cells.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))
    events = [json.loads(line) for line in printed.splitlines()]
    checks = [e["checks"] for e in events if e.get("event") == "NodeJudged"][-1]
    assert len(rows) == CELLS[name], told
    for one in STUDIES[name]["factors"]:
        levels = {plain(r[one["name"]]) for r in rows} - {""}
        assert levels == set(map(plain, LEVELS.get(one["name"], one["levels"])))
    assert [c for c in checks if c["is_binding"] and c["finding"] == "fail"] == []
    assert events[-1]["requirements_met"] == events[-1]["requirements"], told


def plain(level):
    """Return a level as a table has it, numbers as numbers."""
    try:
        return float(level)
    except ValueError:
        return str(level)
