"""The helper that scripts deliver results with, run as they run it: beside a script."""

import importlib
import json
import os
import signal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scripts_with_labbook import names_in, rows_of, run, start
from studies import honest, profile_of

from agent_core.checks.registry import run_checks
from agent_core.data import parquet_reader
from agent_core.domain import Finding
from agent_core.evidence import result_files
from agent_core.evidence.evidence import read_evidence
from agent_core.evidence.run_tables import RUN_FILE
from sandbox import workspace
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel


def test_a_fold_may_have_any_name(tmp_path):
    run(tmp_path, """
frame = pd.DataFrame({"user_id": [1], "item_id": [2], "rank": [1]})
labbook.lists("A", frame, fold="5-core/x", seed=1)
""")  # fmt: skip

    (name,) = [n for n in names_in(tmp_path) if n.startswith("lists")]
    fold = RUN_FILE.fullmatch(name)[3]

    assert result_files.fold_text("5-core/x") == result_files.fold_text(fold) == "5-core_x"


STUDY = """
import numpy as np, json
from pathlib import Path
made = json.loads(Path("made.json").read_text())
df = pd.read_csv("data.csv")
labbook.study("seed_variance")
labbook.dataset("data.csv", df, feedback="every rating counts")
labbook.primary("NDCG@10")

class Table:                                   # as LensKit's collections
    def __init__(self, frame): self.frame = frame
    def to_df(self): return self.frame

class Data:                                    # as LensKit's Dataset
    def __init__(self, frame): self.frame = frame
    def interaction_table(self, format, original_ids): return self.frame

class Config:
    def model_dump(self, mode): return {"embedding_size": np.int64(32), "rate": float("nan")}

class ImplicitMFScorer:
    config = Config()

test = df.iloc[made["test"]]
train = df.drop(test.index).sample(frac=1, random_state=1).reset_index(drop=True)
labbook.split(0, Data(train), Table(test), kind="leave_one_out", seed=42)
labbook.algorithm("ImplicitMF", ImplicitMFScorer())
labbook.algorithm("Popularity", {"class": "PopScorer", "config": {"score": "quantile"}})
for key, rows in made["lists"].items():
    name, seed = key.split("/")
    seed = None if seed == "none" else int(seed)
    labbook.lists(name, Table(pd.DataFrame(rows).drop(columns="rank")), fold=0, seed=seed)
    values = pd.DataFrame(made["users"][key])
    labbook.per_user(values.set_index("user_id"), name, fold=0, seed=seed)
    for label, value in values.drop(columns="user_id").mean().items():
        labbook.row(label, value, algorithm=name, fold=0, seed=seed, n=len(values))
for seed in labbook.seeds(3):
    pass
from matplotlib.figure import Figure
fig = Figure(); fig.subplots().plot([1, 2]); labbook.figure(fig, "plot.png")
labbook.table(df.groupby("rating")[["item_id"]].count(), "ratings")
"""


def material(made):
    users = {}
    for (name, _, seed), _frame in made.lists.items():
        chosen = made.per_user[made.per_user["algorithm"] == name]
        if seed != "none":
            chosen = chosen[chosen["seed"] == int(seed)]
        wide = chosen.pivot_table(index="user_id", columns="metric", values="value")
        wide.columns = [f"{c.upper()}@10" for c in wide.columns]
        users[f"{name}/{seed}"] = wide.reset_index().to_dict("list")
    lists = {f"{n}/{s}": f.to_dict("list") for (n, _, s), f in made.lists.items()}
    return {"test": made.splits["0"][1], "lists": lists, "users": users}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labbook")
    made = honest()
    made.data.to_csv(folder / "data.csv", index=False)
    (folder / "made.json").write_text(json.dumps(material(made)))
    run(folder, STUDY)
    return folder


def evidence_of(folder, made=None):
    made = made or honest()
    paths = [folder / n for n in names_in(folder) if not n.endswith((".py", ".pyc"))]
    artifacts = tuple(Artifact(str(p.relative_to(folder)), p, p.stat().st_size) for p in paths)
    execution = Execution(0, Ended.FINISHED, "", 1.0, IsolationLevel.COLD, artifacts=artifacts)
    file = folder / "data.csv"
    profile = profile_of(file, made.data)
    return read_evidence(made.plan, "", execution, (profile,), {"data.csv": file})


def test_an_honest_script_passes_every_check(delivered):
    found = {c.name: c for c in run_checks(evidence_of(delivered))}

    faults = {n: c.reason for n, c in found.items() if c.finding is Finding.FAIL}
    assert faults == {}
    assert "NDCG@10" in found["metrics_as_planned"].reason


