# ruff: noqa: E501 - pieces of scripts stand as they are
"""Honest scripts with habits of their own: names, rounding, files, helpers, pilots."""

from dataclasses import replace

from case import (
    END,
    FIT,
    LISTS,
    LOOP,
    MAIN,
    MEAN,
    PARTS,
    SPLIT,
    TWO_FOLDS,
    Case,
    split_as,
)

from agent_core.domain import Metric, SplitKind

ROW = "fold=fold, seed=seed, n=len"
COLD = '    test = test[test["item_id"].isin(train["item_id"])]\n    train = df.drop(test.index)\n'
COVERAGE = Metric("coverage", 10)


def assuming(text):
    return lambda plan: replace(plan, assumptions=(text,))


STYLES = (
    Case("a smaller model in the pilot",
         (('    if name == "ImplicitMF":\n',
           '    if labbook.is_pilot() and name == "ImplicitMF":\n'
           "        return ImplicitMFScorer(embedding_size=4, epochs=1)\n"
           '    if name == "ImplicitMF":\n'),)),
    Case("parts kept as files of their own",
         ((PARTS, '    df.drop(held.index).to_csv("u1.base", index=False)\n'
           '    held.to_csv("u1.test", index=False)\n'
           '    train, test = pd.read_csv("u1.base"), pd.read_csv("u1.test")\n'),)),
    Case("popularity of all data trained for a figure",
         ((LOOP, LOOP + "    everything = from_interactions_df(df)\n"
           "    PopScorer().train(everything, TrainingOptions())\n"),)),
    Case("popularity of the file trained for a figure",
         ((MAIN, "def popularity_figure():\n    scorer = PopScorer()\n"
           "    scorer.train(from_interactions_df(READ), TrainingOptions())\n    return scorer\n\n\n"
           "def main():\n    popularity_figure()\n"),)),
    Case("values rounded to three decimals",
         ((MEAN, "        value = round(float(per_user[label].mean()), 3)\n"),)),
    Case("recall of all hits and all test items",
         ((SPLIT, '    held = df.groupby("user_id").sample(frac=0.2, random_state=42)\n'),
          (MEAN, MEAN + '        if label == "Recall@10":\n'
           '            value = len(recs.to_df().merge(test[["user_id", "item_id"]])) / len(test)\n')),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("rows without fold beside a validation split",
         ((PARTS, PARTS + '    valid = train.groupby("user_id").sample(n=1, random_state=1)\n'
           '    labbook.split("validation", train.drop(valid.index), valid, kind="leave_one_out")\n'),
          (ROW, "seed=seed, n=len"))),
    Case("the baseline under another name", (('run("Popularity"', 'run("MostPop"'),)),
    Case("names in other case and punctuation",
         (('run("ItemKNN"', 'run("Item-KNN"'), ('run("Popularity"', 'run("popularity"'),
          ('if name == "ItemKNN"', 'if name == "Item-KNN"'))),
    Case("coverage as a number of items",
         ((LISTS, LISTS + '    labbook.row("coverage", recs.to_df()["item_id"].nunique(), k=K, algorithm=name, fold=fold, seed=seed, n=len(users))\n'),),
         plan=lambda plan: replace(plan, metrics=(*plan.metrics, COVERAGE))),
    Case("a helper called row",
         ((MAIN, "def row(text, width=12):\n    return str(text).ljust(width)\n\n\n" + MAIN
           + '    print(row("algorithm", 20), row("value", 8))\n'),)),
    Case("the helper under names of its own",
         (("import labbook\n", "import labbook as book\nfrom labbook import row as deliver\nlabbook = book\n"),
          ("        labbook.row(", "        deliver("))),
    Case("seeds given to LensKit for all that follows",
         ((FIT, "    set_global_rng(seed or 0)\n    pipe.train(data)\n"),
          ("import labbook\n", "import labbook\nfrom lenskit.random import set_global_rng\n"))),
    Case("seeds in options that are made elsewhere",
         ((FIT, "    pipe.train(data, OPTIONS[seed])\n"),
          (MAIN, "OPTIONS = {seed: TrainingOptions(rng=seed or 0) for seed in (None, *range(SEEDS))}\n\n\n" + MAIN))),
    Case("trainings that converge to nearly the same lists",
         (("embedding_size=16, epochs=3", "embedding_size=2, epochs=40, regularization=5.0"),),
         plan=lambda plan: replace(plan, algorithms=(
             replace(plan.algorithms[0], config={"embedding_size": 2, "epochs": 40}),
             *plan.algorithms[1:]))),
    Case("longer lists of one model than the cut-off",
         (("topn_pipeline(scorer, n=K)", 'topn_pipeline(scorer, n=2 * K if name == "ItemKNN" else K)'),)),
    Case("errors collected and raised at the end",
         ((LOOP, "        try:\n    " + LOOP + "        except Exception as error:\n"
           "            failed.append(repr(error))\n"),
          ("    for seed in labbook.seeds(SEEDS):\n",
           "    failed = []\n    for seed in labbook.seeds(SEEDS):\n"),
          (END, "\n    if failed:\n        raise RuntimeError(failed)\n" + END))),
    Case("a planned number of test users",
         ((SPLIT, '    chosen = np.random.default_rng(0).choice(df["user_id"].unique(), 100, replace=False)\n'
           '    held = df[df["user_id"].isin(chosen)].groupby("user_id").sample(n=1, random_state=42)\n'),),
         plan=assuming("100 random test users; all others stay in training.")),
    Case("a planned threshold on the test only",
         ((SPLIT, SPLIT.replace("df.groupby", 'df[df["rating"] >= 4].groupby')),),
         plan=lambda plan: replace(
             plan, assumptions=("Only ratings of at least 4 are relevant in the test.",))),
    Case("the newest fifth of each user held out",
         ((SPLIT, '    place = df.groupby("user_id")["timestamp"].rank(ascending=False, method="first")\n'
           '    size = df.groupby("user_id")["item_id"].transform("size")\n'
           "    held = df[place <= (size * 0.2).round()]\n"),),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2,
                       text="the newest 20 % of each user's interactions are held out (LastFrac)")),
    Case("items unknown to training moved out of the test",
         ((SPLIT, '    held = df.groupby("user_id").sample(frac=0.2, random_state=42)\n'), (PARTS, PARTS + COLD)),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("users left out whose item is unknown to training", ((PARTS, PARTS + COLD),)),
    Case("five interactions of each test user",
         (*TWO_FOLDS[:2], (TWO_FOLDS[2][0], TWO_FOLDS[2][1].replace("frac=0.2", "n=5"))),
         plan=split_as(SplitKind.CROSSFOLD_USERS, folds=2,
                       text="2-fold cross-validation over users, 5 interactions of a test user held out")),
    Case("a share of the users tested",
         ((SPLIT, '    chosen = df["user_id"].drop_duplicates().sample(frac=0.2, random_state=42)\n'
           '    held = df[df["user_id"].isin(chosen)].groupby("user_id").sample(n=1, random_state=42)\n'),),
         plan=assuming("20 % of the users are tested; all others stay in training.")),
    Case("the newest held out, users and items renamed, times from 0 to 1",
         ((SPLIT, '    first, last = df["timestamp"].min(), df["timestamp"].max()\n'
           '    df = df.assign(user_id=pd.factorize(df["user_id"])[0], item_id=pd.factorize(df["item_id"])[0])\n'
           '    df["timestamp"] = (df["timestamp"] - first) / (last - first)\n'
           '    held = df.sort_values("timestamp", kind="stable").groupby("user_id").tail(1)\n'),),
         plan=split_as(SplitKind.LEAVE_LAST)),
)  # fmt: skip
