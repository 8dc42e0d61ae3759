"""What is planned in levels was measured at each: shares, costs, blocks of one dataset."""

from dataclasses import replace

import numpy as np
import pytest
from lied_designs import told
from made_studies import EASE, MF, NDCG, POP, study_plan
from results import dataset, evidence_of

from agent_core.checks.results.metrics import metrics_as_planned
from agent_core.checks.results.retraining import what_explains
from agent_core.checks.results.statistics import sweep_as_planned
from agent_core.checks.split.holdout import folds_as_planned
from agent_core.domain import Estimand, Factor, Finding, Metric, Question, cells_of
from agent_core.evidence.retrained import Pair

VALUES = np.linspace(0, 1, 20)


def evidence(plan, left_out=()):
    cells = [c for c in cells_of(plan) if c.block.name not in left_out]
    seeds = {c.id: "" if c.seed is None else str(c.seed) for c in cells}
    return evidence_of(
        plan, {(c.algorithm.name, c.block.name, seeds[c.id]): VALUES for c in cells}
    )


def shares():
    question = Question(Estimand.RESPONSE, ("train_share",), ("ndcg@10",))
    factors = [Factor("train_share", (0.1, 0.5, 1.0))]
    return study_plan(EASE, POP, factors=factors, questions=[question])


@pytest.mark.parametrize(("left_out", "finding"), [((), Finding.PASS), (1, Finding.FAIL)])
def test_shares_of_the_training_are_a_sweep(left_out, finding):
    plan = shares()
    blocks = [c.block.name for c in cells_of(plan)]

    found = sweep_as_planned(evidence(plan, blocks[:1] if left_out else ()))

    assert found.finding is finding
    assert "10 %" in found.reason
    assert ("50 %" in found.reason) is not bool(left_out)


def test_nothing_that_has_an_order_is_no_sweep():
    assert sweep_as_planned(told("Z").evidence).finding is Finding.NOT_APPLICABLE


def test_costs_are_delivered_where_cells_have_them():
    plan = replace(shares(), metrics=(NDCG, Metric("recommendation_time")))
    found = evidence(replace(plan, metrics=(NDCG,)))
    without = replace(found, plan=plan)
    measured = replace(without, cells=without.cells.assign(recommend_s=0.5))

    assert metrics_as_planned(without).finding is Finding.FAIL
    assert metrics_as_planned(measured).finding is Finding.PASS


def test_blocks_of_another_dataset_are_no_folds_of_this_one():
    plan = study_plan(EASE, POP, factors=[Factor("dataset", ("u.data", "b.tsv"))])
    plan = replace(plan, datasets=("u.data", "b.tsv"))
    own = {c.block.name for c in cells_of(plan) if c.block.dataset == "u.data"}
    found = evidence(plan, {c.block.name for c in cells_of(plan)} - own)
    part = dict.fromkeys(own, found.rows)

    view = replace(found, test=part, datasets=(dataset("u.data"),))
    whole = replace(view, datasets=(dataset("u.data"), dataset("b.tsv")))

    assert folds_as_planned(view).finding is Finding.PASS
    assert folds_as_planned(whole).finding is Finding.FAIL


def test_seeds_explain_differences_of_what_draws_random_numbers_alone():
    plan = study_plan(EASE, MF, POP)
    pairs = [Pair(a.name, "ndcg", 10, 0.1, 0.1, 0.01, 1) for a in plan.algorithms]

    assert "seed" not in what_explains(plan, pairs[:1])
    assert MF.name in what_explains(plan, pairs)
    assert EASE.name not in what_explains(plan, pairs)
