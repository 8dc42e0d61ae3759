"""Habits of honest scripts are told from the sins that look like them."""

from dataclasses import replace

import numpy as np
import pytest
from studies import honest

from agent_core.checks.results.metrics import recomputation_agrees
from agent_core.checks.script.source import swallowed_exceptions, typed_in_numbers
from agent_core.checks.script.training import trained_on_everything
from agent_core.domain import Finding
from agent_core.evidence.algorithm_names import planned_names
from agent_core.statistics.measured_values import run_values

FIGURE = """
def figure():
    scorer = PopScorer()
    scorer.train(from_interactions_df(pd.read_csv("data.csv")))
    return scorer.item_scores_

figure()
"""
USED = """
whole = pd.read_csv("data.csv")
scorer = PopScorer()
scorer.train(from_interactions_df(whole))
{use}
"""
COPIED = """
df = pd.read_csv("data.csv")
df.to_csv("all.csv")
pipe.train(from_interactions_df(pd.read_csv("{name}")))
"""


def test_a_model_that_is_only_looked_at_may_know_everything():
    assert trained_on_everything(FIGURE, ["data.csv"]) == ""


@pytest.mark.parametrize(
    "use", ["recommend(scorer, users)", "scorer(users)", "labbook.algorithm('a', scorer)"]
)
def test_a_model_that_is_used_may_not(use):
    found = trained_on_everything(USED.format(use=use), ["data.csv"])

    assert found.values == {"line": 4, "data": "from_interactions_df(whole)"}


def test_what_a_function_returns_and_somebody_takes_is_used():
    source = FIGURE.replace("scorer.item_scores_", "scorer").replace(
        "\nfigure", "\nmodel = figure"
    )

    assert trained_on_everything(source, ["data.csv"])


PARTS = """
train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
pipe.train(from_interactions_df(train))
"""


def test_one_of_several_files_that_are_read_is_not_all_of_the_data():
    alone = PARTS.replace('pd.read_csv("test.csv")', "None")

    assert trained_on_everything(PARTS, ["train.csv", "test.csv"]) == ""
    assert trained_on_everything(PARTS, ["train.csv"])
    assert trained_on_everything(alone, ["train.csv", "items.csv"])


@pytest.mark.parametrize(("name", "is_fault"), [("all.csv", True), ("u1.base", False)])
def test_a_file_of_ones_own_is_what_was_written_to_it(name, is_fault):
    assert bool(trained_on_everything(COPIED.format(name=name), ["data.csv"])) is is_fault


def test_values_rounded_to_three_decimals_are_replaced_and_told(tmp_path):
    made = honest()
    exact = {(r["metric"], r["algorithm"], r.get("seed")): r["value"] for r in made.rows}
    for row in made.rows:
        row["value"] = round(row["value"], 3)

    evidence = made.evidence(tmp_path)
    found = recomputation_agrees(evidence)

    assert found.finding is Finding.WARN
    assert int(found.values["rounded"]) > 1
    kept = {
        (r.metric, r.algorithm, int(r.seed) if r.seed else None): r.value
        for r in evidence.rows.itertuples()
    }
    assert kept == pytest.approx(exact)


@pytest.mark.parametrize(("decimals", "finding"), [(4, Finding.PASS), (2, Finding.FAIL)])
def test_values_per_user_may_be_rounded(tmp_path, decimals, finding):
    made = with_several_tests(honest())
    made.per_user["value"] = made.per_user["value"].round(decimals)

    assert made.findings(tmp_path)["recomputation_agrees"].finding is finding


def test_rounded_values_per_user_must_still_have_the_claimed_mean(tmp_path):
    made = with_several_tests(honest())
    made.per_user["value"] = (made.per_user["value"] + 0.0002).round(4)

    assert made.findings(tmp_path)["recomputation_agrees"].finding is Finding.FAIL


def test_two_decimals_are_no_rounding(tmp_path):
    made = honest()
    for row in made.rows:
        row["value"] = round(row["value"], 2)

    assert made.findings(tmp_path)["recomputation_agrees"].finding is Finding.FAIL


def test_recall_pooled_over_users_agrees_and_the_mean_over_users_is_shown(tmp_path):
    made = with_several_tests(honest())
    means = {
        (r["algorithm"], str(r.get("seed", ""))): r for r in made.rows if r["metric"] == "recall"
    }
    tested = made.data.iloc[made.splits["0"][1]]
    pooled = {}
    for (algorithm, _, seed), table in made.lists.items():
        key = (algorithm, "" if seed == "none" else seed)
        hits = len(table[table["rank"] <= 10].merge(tested, on=["user_id", "item_id"]))
        pooled[key] = (hits / len(tested), float(recall_of(table, tested)))
        means[key]["value"] = pooled[key][0]

    evidence = made.evidence(tmp_path)
    shown = run_values(evidence)
    shown = shown[shown["metric"] == "recall"]

    assert recomputation_agrees(evidence).finding is Finding.PASS
    values = {(r.algorithm, r.seed): r.value for r in shown.itertuples()}
    assert values == pytest.approx({k: mean for k, (_, mean) in pooled.items()})
    assert all(abs(mean - share) > 1e-3 for share, mean in pooled.values())


def with_several_tests(made):
    """Test some users on all that they have."""
    train, test = (np.asarray(part) for part in made.splits["0"])
    moved = train[made.data.iloc[train]["user_id"].to_numpy() <= 10]
    made.splits["0"] = (np.setdiff1d(train, moved), np.concatenate([test, moved]))
    made.measure()
    return made


def recall_of(table, tested):
    """Return the mean over users of hits divided by test items."""
    table = table[table["rank"] <= 10]
    hits = table.merge(tested, on=["user_id", "item_id"]).groupby("user_id").size()
    sizes = tested.groupby("user_id").size()
    return (hits.reindex(sizes.index).fillna(0) / sizes).mean()


def test_names_are_paired_without_case_and_punctuation_then_by_class():
    plan = honest().plan
    run = {"algorithms": {"MostPop": {"class": "PopScorer"}}}

    assert planned_names(plan, ["implicit-mf", "MostPop"], run) == {
        "implicit-mf": "ImplicitMF",
        "MostPop": "Popularity",
    }


def test_names_that_could_be_several_are_left_alone():
    plan = honest().plan
    run = {"algorithms": {n: {"class": "PopScorer"} for n in ("MostPop", "Top")}}

    assert planned_names(plan, ["implicit-mf", "ImplicitMF", "MostPop", "Top"], run) == {}


def test_a_helper_called_row_delivers_nothing(tmp_path):
    evidence = honest().evidence(tmp_path)
    own = "def row(text, width):\n    return text\n\nrow('value', 8)\n"
    forwards = own.replace("return text", "labbook.row(text, width)")

    found = [typed_in_numbers(replace(evidence, source=s)).finding for s in (own, forwards)]

    assert found == [Finding.NOT_APPLICABLE, Finding.WARN]


COLLECTED = """
failed = []
try:
    run()
except Exception as error:
    failed.append(error)
"""


def test_errors_that_are_raised_at_the_end_are_not_passed_over(tmp_path):
    evidence = honest().evidence(tmp_path)
    raised = COLLECTED + "if failed:\n    raise RuntimeError(failed)\n"

    found = [swallowed_exceptions(replace(evidence, source=s)) for s in (COLLECTED, raised)]

    assert [f.finding for f in found] == [Finding.WARN, Finding.PASS]
