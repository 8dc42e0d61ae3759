# ruff: noqa: E501 - pieces of scripts stand as they are
"""Honest scripts, legitimate oddities among them, that nothing may stop."""

from dataclasses import replace

from builders import rated as with_lowest
from case import (
    BASE,
    END,
    IN_ORDER,
    ITEM_KNN,
    LISTS,
    LOOP,
    PARTS,
    RECORD,
    SPLIT,
    SWEEP,
    TEMPORAL,
    TUNED,
    TWO_FOLDS,
    Case,
    split_as,
    sweep,
    tuned,
    without,
)

from agent_core.domain import Algorithm, Metric, Role, SplitKind, Study

BY_HAND = """    import json
    from pathlib import Path
    frame, path = recs.to_df(), Path("lists", name, f"{fold}-{'none' if seed is None else seed}.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame[["user_id", "item_id", "rank", "score"]].to_parquet(path)
"""


RUN = BASE[BASE.index("    pipe = topn_pipeline") : BASE.index("\n\ndef main")]
RATED = (
    (RUN, """    pipe = topn_pipeline(scorer, predicts_ratings=True)
    pipe.train(from_interactions_df(train), TrainingOptions(rng=seed or 0))
    truth = ItemListCollection.from_df(test, UserIDKey)
    found = predict(pipe, truth, n_jobs=1).to_df().rename(columns={"score": "prediction"})
    errors = found["prediction"] - found["rating"]
    labbook.algorithm(name, scorer)
    labbook.predictions(name, found, fold=fold, seed=seed)
    own = (errors**2).groupby(found["user_id"]).mean() ** 0.5
    frame = own.rename("value").reset_index().assign(metric="rmse", k=None)
    labbook.per_user(frame, name, fold=fold, seed=seed)
    value = float((errors**2).mean() ** 0.5)
    labbook.row("rmse", value, algorithm=name, fold=fold, seed=seed, n=len(found))
"""),
    ("ImplicitMFScorer(embedding_size=16, epochs=3)", "BiasedMFScorer(embedding_size=8, epochs=3)"),
    ("import ImplicitMFScorer", "import BiasedMFScorer"), ("PopScorer", "BiasScorer"),
    ("import recommend", "import predict"), (ITEM_KNN, ""),
    ('"ImplicitMF"', '"BiasedMF"'), ('"Popularity"', '"Bias"'),
    ('labbook.primary("ndcg", K)', 'labbook.primary("rmse")'),
)  # fmt: skip


