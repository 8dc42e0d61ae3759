"""All kinds of questions have answers of one form."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_studies import BPR, EASE, MF, POP, repeated_splits, study_plan, study_values

from agent_core.domain import Estimand, Factor, Metric, Question
from agent_core.statistics.answers.answer import FIGURE_COLUMNS, Statistic
from agent_core.statistics.answers.groupings import Grouping
from agent_core.statistics.answers.registry import ANSWERS, answer_to, answers_of

METRICS = (Metric("ndcg", 10), Metric("recall", 10))
KEYS = tuple(m.key for m in METRICS)
OVER = {
    Estimand.INTERACTION: ("algorithm", "train_share"),
    Estimand.RESPONSE: ("train_share",),
    Estimand.SPREAD: ("model_seed",),
    Estimand.SPREAD_RATIO: ("split_seed", "model_seed"),
    Estimand.VARIANCE_SHARES: ("split_seed", "model_seed"),
    Estimand.STOPPING: ("model_seed",),
    Estimand.TRADE_OFF: ("train_share",),
    Estimand.FALSE_ALARMS: ("model_seed",),
}


@pytest.fixture(scope="module")
def study():
    plan = study_plan(
        MF, BPR, EASE, POP, seeds=(0, 1, 2), metrics=METRICS,
        factors=[Factor("train_share", (0.5, 1.0)), repeated_splits((1, 2))],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    made = study_values(plan, lambda c, m, u: rng.random(len(u)), 24)
    counts = pd.DataFrame(
        [("u.data", "", s, 9, 8, 50) for s in ("before", "after")],
        columns=["dataset", "data", "step", "users", "items", "interactions"],
    )
    names = pd.Series([f"{i % 2 + 1}" for i in range(24)])
    groups = {"halves": Grouping("half", "0", names)}
    cells = made.cells.assign(train_s=rng.random(len(made.cells)))
    return replace(made, counts=counts, groupings=groups, cells=cells)


@pytest.mark.parametrize("kind", list(Estimand))
def test_every_kind_has_an_answer_whose_references_are_its_numbers_alone(kind, study):
    question = Question(
        kind, OVER.get(kind, ("algorithm",)), KEYS, groups="halves", tolerance=0.1,
    )  # fmt: skip

    found = answer_to(question, study)

    assert found.kind is kind
    assert tuple(found.figure.frame.columns) == FIGURE_COLUMNS
    told = {}
    for estimate in found.estimates:
        for name, value in estimate.values.items():
            assert told.setdefault(name, value) == value, name
            assert math.isfinite(value)
    assert bool(told) == (kind is not Estimand.SCRIPTS_OWN)
    assert found.values == told


def test_no_kind_is_left_out():
    assert set(ANSWERS) == set(Estimand)


def test_the_first_question_confirms_on_its_first_measure(study):
    questions = tuple(Question(Estimand.DIFFERENCE, ("algorithm",), (k,)) for k in KEYS)
    asked = replace(study, plan=replace(study.plan, questions=questions))

    first, second = answers_of(asked)

    assert first.confirms(KEYS[0])
    assert not first.confirms(KEYS[1])
    assert not second.confirms(KEYS[1])
    assert {e.test.family for e in first.of(Statistic.DIFFERENCE)} == {12}


@pytest.mark.parametrize("kind", list(Estimand))
def test_where_nothing_was_delivered_nothing_is_told(kind, study):
    empty = replace(
        study, cells=study.cells.iloc[:0], users={}, runs=study.runs.iloc[:0], parts={},
        counts=study.counts.iloc[:0], groupings={},
    )  # fmt: skip
    question = Question(kind, OVER.get(kind, ("algorithm",)), KEYS, groups="halves", tolerance=0.1)

    found = answer_to(question, empty)

    assert not found.values
    assert kind in (Estimand.COUNTS,) or len(found.missing) >= len(study.cells)


@pytest.mark.parametrize("kind", list(Estimand))
def test_one_cell_is_enough_to_ask_and_too_few_to_compare(kind, study):
    one = replace(
        study, cells=study.cells.iloc[:1],
        users={k: t[[study.cells["id"].iloc[0]]] for k, t in study.users.items()},
        runs=study.runs.iloc[:0],
    )  # fmt: skip
    question = Question(kind, OVER.get(kind, ("algorithm",)), KEYS, groups="halves", tolerance=0.1)

    found = answer_to(question, one)

    assert not found.of(Statistic.DIFFERENCE)
    assert not found.of(Statistic.INTERACTION)
