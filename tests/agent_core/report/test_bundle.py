"""The zip: complete, without the data, and enough to run the experiment again."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from builders import OK, crashed, node_of, plan_of
from results import SOURCE, comparison_evidence, comparison_plan, dataset, evidence_of, inputs_of

from agent_core.domain import Operator, Outcome, ReportDraft, Usage, cells_of, with_design
from agent_core.report import bundle
from agent_core.report.solution import standalone_script
from agent_core.report.writer import write_report
from sandbox.execution import Artifact

RATINGS = "".join(f"{u}\t{i}\t{1 + (u + i) % 5}\t{100 + i}\n" for u in range(30) for i in range(9))
EXPERIMENT = '''"""Counts what is there."""

from __future__ import annotations

import argparse
import os

import pandas as pd

import labbook

options = argparse.ArgumentParser()
options.add_argument("--shift", type=float, default=0.0)
frame = pd.read_csv("u.data", sep="\\t", names=["user_id", "item_id", "rating", "timestamp"])
labbook.dataset("u.data", frame)
labbook.row("ndcg", float(frame["rating"].mean() / 10) + options.parse_args().shift, k=10,
            algorithm="EASE", fold=0, n=30)
print(os.environ["LK_NUM_PROCS"])
'''


def artifacts(folder, files):
    found = []
    for name, content in files.items():
        path = folder / name.replace("/", "_")
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        else:
            path.write_text(content)
        found.append(Artifact(name, path, path.stat().st_size))
    return tuple(found)


def with_artifacts(tmp_path, files, data=None):
    source = tmp_path / "made"
    source.mkdir()
    evidence = replace(
        comparison_evidence(), execution=replace(OK, artifacts=artifacts(source, files))
    )
    inputs = inputs_of(evidence)
    if data is None:
        return inputs
    return replace(inputs, view=replace(inputs.view, datasets=(data,)))


def written(tmp_path, inputs, *, is_whole=False):
    """Write a report; figures and tables, which take time, only where they are looked at."""
    folder = tmp_path / "report"
    given = inputs if is_whole else replace(inputs, evidence=None)
    return write_report(given, ReportDraft(""), folder), folder


def test_everything_that_is_promised_is_in_the_zip(tmp_path):
    files = {
        "results.json": '{"version": 1, "rows": []}',
        "run.json": "{}",
        "split/0.train_rows.csv": "row\n1\n",
        "split/0.test_rows.csv": "row\n0\n",
        "per_run.csv": "a,b\n1,2\n",
        "own.png": "picture",
    }

    report, folder = written(tmp_path, with_artifacts(tmp_path, files), is_whole=True)

    names = {n.split("/", 1)[1] for n in zipfile.ZipFile(report.bundle).namelist()}
    assert {
        "README.md", "report.md", "methods.md", "solution.py", "labbook.py", "compare.py",
        "results.json", "requirements.json", "code_requirements.json", "plan.json",
        "checks.json", "data.json", "tree.json", "tree.html", "environment.txt", "metadata.json",
        "log.jsonl",
        "tables/per_run.csv", "tables/summaries.csv", "tables/comparisons.csv",
        "tables/per_user.parquet", "figures/comparison.png", "figures/comparison.pdf",
        "split/0.train_rows.csv", "split/0.test_rows.csv", "split/dataset.sha256",
        "artifacts/run.json", "artifacts/per_run.csv", "artifacts/own.png",
        "artifacts/results.json",
    } <= names  # fmt: skip
    assert names == {p.relative_to(folder).as_posix() for p in bundle.zipped_files(folder)}
    assert report.solution == folder / "solution.py"


def test_the_zip_says_when_the_protocol_was_frozen_and_what_became_of_it(tmp_path):
    _, folder = written(tmp_path, inputs_of(comparison_evidence()))

    plan = json.loads((folder / "plan.json").read_text())
    requirements = json.loads((folder / "requirements.json").read_text())
    metadata = json.loads((folder / "metadata.json").read_text())

    assert plan["frozen"]["at"] == "2026-01-02T03:04:05+00:00"
    assert plan["plan"]["metrics"] == [{"name": "ndcg", "k": 10}]
    assert requirements[0]["is_met"] is True
    assert json.loads((folder / "code_requirements.json").read_text()) == ["requirement 1"]
    assert metadata["datasets"][0]["sha256"] == "ab" * 32
    line = json.loads((folder / "log.jsonl").read_text().splitlines()[0])
    assert (line["kind"], line["body"]["task"]["text"]) == (
        "RunSubmitted",
        "How much do seeds matter?",
    )


def test_no_path_of_this_machine_is_in_the_zip(tmp_path):
    inputs = inputs_of(comparison_evidence())
    task = replace(inputs.view.task, files=(Path("/home/ann/secret/u.data"),))
    log = (replace(inputs.log[0], event=replace(inputs.log[0].event, task=task)),)

    _, folder = written(tmp_path, replace(inputs, log=log))

    assert "/home/ann" not in (folder / "log.jsonl").read_text()
    assert "u.data" in (folder / "log.jsonl").read_text()


def test_numbers_that_json_lacks_are_written_all_the_same(tmp_path):
    path = tmp_path / "found.json"

    bundle.write_json(path, {"floor": float("-inf"), "gap": float("nan"), "k": 10})

    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "floor": "-inf",
        "gap": None,
        "k": 10,
    }


def test_the_data_is_never_in_the_zip(tmp_path):
    data = dataset(
        sha256=hashlib.sha256(RATINGS.encode()).hexdigest(), size=len(RATINGS), rows=270
    )
    pairs = pd.DataFrame({"user_id": range(200), "item_id": 1, "rating": 3})
    files = {
        "copy.txt": RATINGS,
        "train.csv": "user_id,item_id,rating\n" + "1,2,3\n" * 200,
        "small.csv": "user_id,item_id,rating\n1,2,3\n",
        "frame.parquet": pairs,
        "split/0.train.parquet": pairs,
        "lists/EASE/0-none.parquet": pairs.drop(columns="rating").assign(rank=1, score=0.5),
        "predictions/EASE/0-none.parquet": pairs.assign(prediction=2.5),
    }

    _, folder = written(tmp_path, with_artifacts(tmp_path, files, data))

    kept = {p.relative_to(folder).as_posix() for p in (folder / "artifacts").rglob("*.*")}
    assert kept == {
        "artifacts/small.csv",
        "artifacts/lists/EASE/0-none.parquet",
        "artifacts/predictions/EASE/0-none.parquet",
    }
    saved = pd.read_parquet(folder / "artifacts/predictions/EASE/0-none.parquet")
    assert list(saved) == ["user_id", "item_id", "prediction"]
    readme = (folder / "README.md").read_text()
    assert "`copy.txt`: a copy of the data" in readme
    assert "`train.csv`" in readme
    assert "`frame.parquet`" in readme


def test_what_is_too_large_is_left_out_and_named(tmp_path):
    folder = tmp_path / "report"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts" / "big.bin").write_bytes(os.urandom(3000))
    (folder / "artifacts" / "small.bin").write_bytes(os.urandom(300))
    (folder / "results.json").write_text("{}")

    left = bundle.remove_too_large(folder, limit=1000)

    assert [p.name for p in bundle.zipped_files(folder)] == ["small.bin", "results.json"]
    assert left == ["`artifacts/big.bin`: 0 MiB, too large"]


def test_a_vanished_artifact_is_named(tmp_path):
    gone = Artifact("gone.csv", tmp_path / "gone.csv", 10)
    evidence = replace(comparison_evidence(), execution=replace(OK, artifacts=(gone,)))

    _, folder = written(tmp_path, inputs_of(evidence))

    assert "`gone.csv`: no longer on disk" in (folder / "README.md").read_text()


def test_the_first_line_says_who_wrote_the_code(tmp_path):
    rules = inputs_of(comparison_evidence())
    model = replace(
        rules,
        view=replace(rules.view, researcher="gpt-5-mini", usage=Usage(calls=7)),
        outcome=Outcome.NOTHING,
    )

    first, second = (
        (written(tmp_path / name, given)[1] / "README.md").read_text().splitlines()[0]
        for name, given in (("a", rules), ("b", model))
    )

    assert first.startswith("This is code that a rule-based researcher composed.")
    assert second.startswith("This is model-written code (by gpt-5-mini). No script satisfied")


def test_the_tree_page_shows_every_script_and_escapes_it(tmp_path):
    inputs = inputs_of(comparison_evidence())
    evil = replace(
        node_of(2, execution=crashed("</pre><script>alert(1)</script>"), parents=(1,)),
        operator=Operator.DEBUG,
    )
    view = replace(inputs.view, nodes=(*inputs.view.nodes, evil))

    _, folder = written(tmp_path, replace(inputs, view=view))

    page = (folder / "tree.html").read_text()
    assert "<script>" not in page
    assert "1 · draft · ran · chosen" in page
    assert "2 · debug · finished: " in page
    assert "<p>the script says: “A plan of a script.”</p>" in page
    tree = json.loads((folder / "tree.json").read_text())
    assert tree["nodes"][1]["parent"] == 1
    assert tree["nodes"][0]["plan"] == "A plan of a script."


def test_a_run_without_a_script_still_has_a_zip(tmp_path):
    inputs = inputs_of(evidence_of(comparison_plan("EASE"), {}))
    view = replace(inputs.view, nodes=())
    nothing = replace(
        inputs, view=view, best=None, evidence=None, facts=None, outcome=Outcome.NOTHING
    )

    report, folder = written(tmp_path, nothing)

    assert report.bundle.exists()
    assert not (folder / "solution.py").exists()


def run(folder, *arguments):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


BY_CELLS = """
import labbook

