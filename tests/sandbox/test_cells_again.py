"""Cells in several processes, after a crash, and with another script."""

import hashlib
import json
import shutil
import signal

import pandas as pd
import pytest
from laid_designs import SCORED, designed, interactions, lay, run_cells, told_of
from scripts_with_labbook import names_in, rows_of, run, start

from agent_core.domain import Algorithm
from agent_core.domain.design import Factor
from agent_core.domain.rules import Level, SplitKind, SplitRules
from agent_core.evidence.file_hashes import changed_files
from sandbox.execution import Artifact


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Make a folder in which a script ran to its end, once."""
    folder = tmp_path_factory.mktemp("whole")
    lay(folder)
    run_cells(folder)
    return folder


@pytest.fixture
def delivered(whole, tmp_path):
    """Copy the folder of a script that ran to its end; return it with its design."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path, json.loads((tmp_path / "design.json").read_text())


def ids_of(record):
    return [c["id"] for c in record["cells"]]


def content_of(folder):
    """Return what lists and rows say, by cell."""
    return {
        i: (
            json.loads((folder / "cells" / i / "rows.json").read_text()),
            pd.read_parquet(folder / "cells" / i / "lists.parquet")["item_id"].tolist(),
        )
        for i in told_of(folder)
    }


def test_several_processes_make_what_one_makes(whole, tmp_path):
    record = lay(tmp_path / "many")
    first, *_ = ids_of(record)
    # The first cell is asked of all: whoever comes last replaces what is the same.
    parts = [",".join({first, *ids_of(record)[n::3]}) for n in range(3)]

    started = [start(tmp_path / "many", SCORED, LABBOOK_CELLS=part) for part in parts]
    ends = [p.communicate(timeout=60)[1] for p in started]
    assert [p.returncode for p in started] == [0, 0, 0], ends
    assert not (tmp_path / "many/results.json").exists()
    run_cells(tmp_path / "many", LABBOOK_CELLS="")

    assert content_of(tmp_path / "many") == content_of(whole)
    assert rows_of(tmp_path / "many") == rows_of(whole)
    assert names_in(tmp_path / "many") == names_in(whole)


def test_what_is_there_is_not_made_again(delivered):
    folder, record = delivered
    first, second, *_ = ids_of(record)
    shutil.rmtree(folder / "cells" / second)
    stamp = (folder / "cells" / first / "cell.json").stat().st_mtime_ns

    output = run_cells(folder)

    assert (folder / "cells" / first / "cell.json").stat().st_mtime_ns == stamp
    assert [line for line in output.splitlines() if "[labbook]" in line] == [
        "[labbook] cell 8 of 8: ImplicitMF, all, seed 0",
        "[labbook] 8/8 cells are there",
    ]
    assert len(rows_of(folder)) == 8


def test_another_script_makes_its_cells_anew(delivered):
    folder, record = delivered

    output = run_cells(folder, SCORED.replace("[:10]", "[:5]"))

    assert "cell 1 of 8" in output
    found = pd.read_parquet(folder / "cells" / ids_of(record)[0] / "lists.parquet")
    assert found["rank"].max() == 5


def test_other_data_make_cells_and_splits_anew(delivered):
    folder, _ = delivered
    interactions(users=5, seed=2).to_csv(folder / "data.csv", index=False)
    digest = hashlib.sha256((folder / "data.csv").read_bytes()).hexdigest()

    output = run_cells(folder)

    assert "cell 1 of 8" in output
    assert {c["data"] for c in told_of(folder).values()} == {digest}
    assert json.loads((folder / "split/all.json").read_text())["sha256"] == digest
    assert len(pd.read_csv(folder / "split/all.test_rows.csv")) == 5


def test_a_killed_process_leaves_whole_cells_only(tmp_path):
    lay(tmp_path)
    dying = SCORED.replace(
        "        c.lists(frame)\n",
        "        c.lists(frame)\n"
        "        if c.seed == 1 and not __import__('os').environ.get('AGAIN'):\n"
        "            __import__('os').kill(__import__('os').getpid(), 9)\n",
    )
    process = start(tmp_path, dying)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    there = set(told_of(tmp_path))

    output = run_cells(tmp_path, dying, AGAIN="1")

    assert 0 < len(there) < 8
    assert f"cell {len(there) + 1} of 8" in output
    assert len(told_of(tmp_path)) == 8


