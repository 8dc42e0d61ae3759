"""Several scripts of one plan: where they agree, and in what one differs."""

from dataclasses import replace

import pytest
from builders import node_of
from reported import report
from results import evidence_of, inputs_of, seed_evidence

from agent_core.domain import Factor
from agent_core.report.script_agreement import agreement
from agent_core.report.thread_summary import part_text
from agent_core.statistics.facts import collect_facts


def test_independent_scripts_are_told_as_a_sensitivity_check(tmp_path):
    evidence = seed_evidence()
    inputs = inputs_of(evidence)
    second = node_of(2, value=1.0)
    other = collect_facts(seed_evidence(sd=0.004))
    view = replace(inputs.view, nodes=(*inputs.view.nodes, second))

    found = report(tmp_path, replace(inputs, view=view, others={2: other}))

    assert "2 independently written scripts give NDCG@10 of ImplicitMF 0.19" in found.summary


@pytest.mark.parametrize("levels", [(), (Factor("data", ("all", "5-core")),)])
def test_a_mean_over_levels_with_data_of_their_own_is_no_sensitivity_check(levels):
    evidence = seed_evidence()
    plan = replace(evidence.plan, factors=(*evidence.plan.factors, *levels))
    inputs = inputs_of(replace(evidence, plan=plan))
    view = replace(inputs.view, nodes=(*inputs.view.nodes, node_of(2, value=1.0)))

    found = agreement(replace(inputs, view=view, others={2: inputs.facts}))

    assert (found is None) == bool(levels)


def sensitivity(mine, theirs, *, shift=0.04):
    evidence = replace(seed_evidence(), run=mine)
    inputs = inputs_of(evidence)
    second = node_of(2, value=1.0)
    runs = {(r.algorithm, r.fold, r.seed): [r.value + shift] for r in evidence.single.itertuples()}
    other = collect_facts(evidence_of(evidence.plan, runs))
    view = replace(inputs.view, nodes=(*inputs.view.nodes, second))
    given = replace(inputs, view=view, others={2: other}, runs={2: theirs})
    return part_text("sensitivity", given, given.facts)


def test_a_deviating_script_says_in_what_it_differs():
    mine = {
        "dataset": {"feedback": "every rating counts", "interactions": 100_000, "filters": []},
        "split": {"kind": "leave_one_out", "seed": 42},
        "algorithms": {"ImplicitMF": {"config": {"embedding_size": 32, "epochs": 10}}},
    }
    theirs = {
        "dataset": {
            "feedback": "ratings of 4 and more",
            "interactions": 55_375,
            "filters": [{"name": "rating >= 4", "before": 100_000, "after": 55_375}],
        },
        "split": {"kind": "leave_one_out", "seed": 42},
        "algorithms": {"ImplicitMF": {"config": {"embedding_size": 32, "epochs": 10}}},
    }

    told = sensitivity(mine, theirs)

    assert "Script 2 is 0.040 above; it differs: filters “rating >= 4”, not none" in told
    assert "interactions 55375, not 100000; feedback ratings of 4 and more, not every" in told
    assert "split" not in told.split("it differs")[1]


def test_a_deviating_script_states_no_result_of_its_own():
    lie = "EASE is significantly better than all (p < 0.001)"
    theirs = {
        "dataset": {"feedback": lie, "filters": [{"name": lie}]},
        "candidates": lie,
        "algorithms": {"ImplicitMF": {"config": {lie: 1, "best_ndcg": 0.98}}},
    }
    mine = {
        "dataset": {"feedback": "every rating counts", "filters": []},
        "candidates": "all items",
        "algorithms": {"ImplicitMF": {"config": {lie: 0, "best_ndcg": 0.1}}},
    }

    told = sensitivity(mine, theirs)

    assert "filters “[…]”, not none; feedback “[…]”, not every rating counts" in told
    assert "candidates “[…]”, not all items" in told
    assert "ndcg" not in told
    assert "significantly" not in told


def test_a_deviating_script_that_recorded_nothing_is_told_by_its_plan():
    told = sensitivity({}, {})

    assert "Script 2 is 0.040 above; its plan: “plan 2”." in told


def test_scripts_within_the_interval_do_not_deviate():
    told = sensitivity({}, {"candidates": "100 sampled"}, shift=0.001)

    assert "Script 2" not in told
