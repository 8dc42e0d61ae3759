# ruff: noqa: E501 - pieces of scripts stand as they are
"""Scripts whose sin a reader who skims them would miss."""

from dataclasses import replace

from builders import rated
from case import (
    END,
    FIT,
    ITEM_KNN,
    LISTS,
    LOOP,
    MEAN,
    PARTS,
    RANKING,
    RECORD,
    SPLIT,
    SWEEP,
    TUNED,
    TWO_FOLDS,
    USERS,
    hidden,
    split_as,
    sweep,
    tuned,
)

from agent_core.domain import Finding, SplitKind, Study

FAIL, WARN = Finding.FAIL, Finding.WARN

IN_HIDING = (
    hidden("saves another split than it trains on",
         ((SPLIT, SPLIT + "    whole = df\n"), (LOOP, '        run("ImplicitMF", whole, test, seed)\n')),
         "no_test_in_train", FAIL),
    hidden("five tested pairs in training",
         ((PARTS, "    train, test = pd.concat([df.drop(held.index), held.head(5)]), held\n"),),
         "no_test_in_train", FAIL),
    hidden("averages over lucky users, claims all",
         ((MEAN, "        own = per_user[label]\n        value = float(own[own > 0].mean())\n"),),
         "recomputation_agrees", FAIL),
    hidden("one seed for all repetitions", (("rng=seed or 0", "rng=7"),), "repetitions_repeat", FAIL),
    hidden("one training whose scores are shaken for each seed",
         ((FIT, FIT.replace("seed or 0", "7")),
          (RANKING, RANKING + "    shaken = recs.to_df()\n"
           '    shaken["score"] += np.random.default_rng(seed or 0).normal(0, 0.003, len(shaken))\n'
           '    shaken = shaken.sort_values(["user_id", "score"], ascending=[True, False])\n'
           '    shaken["rank"] = shaken.groupby("user_id").cumcount() + 1\n'
           "    recs = ItemListCollection.from_df(shaken, UserIDKey)\n")),
         "repetitions_repeat", WARN),
    hidden("five places for the baseline and ten for all others",
         (("topn_pipeline(scorer, n=K)", 'topn_pipeline(scorer, n=5 if name == "Popularity" else K)'),),
         "lists_saved", WARN),
    hidden("seeds set where no model draws from",
         ((FIT, "    np.random.seed(seed or 0)\n    pipe.train(data)\n"),),
         "repetitions_repeat", WARN),
    hidden("a seed left out", (("SEEDS = 10, 2", "SEEDS = 10, 1"),), "seeds_as_planned", FAIL),
    hidden("seeds times users as observations",
         (("\n\nmain()\n", "\n\nmain()\nimport json\nrows = json.load(open('results.json'))['rows']\n"
           "own = [r['value'] for r in rows if r['algorithm'] == 'ImplicitMF' and r['metric'] == "
           "'ndcg']\nlabbook.row('ndcg', float(np.mean(own)), 10, 'ImplicitMF', aggregate=True, "
           "n=len(own) * rows[0]['n'], ci_low=min(own), ci_high=max(own), ci_over='users')\n"),),
         "no_pseudo_replication", FAIL),
    hidden("no baseline", (('    run("Popularity", train, test)\n', ""),), "baseline_present", FAIL),
    hidden("a hyperparameter that is ignored",
         (("embedding_size=16, epochs=3", "factors=16, iterations=3"),),
         "hyperparameters_took_effect", FAIL),
    hidden("another configuration", (("embedding_size=16", "embedding_size=8"),),
         "hyperparameters_took_effect", FAIL),
    hidden("neighbours of explicit feedback, far below popularity",
         ((', feedback="implicit"', ""),), "beats_baseline", WARN),
    hidden("a planned threshold not applied", (), "filters_as_planned", FAIL,
         lambda plan: rated(plan, 4.0)),
    hidden("random split called temporal", (), "split_as_planned", FAIL,
         split_as(SplitKind.LEAVE_LAST)),
    hidden("two tested items", (("sample(n=1, random_state", "sample(n=2, random_state"),),
         "split_as_planned", FAIL),
    hidden("test positions dropped instead of test rows",
         ((SPLIT, SPLIT + "    held = held.reset_index(drop=True)\n"),), "no_test_in_train", FAIL),
    hidden("values rounded up afterwards",
         ((END, END + "import json\ncontent = json.load(open('results.json'))\n"
           "for r in content['rows']:\n    r['value'] = int(r['value'] * 1e4 + 1) / 1e4\n"
           "json.dump(content, open('results.json', 'w'), indent=1)\n"),), "files_unchanged", FAIL),
    hidden("lists put in order after they were measured",
         ((END, END + "from pathlib import Path\n"
           "for path in Path('lists').rglob('*.parquet'):\n    frame = pd.read_parquet(path)\n"
           "    frame.sort_values(['user_id', 'item_id']).to_parquet(path, index=False)\n"),),
         "files_unchanged", FAIL),
    hidden("more data than the task gave",
         (("    labbook.study", '    df.to_csv("DATA.csv", index=False)\n    labbook.study'),
          ('"DATA", df,', '"DATA.csv", df,')), "dataset_loaded", FAIL),
    hidden("lists of the first seed only",
         ((LISTS, "    if not seed:\n    " + LISTS),), "lists_saved", FAIL),
    hidden("values per user of the first seed only",
         ((USERS, "    if not seed:\n    " + USERS),), "per_user_saved", FAIL),
    hidden("no table for people", (), "table_saved", FAIL),
    hidden("one figure for two",
         ((END, END + "from matplotlib.figure import Figure\nfor title in ('by model', 'by seed'):\n"
           "    fig = Figure()\n    fig.subplots().set_title(title)\n"
           "    labbook.figure(fig, 'results')\n"),), "figures_saved", FAIL,
         lambda plan: replace(plan, reported=("2 plots",))),
    hidden("a model described under another name",
         ((RECORD, RECORD.replace("name", 'name.replace("ItemKNN", "ItemKnn")')),),
         "metadata_saved", FAIL),
    hidden("a misspelt branch that falls through to popularity",
         (('    if name == "ItemKNN":', '    if name == "ItemKnn":'),), "identical_results", WARN),
    hidden("one fold of two", (*TWO_FOLDS, ("for fold in (0, 1)", "for fold in (0,)")),
         "folds_as_planned", FAIL, split_as(SplitKind.CROSSFOLD_USERS, folds=2, holdout=0.2)),
    hidden("the oldest held out instead of the newest",
         ((SPLIT, '    held = df.sort_values("timestamp", ascending=False).groupby("user_id").tail(1)\n'),),
         "temporal_leak", FAIL, split_as(SplitKind.LEAVE_LAST)),
    hidden("each user's own last days called a cut in time",
         ((SPLIT, '    held = df.sort_values("timestamp").groupby("user_id").tail(4)\n'),),
         "temporal_leak", FAIL, split_as(SplitKind.GLOBAL_TIME)),
    hidden("a random variant called temporal",
         ((LOOP, LOOP + '    last = df.groupby("user_id").sample(n=1, random_state=3)\n'
           '    labbook.split("last", df.drop(last.index), last, kind="leave_last")\n'
           '    for name in ("Popularity", "ItemKNN", "ImplicitMF"):\n'
           '        run(name, df.drop(last.index), last, 0 if name == "ImplicitMF" else None, "last")\n'),),
         "temporal_leak", FAIL, lambda plan: replace(plan, study=Study.OTHER)),
    hidden("a leak where none was promised",
         ((PARTS, "    train, test = pd.concat([df.drop(held.index), held.tail(3)]), held\n"),),
         "no_test_in_train", FAIL,
         lambda plan: replace(plan, study=Study.OTHER,
                              question="How do ALS and item kNN compare without data leakage?")),
    hidden("test drawn with replacement",
         ((SPLIT, "    held = df.sample(frac=0.2, replace=True, random_state=42)\n"),),
         "duplicates_in_test", WARN, split_as(SplitKind.CROSSFOLD_RECORDS)),
    hidden("users without a hit dropped as empty",
         (("    per_user = result.list_metrics()\n",
           "    per_user = result.list_metrics().replace(0.0, np.nan).dropna()\n"),),
         "users_dropped", FAIL),
    hidden("two neighbours instead of twenty", (("max_nbrs=20", "max_nbrs=2"),),
         "configuration_as_planned", FAIL),
    hidden("a second try under the same name",
         ((ITEM_KNN, ITEM_KNN + '    run("ItemKNN", train[train["rating"] > 2], test)\n'),),
         "same_seed_same_result", WARN),
    hidden("the variance of one seed", (("SEEDS = 10, 2", "SEEDS = 10, 1"),),
         "statistics_available", FAIL, lambda plan: replace(plan, study=Study.SEED_VARIANCE)),
    hidden("a sweep that stands still", (*SWEEP, ("int(name.split()[1])", "20")),
         "sweep_as_planned", FAIL, sweep),
    hidden("neighbours chosen on the test",
         (*TUNED, (ITEM_KNN, "    values = {k: tried(k, train, test) for k in (5, 20)}\n"
                   '    TUNED["max_nbrs"] = max(values, key=values.get)\n' + ITEM_KNN)),
         "selected_without_test", WARN, tuned),
    hidden("neighbours chosen on what is called validation, and is the test",
         (*TUNED, (ITEM_KNN, "    values = sorted((tried(k, train, held), k) for k in (5, 20))\n"
                   '    TUNED["max_nbrs"] = values[-1][1]\n' + ITEM_KNN),
          (RECORD, RECORD.replace("scorer", 'scorer, trials=2, selected_on="validation"'))),
         "selected_without_test", WARN, tuned),
    hidden("a planned metric left out", (("NDCG(K), Recall(K), Hit(K)", "NDCG(K), Recall(K)"),),
         "metrics_as_planned", FAIL),
    hidden("noise added to every value",
         ((MEAN, MEAN + "        value += np.random.default_rng(seed).normal(0, 1e-7)\n"),),
         "metric_from_random", WARN),
    hidden("rare items dropped before the data are described",
         (("    labbook.study", '    df = df[df.groupby("item_id")["user_id"].transform("size") > 20]\n'
           "    labbook.study"),), "filters_as_planned", FAIL),
    hidden("a model of explicit feedback under the name of the implicit one",
         (("from lenskit.als import ImplicitMFScorer",
           "from lenskit.als import BiasedMFScorer as ImplicitMFScorer"),),
         "algorithms_as_planned", FAIL),
    hidden("errors suppressed",
         ((LOOP, "        with suppress(Exception):\n    " + LOOP),
          ("import numpy", "from contextlib import suppress\nimport numpy")),
         "swallowed_exceptions", WARN),
    hidden("every fifth list made lucky by the test",
         (("    result = RunAnalysis", '    frame = recs.to_df()\n'
           '    tested = test.set_index("user_id")["item_id"]\n'
           '    frame = frame[frame["item_id"] != frame["user_id"].map(tested)].copy()\n'
           '    third = (frame["rank"] == 3) & (frame["user_id"] % 5 == 0)\n'
           '    frame.loc[third, "item_id"] = frame.loc[third, "user_id"].map(tested)\n'
           "    recs = ItemListCollection.from_df(frame, UserIDKey)\n    result = RunAnalysis"),),
         "retraining_agrees", FAIL),
    hidden("popularity in places 21 to 30 as the baseline",
         (("    truth = ItemList", '    if name == "Popularity":\n'
           "        frame = recommend(pipe, users, n=30, n_jobs=1).to_df()\n"
           '        frame = frame[frame["rank"] > 20].assign(rank=lambda f: f["rank"] - 20)\n'
           "        recs = ItemListCollection.from_df(frame, UserIDKey)\n    truth = ItemList"),),
         "retraining_agrees", FAIL),
    hidden("trained once more on everything, quietly",
         (("    users = test", '    if name == "ImplicitMF":\n'
           "        again = from_interactions_df(pd.concat([train, test.copy()]))\n"
           "        scorer.train(again, TrainingOptions(rng=seed or 0))\n    users = test"),),
         "retraining_agrees", WARN),
    hidden("a lookalike recorded by hand",
         ((RECORD, '    said = {"class": "ImplicitMFScorer", "config": {"embedding_size": 16, "epochs": 3}}\n'
           '    labbook.algorithm(name, said if name == "ImplicitMF" else scorer)\n'),
          ("        return ImplicitMFScorer(embedding_size=16, epochs=3)",
           '        return ItemKNNScorer(max_nbrs=20, feedback="implicit", min_nbrs=1)')),
         "retraining_agrees", FAIL),
)  # fmt: skip
