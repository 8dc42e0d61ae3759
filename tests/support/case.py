"""A whole LensKit script that is honest, and how a case is made of it.

Each case replaces pieces of the script (a piece that is not there is an error), and may change the
plan.
"""

from dataclasses import dataclass, replace

from builders import plan_of

from agent_core.domain import Algorithm, Finding, Level, Metric, Role, SplitRules, Study

BASE = """
import os
os.environ.setdefault("LK_NUM_PROCS", "1")
import numpy as np
import pandas as pd
import labbook
from lenskit.als import ImplicitMFScorer
from lenskit.basic import PopScorer
from lenskit.batch import recommend
from lenskit.data import ItemListCollection, UserIDKey, from_interactions_df
from lenskit.knn import ItemKNNScorer
from lenskit.metrics import NDCG, Hit, Recall, RunAnalysis
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions

K, SEEDS = 10, 2


def scorer_of(name):
    if name == "ImplicitMF":
        return ImplicitMFScorer(embedding_size=16, epochs=3)
    if name == "ItemKNN":
        return ItemKNNScorer(max_nbrs=20, feedback="implicit")
    return PopScorer()


def run(name, train, test, seed=None, fold=0):
    scorer = scorer_of(name)
    pipe = topn_pipeline(scorer, n=K)
    data = from_interactions_df(train)
    pipe.train(data, TrainingOptions(rng=seed or 0))
    users = test["user_id"].unique()
    recs = recommend(pipe, users, n_jobs=1)
    truth = ItemListCollection.from_df(test, UserIDKey)
    result = RunAnalysis(NDCG(K), Recall(K), Hit(K)).measure(recs, truth)
    per_user = result.list_metrics()
    labbook.algorithm(name, scorer)
    labbook.lists(name, recs, fold=fold, seed=seed)
    labbook.per_user(per_user, name, fold=fold, seed=seed)
    for label in per_user:
        value = float(per_user[label].mean())
        labbook.row(label, value, algorithm=name, fold=fold, seed=seed, n=len(per_user))


def main():
    df = READ
    labbook.study("comparison")
    labbook.dataset("DATA", df, feedback="every rating counts")
    labbook.primary("ndcg", K)
    held = df.groupby("user_id").sample(n=1, random_state=42)
    train, test = df.drop(held.index), held
    labbook.split(0, train, test, kind="leave_one_out", seed=42)
    run("Popularity", train, test)
    run("ItemKNN", train, test)
    for seed in labbook.seeds(SEEDS):
        run("ImplicitMF", train, test, seed)


main()
"""


def base_plan(data):
    plan = plan_of(study=Study.COMPARISON)
    config = {"embedding_size": 16, "epochs": 3}
    algorithms = (
        Algorithm("ImplicitMF", "ImplicitMFScorer", config, is_random=True),
        Algorithm("ItemKNN", "ItemKNNScorer", {"max_nbrs": 20, "feedback": "implicit"}),
        Algorithm("Popularity", "PopScorer", role=Role.BASELINE),
    )
    metrics = (Metric("ndcg", 10), Metric("recall", 10), Metric("hit", 10))
    return replace(plan, datasets=(data,), algorithms=algorithms, metrics=metrics, seeds=(0, 1))


def same(plan):
    return plan


@dataclass(frozen=True)
class Case:
    """One script, and what must be found in it; nothing binding where `check` is empty."""

    name: str
    changes: tuple = ()
    check: str = ""
    finding: Finding = Finding.PASS
    """What the check must find at least."""
    plan: object = same
    is_on_two: bool = False
    """Whether a second dataset, `other.tsv`, is there and planned."""
    is_subtle: bool = False
    """Whether a reader who skims the script would miss it."""

    def source(self, read, data):
        text = BASE
        for old, new in self.changes:
            if old not in text:
                raise ValueError(f"{self.name}: {old!r} is not in the script")
            text = text.replace(old, new)
        return text.replace("READ", read).replace("DATA", data)


def hidden(name, changes, check, finding, plan=same):
    """Make a sin that a reader who skims the script would miss."""
    return Case(name, changes, check, finding, plan, is_subtle=True)


def split_as(kind, **more):
    return lambda plan: replace(plan, split_levels=(Level(SplitRules(kind, **more)),))