def rated(plan):
    """Plan a comparison of rating errors."""
    algorithms = (
        Algorithm(
            "BiasedMF", "BiasedMFScorer", {"embedding_size": 8, "epochs": 3}, is_random=True
        ),
        Algorithm("Bias", "BiasScorer", role=Role.BASELINE),
    )
    return replace(plan, algorithms=algorithms, metrics=(Metric("rmse"),))


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
    Case("a cut in time", TEMPORAL, plan=split_as(SplitKind.GLOBAL_TIME)),
    Case("users in two folds", TWO_FOLDS,
         plan=split_as(SplitKind.CROSSFOLD_USERS, folds=2, holdout=0.2)),
    Case("high ratings only",
         (('"DATA", df, feedback="every rating counts")',
           '"DATA", df, feedback="at least 3", min_rating=3)'),
          ("    labbook.study", '    df = df[df["rating"] >= 3]\n    labbook.study')),
         plan=lambda plan: with_lowest(plan, 3.0)),
    Case("a sample of the lists", (("seed=seed)\n    labbook.per_user", "seed=seed, users=50)\n"
                                    "    labbook.per_user"),)),
    Case("a sample of the lists by hand",
         ((LISTS, IN_ORDER + "    shown = order[:50]\n"
           + BY_HAND.replace("recs.to_df()", 'recs.to_df().query("user_id in @shown")')),
          (END, END + "import json\nabout = json.load(open('run.json'))\nabout['list_sample'] = 50\n"
           "json.dump(about, open('run.json', 'w'), indent=1)\n"))),
    Case("a summary over seeds",
         (("\n\nmain()\n", "\n\nmain()\nimport json\nrows = json.load(open('results.json'))['rows']\n"
           "hits = [r['value'] for r in rows if r['metric'] == 'hit' and r['algorithm'] == 'ImplicitMF']\n"
           "labbook.row('hit', sum(hits) / len(hits), 10, 'ImplicitMF', aggregate=True, "
           "n=len(hits), ci_low=min(hits), ci_high=max(hits), ci_over='seeds')\n"),)),
    Case("two splits compared",
         ((LOOP, LOOP + '    last = df.sort_values("timestamp").groupby("user_id").tail(1)\n'
           '    labbook.split("last", df.drop(last.index), last, kind="leave_last")\n'
           '    for name in ("Popularity", "ItemKNN", "ImplicitMF"):\n'
           '        run(name, df.drop(last.index), last, 0 if name == "ImplicitMF" else None, "last")\n'),),
         plan=lambda plan: replace(plan, study=Study.OTHER)),
    Case("tuned on validation",
         (*TUNED,
          (ITEM_KNN, '    inner = train.groupby("user_id").sample(n=1, random_state=7)\n'
           "    rest = train.drop(inner.index)\n"
           "    values = {k: tried(k, rest, inner) for k in (5, 20)}\n"
           '    TUNED["max_nbrs"] = max(values, key=values.get)\n' + ITEM_KNN),
          (RECORD, '    trials = 2 if name == "ItemKNN" else 0\n'
           '    labbook.algorithm(name, scorer, trials=trials, selected_on="validation, not the test")\n')),
         plan=tuned),
    Case("a planned sweep",
         (*SWEEP,
          (END, END + "import json\nrows = json.load(open('results.json'))['rows']\n"
           "print('best', max((r['value'], r['algorithm']) for r in rows if r['metric'] == 'ndcg'))\n")),
         plan=sweep),
    Case("a second process adds a row",
         ((END, END + "import json, subprocess, sys\n"
           "hits = [r['value'] for r in json.load(open('results.json'))['rows'] if r['metric'] == 'hit']\n"
           "code = \"import labbook; labbook.row('hit', 0.2, 10, 'ImplicitMF', aggregate=True, n=2)\"\n"
           "subprocess.run([sys.executable, '-c', code], check=True)\n"
           "labbook.row('hit', max(hits), 10, 'Popularity', aggregate=True, n=1)\n"),)),
    Case("a summary added by hand",
         ((END, END + "import json\ncontent = json.load(open('results.json'))\n"
           "own = [r for r in content['rows'] if r['metric'] == 'hit' and r['algorithm'] == 'ImplicitMF']\n"
           "mean = sum(r['value'] for r in own) / len(own)\n"
           "content['rows'].append({**own[0], 'seed': None, 'value': mean, 'aggregate': True})\n"
           "json.dump(content, open('results.json', 'w'), indent=1)\n"),)),
    Case("every model delivered twice", ((LOOP, LOOP + LOOP),)),
    Case("a leak studied",
         ((LOOP, LOOP + "    leaky = pd.concat([train, test.sample(frac=0.3, random_state=1)])\n"
           '    labbook.split("leaky", leaky, test, kind="leave_one_out", seed=42)\n'
           '    for name in ("Popularity", "ItemKNN", "ImplicitMF"):\n'
           '        run(name, leaky, test, 0 if name == "ImplicitMF" else None, "leaky")\n'),),
         plan=lambda plan: replace(plan, study=Study.OTHER,
                                   question="How much does leakage of the test change NDCG@10?")),
    Case("LensKit's own recall of many test items",
         ((SPLIT, '    held = df.groupby("user_id").sample(frac=0.6, random_state=42)\n'),),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.6)),
    Case("rating errors pooled", RATED, plan=rated),
    Case("users and items renamed",
         ((SPLIT, '    df = df.assign(user_id=pd.factorize(df["user_id"])[0], item_id=pd.factorize(df["item_id"])[0])\n' + SPLIT),)),
    Case("the newest held out, text for users and moments for times",
         ((SPLIT, '    df = df.assign(user_id="u" + df["user_id"].astype(str), timestamp=pd.to_datetime(df["timestamp"], unit="s"))\n'
           '    held = df.sort_values("timestamp", kind="stable").groupby("user_id").tail(1)\n'),),
         plan=split_as(SplitKind.LEAVE_LAST)),
    Case("a planned 5-core",
         ((SPLIT, '    whole = df\n    for _ in range(9):\n'
           '        df = df[df.groupby("item_id")["user_id"].transform("size") >= 5]\n'
           '        df = df[df.groupby("user_id")["item_id"].transform("size") >= 5]\n'
           '    labbook.dataset("DATA", df, feedback="every rating counts", core5=(whole, df))\n' + SPLIT),),
         plan=lambda plan: replace(plan, assumptions=("The 5-core of the data is used.",))),
    Case("a planned sample of the users",
         ((SPLIT, '    whole, df = df, df[df["user_id"] <= 40]\n'
           '    labbook.dataset("DATA", df, feedback="every rating counts", first_users=(whole, df))\n' + SPLIT),),
         plan=lambda plan: replace(plan, assumptions=("The first 40 users only.",))),
    Case("a validation part kept out of training and saved",
         ((PARTS, PARTS + '    valid = train.groupby("user_id").sample(n=1, random_state=1)\n'
           "    train = train.drop(valid.index)\n"
           '    labbook.split("validation", train, valid, kind="leave_one_out")\n'),)),
    Case("a validation part kept out of training",
         ((PARTS, PARTS + '    valid = train.groupby("user_id").sample(n=1, random_state=1)\n'
           "    train = train.drop(valid.index)\n"),
          (RECORD, '    labbook.algorithm(name, scorer, trials=3, selected_on="validation")\n'))),
    Case("rating errors per user",
         (*RATED, ("float((errors**2).mean() ** 0.5)", "float(own.mean())")), plan=rated),
)  # fmt: skip