def test_a_split_is_saved_as_row_numbers_whatever_the_order(delivered):
    made = honest()

    numbers = pd.read_csv(delivered / "split/0.test_rows.csv")["row"].tolist()

    assert numbers == made.splits["0"][1]
    assert len(pd.read_csv(delivered / "split/0.train_rows.csv")) == 660


def test_ranks_come_from_the_scores(delivered):
    frame = pd.read_parquet(delivered / "lists/ImplicitMF/0-1.parquet")

    first = frame[frame["user_id"] == 1]

    assert first["rank"].tolist() == list(range(1, 11))
    assert first["score"].is_monotonic_decreasing


def test_configurations_are_plain_json(delivered):
    described = json.loads((delivered / "run.json").read_text())["algorithms"]["ImplicitMF"]

    assert described["class"] == "ImplicitMFScorer"
    assert described["config"] == {"embedding_size": 32, "rate": "nan"}
    assert described["trials"] == 0


def test_per_user_values_end_in_one_file(delivered):
    frame = pd.read_parquet(delivered / "per_user.parquet")

    assert len(frame) == 720
    assert not (delivered / "per_user").exists()
    assert set(frame["metric"]) == {"ndcg", "recall", "hit"}
    assert set(frame["k"]) == {10}


def test_nothing_temporary_stays(delivered):
    assert [n for n in names_in(delivered) if "tmp" in n] == []
    assert {"plot.png", "plot.pdf", "ratings.csv"} <= set(names_in(delivered))


def test_a_killed_script_leaves_what_it_had(tmp_path):
    source = """
for seed in range(30):
    labbook.lists("A", pd.DataFrame({"user_id": [1], "item_id": [2], "score": [1.0]}), seed=seed)
    labbook.per_user(pd.DataFrame({"user_id": [1], "NDCG@10": [0.5]}), "A", seed=seed)
    labbook.row("ndcg", 0.5, 10, "A", seed=seed, n=1)
    if seed == 26:
        print("now", flush=True)
        import time; time.sleep(60)
"""
    process = start(tmp_path / "w", source)
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()

    folder = tmp_path / "w"
    honest().data.to_csv(folder / "data.csv", index=False)
    evidence = evidence_of(folder)

    assert [r["seed"] for r in rows_of(folder)] == list(range(27))
    assert len(evidence.per_user) == 27
    assert len({seed for _, _, seed in evidence.lists}) == 27
    assert evidence.problems == ("run.json is missing",)


def test_many_values_cost_little(tmp_path):
    source = """
import time
users = pd.DataFrame({"user_id": range(900), "NDCG@10": 0.5, "Recall@10": 0.25})
for seed in range(40):
    labbook.per_user(users, "A", seed=seed)
    for metric in "abcdefghijklmnopqrst":
        labbook.row(metric, 0.123456789, 10, "A", fold=0, seed=seed, n=900)
"""
    run(tmp_path / "w", source)

    assert len(rows_of(tmp_path / "w")) == 800
    assert len(pd.read_parquet(tmp_path / "w/per_user.parquet")) == 40 * 1800


def test_a_very_large_table_is_whole_at_the_end(tmp_path):
    source = """
labbook.WHOLE_BYTES = 2000
for seed in range(500):
    labbook.row("ndcg", 0.5, 10, "A", seed=seed)
"""
    run(tmp_path / "w", source)

    assert [r["seed"] for r in rows_of(tmp_path / "w")] == list(range(500))


def test_several_processes_add_to_the_same_files(tmp_path):
    source = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

def one(seed):
    labbook.row("ndcg", 0.5, 10, "A", seed=seed)
    labbook.algorithm(f"A{seed}", {"class": "X", "size": seed})
    labbook.per_user(pd.DataFrame({"user_id": [1], "NDCG@10": [0.5]}), "A", seed=seed)

if __name__ == "__main__":
    for method in ("spawn", "fork"):
        with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
            list(pool.map(one, range(4) if method == "spawn" else range(4, 8)))
    labbook.row("ndcg", 0.5, 10, "B")
