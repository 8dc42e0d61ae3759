"""Both versions of the result contract come to the same evidence."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from designed import (
    EASE,
    FACTORIZATION,
    FINISHED,
    LEAVE_ONE_OUT,
    NEIGHBOURS,
    POPULARITY,
    REPEATED,
    designed,
    run_of,
    study,
)
from hypothesis import Phase, given, settings, strategies as st
from pandas.testing import assert_frame_equal
from studies import profile_of

from agent_core.checks.registry import run_checks
from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Factor,
    Level,
    SplitKind,
    SplitRules,
)
from agent_core.evidence import cells
from agent_core.evidence.evidence import read_evidence
from sandbox.execution import Artifact

OF_FILES = {"files_unchanged", "table_saved"}
"""Checks that count files, of which the contracts have different ones."""
RATED = Level(DataRules((DataRule(DataRuleKind.LOWEST_RATING, 3.0),)), "from 3")
CORE = Level(DataRules((DataRule(DataRuleKind.CORE, 5.0),)), "5-core")
WHOLE = Level(DataRules(), "all")
LAST = Level(SplitRules(SplitKind.LEAVE_LAST), "last")
RANDOM = Level(LEAVE_ONE_OUT, "random")
FIFTH = Level(SplitRules(SplitKind.USER_FRACTION, holdout=0.2), "20 %")


@st.composite
def plans(draw):
    """Draw a design of up to four factors."""
    several = (FACTORIZATION, EASE, NEIGHBOURS, POPULARITY)
    algorithms = draw(st.sampled_from([several[:1], several[::3], several[1::2], several]))
    data = draw(st.sampled_from([(Level(DataRules()),), (WHOLE, RATED), (WHOLE, CORE)]))
    splits = draw(st.sampled_from([(Level(LEAVE_ONE_OUT),), (RANDOM, LAST), (RANDOM, FIFTH)]))
    seeds = draw(st.sampled_from([(0,), (0, 1), (3, 1, 2)]))
    factors = [
        Factor(name, tuple(level.name for level in levels))
        for name, levels in (("data", data), ("split", splits))
        if len(levels) > 1
    ]
    if draw(st.booleans()):
        factors.append(Factor("split_seed", (42, 43), REPEATED))
    elif draw(st.booleans()):
        factors.append(Factor("train_share", (0.5, 1.0)))
    return study(*algorithms, factors=tuple(factors), seeds=seeds, data=data, splits=splits)


def leave_out_a_run(made, draw):
    run = draw(st.sampled_from(sorted(made.lists)))
    del made.lists[run]
    made.measure()
    ran = {name for name, _, _ in made.lists}
    made.run["algorithms"] = {n: d for n, d in made.run["algorithms"].items() if n in ran}


def change_a_value(made, draw):
    row = draw(st.sampled_from(made.rows))
    row["value"] = row["value"] / 2 + 0.2


def copy_a_run(made, draw):
    runs = draw(st.permutations(sorted(made.lists)))
    made.lists[runs[0]] = made.lists[runs[1]]
    made.measure()


def drop_users(made, draw):
    run = draw(st.sampled_from(sorted(made.lists)))
    made.lists[run] = made.lists[run][made.lists[run]["user_id"] > 20]


CHANGES = (None, leave_out_a_run, change_a_value, copy_a_run, drop_users)


@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.data())
def test_a_script_and_its_twin_are_the_same_evidence(data):
    made = designed(data.draw(plans()))
    if change := data.draw(st.sampled_from(CHANGES)):
        change(made, data.draw)
    with tempfile.TemporaryDirectory() as folder:
        first, second = (made.evidence(Path(folder) / str(v), v) for v in (1, 2))

        for name in ("rows", "per_user", "agreement", "recomputed"):
            one, other = (table_of(e, name) for e in (first, second))
            assert_frame_equal(one, other, check_dtype=False)
        assert dict(first.blocks) == dict(second.blocks)
        assert {r: c.id for r, c in first.of_runs.items()} == {
            r: c.id for r, c in second.of_runs.items()
        }
        assert set(first.lists) == set(second.lists)
        for run in first.lists:
            assert texts(first, first.lists[run]).equals(texts(second, second.lists[run]))
        found = [{c.name: (c.finding, c.reason) for c in run_checks(e)} for e in (first, second)]
        differing = {n: (f, found[1][n]) for n, f in found[0].items() if f != found[1][n]}
        assert {n: both for n, both in differing.items() if n not in OF_FILES} == {}


def table_of(evidence, name):
    """Return a table in one order, with ids as text and without what only version 1 names."""
    frame = texts(evidence, getattr(evidence, name)).drop(columns="dataset", errors="ignore")
    columns = [c for c in frame.columns if c not in ("value", "claimed", "computed")]
    return frame.sort_values(columns).reset_index(drop=True)


def texts(evidence, frame):
    """Return a table with ids as text."""
    own = {c: evidence.ids.texts(frame[c]) for c in ("user_id", "item_id") if c in frame}
    return frame.assign(**own)


def two_factors():
    plan = study(
        FACTORIZATION, POPULARITY,
        factors=(Factor("data", ("all", "from 3")),), data=(WHOLE, RATED), seeds=(0, 1),
    )  # fmt: skip
    return designed(plan)


def test_the_table_of_cells_has_a_line_a_cell_and_a_column_a_factor(tmp_path):
    evidence = two_factors().evidence(tmp_path, 2)

    table = evidence.cells
    assert len(table) == len(evidence.design) == 6
    assert set(table["data"]) == {"all", "from 3"}
    assert (
        table["model_seed"].dropna().tolist() == [0, 0, 1, 1]
        or len(table["model_seed"].dropna()) == 4
    )
    assert table.loc[table["data"] == "all", "train_rows"].unique().tolist() == [660]
    assert (table["train_s"] == 0.5).all()
    assert (table["test_users"] > 0).all()
    assert evidence.missing == ()


def test_lists_are_read_cell_by_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(cells.Room, "take", lambda self, lines: False)
    evidence = two_factors().evidence(tmp_path, 2)

    assert all(s.kept is None for own in evidence.lists.sources.values() for s in own)


def broken(tmp_path, change):
    """Write a study as cells, change the files of its first cell, and read it."""
    made = two_factors()
    made.evidence(tmp_path / "written", 2)
    folder = min((tmp_path / "written/artifacts/cells").iterdir())
    change(folder)
    return read_again(made, tmp_path / "written")


def read_again(made, folder):

    place = folder / "artifacts"
    paths = sorted(p for p in place.rglob("*") if p.is_file())
    artifacts = tuple(Artifact(str(p.relative_to(place)), p, p.stat().st_size) for p in paths)
    file = folder / "data.csv"
    profile = profile_of(file, made.data)
    return read_evidence(
        made.plan, made.source, replace(FINISHED, artifacts=artifacts), (profile,),
        {"data.csv": file},
    )  # fmt: skip


def renamed(folder):
    folder.rename(folder.with_name("0123456789ab"))


def copied_over(folder):
    other = max(folder.parent.iterdir())
    for path in folder.iterdir():
        path.write_bytes((other / path.name).read_bytes())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: (f / "cell.json").unlink(), "lacks cell.json"),
        (lambda f: (f / "rows.json").unlink(), "lacks rows.json"),
        (lambda f: (f / "lists.parquet").unlink(), "lacks lists.parquet"),
        (lambda f: (f / "cell.json").write_text("{"), "cell.json is not valid JSON"),
        (lambda f: (f / "rows.json").write_text("{}"), "rows.json holds no list"),
        (lambda f: (f / "rows.json").write_text('[{"k": 1}, 7]'), "row 0: without metric, value"),
        (renamed, "is no cell of the design"),
        (copied_over, "is that of cell"),
    ],
)
def test_a_cell_that_is_not_whole_is_a_problem(tmp_path, change, words):
    evidence = broken(tmp_path, change)

    assert any(words in problem for problem in evidence.problems), evidence.problems


def test_a_file_that_is_not_the_recorded_one_is_found(tmp_path):
    def edit(folder):
        frame = pd.read_parquet(folder / "lists.parquet")
        frame[::-1].to_parquet(folder / "lists.parquet")

    evidence = broken(tmp_path, edit)

    assert len(evidence.changed) == 1
    assert "lists.parquet was changed" in evidence.changed[0]


def test_derived_results_that_contradict_the_cells_are_a_problem(tmp_path):
    made = two_factors()
    made.evidence(tmp_path, 2)
    cell = min((tmp_path / "artifacts/cells").iterdir()).name
    row = {"cell": cell, "metric": "ndcg", "k": 10, "value": 0.99}
    results = {"version": 2, "rows": [row]}
    (tmp_path / "artifacts/results.json").write_text(json.dumps(results))

    evidence = read_again(made, tmp_path)

    assert any("0.99" in problem for problem in evidence.problems)
    assert 0.99 not in evidence.rows["value"].tolist()


def test_folds_under_other_names_are_the_blocks_that_they_say(tmp_path):
    plan = study(
        EASE, POPULARITY, factors=(Factor("split", ("random", "last")),), splits=(RANDOM, LAST)
    )
    made = designed(plan)
    names = {"random": "A", "last": "B"}
    for run in list(made.lists):
        made.lists[run[0], names[run[1]], run[2]] = made.lists.pop(run)
    made.splits = {names[f]: parts for f, parts in made.splits.items()}
    made.measure()
    del made.run["split"]["parts"]
    unsaid = made.evidence(tmp_path / "unsaid")
    made.run["split"]["parts"] = {"A": {"kind": "leave-one-out"}, "B": {"kind": "leave_last"}}

    said = made.evidence(tmp_path / "said")

    assert unsaid.blocks == {}
    assert unsaid.missing == ()
    assert {fold: block.name for fold, block in said.blocks.items()} == {
        "A": "random",
        "B": "last",
    }
    assert set(said.of_runs) == {(a, f, "") for a in ("EASE", "Popularity") for f in "AB"}


def test_cells_that_were_not_delivered_are_missing(tmp_path):
    made = two_factors()
    del made.lists["ImplicitMF", "from-3", "1"]
    made.measure()

    evidence = made.evidence(tmp_path, 2)

    assert [run_of(c) for c in evidence.missing] == [("ImplicitMF", "from-3", "1")]
