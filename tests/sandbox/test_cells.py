"""The cells of a design, as scripts run and deliver them."""

import hashlib
import json

import pandas as pd
import pytest
from laid_designs import SCORED, designed, lay, run_cells, told_of
from scripts_with_labbook import rows_of


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    lay(folder)
    output = run_cells(folder)
    return folder, output


def test_each_cell_is_delivered_whole(delivered):
    folder, _ = delivered
    design = json.loads((folder / "design.json").read_text())

    told = told_of(folder)

    assert set(told) == {c["id"] for c in design["cells"]}
    for ident, cell in told.items():
        place = folder / "cells" / ident
        assert cell["files"].keys() | {"cell.json"} == {p.name for p in place.iterdir()}
        for name, digest in cell["files"].items():
            assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest
        assert cell["train_s"] >= 0 <= cell["recommend_s"]
        assert cell["train_rows"] > cell["test_rows"] == cell["test_users"] > 0


def test_what_is_derived_is_that_of_the_cells(delivered):
    folder, _ = delivered
    told = told_of(folder)

    rows, table = rows_of(folder), pd.read_csv(folder / "cells.csv")
    users = pd.read_parquet(folder / "per_user.parquet")

    assert [r["cell"] for r in rows] == list(table["id"])
    assert set(table["id"]) == set(told)
    assert list(table) == [
        "id", "algorithm", "data", "model_seed", "train_s", "recommend_s", "peak_mib",
        "train_rows", "test_rows", "train_users", "train_items", "test_users",
    ]  # fmt: skip
    seeds = pd.read_csv(folder / "cells.csv", dtype=str)["model_seed"]
    assert seeds.isna().any()
    assert {s for s in seeds.dropna() if not s.isdecimal()} == set()
    means = users.groupby("cell")["value"].mean()
    assert {r["cell"]: pytest.approx(r["value"]) for r in rows} == means.to_dict()
    sizes = table.set_index("id")["test_users"].to_dict()
    assert users.groupby("cell").size().to_dict() == sizes


def test_what_computed_is_recorded(delivered):
    folder, _ = delivered

    told = json.loads((folder / "run.json").read_text())["numerics"]

    assert set(told) == {"kernel", "threads"}


def test_progress_names_the_cell(delivered):
    _, output = delivered

    steps = [line for line in output.splitlines() if line.startswith("[labbook]")]

    assert len(steps) == 9
    assert steps[0] == "[labbook] cell 1 of 8: Popularity, all"
    assert "ImplicitMF, 8-core, seed 2" in steps[-2]
    assert steps[-1] == "[labbook] 8/8 cells are there"


def test_a_design_may_stand_in_the_script(tmp_path):
    record = lay(tmp_path, designed(seeds=(0, 1)))
    (tmp_path / "design.json").unlink()

    run_cells(tmp_path, f"labbook.use_design({record!r})\n" + SCORED, PYTHONPATH="")

    assert len(told_of(tmp_path)) == 6
    assert len(rows_of(tmp_path)) == 6


OWN = """
frame = labbook.load("data.csv")
for data in ("all", "8-core"):
    kept = frame[frame["rating"] > 1] if data == "8-core" else frame
    test = kept.groupby("user_id").tail(1)
    train = kept.drop(test.index).assign(timestamp=0)
    with labbook.cell(algorithm="Popularity", data=data) as c:
        labbook.split(c, train, test, validation=test.head(3), kind="other")
        c.row("ndcg", 0.5, 10)
        c.per_user(pd.DataFrame({"user_id": test["user_id"], "metric": "ndcg", "k": 10,
                                 "value": 0.5}))
"""


def test_a_script_may_draw_by_itself_and_loop_as_it_likes(tmp_path):
    lay(tmp_path)

    output = run_cells(tmp_path, OWN)

    told = {c["block"]: c for c in told_of(tmp_path).values()}
    data = pd.read_csv(tmp_path / "data.csv")
    rated = data[data["rating"] > 1]
    assert {b: c["train_rows"] + c["test_rows"] for b, c in told.items()} == {
        "all": len(data),
        "8-core": len(rated),
    }
    rows = pd.read_csv(tmp_path / "split/8-core.test_rows.csv")["row"]
    assert rows.tolist() == rated.groupby("user_id").tail(1).index.tolist()
    assert (tmp_path / "split/all.validation_rows.csv").exists()
    assert json.loads((tmp_path / "split/all.json").read_text())["recipe"] == ""
    # What is derived is written at the end also where the script does not ask for it.
    assert set(pd.read_parquet(tmp_path / "per_user.parquet")["cell"]) == {
        c["id"] for c in told.values()
    }
    assert "cell 2 of 8: Popularity, 8-core" in output


def test_a_script_of_the_first_version_knows_nothing_of_the_design(tmp_path):
    lay(tmp_path)
    source = """
frame = pd.read_csv("data.csv")
labbook.dataset("data.csv", frame)
labbook.split(0, frame.iloc[:-5], frame.iloc[-5:], kind="other")
labbook.lists("A", frame[["user_id", "item_id"]], fold=0)
labbook.row("ndcg", 0.5, 10, "A", fold=0)
labbook.figure(__import__("matplotlib.figure").figure.Figure(), "empty", shows="nothing")
"""

    run_cells(tmp_path, source)

    results = json.loads((tmp_path / "results.json").read_text())
    told = json.loads((tmp_path / "run.json").read_text())
    assert (results["version"], len(results["rows"])) == (1, 1)
    assert told["split"]["names"] == ["0"]
    assert told["figures"] == {"empty": "nothing"}
    assert not (tmp_path / "cells").exists()
    assert not (tmp_path / "split/0.json").exists()


def test_a_study_of_the_data_alone_has_blocks(tmp_path):
    lay(tmp_path, designed(algorithms=()))
    source = """
for block, levels in labbook.blocks().items():
    print(levels["data"], len(labbook.data(block)))
print(labbook.is_last())
"""

    output = run_cells(tmp_path, source)

    assert output.split() == ["all", "360", "8-core", "360", "True"]
    assert rows_of(tmp_path) == []
