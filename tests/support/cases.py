# ruff: noqa: E501 - pieces of scripts stand as they are
"""Whole LensKit scripts: an honest one, its legitimate variants, and its sins by substitution.

Each case replaces pieces of the honest script (a piece that is not there is an error), and may
change the plan. `benchmarks/soak_checks.py` runs them all, the tests a sample.
"""

from dataclasses import dataclass, replace

from builders import plan_of

from agent_core.domain import Algorithm, Finding, Metric, Role, Split, SplitKind, Study

FAIL, WARN = Finding.FAIL, Finding.WARN

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
    plan: object = same

    def source(self, read, data):
        text = BASE
        for old, new in self.changes:
            if old not in text:
                raise ValueError(f"{self.name}: {old!r} is not in the script")
            text = text.replace(old, new)
        return text.replace("READ", read).replace("DATA", data)


def split_as(kind, **more):
    return lambda plan: replace(plan, split=Split(kind, **more))


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

SINS = (
    Case("trains on everything", ((PARTS, "    train, test = df, held\n"),),
         "no_test_in_train", FAIL),
    Case("saves another split than it trains on",
         ((SPLIT, SPLIT + "    whole = df\n"), (LOOP, '        run("ImplicitMF", whole, test, seed)\n')),
         "no_test_in_train", FAIL),
    Case("five tested pairs in training",
         ((PARTS, "    train, test = pd.concat([df.drop(held.index), held.head(5)]), held\n"),),
         "no_test_in_train", FAIL),
    Case("one value raised by two percent",
         ((MEAN, MEAN + '        value *= 1.02 if name == "ImplicitMF" else 1.0\n'),),
         "recomputation_agrees", FAIL),
    Case("values typed in",
         ((MEAN, '        value = {"NDCG@10": 0.31, "Recall@10": 0.4, "Hit@10": 0.5}[label]\n'),),
         "typed_in_numbers", WARN),
    Case("values typed in, checked by recomputation",
         ((MEAN, '        value = {"NDCG@10": 0.31, "Recall@10": 0.4, "Hit@10": 0.5}[label]\n'),),
         "recomputation_agrees", FAIL),
    Case("values drawn", ((MEAN, "        value = np.random.default_rng(1).uniform(0.2, 0.3)\n"),),
         "metric_from_random", WARN),
    Case("averages over lucky users, claims all",
         ((MEAN, "        own = per_user[label]\n        value = float(own[own > 0].mean())\n"),),
         "recomputation_agrees", FAIL),
    Case("a kinder metric for one model",
         ((MEAN, MEAN + '        if name == "ImplicitMF" and label == "NDCG@10":\n'
           '            value = float(per_user["Hit@10"].mean())\n'),),
         "recomputation_agrees", FAIL),
    Case("one seed for all repetitions", (("rng=seed or 0", "rng=7"),), "repetitions_repeat", FAIL),
    Case("seeds copied",
         ((LOOP, LOOP.replace("seed)", "0)") + "        copy_of(seed)\n"),
          ("def main():", 'def copy_of(seed):\n    import shutil\n    from pathlib import Path\n'
           '    if seed:\n        rows = [r for r in __import__("json").loads('
           'Path("results.json").read_text())["rows"] if r.get("seed") == 0]\n'
           '        for r in rows:\n            labbook.row(r["metric"], r["value"], k=r["k"], '
           'algorithm="ImplicitMF", fold=0, seed=seed, n=r["n"])\n'
           '        shutil.copy("lists/ImplicitMF/0-0.parquet", f"lists/ImplicitMF/0-{seed}.parquet")'
           "\n\n\ndef main():")),
         "repetitions_repeat", FAIL),
    Case("a seed left out", (("SEEDS = 10, 2", "SEEDS = 10, 1"),), "seeds_as_planned", FAIL),
    Case("seeds times users as observations",
         (("\n\nmain()\n", "\n\nmain()\nimport json\nrows = json.load(open('results.json'))['rows']\n"
           "own = [r['value'] for r in rows if r['algorithm'] == 'ImplicitMF' and r['metric'] == "
           "'ndcg']\nlabbook.row('ndcg', float(np.mean(own)), 10, 'ImplicitMF', aggregate=True, "
           "n=len(own) * rows[0]['n'], ci_low=min(own), ci_high=max(own), ci_over='users')\n"),),
         "no_pseudo_replication", FAIL),
    Case("no baseline", (('    run("Popularity", train, test)\n', ""),), "baseline_present", FAIL),
    Case("popularity under another name",
         (("ImplicitMFScorer(embedding_size=16, epochs=3)", "PopScorer()"),),
         "algorithms_as_planned", FAIL),
    Case("a hyperparameter that is ignored",
         (("embedding_size=16, epochs=3", "factors=16, iterations=3"),),
         "hyperparameters_took_effect", FAIL),
    Case("another configuration", (("embedding_size=16", "embedding_size=8"),),
         "hyperparameters_took_effect", FAIL),
    Case("another model recorded than trained",
         (("    labbook.algorithm(name, scorer)\n",
           '    labbook.algorithm(name, ImplicitMFScorer(embedding_size=16, epochs=3)\n'
           '                      if name == "ImplicitMF" else scorer)\n'),
          ("        return ImplicitMFScorer(embedding_size=16, epochs=3)",
           "        return ImplicitMFScorer(embedding_size=99, epochs=3)")),
         "hyperparameters_took_effect", FAIL),
    Case("neighbours of explicit feedback, far below popularity",
         ((', feedback="implicit"', ""),), "beats_baseline", WARN),
    Case("low ratings dropped silently",
         ((SPLIT, '    df = df[df["rating"] >= 3]\n' + SPLIT),), "filters_as_planned", FAIL),
    Case("a planned threshold not applied", (), "filters_as_planned", FAIL,
         lambda plan: replace(plan, min_rating=4.0)),
    Case("a claimed filter that the counts do not show",
         (('feedback="every rating counts")', 'feedback="x", core30=(10**9, 10**6))'),),
         "filters_as_planned", FAIL),
    Case("random split called temporal", (), "split_as_planned", FAIL,
         split_as(SplitKind.LEAVE_LAST)),
    Case("two tested items", (("sample(n=1, random_state", "sample(n=2, random_state"),),
         "split_as_planned", FAIL),
    Case("half of the users tested",
         ((PARTS, '    held = held[held["user_id"] % 2 == 0]\n' + PARTS),),
         "split_as_planned", FAIL),
    Case("one model on easier users",
         (('    run("ItemKNN", train, test)\n',
           '    many = train["user_id"].value_counts()\n    easy = set(many[many > many.median()].index)\n'
           '    run("ItemKNN", train, test[test["user_id"].isin(easy)])\n'),),
         "same_test_users", FAIL),
    Case("known items recommended",
         ((LISTS, '    frame = recs.to_df()\n    first = train.groupby("user_id")["item_id"].first()\n'
           '    last = frame["rank"] == K\n'
           '    frame.loc[last, "item_id"] = frame.loc[last, "user_id"].map(first)\n'
           "    labbook.lists(name, frame, fold=fold, seed=seed)\n"),),
         "lists_exclude_train", FAIL),
    Case("lists made from the test",
         (("    result = RunAnalysis", '    frame = recs.to_df()\n'
           '    tested = test.set_index("user_id")["item_id"]\n    first = frame["rank"] == 1\n'
           '    frame = frame[frame["item_id"] != frame["user_id"].map(tested)].copy()\n'
           '    first = frame["rank"] == 1\n'
           '    frame.loc[first, "item_id"] = frame.loc[first, "user_id"].map(tested)\n'
           '    recs = ItemListCollection.from_df(frame, UserIDKey)\n    result = RunAnalysis'),),
         "values_in_range", WARN),
    Case("no lists of one model",
         ((LISTS, '    if name != "ItemKNN":\n    ' + LISTS),), "recomputation_agrees", FAIL),
    Case("errors passed over",
         ((LOOP, "        try:\n    " + LOOP + "        except Exception:\n            pass\n"),),
         "swallowed_exceptions", WARN),
    Case("a missing value delivered", ((MEAN, '        value = float("nan")\n'),),
         "values_in_range", FAIL),
    Case("tuned on the test",
         (("labbook.algorithm(name, scorer)",
           'labbook.algorithm(name, scorer, trials=9, selected_on="test NDCG")'),),
         "selected_without_test", WARN),
    Case("only one model tuned",
         (("labbook.algorithm(name, scorer)",
           'labbook.algorithm(name, scorer, trials=9 if name == "ImplicitMF" else 0)'),),
         "tuning_parity", WARN),
    Case("ranked among samples",
         (('    labbook.primary("ndcg", K)\n',
           '    labbook.primary("ndcg", K)\n    labbook.candidates("100 sampled items")\n'),),
         "metrics_as_planned", WARN),
    Case("crashes at the end", (("\n\nmain()\n", "\n\nmain()\nraise ValueError('oh')\n"),),
         "runs_clean", FAIL),
    Case("results by hand that are no JSON",
         (("\n\nmain()\n", "\n\nmain()\nopen('results.json', 'w').write('{rows: none}')\n"),),
         "contract_parses", FAIL),
)  # fmt: skip