def test_a_cell_that_fails_leaves_nothing(tmp_path):
    lay(tmp_path)
    source = (
        "for c in labbook.cells():\n    with c:\n        c.row('ndcg', 1, 10)\n        1 / 0\n"
    )

    process = start(tmp_path, source)
    errors = process.communicate(timeout=60)[1]

    assert "ZeroDivisionError" in errors
    assert list((tmp_path / "cells").iterdir()) == []


def test_files_of_cells_are_sealed(delivered):
    folder, record = delivered

    def faults():
        paths = [p for p in folder.rglob("*") if p.is_file()]
        artifacts = [Artifact(str(p.relative_to(folder)), p, 1) for p in paths]
        return changed_files(artifacts, json.loads((folder / "results.json").read_text()))

    assert faults() == ()
    place = folder / "cells" / ids_of(record)[0]
    pd.DataFrame({"user_id": [1]}).to_parquet(place / "lists.parquet")
    assert [f.split(" ")[0] for f in faults()] == [f"cells/{place.name}/lists.parquet"]


LAST = """
for c in labbook.cells():
    with c:
        c.row("ndcg", 0.1 * (c.seed + 1), 10, n=3)
if labbook.is_last():
    found = labbook.results()
    labbook.table(found.groupby("algorithm")["value"].mean(), "means", shows="the means")
    labbook.row("ndcg", found["value"].std(), 10, aggregate=True)
"""


def test_the_last_part_sees_all_that_is_there(tmp_path):
    record = lay(tmp_path)
    first, second, *_ = ids_of(record)
    run_cells(tmp_path, LAST, LABBOOK_CELLS=first)
    assert not (tmp_path / "means.csv").exists()

    run_cells(tmp_path, LAST, LABBOOK_CELLS=second)
    run_cells(tmp_path, LAST, LABBOOK_CELLS="")

    rows = rows_of(tmp_path)
    assert [r.get("cell") for r in rows] == [first, second, None]
    assert rows[-1]["aggregate"]
    assert json.loads((tmp_path / "run.json").read_text())["tables"] == {"means": "the means"}
    assert len(pd.read_csv(tmp_path / "means.csv")) == 2


def test_a_pilot_without_names_has_each_kind_and_is_no_result(tmp_path):
    lay(tmp_path)

    run_cells(tmp_path, AUTORECLAB_PILOT="1")
    tried = told_of(tmp_path)
    output = run_cells(tmp_path)

    assert len(tried) == 3
    assert {c["levels"]["data"] for c in tried.values()} == {"all", "8-core"}
    assert "cell 1 of 8" in output


SEEDED = """
import random
import numpy as np
made = []
for c in labbook.cells():
    with c:
        values = [random.random(), np.random.random(), c.rng.random()]
        c.row("a", values[0]); c.row("b", values[1]); c.row("c", values[2])
"""


def test_the_seed_alone_decides_what_is_drawn(tmp_path):
    record = lay(tmp_path / "all")
    run(tmp_path / "all", SEEDED)
    lay(tmp_path / "one")
    last = ids_of(record)[-1]
    run(tmp_path / "one", SEEDED, LABBOOK_CELLS=last)

    drawn = {i: [r["value"] for r in rows] for i, (rows, _) in rows_by_cell(tmp_path / "all")}
    assert dict(rows_by_cell(tmp_path / "one"))[last][0] == [
        {"metric": m, "k": None, "value": v, "n": None, "on": "test"}
        for m, v in zip("abc", drawn[last], strict=True)
    ]
    seeds = {i: c["seed"] for i, c in told_of(tmp_path / "all").items()}
    by_seed = {}
    for i, values in drawn.items():
        by_seed.setdefault(seeds[i], set()).add(tuple(values[:2]))
    assert all(len(some) == 1 for some in by_seed.values())
    assert len({values[2] for values in drawn.values()}) == 8


def rows_by_cell(folder):
    for i in told_of(folder):
        yield i, (json.loads((folder / "cells" / i / "rows.json").read_text()), None)


SHARED = """
made = []
for c in labbook.cells():
    with c:
        with c.training():
            labbook.once(c.block, "gram", lambda: made.append(c.block) or c.block)
        c.row("ndcg", len(made), 10)
print("MADE", made)
"""


