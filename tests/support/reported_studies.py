"""Three studies whose reports the corpora of sentences speak of: comparison, seeds, sweep."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from builders import plan_of, requirement
from results import dataset, evidence_of

from agent_core.domain import Algorithm, Claim, Metric, Plan, Role, Study
from agent_core.grounding.report_text import Filler
from agent_core.statistics.facts import Facts, collect_facts

FOLDER = Path(__file__).parent.parent / "agent_core" / "grounding" / "sentences"
USERS = 943
NDCG, RECALL = Metric("ndcg", 10), Metric("recall", 20)
POPULARITY = Algorithm("Popularity", "PopScorer", role=Role.BASELINE)
FACTORS = Algorithm("ImplicitMF", "ImplicitMFScorer", {"embedding_size": 32}, is_random=True)
DATA = dataset(
    timestamp_column="timestamp",
    first_time="1997-09-20",
    last_time="1998-04-22",
    rating_values=(1, 2, 3, 4, 5),
    min_user_interactions=20,
)


@dataclass(frozen=True)
class Studied:
    """A plan with its facts and the claims of a draft."""

    plan: Plan
    facts: Facts
    claims: tuple[Claim, ...]

    def filler(self):
        return Filler(self.plan, self.facts, self.claims, (DATA,))

    def fill(self, text, part):
        return self.filler().fill(text, part)


def ease(regularization, name="EASE"):
    return Algorithm(name, "EASEScorer", {"regularization": float(regularization)})


def studied(plan, *pairs):
    """Give a plan made-up results: the first algorithm on top, the last at the bottom."""
    base = np.random.default_rng(6).beta(1, 4, USERS)
    noise = np.random.default_rng(7).normal(
        0, 0.02, (len(plan.algorithms), len(plan.seeds), USERS)
    )
    runs = {
        (a.name, "0", str(seed) if a.is_random else ""): base * (1 - 0.2 * i) + noise[i, j]
        for i, a in enumerate(plan.algorithms)
        for j, seed in enumerate(plan.seeds if a.is_random else plan.seeds[:1])
    }
    claims = tuple(Claim(a, b, "ndcg@10") for a, b in pairs)
    return Studied(plan, collect_facts(evidence_of(plan, runs)), claims)


@cache
def studies():
    """Return the studies by the letter that stands before their sentences."""
    plan = replace(plan_of(requirement(1, "dataset_loaded")), list_length=20, assumptions=())
    compared = replace(
        plan,
        title="Comparison",
        study=Study.COMPARISON,
        algorithms=(
            ease(200),
            Algorithm("ItemKNN", "ItemKNNScorer", {"regularization": 200.0}),
            FACTORS,
            POPULARITY,
        ),
        metrics=(NDCG, RECALL),
        seeds=(0,),
    )
    repeated = replace(
        plan,
        study=Study.SEED_VARIANCE,
        algorithms=(FACTORS, POPULARITY),
        metrics=(NDCG,),
        seeds=tuple(range(30)),
        reported=("SD with its interval", "CV", "range", "per-seed CSV", "2 plots"),
    )
    grid = [ease(r, f"EASE regularization={r}") for r in (200, 50, 1000, 10)]
    swept = replace(
        plan,
        study=Study.SWEEP,
        algorithms=(*grid, POPULARITY),
        metrics=(NDCG,),
        seeds=(0,),
        swept="regularization",
    )
    return {
        "C": studied(compared, ("EASE", "ItemKNN"), ("EASE", "Popularity")),
        "S": studied(repeated, ("ImplicitMF", "Popularity")),
        "W": studied(swept, (grid[0].name, grid[3].name)),
    }


def told(name):
    """Return the sentences of a corpus: study, part, words."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    heads = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return [(*head.split(" "), text) for head, _, text in heads]
