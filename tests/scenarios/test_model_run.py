"""A whole run with a model on a loopback server, and a search for secrets in all that it left."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from model_roles import role_of
from model_server import Say, open_model_server
from playing_model import playing_model

from agent_core.data.synthetic import write_catalogue

ROOT = Path(__file__).parents[2]
QUESTION = "How much does NDCG@10 of ImplicitMF vary over 2 seeds? ratings.csv is attached."
KEY, TOKEN, OTHER, HEADER, NOTE = (
    f"{kind}-planted-{number}"
    for number, kind in enumerate(("sk", "xoxb", "deploy", "gateway", "note"), 4711)
)
SNOOP = """import os, pathlib
told = str(dict(os.environ)) + str([p for p in pathlib.Path("/").glob("*/*.toml")])
print(told)
pathlib.Path("environment.txt").write_text(told)
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def snooping(asked):
    """Answer well; every script first tells all that it can see of its surroundings."""
    answer = playing_model("ratings.csv", seeds=2)(asked)
    if role_of(asked) not in ("draft", "debug", "improve"):
        return answer
    return Say(answer.text.replace("```python\n", f"```python\n{SNOOP}", 1))


@pytest.fixture
def folder(tmp_path):
    """Settings, and a dataset with a column that is nobody's business."""
    write_catalogue(tmp_path / "plain.tsv", users=80, items=60)
    header, *rows = (tmp_path / "plain.tsv").read_text().splitlines()
    noted = [f"{header}\tnote", *(f"{row}\t{NOTE}" for row in rows)]
    (tmp_path / "ratings.csv").write_text("\n".join(noted).replace("\t", ",") + "\n")
    (tmp_path / "plain.tsv").unlink()
    (tmp_path / "config.toml").write_text(
        f'[model.headers]\nX-Gateway = "{HEADER}"\n[treesearch]\nnum_draft_nodes = 1\n'
        f'[sandbox]\npython = "{ROOT}/.venv-lab/bin/python"\n'
    )
    return tmp_path


def contents(folder):
    """Yield every text that a folder holds, those in zips too, but for the dataset itself."""
    data = hashlib.sha256((folder / "ratings.csv").read_bytes()).digest()
    for path in folder.rglob("*"):
        if not path.is_file() or path.name == "config.toml":
            continue
        content = path.read_bytes()
        if hashlib.sha256(content).digest() == data:
            continue
        yield path.name, content
        if path.suffix == ".zip":
            with zipfile.ZipFile(BytesIO(content)) as archive:
                yield from ((f"{path.name}:{n}", archive.read(n)) for n in archive.namelist())


async def test_a_model_researches_and_no_secret_leaves(folder):
    async with open_model_server(snooping) as server:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": KEY,
            "SLACK_BOT_TOKEN": TOKEN, "DEPLOY_TOKEN": OTHER,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", QUESTION, "--data", "ratings.csv", "--json"),
            *("--researcher", "model", "--record", "talks", "--out", "results"),
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complained = await process.communicate()

    summary = json.loads(printed.splitlines()[-1])
    asked = json.dumps([a.body for a in server.asked]).encode()
    told = [("requests", asked), ("stdout", printed), ("stderr", complained), *contents(folder)]
    found = {
        (name, secret)
        for name, text in told
        for secret in (KEY, TOKEN, OTHER, HEADER, NOTE)
        if secret.encode() in text
    }
    assert process.returncode == 0, complained.decode()
    assert summary["satisfied"] is True
    assert found == set()
    assert (folder / "results/artifacts/environment.txt").exists()
    assert all(a.headers["x-gateway"] == HEADER for a in server.asked)
    talks = [json.loads(p.read_text())["role"] for p in (folder / "talks").glob("*.json")]
    assert sorted(talks) == sorted(role_of(a) for a in server.asked)