def test_shared_work_is_made_once_for_a_block(tmp_path):
    record = lay(tmp_path, designed(seeds=(0,)))

    output = run(tmp_path, SHARED)
    (tmp_path / "design.json").write_text(json.dumps({**record, "makes_anew": True}))
    anew = run(tmp_path, SHARED + "\n")

    assert "MADE ['all', '8-core']" in output
    assert "MADE ['all', 'all', '8-core', '8-core']" in anew
    for cell in told_of(tmp_path).values():
        assert cell["shared_s"] >= 0 <= cell["train_s"]


def test_cells_that_belong_together_are_made_together(tmp_path):
    record = lay(tmp_path)
    source = "names = []\n" + SCORED.replace(
        "labbook.cells():", "labbook.cells(together=('data',)):\n    names.append(c.id)"
    )

    output = run(tmp_path, source + "print('ORDER', *names)")

    order = output.split("ORDER ")[1].split()
    levels = {
        c["id"]: {k: v for k, v in c["levels"].items() if k != "data"} for c in record["cells"]
    }
    pairs = [(levels[a], levels[b]) for a, b in zip(order[::2], order[1::2], strict=True)]
    assert all(a == b for a, b in pairs)
    first = order[0]
    (tmp_path / "cells" / first / "cell.json").unlink()
    assert "ORDER " + " ".join(order[:2]) in run(tmp_path, source + "print('ORDER', *names)")


GRID = """
for c in labbook.cells():
    with c:
        part = labbook.part(c)
        assert part.tested.equals({"test": part.test, "validation": part.validation}[c.on])
        c.row("ndcg", {1: 0.2, 10: 0.5, 100: 0.5}[c.config["regularization"]], 10)
        if c.is_chosen:
            print("CHOSEN", labbook.chosen(c), c.config, len(part.train))
"""


def grid_plan(**split):
    levels = (1, 10, 100, "chosen")
    return designed(
        algorithms=tuple(
            Algorithm(
                f"EASE {level}",
                "EASEScorer",
                {} if level == "chosen" else {"regularization": level},
                base="EASE",
                levels={"regularization": level},
            )
            for level in ("chosen", 1, 10, 100)
        ),
        factors=(Factor("regularization", levels), Factor("data", ("all", "8-core"))),
        split_levels=(Level(SplitRules(SplitKind.LEAVE_ONE_OUT, has_validation=True, **split)),),
    )


@pytest.mark.parametrize("trains_on_validation", [False, True])
def test_a_grid_chooses_on_validation(tmp_path, trains_on_validation):
    lay(tmp_path, grid_plan(trains_on_validation=trains_on_validation))

    output = run(tmp_path, GRID)

    chosen = [line for line in output.splitlines() if line.startswith("CHOSEN")]
    told = told_of(tmp_path).values()
    assert len(chosen) == 2
    assert all("{'regularization': 10} {'regularization': 10}" in line for line in chosen)
    assert {c["on"] for c in told if c["chosen"] is None} == {"validation"}
    finals = [c for c in told if c["on"] == "test"]
    other = tmp_path / "other"
    lay(other, grid_plan(trains_on_validation=trains_on_validation))
    early = run(other, GRID, LABBOOK_CELLS=finals[0]["id"])
    assert "waits for its grid" in early
    assert told_of(other) == {}
    assert [c["chosen"] for c in finals] == [{"regularization": 10}] * 2
    sizes = {c["block"]: set() for c in told}
    for c in told:
        sizes[c["block"]].add(c["train_rows"])
    assert {len(s) for s in sizes.values()} == {2 if trains_on_validation else 1}


TRIED = """
first, second = labbook.design()[:2]
tried = {
    "absent": lambda: labbook.cell(algorithm="EASE"),
    "several": lambda: labbook.cell(algorithm="ImplicitMF"),
    "closed": lambda: first.row("ndcg", 1),
    "block": lambda: labbook.part("newest"),
    "lists": lambda: labbook.lists_of(first),
    "chosen": lambda: labbook.chosen(first),
    "level": lambda: first["split"],
    "nested": second.__enter__,
}
with first:
    print("NESTED", end=" ")
    try:
        tried.pop("nested")()
    except RuntimeError as error:
        print(error)
for name, call in tried.items():
    try:
        call()
    except (ValueError, RuntimeError, KeyError) as error:
        print(name.upper(), error)
"""


