"""What validation chooses, and its test value."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import KNN, MF, POP, study_plan, study_values, swept

from agent_core.domain import Estimand, Factor, Metric, Question
from agent_core.statistics.answers.answer import CautionKind, FigureKind, Statistic
from agent_core.statistics.answers.choices import expected_best
from agent_core.statistics.answers.registry import answer_to

K = Factor("max_nbrs", (5, 10, 20, "chosen"), of=("ItemKNN",))
CHOICE = Question(Estimand.CHOICE, ("max_nbrs",), ("ndcg@10",))
VARIANTS = swept(KNN, "max_nbrs", (5, 10, 20, "chosen"))


def choice_study(validation, test=0.2, algorithms=(*VARIANTS, POP), **more):
    """A study in which the grid was run on validation, and what was chosen on test."""
    plan = study_plan(*algorithms, factors=[K], validated=(Metric("ndcg", 10),), **more)

    def value_of(cell, metric, users):
        given = validation.get(cell.levels.get("max_nbrs"), test)
        return np.full(len(users), given[cell.block.fold] if isinstance(given, list) else given)

    study = study_values(plan, value_of)
    is_grid = study.cells["max_nbrs"].isin([5, 10, 20])
    return replace(study, cells=study.cells.assign(on=np.where(is_grid, "validation", "test")))


def test_the_result_is_the_test_value_of_what_validation_chose():
    found = answer_to(CHOICE, choice_study({5: 0.1, 10: 0.5, 20: 0.3}))

    (one,) = found.of(Statistic.CHOSEN)
    assert one.found == {"max_nbrs": 10}
    assert one.value == pytest.approx(0.2)
    assert one.more == {"validation": 0.5, "trials": 3.0}
    assert found.values["ndcg@10|ItemKNN|mean"] == pytest.approx(0.2)
    assert CautionKind.OPTIMISTIC in {c.kind for c in found.cautions}
    assert found.figure.kind is FigureKind.CURVES


def test_of_equal_ones_the_first_in_plan_order_is_chosen():
    (one,) = answer_to(CHOICE, choice_study({5: 0.4, 10: 0.4, 20: 0.3})).of(Statistic.CHOSEN)

    assert one.found == {"max_nbrs": 5}


def test_each_fold_chooses_for_itself():
    study = choice_study({5: [0.1, 0.9], 10: [0.5, 0.2], 20: [0.3, 0.3]}, folds=2)

    found = answer_to(CHOICE, study).of(Statistic.CHOSEN)

    assert [e.found["max_nbrs"] for e in found] == [10, 5]


def test_of_errors_the_lowest_is_chosen():
    study = choice_study({5: 0.1, 10: 0.5, 20: 0.3})
    plan = replace(study.plan, validated=(Metric("rmse"),))
    runs = study.runs.assign(metric="rmse")
    study = replace(study, plan=plan, runs=runs, users={"rmse": study.users["ndcg@10"]})

    (one,) = answer_to(replace(CHOICE, measures=("rmse",)), study).of(Statistic.CHOSEN)

    assert one.found == {"max_nbrs": 5}


def test_without_a_cell_of_its_own_the_chosen_one_is_read_from_the_tested_grid():
    variants = swept(KNN, "max_nbrs", (5, 10))
    grid = Factor("max_nbrs", (5, 10))
    plan = study_plan(*variants, factors=[grid], validated=(Metric("ndcg", 10),))
    tested = study_values(plan, lambda c, m, u: np.full(len(u), c.levels["max_nbrs"] / 100))
    shadow = tested.cells.assign(id=["v0", "v1"], on="validation")
    users = tested.users["ndcg@10"].assign(v0=0.9, v1=0.1)
    study = replace(
        tested, cells=tested.cells.assign(on="test")._append(shadow, ignore_index=True),
        users={"ndcg@10": users}, runs=tested.runs.iloc[:0],
    )  # fmt: skip

    (one,) = answer_to(CHOICE, study).of(Statistic.CHOSEN)

    assert (one.found, one.value) == ({"max_nbrs": 5}, pytest.approx(0.05))


def test_what_the_test_would_have_chosen_is_told_from_audit_cells_only():
    study = choice_study({5: 0.1, 10: 0.5, 20: 0.3})
    assert len(answer_to(CHOICE, study).of(Statistic.CHOSEN)) == 1
    extra = study.cells[study.cells["max_nbrs"] == 20].assign(id="a", on="test", is_audit=True)
    cells = study.cells.assign(is_audit=False)._append(extra, ignore_index=True)
    users = {"ndcg@10": study.users["ndcg@10"].assign(a=0.7)}

    found = answer_to(CHOICE, replace(study, cells=cells, users=users)).of(Statistic.CHOSEN)

    assert [(e.why, e.found["max_nbrs"]) for e in found] == [
        ("", 10),
        ("what the test would have chosen", 20),
    ]


def test_another_recorded_choice_is_told():
    study = choice_study({5: 0.1, 10: 0.5, 20: 0.3})
    said = [{"max_nbrs": 20} if v == "chosen" else None for v in study.cells["max_nbrs"]]

    found = answer_to(CHOICE, replace(study, cells=study.cells.assign(chosen=said)))

    assert CautionKind.CHOICE_DIFFERS in {c.kind for c in found.cautions}


def test_the_expected_best_grows_with_the_trials():
    # Of two values: once 1.5; of two draws the lower one only where both are it.
    assert expected_best([1.0, 2.0]).tolist() == pytest.approx([1.5, 1.75])


def test_seeds_of_a_grid_are_averaged():
    variants = swept(MF, "max_nbrs", (5, 10, "chosen"))
    factor = Factor("max_nbrs", (5, 10, "chosen"), of=("ImplicitMF",))
    plan = study_plan(*variants, factors=[factor], seeds=(0, 1), validated=(Metric("ndcg", 10),))
    values = {5: [0.1, 0.5], 10: [0.2, 0.3], "chosen": [0.3, 0.5]}
    study = study_values(
        plan, lambda c, m, u: np.full(len(u), values[c.levels["max_nbrs"]][c.seed])
    )
    is_grid = study.cells["max_nbrs"] != "chosen"
    study = replace(study, cells=study.cells.assign(on=np.where(is_grid, "validation", "test")))

    (one,) = answer_to(CHOICE, study).of(Statistic.CHOSEN)

    assert one.found == {"max_nbrs": 5}
    assert one.value == pytest.approx(0.4)


def test_levels_that_are_not_chosen_choose_for_themselves():
    pairs = [(k, shrink) for shrink in (0, 1) for k in (5, 10, "chosen")]
    variants = tuple(
        replace(
            KNN, name=f"ItemKNN {k} {shrink}", base="ItemKNN",
            levels={"max_nbrs": k, "shrinkage": shrink},
            config={"shrinkage": shrink} if k == "chosen" else {"max_nbrs": k, "s": shrink},
        )
        for k, shrink in pairs
    )  # fmt: skip
    factors = [
        Factor("max_nbrs", (5, 10, "chosen"), of=("ItemKNN",)),
        Factor("shrinkage", (0, 1), of=("ItemKNN",)),
    ]
    plan = study_plan(*variants, factors=factors, validated=(Metric("ndcg", 10),))
    values = {(5, 0): 0.4, (10, 0): 0.1, (5, 1): 0.1, (10, 1): 0.4}

    def value_of(cell, metric, users):
        k, shrink = cell.levels["max_nbrs"], cell.levels["shrinkage"]
        return np.full(len(users), values.get((k, shrink), 0.2 + shrink / 10))

    study = study_values(plan, value_of)
    is_grid = study.cells["max_nbrs"] != "chosen"
    study = replace(study, cells=study.cells.assign(on=np.where(is_grid, "validation", "test")))

    found = answer_to(CHOICE, study)

    chosen = found.of(Statistic.CHOSEN)
    assert [e.found["max_nbrs"] for e in chosen] == [5, 10]
    assert [e.value for e in chosen] == pytest.approx([0.2, 0.3])
    assert [e.within["shrinkage"] for e in found.of(Statistic.MEAN)] == [0, 1]
