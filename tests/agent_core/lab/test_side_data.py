"""A folder of ratings, films, tags and links: a script uses the films' genres, in and outside."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from labs import ANN, lab_in, run_through, settings
from scripted import ScriptedResearcher

from agent_core.domain import Task

DATA = Path(os.environ.get("AUTORECLAB_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
SCRIPT = '''"""Counts the genres in lists of popular films."""

import pandas as pd

import labbook

frame = labbook.load("ratings.csv")
genres = labbook.features("ratings.csv")["genres"]
labbook.dataset("ratings.csv", frame)
test = frame.sort_values(["user_id", "timestamp"]).groupby("user_id").tail(3)
train = frame.drop(test.index)
labbook.split(0, train, test, kind="user_fraction", holdout=3)
labbook.algorithm("Popularity", {"class": "PopScorer"})
popular = train["item_id"].value_counts(sort=False).sort_index()
popular = popular.sort_values(ascending=False, kind="stable")
seen = train.groupby("user_id")["item_id"].agg(set)
lists = pd.DataFrame(
    [
        {"user_id": u, "item_id": i, "rank": r + 1, "score": 1 / (r + 1)}
        for u in seen.index
        for r, i in enumerate([i for i in popular.index[:200] if i not in seen[u]][:10])
    ]
)
labbook.lists("Popularity", lists, fold=0)
found = lists.join(genres, on="item_id").explode("genres").dropna(subset=["genres"])
per_list = found.groupby("user_id")["genres"].nunique().rename("genres")
labbook.per_user(per_list.reset_index(), algorithm="Popularity", fold=0)
labbook.row("genres", per_list.mean(), k=10, algorithm="Popularity", fold=0, n=len(per_list))
labbook.table(per_list.reset_index(), "genres_per_list")
'''


def invented_folder(folder):
    pick = random.Random(7)
    items, genres = range(1, 121), ["Action", "Comedy", "Drama", "War", "Sci-Fi"]
    rated = [(u, i) for u in range(1, 41) for i in pick.sample(items, 15)]
    kinds = ["|".join(pick.sample(genres, 1 + i % 3)) for i in items]
    tables = {
        "ratings.csv": ["userId,movieId,rating,timestamp"]
        + [f"{u},{i},{1 + u * i % 5}.0,{978_300_000 + 60 * n}" for n, (u, i) in enumerate(rated)],
        "movies.csv": ["movieId,title,genres"]
        + [f'{i},"Film {i}, The (1990)",{k}' for i, k in zip(items, kinds, strict=True)],
        "tags.csv": ["userId,movieId,tag,timestamp"] + [f"{u},{i},fun,1" for u, i in rated[:90]],
        "links.csv": ["movieId,imdbId,tmdbId"] + [f"{i},0{i:06d},{i}" for i in items],
        "README.txt": ["Invented."],
    }  # fmt: skip
    folder.mkdir()
    for name, lines in tables.items():
        (folder / name).write_text("\n".join(lines) + "\n")


def run_outside(solution, folder, out):
    done = subprocess.run(
        [sys.executable, str(solution), "--out", str(out)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(out.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def run_in_and_outside(tmp_path, folder):
    """Run the script in the sandbox, then that of the zip; return the dataset and both rows."""
    task = Task("compare genres of popular films", (folder,), ANN, "test:side")
    researcher = ScriptedResearcher(drafts=[SCRIPT])
    async with lab_in(tmp_path / "lab", researcher, settings(max_iterations=1)) as lab:
        view = await run_through(lab, task)
    assert view.best.execution.is_ok, view.best.execution.output
    inside = next(a for a in view.best.execution.artifacts if a.name == "results.json")
    with zipfile.ZipFile(view.report.bundle) as archive:
        archive.extractall(tmp_path / "zip")
    (unzipped,) = (tmp_path / "zip").iterdir()
    await asyncio.to_thread(run_outside, unzipped / "solution.py", folder, tmp_path / "again")
    outside = tmp_path / "again" / "results.json"
    rows = [json.loads(p.read_text())["rows"] for p in (inside.path, outside)]
    return view.datasets[0], unzipped, *rows


async def test_a_script_counts_genres_in_the_sandbox_and_from_the_zip(tmp_path):
    invented_folder(tmp_path / "ml")

    dataset, unzipped, inside, outside = await run_in_and_outside(tmp_path, tmp_path / "ml")

    assert [(s.name, s.of.value, s.share) for s in dataset.sides] == [
        ("links.csv", "item", 1.0),
        ("movies.csv", "item", 1.0),
    ]
    assert inside == outside
    assert 2 < inside[0]["value"] <= 5
    assert any("tags.csv" in note for note in dataset.notes)
    card = (unzipped / "data_card.md").read_text()
    assert all(s.sha256 in card for s in dataset.sides)
    assert dataset.sha256 in card
    assert not {p.name for p in unzipped.rglob("*")} & {"movies.csv", "ratings.csv", "links.csv"}


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.timeout(900)
async def test_so_does_movielens(tmp_path):
    source = DATA / "ml-latest-small"
    if not source.is_dir():
        pytest.skip(f"MovieLens is not in {DATA}; set AUTORECLAB_TEST_DATA")
    shutil.copytree(source, tmp_path / "ml", copy_function=shutil.copyfile)
    (tmp_path / "ml").chmod(0o755)

    dataset, _, inside, outside = await run_in_and_outside(tmp_path, tmp_path / "ml")

    assert [s.name for s in dataset.sides if s.name == "movies.csv"]
    assert inside == outside