def test_what_cannot_be_is_said_in_a_sentence(tmp_path):
    lay(tmp_path)

    said = dict(line.split(" ", 1) for line in run(tmp_path, TRIED).splitlines())

    assert "no cell has {'algorithm': 'EASE'}" in said["ABSENT"]
    assert "6 cells have" in said["SEVERAL"]
    assert "is not open" in said["CLOSED"]
    assert "no block 'newest'; it has all, 8-core" in said["BLOCK"]
    assert "has delivered no lists" in said["LISTS"]
    assert "no level that a grid decides" in said["CHOSEN"]
    assert "has no level of 'split'" in said["LEVEL"]
    assert "is open; leave it" in said["NESTED"]


STUCK = """
import os, signal
""" + SCORED.replace(
    "        with c.training():\n",
    "        with c.training():\n"
    "            for _ in range(3 if c.is_random and c['model_seed'] > 0 and TIME else 0):\n"
    "                try:\n"
    "                    os.kill(os.getpid(), signal.SIGALRM)\n"
    "                except Exception:\n"
    "                    pass\n",
)
"""Takes too long in some cells: the alarm comes that a cell is left by."""
TIME = {"LABBOOK_CELL_S": "3600"}


def test_a_cell_that_takes_too_long_ends_alone(tmp_path):
    design = lay(tmp_path)
    cells = {c["id"]: c for c in design["cells"]}

    output = run_cells(tmp_path, "TIME = True\n" + STUCK, **TIME)

    told = told_of(tmp_path)
    ends = {i: t["ended"] for i, t in told.items()}
    stuck = {i for i, c in cells.items() if (c["seed"] or 0) > 0}
    assert set(ends) == set(cells)
    assert {i for i, end in ends.items() if end == "finished"} == set(cells) - stuck
    # Both variants of the data have all of it, so two are enough to leave the others out.
    assert {cells[i]["seed"] for i in cells if ends[i] == "timeout"} == {1}
    assert {cells[i]["seed"] for i in cells if ends[i] == "skipped"} == {2}
    assert "4/8 cells are there" in output
    for i in stuck:
        assert json.loads((tmp_path / "cells" / i / "rows.json").read_text()) == []
        assert set(told[i]["files"]) == {"rows.json"}
    assert set(pd.read_csv(tmp_path / "cells.csv")["id"]) == set(cells) - stuck
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["cells"]["delivered"] == 4
    assert set(run["cells"]["ended"]) == stuck
    assert not list((tmp_path / "cells").glob(".*"))


def test_what_took_too_long_is_tried_again_by_the_next_start(tmp_path):
    lay(tmp_path)
    script = 'TIME = not pd.io.common.os.path.exists("again")\n' + STUCK
    run_cells(tmp_path, script, **TIME)
    (tmp_path / "again").touch()

    run_cells(tmp_path, script, **TIME)

    assert {t["ended"] for t in told_of(tmp_path).values()} == {"finished"}


def test_the_alarm_is_that_of_the_cell(tmp_path):
    lay(tmp_path)
    asked = "import signal\ntimer = lambda: signal.getitimer(signal.ITIMER_REAL)[0]\n"
    script = asked + "for c in labbook.cells():\n    before = timer()\n    with c:\n"
    script += "        within = timer()\n    print(before, within > 3000, timer())\n    break\n"

    assert "0.0 True 0.0" in run_cells(tmp_path, script, **TIME)


def test_cells_that_stay_together_are_those_of_the_process_of_the_first(tmp_path):
    design = lay(tmp_path)
    script = SCORED.replace("labbook.cells()", 'labbook.cells(together=("model_seed",))')
    own = [c for c in design["cells"] if c["block"] == "all" and c["seed"] is not None]
    first, *others = [c["id"] for c in own]

    run_cells(tmp_path, script, LABBOOK_CELLS=",".join(others))
    none = told_of(tmp_path)
    run_cells(tmp_path, script, LABBOOK_CELLS=first)

    assert none == {}
    assert set(told_of(tmp_path)) == {first, *others}
