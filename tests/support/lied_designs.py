"""Five designs with results whose reports a researcher lies in."""

from dataclasses import replace
from functools import cache

import numpy as np
from made_studies import EASE, KNN, MF, POP, repeated_splits, study_plan, swept
from results import evidence_of, inputs_of

from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Level,
    Question,
    SplitKind,
    SplitRules,
    cells_of,
)

USERS = 60
MEANS = {"EASE": 0.30, "ItemKNN": 0.24, "ImplicitMF": 0.26, "Popularity": 0.12}


def asked(kind, *over, **more):
    return Question(kind, over, ("ndcg@10",), **more)


def epochs():
    """V: ImplicitMF with 5, 10 and 20 epochs, two model seeds."""
    levels = (5, 10, 20)
    return study_plan(
        *swept(MF, "epochs", levels), POP,
        factors=[Factor("epochs", levels, of=("ImplicitMF",))],
        questions=[asked(Estimand.RESPONSE, "epochs")], seeds=(0, 1),
    )  # fmt: skip


def profiles():
    """W: EASE and Popularity, of whose test users 4, 8 or all interactions are kept."""
    return study_plan(
        EASE, POP,
        factors=[Factor("profile_size", (4, 8, "all"))],
        questions=[asked(Estimand.INTERACTION, "algorithm", "profile_size")],
    )  # fmt: skip


def cores():
    """X: EASE and ItemKNN on all interactions and on the 10-core: other test users."""
    rule = DataRule(DataRuleKind.CORE, 10)
    plan = study_plan(
        EASE, KNN, POP,
        factors=[Factor("data", ("all", "10-core"))],
        questions=[asked(Estimand.DIFFERENCE, "algorithm", within=("data",))],
    )  # fmt: skip
    levels = (Level(DataRules(), "all"), Level(DataRules((rule,)), "10-core"))
    return replace(plan, data_levels=levels)


def seeds():
    """Y: ImplicitMF with three model seeds on each of four splits."""
    return study_plan(
        MF, POP, factors=[repeated_splits((50, 51, 52, 53))],
        questions=[asked(Estimand.SPREAD_RATIO, "split_seed", "model_seed")], seeds=(7, 8, 9),
    )  # fmt: skip


def splits():
    """Z: three algorithms under a random and a newest held-out interaction."""
    plan = study_plan(
        EASE, KNN, POP,
        factors=[Factor("split", ("random", "newest"))],
        questions=[asked(Estimand.ORDER, "algorithm", within=("split",))],
    )  # fmt: skip
    levels = (
        Level(SplitRules(SplitKind.LEAVE_ONE_OUT), "random"),
        Level(SplitRules(SplitKind.LEAVE_LAST), "newest"),
    )
    return replace(plan, split_levels=levels)


DESIGNS = {"V": epochs, "W": profiles, "X": cores, "Y": seeds, "Z": splits}


@cache
def told(letter):
    """Return what the report of a design is written from."""
    plan = DESIGNS[letter]()
    rng = np.random.default_rng(8)
    base = rng.beta(2, 8, USERS)
    blocks = {}
    runs = {}
    for cell in cells_of(plan):
        shift = blocks.setdefault(cell.block.name, rng.normal(0, 0.02))
        mean = MEANS[cell.algorithm.family] + 0.001 * cell.algorithm.config.get("epochs", 0)
        seed = "" if cell.seed is None else str(cell.seed)
        noise = rng.normal(0, 0.03, USERS)
        runs[cell.algorithm.name, cell.block.name, seed] = base * mean / 0.2 + shift + noise
    evidence = evidence_of(plan, {run: np.clip(v, 0, 1) for run, v in runs.items()})
    return inputs_of(evidence)