def without(*names):
    return lambda plan: replace(
        plan, algorithms=tuple(a for a in plan.algorithms if a.name not in names)
    )


SPLIT = '    held = df.groupby("user_id").sample(n=1, random_state=42)\n'
PARTS = "    train, test = df.drop(held.index), held\n"
MEAN = "        value = float(per_user[label].mean())\n"
TRAIN = "    data = from_interactions_df(train)\n"
ROW = "labbook.row(label, value, algorithm=name, fold=fold, seed=seed, n=len(per_user))"
LISTS = "    labbook.lists(name, recs, fold=fold, seed=seed)\n"
LOOP = '        run("ImplicitMF", train, test, seed)\n'
ITEM_KNN = '    run("ItemKNN", train, test)\n'
END = "\n\nmain()\n"
RECORD = "    labbook.algorithm(name, scorer)\n"
USERS = "    labbook.per_user(per_user, name, fold=fold, seed=seed)\n"
FIT = "    pipe.train(data, TrainingOptions(rng=seed or 0))\n"
RANKING = "    recs = recommend(pipe, users, n_jobs=1)\n"
MAIN = "def main():\n"
IN_ORDER = (
    "    from hashlib import sha1\n"
    "    order = sorted(per_user.index, key=lambda u: sha1(str(u).encode()).digest())\n"
)
"""Puts users in the order by which the helper draws a sample."""
TEMPORAL = (
    (SPLIT, '    moment = df["timestamp"].quantile(0.8)\n    held = df[df["timestamp"] > moment]\n'
     '    known = set(df.loc[df["timestamp"] <= moment, "user_id"])\n'
     '    late = held[~held["user_id"].isin(known)].index\n'
     "    df, held = df.drop(late), held.drop(late)\n"),
)  # fmt: skip
TWO_FOLDS = (
    (SPLIT, ""), (PARTS, ""),
    ('    labbook.split(0, train, test, kind="leave_one_out", seed=42)\n',
     "    for fold in (0, 1):\n"
     '        mine = df[df["user_id"] % 2 == fold]\n'
     '        test = mine.groupby("user_id").sample(frac=0.2, random_state=1)\n'
     "        train = df.drop(test.index)\n"
     '        labbook.split(fold, train, test, kind="crossfold_users", seed=1)\n'
     '        for name in ("Popularity", "ItemKNN"):\n'
     "            run(name, train, test, fold=fold)\n"
     "        for seed in range(SEEDS):\n"
     '            run("ImplicitMF", train, test, seed, fold)\n    return\n'),
)  # fmt: skip
TUNED = (
    (MAIN, '''TUNED = {}


def tried(k, train, test):
    pipe = topn_pipeline(ItemKNNScorer(max_nbrs=k, feedback="implicit"), n=K)
    pipe.train(from_interactions_df(train), TrainingOptions(rng=0))
    recs = recommend(pipe, test["user_id"].unique(), n_jobs=1)
    truth = ItemListCollection.from_df(test, UserIDKey)
    return RunAnalysis(NDCG(K)).measure(recs, truth).list_metrics()["NDCG@10"].mean()


''' + MAIN),
    ("ItemKNNScorer(max_nbrs=20, feedback", "ItemKNNScorer(**TUNED, feedback"),
)  # fmt: skip
"""Chooses the number of neighbours; on what, a case says."""


def tuned(plan):
    """Leave the number of neighbours open."""
    first, second, *others = plan.algorithms
    second = replace(second, config={"feedback": "implicit"})
    return replace(plan, algorithms=(first, second, *others))


SWEEP = (
    ('    if name == "ItemKNN":\n', '    if name.startswith("ItemKNN"):\n'),
    ("max_nbrs=20", "max_nbrs=int(name.split()[1])"),
    (ITEM_KNN, '    for k in (5, 20):\n        run(f"ItemKNN {k}", train, test)\n'),
    (LOOP, "        pass\n"),
)


def sweep(plan):
    """Plan a sweep over the number of neighbours."""
    config = {"feedback": "implicit"}
    algorithms = (
        *(Algorithm(f"ItemKNN {k}", "ItemKNNScorer", {"max_nbrs": k, **config}) for k in (5, 20)),
        plan.algorithms[-1],
    )
    return replace(plan, study=Study.SWEEP, swept="max_nbrs", algorithms=algorithms)