"""
    process = start(tmp_path / "w", source)
    errors = process.communicate()[1]
    assert process.returncode == 0, errors

    rows = rows_of(tmp_path / "w")
    assert sorted(r["seed"] for r in rows if r["algorithm"] == "A") == list(range(8))
    assert rows[-1]["algorithm"] == "B"
    described = json.loads((tmp_path / "w/run.json").read_text())
    assert len(described["algorithms"]) == 8


def test_files_of_an_earlier_run_are_not_continued(tmp_path):
    source = 'labbook.row("ndcg", 0.5, 10, "A")\nlabbook.study("sweep")\n'
    run(tmp_path / "w", source)
    old = (tmp_path / "w/results.json").stat().st_mtime - 100
    for name in ("results.json", "run.json"):
        os.utime(tmp_path / "w" / name, (old, old))

    run(tmp_path / "w", 'labbook.row("recall", 0.5, 10, "A")\nlabbook.feedback("all")\n')

    assert [r["metric"] for r in rows_of(tmp_path / "w")] == ["recall"]
    assert "study" not in json.loads((tmp_path / "w/run.json").read_text())


def test_a_pilot_has_one_seed_and_few_users(tmp_path):
    source = """
frame = pd.DataFrame({"user_id": range(500), "item_id": 1})
print(list(labbook.seeds(30)), len(labbook.users(frame)), len(labbook.users(list(range(500)))))
print(labbook.is_pilot())
"""

    assert run(tmp_path / "w", source, AUTORECLAB_PILOT="1").splitlines() == ["[0] 50 50", "True"]
    assert run(tmp_path / "v", source).splitlines()[-1] == "False"


def test_seeds_say_how_far_they_are_and_can_be_looped_over_twice(tmp_path):
    source = """
import time
seeds = labbook.seeds([3, 5])
for _ in range(2):
    for seed in seeds:
        time.sleep(0.1)
"""

    lines = run(tmp_path / "w", source).splitlines()

    assert lines == ["[labbook] 1/2 seeds", "[labbook] 2/2 seeds"] * 2
    assert json.loads((tmp_path / "w/run.json").read_text())["seeds"] == [3, 5]


def test_derived_interactions_are_saved_themselves(tmp_path):
    folder = tmp_path / "w"
    folder.mkdir()
    honest().data.to_csv(folder / "data.csv", index=False)
    source = """
df = pd.read_csv("data.csv")
labbook.dataset("data.csv", df)
df["item_id"] = df["item_id"] + 5000
labbook.split("all", df.iloc[60:], df.iloc[:60])
"""

    run(folder, source)

    assert len(pd.read_parquet(folder / "split/all.test.parquet")) == 60
    assert json.loads((folder / "run.json").read_text())["split"]["is_derived"] is True


FORMS = {
    "tabs": ("\t", False, "utf-8"),
    "colons": ("::", False, "latin-1"),
    "header": (",", True, "utf-8-sig"),
    "semicolons": (";", True, "utf-8"),
}


@pytest.mark.parametrize("form", FORMS)
def test_row_numbers_are_found_in_every_form_of_file(form, tmp_path):
    separator, has_header, encoding = FORMS[form]
    folder, data = tmp_path / "w", honest().data
    folder.mkdir()
    repeated = pd.concat([data, data.head(3).assign(timestamp=5)], ignore_index=True)
    lines = [separator.join(map(str, row)) for row in repeated.to_numpy().astype(int)]
    header = [separator.join(["synthetic_user_id", "movieId", "rating", "timestamp"])]
    text = "\n".join([*(header if has_header else []), *lines])
    (folder / "data.dat").write_text(text, encoding=encoding)
    repeated.to_csv(folder / "frame.csv", index=False)

    run(
        folder,
        'df = pd.read_csv("frame.csv")\nlabbook.dataset("data.dat", df)\n'
        "labbook.split(0, df.iloc[:-3], df.iloc[-3:])\n",
    )

    numbers = pd.read_csv(folder / "split/0.test_rows.csv")["row"].tolist()
    assert numbers == [720, 721, 722]


def test_each_fold_names_the_file_that_it_is_of(tmp_path):
    folder, data = tmp_path / "w", honest().data
    folder.mkdir()
    data.to_csv(folder / "one.csv", index=False)
    data[::-1].to_csv(folder / "two.csv", index=False)

    run(
        folder,
        'df = pd.read_csv("one.csv")\n'
        'labbook.dataset("one.csv", df)\nlabbook.split("a", df.iloc[:-3], df.iloc[-3:])\n'
        'labbook.dataset("two.csv", df)\nlabbook.split("b", df.iloc[:-3], df.iloc[-3:])\n'
        'labbook.split("c", df.iloc[:-3], df.iloc[-3:], data="one.csv", kind="other")\n',
    )

    about = json.loads((folder / "run.json").read_text())
    rows = {f: pd.read_csv(folder / f"split/{f}.test_rows.csv")["row"].tolist() for f in "abc"}
    assert rows == {"a": [717, 718, 719], "b": [0, 1, 2], "c": [717, 718, 719]}
    assert {f: p["file"] for f, p in about["split"]["parts"].items()} == {
        "a": "one.csv",
        "b": "two.csv",
        "c": "one.csv",
    }
    assert list(about["datasets"]) == ["one.csv", "two.csv"]
    assert about["dataset"]["file"] == "two.csv"


def test_lists_of_a_large_experiment_may_be_a_sample(tmp_path):
    source = """
