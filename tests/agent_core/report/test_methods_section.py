"""What a citable report states, line by line, in report.md and for machines in metadata.json."""

import json
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from builders import OK, node_of, requirement
from results import START, comparison_evidence, comparison_plan, evidence_of, inputs_of

from agent_core.domain import (
    Algorithm,
    Check,
    Environment,
    Finding,
    Metric,
    ReportDraft,
    Role,
    SplitKind,
    Study,
    Usage,
    UserId,
    Waiver,
)
from agent_core.domain.events import Logged, ModelCalled
from agent_core.evidence.retrained import Pair, Retrained
from agent_core.report.methods_section import statements
from agent_core.report.texts import TEXTS
from agent_core.report.writer import write_report

NAMES = ("EASE", "ItemKNN", "ImplicitMF")
SHA = "ab12cd34ef56" + "0" * 52


def stated(inputs, subject):
    return " | ".join(text for name, text in statements(inputs) if name == subject)


def called(role, model="gpt-5-mini", snapshot="gpt-5-mini-2025-08-07", prompt=SHA):
    return ModelCalled(role, model, Usage(1, 10, 0, 5), 1.0, "ok", None, snapshot, prompt)


def with_models(inputs, *calls):
    log = [Logged(n, START + timedelta(seconds=n), c) for n, c in enumerate(calls, 2)]
    view = replace(inputs.view, researcher="gpt-5-mini", usage=Usage(len(calls), 20, 0, 10))
    return replace(inputs, view=view, log=(*inputs.log, *log))


def written(inputs, tmp_path):
    folder = tmp_path / "report"
    found = write_report(replace(inputs, evidence=None), ReportDraft(""), folder)
    return found, json.loads((folder / "metadata.json").read_text())


def test_the_snapshot_that_answered_and_the_prompts_are_stated(tmp_path):
    inputs = with_models(
        inputs_of(comparison_evidence()), called("plan"), called("draft", prompt="9" * 64)
    )

    assert (
        "asked: gpt-5-mini; answered (snapshot named by the endpoint): gpt-5-mini-2025-08-07"
        in (stated(inputs, "Researcher"))
    )
    assert "plan ab12cd34ef56, draft 999999999999" in stated(inputs, "Prompts")
    _, machine = written(inputs, tmp_path)
    assert machine["model_snapshots"] == ["gpt-5-mini-2025-08-07"]
    assert machine["roles"]["plan"] == {
        "models": ["gpt-5-mini"],
        "snapshots": ["gpt-5-mini-2025-08-07"],
        "prompt_sha256": [SHA],
        "calls": 1,
    }


def test_what_older_runs_did_not_record_is_said_so():
    inputs = with_models(inputs_of(comparison_evidence()), called("plan", snapshot="", prompt=""))

    assert "answered (snapshot named by the endpoint): not recorded" in (
        stated(inputs, "Researcher")
    )
    assert stated(inputs, "Prompts") == "not recorded"


def test_tuning_states_trials_space_and_what_was_looked_at():
    space = {"regularization": [1, 10, 100]}
    run = {
        "algorithms": {
            "EASE": {"class": "EASEScorer", "config": {"regularization": 10}, "trials": 3,
                     "space": space, "selected_on": "validation"},
            "ItemKNN": {"class": "ItemKNNScorer", "config": {"max_nbrs": 20}, "trials": 4},
        }
    }  # fmt: skip
    told = stated(inputs_of(replace(comparison_evidence(), run=run)), "Algorithm")

    words = "3 configurations tried, space (the script says) “{'regularization': ["
    assert f"in force: regularization = 10; {words}" in told
    assert "selected on (the script says) “validation”" in told
    assert "4 configurations tried, space not recorded, selected on: not recorded" in told
    assert "ImplicitMFScorer, planned: regularization = 200.0; not tuned" in told


def test_a_sweep_states_its_values_and_that_test_data_chose():
    swept = tuple(Algorithm(f"KNN {v}", "ItemKNNScorer", {"max_nbrs": v}) for v in (5, 10))
    plan = replace(
        comparison_plan(),
        study=Study.SWEEP,
        swept="max_nbrs",
        algorithms=(*swept, Algorithm("Popularity", "PopScorer", role=Role.BASELINE)),
    )
    runs = {(a.name, "0", ""): [0.1, 0.2] for a in plan.algorithms}

    told = stated(inputs_of(evidence_of(plan, runs)), "Algorithm")

    assert "one of 2 values of max_nbrs, {5, 10}, all measured on the test data" in told


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("pooled over predictions", "pooled over all predictions"),
        ("mean over users", "macro: a mean over users"),
        ("", "not recomputed, so macro or pooled is not known"),
    ],
)
def test_a_rating_error_is_said_to_be_macro_or_pooled(definition, words):
    plan = comparison_plan("EASE", metrics=(Metric("rmse"),))
    evidence = evidence_of(plan, {("EASE", "0", ""): [0.9], ("Popularity", "0", ""): [1.0]})
    inputs = inputs_of(evidence)
    known = {"rmse": definition} if definition else {}
    inputs = replace(inputs, facts=replace(inputs.facts, definitions=known))

    assert words in stated(inputs, "Metric")


