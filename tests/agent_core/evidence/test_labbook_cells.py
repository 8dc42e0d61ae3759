"""What the helper delivers of cells is read as it was written, in a process of its own."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from designed import FACTORIZATION, FINISHED, LEAVE_ONE_OUT, POPULARITY, study
from scripts_with_labbook import artifacts_of, run
from studies import interactions, profile_of

from agent_core.checks.registry import run_checks
from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Finding,
    Level,
    Metric,
    Question,
)
from agent_core.domain.cells import design_record
from agent_core.evidence.evidence import read_evidence

SOURCE = """
def lists_of(c, part):
    counts = part.train["item_id"].value_counts()
    order = counts.sort_index().sort_values(ascending=False, kind="stable").index.to_numpy()
    if c.is_random:
        order = c.rng.permutation(order)
    if "max_nbrs" in c.config:
        order = order[::c.config["max_nbrs"]]
    seen = part.masked.groupby("user_id")["item_id"].agg(set)
    rows = [
        (user, item, rank, 1.0 / rank)
        for user in part.tested["user_id"].unique()
        for rank, item in enumerate([i for i in order if i not in seen.get(user, ())][:10], 1)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank", "score"])

for c in labbook.cells():
    with c:
        part = labbook.part(c)
        with c.training():
            found = lists_of(c, part)
        c.lists(found)
        c.model({"class": c.kind, "config": c.config})
        users = part.tested["user_id"].unique()
        hits = found.merge(part.tested[["user_id", "item_id"]]).groupby("user_id").size()
        values = hits.reindex(users, fill_value=0).clip(upper=1).astype(float)
        c.per_user(pd.DataFrame({"user_id": users, "metric": "hit", "k": 10,
                                 "value": values.to_numpy()}))
        c.row("hit", values.mean(), k=10, n=len(users))

if labbook.is_last():
    labbook.table(labbook.user_results().sort_values("value"), "of_users")
"""


def runs_of(evidence):
    """Return the run of each row of results."""
    rows = evidence.rows[["algorithm", "fold", "seed"]]
    return [tuple(map(str, row)) for row in rows.itertuples(index=False)]


def read(folder, plan):
    """Run a script on the design of a plan, and read what it left."""
    folder.mkdir()
    data = interactions(np.random.default_rng(7))
    data.to_csv(folder / "data.csv", index=False)
    profile = profile_of(folder / "data.csv", data)
    (folder / "design.json").write_text(json.dumps(design_record(plan, (profile,))))
    run(folder, SOURCE)
    given = ("data.csv", "design.json")
    artifacts = tuple(a for a in artifacts_of(folder) if a.name not in given)
    execution = replace(FINISHED, artifacts=artifacts)
    files = {"data.csv": folder / "data.csv"}
    return read_evidence(plan, SOURCE, execution, (profile,), files)


@pytest.fixture(scope="module")
def two_factors(tmp_path_factory):
    rated = DataRules((DataRule(DataRuleKind.LOWEST_RATING, 3.0),))
    plan = study(
        FACTORIZATION, POPULARITY, seeds=(0, 1),
        factors=(Factor("data", ("all", "from 3")),),
        data=(Level(DataRules(), "all"), Level(rated, "from 3")),
    )  # fmt: skip
    return read(
        tmp_path_factory.mktemp("two") / "run", replace(plan, metrics=(Metric("hit", 10),))
    )


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    variants = [
        Algorithm(f"ItemKNN {level}", "ItemKNNScorer", {"max_nbrs": level}, base="ItemKNN",
                  levels={"max_nbrs": level})
        for level in (1, 2, 3)
    ]  # fmt: skip
    chosen = Algorithm("ItemKNN chosen", "ItemKNNScorer", base="ItemKNN",
                       levels={"max_nbrs": "chosen"})  # fmt: skip
    split = Level(replace(LEAVE_ONE_OUT, has_validation=True))
    plan = study(
        *variants, chosen, POPULARITY, splits=(split,),
        factors=(Factor("max_nbrs", (1, 2, 3, "chosen"), of=("ItemKNN",)),),
    )  # fmt: skip
    measured = (Metric("hit", 10),)
    plan = replace(plan, metrics=measured, validated=measured)
    return read(tmp_path_factory.mktemp("grid") / "run", plan)


def test_every_value_of_the_helper_is_computed_again(two_factors):
    assert two_factors.problems == ()
    assert two_factors.changed == ()
    assert two_factors.missing == ()
    assert len(two_factors.rows) == len(two_factors.agreement) == 6
    assert two_factors.agreement["agrees"].all()
    assert set(two_factors.blocks) == set(two_factors.train) == {"all", "from-3"}


def test_counts_of_the_helper_are_those_of_the_product(two_factors):
    table = two_factors.cells.set_index(["variant", "block", "seed"])

    assert len(table) == 6
    for run_, said in two_factors.records.items():
        for name in ("train_rows", "test_rows", "train_users", "train_items", "test_users"):
            assert table.loc[run_, name] == said[name]
        assert table.loc[run_, "train_s"] == said["train_s"]
        assert table.loc[run_, "ended"] == "finished"


def test_values_of_users_are_read_back_with_their_levels(two_factors):
    (path,) = [a.path for a in two_factors.execution.artifacts if a.name == "of_users.csv"]
    table = pd.read_csv(path)

    means = table.groupby("cell")["value"].mean()
    told = two_factors.rows.assign(cell=[two_factors.of_runs[r].id for r in runs_of(two_factors)])
    assert {"data", "model_seed", "user_id", "metric", "k"} < {*table}
    assert not any(name.startswith("Unnamed") for name in table)
    assert means.to_dict() == pytest.approx(told.set_index("cell")["value"].to_dict())


def test_nothing_is_said_against_an_honest_script(two_factors, grid):
    for evidence in (two_factors, grid):
        found = {c.name: c for c in run_checks(evidence)}

        assert [
            c.reason for c in found.values() if c.finding is Finding.FAIL and c.is_binding
        ] == []
        assert found["cells_complete"].finding is Finding.PASS
        assert found["levels_took_effect"].finding is Finding.PASS
        assert found["algorithms_as_planned"].finding is Finding.PASS
        assert found["recomputation_agrees"].finding is Finding.PASS


def test_cells_of_a_grid_are_measured_on_what_is_chosen_by(grid):
    assert set(grid.validated["algorithm"]) == {"ItemKNN 1", "ItemKNN 2", "ItemKNN 3"}
    assert set(grid.rows["algorithm"]) == {"ItemKNN chosen", "Popularity"}
    assert len(grid.validated_agreement) == 3
    assert grid.validated_agreement["agrees"].all()
    assert len(grid.validation["0"]) > 0
    assert len(grid.cells) == len(grid.design) == 5


def test_a_choice_is_made_on_validation(grid):
    """What of a grid is on the test alone decides nothing, however well it is computed."""
    asked = Question(Estimand.CHOICE, ("max_nbrs",), ("hit@10",))
    honest = replace(grid, plan=replace(grid.plan, questions=(asked,)))
    whole = pd.concat([honest.rows, honest.validated], ignore_index=True)
    cases = {
        Finding.PASS: honest,
        Finding.FAIL: replace(honest, rows=whole, validated=honest.validated.iloc[:0]),
        Finding.NOT_APPLICABLE: grid,
    }

    for finding, evidence in cases.items():
        found = next(c for c in run_checks(evidence) if c.name == "chosen_on_validation")
        assert (found.finding, found.is_binding) == (finding, True)