frame = pd.DataFrame({"user_id": list(range(100)) * 2, "item_id": [1] * 100 + [2] * 100})
for name in "AB":
    labbook.lists(name, frame.sample(frac=1, random_state=ord(name)), users=10)
"""
    run(tmp_path / "w", source)

    users = [
        set(pd.read_parquet(tmp_path / f"w/lists/{name}/0-none.parquet")["user_id"])
        for name in "AB"
    ]
    assert users[0] == users[1]
    assert len(users[0]) == 10
    assert json.loads((tmp_path / "w/run.json").read_text())["list_sample"] == 10


def test_values_that_json_cannot_hold_are_absent(tmp_path):
    run(tmp_path / "w", 'labbook.row("ndcg", float("nan"), 10, "A")\n')

    assert rows_of(tmp_path / "w")[0]["value"] is None


def test_what_is_missing_is_said(tmp_path):
    process = start(tmp_path / "w", 'labbook.predictions("A", pd.DataFrame({"user": [1]}))\n')

    errors = process.communicate(timeout=60)[1]

    assert "columns ['item_id'] are missing; there are ['user_id']" in errors


def test_predictions_take_lenskit_names(tmp_path):
    source = """
frame = pd.DataFrame({"user_id": [1], "item_id": [2], "score": [3.5], "rating": [4.0]})
labbook.predictions("A/B", frame, fold=2, seed=7)
"""
    run(tmp_path / "w", source)

    frame = pd.read_parquet(tmp_path / "w/predictions/A_B/2-7.parquet")
    assert frame.iloc[0].tolist() == [1, 2, 3.5, 4.0]
    assert np.isclose(frame["prediction"], 3.5).all()


@pytest.fixture(scope="module")
def labbook():
    began = os.environ.get("LABBOOK_BEGAN")
    yield importlib.import_module("sandbox.labbook")
    if began is None:
        os.environ.pop("LABBOOK_BEGAN", None)


@given(st.text(max_size=20))
def test_folders_of_algorithms_are_found_again(labbook, name):
    assert result_files.folder_of(name) == labbook.safe(name)
    assert workspace.SAFE_NAME.fullmatch(labbook.safe(name))


@given(
    st.sampled_from(["NDCG", "RecipRank", "Hit Rate", "hr", "AveragePrecision", "RMSE", "my own"]),
    st.none() | st.integers(1, 50),
    st.none() | st.integers(1, 50),
)
def test_metrics_are_named_alike_on_both_sides(labbook, name, shown, k):
    label = name if shown is None else f"{name}@{shown}"

    assert result_files.metric_of(label, k) == labbook.metric_of(label, k)


@given(st.lists(st.integers(0, 10**12) | st.text(min_size=1, max_size=6), max_size=20))
def test_ids_are_the_same_on_both_sides(labbook, values):
    series = pd.Series(values, dtype=object)

    assert parquet_reader.ids(series).tolist() == labbook.ids(series).tolist()


def test_what_a_configuration_was_chosen_from_is_recorded(tmp_path):
    run(tmp_path, """
labbook.algorithm("EASE", {"regularization": 10}, trials=2, selected_on="validation",
                  space={"regularization": (1, 10)})
labbook.algorithm("Popularity", {})
""")  # fmt: skip

    described = json.loads((tmp_path / "run.json").read_text())["algorithms"]
    assert described["EASE"]["space"] == {"regularization": [1, 10]}
    assert "space" not in described["Popularity"]


def test_what_was_ranked_is_recorded_only_where_it_is_said(tmp_path):
    run(tmp_path / "a", 'labbook.study("comparison")\n')
    run(tmp_path / "b", 'labbook.candidates("all items not in train")\n')

    silent, said = (json.loads((tmp_path / f / "run.json").read_text()) for f in "ab")
    assert "candidates" not in silent
    assert said["candidates"] == "all items not in train"
