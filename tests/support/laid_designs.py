"""Designs as a script finds them beside it, and small data to run them on."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
from builders import plan_of
from scripts_with_labbook import run

from agent_core.domain import Algorithm
from agent_core.domain.cells import design_record
from agent_core.domain.design import Factor, FactorRole
from agent_core.domain.rules import (
    DataRule,
    DataRuleKind,
    DataRules,
    Level,
    SplitKind,
    SplitRules,
)

SCORED = """
for c in labbook.cells():
    with c:
        part = labbook.part(c)
        with c.training():
            popular = part.train["item_id"].value_counts().index[:10]
            if c.is_random:
                popular = c.rng.permutation(popular)
        users = part.tested["user_id"].unique()
        frame = pd.DataFrame([(u, i) for u in users for i in popular],
                             columns=["user_id", "item_id"])
        c.model({"class": c.kind, "config": c.config})
        c.lists(frame)
        hits = frame.merge(part.tested, on=["user_id", "item_id"]).groupby("user_id").size()
        values = hits.reindex(users, fill_value=0) / 10
        c.per_user(pd.DataFrame({"user_id": users, "metric": "precision", "k": 10,
                                 "value": values.to_numpy()}))
        c.row("precision", values.mean(), 10, n=len(users))
"""
"""A script that only reads the design: popular items, in another order for random algorithms."""


def interactions(users=30, items=25, each=12, seed=1):
    """Return small data with ratings and times, some of them equal."""
    rng = np.random.default_rng(seed)
    rows = [
        (
            user,
            int(item),
            int(rng.integers(1, 6)),
            1_600_000_000 + int(rng.integers(0, 50)) * 86400,
        )
        for user in range(1, users + 1)
        for item in rng.choice(items, each, replace=False) + 100
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])


def designed(**changes):
    """Return a plan with two data levels, a random and a plain algorithm, and three seeds."""
    plan = replace(
        plan_of(),
        datasets=("data.csv",),
        algorithms=(
            Algorithm("Popularity", "PopScorer"),
            Algorithm("ImplicitMF", "ImplicitMFScorer", {"epochs": 3}, is_random=True),
        ),
        seeds=(0, 1, 2),
        data_levels=(
            Level(DataRules(), "all"),
            Level(DataRules((DataRule(DataRuleKind.CORE, 8),)), "8-core"),
        ),
        split_levels=(Level(SplitRules(SplitKind.LEAVE_ONE_OUT)),),
        factors=(
            Factor("algorithm", ("Popularity", "ImplicitMF")),
            Factor("data", ("all", "8-core")),
            Factor("model_seed", (0, 1, 2), FactorRole.REPEATED, ("ImplicitMF",)),
        ),
    )
    return replace(plan, **changes)


def lay(folder, plan=None, data=None):
    """Lay data and design into a folder, as the product does; return the design."""
    folder.mkdir(exist_ok=True)
    (interactions() if data is None else data).to_csv(folder / "data.csv", index=False)
    text = json.dumps(design_record(plan or designed(), ()))
    (folder / "design.json").write_text(text)
    return json.loads(text)


def run_cells(folder, source=SCORED, **more):
    """Run a script in a folder that has a design."""
    return run(folder, source, **more)


def told_of(folder):
    """Return the `cell.json` of all delivered cells by id."""
    paths = (folder / "cells").glob("[!.]*/cell.json")
    return {p.parent.name: json.loads(p.read_text()) for p in paths}