for c in labbook.cells():
    with c:
        c.row("ndcg", len(labbook.part(c).test) / 1000, k=10)
"""


@pytest.fixture
def zip_folder(tmp_path):
    data = dataset(
        sha256=hashlib.sha256(RATINGS.encode()).hexdigest(), size=len(RATINGS), rows=270
    )
    evidence = replace(comparison_evidence(), source=EXPERIMENT, datasets=(data,))
    report, _ = written(tmp_path, inputs_of(evidence))
    with zipfile.ZipFile(report.bundle) as archive:
        archive.extractall(tmp_path / "unzipped")
    (tmp_path / "ratings.tsv").write_text(RATINGS)
    return next((tmp_path / "unzipped").iterdir())


def test_the_solution_runs_outside_of_the_product(zip_folder):
    data = zip_folder.parent.parent / "ratings.tsv"

    done = run(zip_folder, "solution.py", "--data", str(data), "--out", "again")

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"
    rows = json.loads((zip_folder / "again" / "results.json").read_text())["rows"]
    assert rows[0]["metric"] == "ndcg"
    assert (zip_folder / "again" / "u.data").resolve() == data
    assert data.read_text() == RATINGS


def test_the_solution_has_the_design_whose_cells_it_runs(zip_folder):
    data = zip_folder.parent.parent / "ratings.tsv"
    read = dataset(sha256=hashlib.sha256(RATINGS.encode()).hexdigest())
    plan = with_design(plan_of())
    (zip_folder / "solution.py").write_text(standalone_script(BY_CELLS, (read,), {}, "3.11", plan))

    done = run(zip_folder, "solution.py", "--data", str(data), "--out", "again")

    assert done.returncode == 0, done.stderr
    cells = [p.name for p in (zip_folder / "again" / "cells").iterdir()]
    assert sorted(cells) == sorted(c.id for c in cells_of(plan, (read,)))
    assert plan.title not in standalone_script(SOURCE, (read,), {}, "3.11", plan)


def test_the_solution_hands_other_options_on(zip_folder):
    data = zip_folder.parent.parent / "ratings.tsv"

    run(zip_folder, "solution.py", "--data", str(data), "--out", "a")
    run(zip_folder, "solution.py", "--data", str(data), "--out", "b", "--shift", "0.25")
    done = run(zip_folder, "compare.py", "a", "b")

    assert done.returncode == 1
    assert "ndcg@10: largest difference 0.25" in done.stdout


def test_the_solution_refuses_other_data(zip_folder):
    data = zip_folder.parent.parent / "ratings.tsv"
    data.write_text(RATINGS + "9\t9\t9\t9\n")

    refused = run(zip_folder, "solution.py", "--data", str(data), "--out", "again")
    absent = run(zip_folder, "solution.py", "--data", "nowhere.tsv", "--out", "again")
    taken = run(zip_folder, "solution.py", "--data", str(data), "--out", "c", "--any-data")

    assert refused.returncode == 1
    assert "is not the data of this experiment" in refused.stderr
    assert "there is no file" in absent.stderr
    assert taken.returncode == 0


def test_the_comparison_finds_the_largest_difference(zip_folder):
    def results(name, *rows):
        (zip_folder / name).write_text(json.dumps({"rows": list(rows)}))

    row = {"metric": "ndcg", "k": 10, "algorithm": "EASE", "seed": 1, "value": 0.5}
    results("a.json", row, {**row, "seed": 2, "value": 0.6})
    results("b.json", row, {**row, "seed": 2, "value": 0.6 + 1e-12})
    results("c.json", row)
    (zip_folder / "d.json").write_text("nonsense")

    same = run(zip_folder, "compare.py", "a.json", "b.json")
    fewer = run(zip_folder, "compare.py", "a.json", "c.json")
    broken = run(zip_folder, "compare.py", "a.json", "d.json")

    assert (same.returncode, fewer.returncode, broken.returncode) == (0, 1, 2)
    assert "a.json: kernel and threads not recorded" in same.stdout
    assert "2 values in both, 0 in one only" in same.stdout
    assert "1 values in both, 1 in one only" in fewer.stdout


def test_the_comparison_is_relative_and_names_the_kernels(zip_folder):
    for name, value, kernel in (("a", 50.0, "Haswell"), ("b", 50.000001, "SkylakeX")):
        (zip_folder / name).mkdir()
        row = {"metric": "popularity", "k": 10, "cell": "0a", "on": "test", "value": value}
        (zip_folder / name / "results.json").write_text(json.dumps({"rows": [row]}))
        numerics = {"kernel": f"openblas {kernel}", "threads": 1}
        (zip_folder / name / "run.json").write_text(json.dumps({"numerics": numerics}))

    strict = run(zip_folder, "compare.py", "a", "b")
    loose = run(zip_folder, "compare.py", "a", "b", "--tolerance", "1e-7")

    assert (strict.returncode, loose.returncode) == (1, 0)
    assert "popularity@10: largest difference 1e-06, relative 2e-08" in strict.stdout
    assert "a: openblas Haswell, threads: 1" in strict.stdout
    assert "b: openblas SkylakeX, threads: 1" in strict.stdout


def test_the_comparison_names_cells_by_their_levels(zip_folder):
    for name, values in (("c", {"0a": 0.5, "0b": 0.6, "0c": 0.7}), ("d", {"0a": 0.5, "0b": 0.5})):
        (zip_folder / name).mkdir()
        rows = [{"metric": "ndcg", "k": 10, "cell": c, "value": v} for c, v in values.items()]
        (zip_folder / name / "results.json").write_text(json.dumps({"rows": rows}))
    cells = "id,algorithm,data,train_s\n0a,EASE,all,1\n0b,EASE,5-core,1\n0c,ItemKNN,all,1\n"
    (zip_folder / "c" / "artifacts").mkdir()
    (zip_folder / "c" / "artifacts" / "cells.csv").write_text(cells)

    told = run(zip_folder, "compare.py", "c", "d").stdout

    assert re.search(r"largest difference 0\.1\b.*\(EASE, 5-core\)", told)
    assert "in one only: ndcg@10 ItemKNN, all" in told


def test_the_header_pins_what_is_imported(tmp_path):
    versions = {"lenskit": "2025.8.1", "torch": "2.13.0+cpu", "scikit-learn": "1.9", "pandas": "2"}
    source = "import sklearn.svm\nfrom lenskit.als import X\nimport os\n"

    text = standalone_script(source, (dataset(),), versions, "3.12.1")

    assert text.startswith('# /// script\n# requires-python = ">=3.12"\n# dependencies = [\n')
    for pin in ("lenskit==2025.8.1", "torch==2.13.0", "scikit-learn==1.9", "pandas==2"):
        assert f'#     "{pin}",' in text
    assert "os==" not in text
    assert text.endswith(source)


@pytest.mark.parametrize("source", [SOURCE, "x = 1\n", "'''doc'''\nx = 1\n", "", "def f(:\n"])
def test_the_experiment_itself_is_unchanged(source):
    text = standalone_script(source, (dataset(),), {}, "3.11")

    lines = iter(text.splitlines())
    assert all(line in lines for line in source.splitlines() if line)
    if source != "def f(:\n":
        compile(text, "solution.py", "exec")


def test_imports_of_a_broken_script_are_none():
    versions = {"scipy": "1.17.1", "pandas": "2.3.3"}

    whole, broken = (
        standalone_script(f"import scipy\n{rest}", (), versions, "3.11")
        for rest in ("", "def f(:")
    )

    assert "scipy==1.17.1" in whole
    assert "scipy" not in broken.split("# ///")[1]
    assert "pandas==2.3.3" in broken


def readme_of(tmp_path, inputs):
    write_report(replace(inputs, evidence=None), ReportDraft(""), tmp_path / "report")
    return (tmp_path / "report" / "README.md").read_text()


def test_the_readme_gives_each_file_by_the_option_that_the_script_has(tmp_path):
    inputs = inputs_of(comparison_evidence())
    one = replace(dataset(), name="my ratings.csv")
    both = (one, replace(one, name="b.csv"))
    plan = replace(inputs.plan, datasets=())

    single = readme_of(
        tmp_path / "a", replace(inputs, view=replace(inputs.view, datasets=(one,), plans=(plan,)))
    )
    double = readme_of(
        tmp_path / "b", replace(inputs, view=replace(inputs.view, datasets=both, plans=(plan,)))
    )

    assert "uv run solution.py --data 'my ratings.csv' --out again" in single
    assert (
        "uv run solution.py '--data-my ratings.csv' 'my ratings.csv' --data-b.csv b.csv" in double
    )
    assert "exec solution.py --data 'my ratings.csv' --data b.csv --out again" in double


def test_the_readme_points_to_the_warnings_of_the_report(tmp_path):
    inputs = inputs_of(comparison_evidence())
    bare = replace(inputs.view, level="unconfined")

    assert "stand" not in readme_of(tmp_path / "a", inputs).partition("## Run it again")[0]
    assert "One warning stands in the first lines of `report.md`" in readme_of(
        tmp_path / "b", replace(inputs, view=bare)
    )
