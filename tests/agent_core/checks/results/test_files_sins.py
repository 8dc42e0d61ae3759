"""Studies that sin in files that a script delivers; and the check that finds it."""

from dataclasses import replace

import pytest
from sins import FAIL, WARN, Sins
from studies import K, honest

from agent_core.domain import Role
from agent_core.evidence.file_hashes import seal_of

sin = Sins()


@sin("contract_parses", FAIL, "no rows")
def no_results(made):
    made.rows = []


@sin("contract_parses", FAIL, problems="results.json, row 0: value is 'high', expected a number")
def a_value_that_is_text(made):
    made.rows[0]["value"] = "high"


@sin("contract_parses", FAIL, "lists/ImplicitMF/0-1.parquet")
def a_broken_table(made):
    made.files = {"lists/ImplicitMF/0-1.parquet": b"PAR1 but no more"}


@sin(
    "contract_parses",
    FAIL,
    problems="split/0.test_rows.csv names rows that the dataset (720 rows) lacks",
)
def row_numbers_beyond_the_data(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train, [*test, 5000])


@sin(
    "contract_parses", FAIL, problems="split/0.test_rows.csv is there, and the same part as pairs"
)
def a_part_saved_in_both_forms(made):
    made.files["split/0.test.parquet"] = made.data.iloc[made.splits["0"][1]].to_parquet()


@sin(
    "files_unchanged",
    FAIL,
    faults="rows of results.json were changed after labbook had written them",
)
def a_value_raised_after_it_was_delivered(made):
    digest = {"rows": len(made.rows), "sha256": seal_of(made.rows, {"metric": "ndcg", "k": K})}
    made.rows[5]["value"] += 1e-6
    made.digest = digest


@sin("files_unchanged", FAIL, line=2)
def a_helper_of_its_own(made):
    made.source = "import labbook\nlabbook.row = mine\n"


@sin("runs_clean", FAIL, status=1, seconds=3.0)
def a_crash(made):
    made.exit_code = 1


@sin("dataset_loaded", FAIL, dataset="other.csv", planned="data.csv")
def another_dataset(made):
    made.run["dataset"]["file"] = "other.csv"


@sin("dataset_loaded", FAIL, dataset="data.csv", hash="0" * 12)
def a_changed_dataset(made):
    made.run["dataset"]["sha256"] = "0" * 64


@sin("lists_saved", FAIL, kind="lists", run="ImplicitMF (fold 0, seed 2)")
def lists_of_one_seed_missing(made):
    del made.lists["ImplicitMF", "0", "2"]


@sin("lists_saved", WARN, algorithm="Popularity", length=5, others=10)
def shorter_lists_of_the_baseline(made):
    frame = made.lists["Popularity", "0", "none"]
    made.lists["Popularity", "0", "none"] = frame[frame["rank"] <= 5]
    made.measure()


@sin("per_user_saved", FAIL, "missing")
def no_per_user_values(made):
    made.per_user = None


@sin("figures_saved", FAIL, figures=1, wanted=2, broken="b.png")
def a_figure_that_is_none(made):
    made.plan = replace(made.plan, reported=("2 plots",))
    made.files = {"a.png": b"\x89PNG....", "b.png": b"not a picture"}


@sin("metadata_saved", FAIL, algorithms="ImplicitMF")
def no_configuration(made):
    del made.run["algorithms"]["ImplicitMF"]


def test_a_table_is_missed(tmp_path):
    assert honest().findings(tmp_path)["table_saved"].finding is FAIL
    assert Role.BASELINE in {a.role for a in honest().plan.algorithms}


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