def test_recall_under_leave_one_out_is_hit():
    plan = comparison_plan("EASE", metrics=(Metric("recall", 10),))
    runs = {("EASE", "0", ""): [1.0, 0.0], ("Popularity", "0", ""): [0.0, 0.0]}
    fraction = plan.with_split(kind=SplitKind.USER_FRACTION)

    assert "Recall@K is Hit@K" in stated(inputs_of(evidence_of(plan, runs)), "Metric")
    assert "Hit@K" not in stated(inputs_of(evidence_of(fraction, runs)), "Metric")


def test_users_and_interactions_are_counted_by_the_product():
    pairs = pd.DataFrame({"user_id": list("aab"), "item_id": list("xyz")})
    evidence = replace(
        comparison_evidence(),
        train={"0": pairs},
        test={"0": pairs.iloc[1:]},
        run={"dataset": {"filters": [{"name": "5-core", "before": 9, "after": 5}]}},
    )
    inputs = inputs_of(evidence)

    assert stated(inputs, "Users").startswith(
        "2 of 943 users tested, 941 not tested; 300 averaged"
    )
    assert "5-core: 9 before, 5 after" in stated(inputs, "Filters")
    assert "Counted in the split: 5 of 100,000 interactions." in stated(inputs, "Filters")


def test_a_measured_leak_stands_beside_the_split():
    leak = Check("temporal_leak", Finding.WARN, "54 % of the training interactions are later.")

    told = stated(inputs_of(comparison_evidence(), checks=(leak,)), "Split")

    assert "Measured: 54 % of the training interactions are later." in told


def test_folds_state_that_their_training_sets_overlap():
    plan = comparison_plan(*NAMES)
    plan = plan.with_split(kind=SplitKind.CROSSFOLD_USERS, folds=5)

    told = stated(inputs_of(comparison_evidence(plan)), "Intervals")

    assert "training sets of folds overlap" in told
    assert "Nadeau and Bengio" in told


def test_machine_and_packages_are_those_of_the_execution(tmp_path):
    ran = Environment("3.11.2", {"lenskit": "2025.8.1"}, "Linux x86_64, AMD EPYC, 2 CPUs, 16 GiB")
    spent = replace(OK, cpu_s=30.0)
    inputs = inputs_of(comparison_evidence())
    best = replace(inputs.best, environment=ran, execution=spent)
    others = (node_of(2, execution=spent), node_of(3, execution=spent))
    inputs = replace(inputs, best=best, view=replace(inputs.view, nodes=(best, *others)))

    told = stated(inputs, "Machine")
    _, machine = written(inputs, tmp_path)

    assert told.startswith(
        "Linux x86_64, AMD EPYC, 2 CPUs, 16 GiB, Python 3.11.2; lenskit 2025.8.1"
    )
    assert "30 s CPU" in told
    assert "all scripts together 90 s CPU" in told
    assert machine["machine"] == ran.machine
    assert machine["packages"] == {"lenskit": "2025.8.1"}
    assert machine["cpu_s_of_all_scripts"] == 90.0
    assert (tmp_path / "report" / "environment.txt").read_text() == "lenskit==2025.8.1\n"


def test_a_machine_reads_waivers_failures_protocol_and_limits(tmp_path):
    plan = replace(
        comparison_plan(*NAMES), margin=0.01, requirements=(requirement(1), requirement(4))
    )
    failing = Check("split_as_planned", Finding.FAIL, "Not leave one out.")
    inputs = inputs_of(
        comparison_evidence(plan),
        checks=(failing,),
        view={"waivers": (Waiver("same_test_users", "a pilot", UserId("ann")),)},
    )
    inputs = replace(inputs, best=replace(inputs.best, verdicts=inputs.best.verdicts[:1]))

    found, machine = written(inputs, tmp_path)

    assert machine["waivers"] == [{"check": "same_test_users", "by": "ann", "reason": "a pilot"}]
    assert machine["failed_checks"] == ["split_as_planned"]
    assert machine["requirements_not_met"] == [4]
    assert machine["protocol"]["margin"] == 0.01
    assert machine["protocol"]["frozen_at"] == "2026-01-02T03:04:05+00:00"
    assert machine["protocol"]["sha256"] == "cd" * 32
    assert machine["tests"] == ["sign-flip permutation test, 9,999 flips"]
    assert machine["metrics"][0] == {
        "metric": "ndcg@10", "is_primary": True, "definition": None, "is_recomputed": False,
    }  # fmt: skip
    assert machine["never_claimed"] == TEXTS["never_claimed"]
    assert all(text in found.markdown for text in TEXTS["never_claimed"])


@pytest.mark.parametrize(
    ("delivered", "said", "words"),
    [
        (0.30, "100 sampled items", "the script says: “100 sampled items”"),
        (0.30, None, "all items not in train: lists over these by the product"),
        (0.45, None, "not recorded"),
    ],
)
def test_all_items_were_ranked_where_it_is_said_or_shown(delivered, said, words):
    pair = Pair("EASE", "ndcg", 10, delivered, 0.30, slack=0.01, runs=1)
    run = {"candidates": said} if said else {}
    evidence = replace(comparison_evidence(), run=run, retrained=Retrained("0", (pair,)))

    assert words in stated(inputs_of(evidence), "Candidates")


def test_nothing_said_and_nothing_trained_is_not_recorded():
    evidence = replace(comparison_evidence(), run={})

    assert stated(inputs_of(evidence), "Candidates") == "not recorded"