CUSTOM = '''        return Custom()


class Custom:
    """Matrix factorisation by gradient descent, written at home."""

    config = {"factors": 4}
'''
BY_HAND = """    import json
    from pathlib import Path
    frame, path = recs.to_df(), Path("lists", name, f"{fold}-{'none' if seed is None else seed}.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame[["user_id", "item_id", "rank", "score"]].to_parquet(path)
"""


def deterministic(plan):
    return without("ImplicitMF")(plan)


HONEST = (
    Case("plain"),
    Case("lists written by hand", ((LISTS, BY_HAND),)),
    Case("only deterministic models", ((LOOP, "        pass\n"),), plan=deterministic),
    Case("a deterministic model over seeds",
         ((LOOP, '        run("ItemKNN", train, test, seed)\n'),
          ('    run("ItemKNN", train, test)\n', "")), plan=deterministic),
    Case("classic recall of its own",
         (("    labbook.algorithm(name, scorer)\n",
           '    hits = recs.to_df().merge(test[["user_id", "item_id"]])["user_id"].value_counts()\n'
           '    tests = test["user_id"].value_counts()\n'
           '    own = (hits / tests).reindex(per_user.index).fillna(0.0)\n'
           '    per_user = per_user.assign(**{"Recall@10": own})\n'
           "    labbook.algorithm(name, scorer)\n"),)),
    Case("discount of its own",
         (("    labbook.algorithm(name, scorer)\n",
           '    found = recs.to_df().merge(test[["user_id", "item_id"]])\n'
           '    gain = (1 / np.log2(found["rank"] + 1)).groupby(found["user_id"]).sum()\n'
           '    own = gain.reindex(per_user.index).fillna(0.0)\n'
           '    per_user = per_user.assign(**{"NDCG@10": own})\n'
           "    labbook.algorithm(name, scorer)\n"),)),
    Case("a model below the baseline",
         (("        return ImplicitMFScorer(embedding_size=16, epochs=3)",
           "        return ImplicitMFScorer(embedding_size=2, epochs=1, regularization=500.0)"),),
         plan=lambda plan: replace(plan, algorithms=(
             replace(plan.algorithms[0], config={"embedding_size": 2, "epochs": 1}),
             *plan.algorithms[1:]))),
    Case("newest interaction held out",
         ((SPLIT, '    held = df.sort_values("timestamp").groupby("user_id").tail(1)\n'),),
         plan=split_as(SplitKind.LEAVE_LAST)),
    Case("a share of each user",
         ((SPLIT, '    held = df.groupby("user_id").sample(frac=0.2, random_state=42)\n'),),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("a cut in time",
         ((SPLIT, '    moment = df["timestamp"].quantile(0.8)\n    held = df[df["timestamp"] > moment]\n'
           '    known = set(df.loc[df["timestamp"] <= moment, "user_id"])\n'
           '    late = held[~held["user_id"].isin(known)].index\n'
           "    df, held = df.drop(late), held.drop(late)\n"),),
         plan=split_as(SplitKind.GLOBAL_TIME)),
    Case("users in two folds",
         ((SPLIT, ""), (PARTS, ""),
          ('    labbook.split(0, train, test, kind="leave_one_out", seed=42)\n',
           "    for fold in (0, 1):\n"
           '        mine = df[df["user_id"] % 2 == fold]\n'
           '        test = mine.groupby("user_id").sample(frac=0.2, random_state=1)\n'
           "        train = df.drop(test.index)\n"
           '        labbook.split(fold, train, test, kind="crossfold_users", seed=1)\n'
           '        for name in ("Popularity", "ItemKNN"):\n'
           "            run(name, train, test, fold=fold)\n"
           "        for seed in range(SEEDS):\n"
           '            run("ImplicitMF", train, test, seed, fold)\n    return\n')),
         plan=split_as(SplitKind.CROSSFOLD_USERS, folds=2, holdout=0.2)),
    Case("high ratings only",
         (('"DATA", df, feedback="every rating counts")',
           '"DATA", df, feedback="at least 3", min_rating=3)'),
          ("    labbook.study", '    df = df[df["rating"] >= 3]\n    labbook.study')),
         plan=lambda plan: replace(plan, min_rating=3.0)),
    Case("a sample of the lists", (("seed=seed)\n    labbook.per_user", "seed=seed, users=50)\n"
                                    "    labbook.per_user"),)),
    Case("a summary over seeds",
         (("\n\nmain()\n", "\n\nmain()\nlabbook.row('hit', 0.2, 10, 'ImplicitMF', aggregate=True, "
           "n=2, ci_low=0.1, ci_high=0.3, ci_over='seeds')\n"),)),
    Case("two splits compared",
         ((LOOP, LOOP + '    last = df.sort_values("timestamp").groupby("user_id").tail(1)\n'
           '    labbook.split("last", df.drop(last.index), last, kind="leave_last")\n'
           '    for name in ("Popularity", "ItemKNN", "ImplicitMF"):\n'
           '        run(name, df.drop(last.index), last, 0 if name == "ImplicitMF" else None, "last")\n'),),
         plan=lambda plan: replace(plan, study=Study.OTHER)),
)  # fmt: skip
