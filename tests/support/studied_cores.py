"""A study of cores with the answers to its questions: three algorithms on three variants."""

from dataclasses import replace
from functools import cache

import numpy as np
from made_studies import EASE, MF, POP, part_of, study_plan, study_values

from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Level,
    Question,
    blocks_of,
    cells_of,
)
from agent_core.statistics.answers.registry import answers_of

KEY = ("ndcg@10",)
CORES = {"all": (0, 200), "5-core": (5, 150), "10-core": (10, 120)}
MEANS = {"EASE": 0.3, "ImplicitMF": 0.25, "Popularity": 0.1}
QUESTIONS = (
    Question(Estimand.RESPONSE, ("data",), KEY, within=("algorithm",), reference="all"),
    Question(Estimand.DIFFERENCE, ("algorithm",), KEY, within=("data",)),
    Question(Estimand.ORDER, ("algorithm",), KEY, within=("data",)),
    Question(Estimand.SPREAD, ("model_seed",), KEY, within=("data",)),
)


def core_of(least):
    rules = (DataRule(DataRuleKind.CORE, amount=least),) if least else ()
    return DataRules(rules)


@cache
def cores():
    """Return a plan of three cores with the answers to its questions."""
    plan = study_plan(
        EASE, MF, POP, factors=[Factor("data", tuple(CORES))], questions=QUESTIONS, seeds=range(5)
    )
    plan = replace(
        plan, data_levels=tuple(Level(core_of(n), name) for name, (n, _) in CORES.items())
    )
    noise = np.random.default_rng(1).standard_normal((40, 400))
    places = {cell.id: i for i, cell in enumerate(cells_of(plan))}

    def value_of(cell, metric, users):
        gain = 0.006 * CORES[cell.levels["data"]][0] + 0.004 * ((cell.seed or 0) - 2)
        return MEANS[cell.algorithm.family] + gain + 0.05 * noise[places[cell.id], : len(users)]

    parts = {
        block.name: part_of(range(CORES[block.name][1]), candidates=range(20 + i))
        for i, block in enumerate(blocks_of(plan))
    }
    return plan, answers_of(study_values(plan, value_of, 200, parts=parts))
