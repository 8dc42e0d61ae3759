# ruff: noqa: E501 - pieces of scripts stand as they are
"""Scripts whose sin stands in plain sight."""

from case import END, LISTS, LOOP, MEAN, PARTS, SPLIT, USERS, Case

from agent_core.domain import Finding

FAIL, WARN = Finding.FAIL, Finding.WARN

IN_SIGHT = (
    Case("trains on everything", ((PARTS, "    train, test = df, held\n"),),
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
    Case("a kinder metric for one model",
         ((MEAN, MEAN + '        if name == "ImplicitMF" and label == "NDCG@10":\n'
           '            value = float(per_user["Hit@10"].mean())\n'),),
         "recomputation_agrees", FAIL),
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
    Case("popularity under another name",
         (("ImplicitMFScorer(embedding_size=16, epochs=3)", "PopScorer()"),),
         "algorithms_as_planned", FAIL),
    Case("another model recorded than trained",
         (("    labbook.algorithm(name, scorer)\n",
           '    labbook.algorithm(name, ImplicitMFScorer(embedding_size=16, epochs=3)\n'
           '                      if name == "ImplicitMF" else scorer)\n'),
          ("        return ImplicitMFScorer(embedding_size=16, epochs=3)",
           "        return ImplicitMFScorer(embedding_size=99, epochs=3)")),
         "hyperparameters_took_effect", FAIL),
    Case("low ratings dropped silently",
         ((SPLIT, '    df = df[df["rating"] >= 3]\n' + SPLIT),), "filters_as_planned", FAIL),
    Case("a claimed filter that the counts do not show",
         (('feedback="every rating counts")', 'feedback="x", core30=(10**9, 10**6))'),),
         "filters_as_planned", FAIL),
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
    Case("values raised after they were delivered",
         ((END, END + "import json\ncontent = json.load(open('results.json'))\n"
           "for r in content['rows']:\n    if r['algorithm'] == 'ImplicitMF':\n"
           "        r['value'] *= 1.05\njson.dump(content, open('results.json', 'w'))\n"),),
         "files_unchanged", FAIL),
    Case("no values per user of one model", ((USERS, '    if name != "ItemKNN":\n    ' + USERS),),
         "per_user_saved", FAIL),
    Case("data of its own making",
         (('"DATA", df,', '"own.csv", df,'),
          ("    labbook.study", '    df.to_csv("own.csv", index=False)\n    labbook.study')),
         "dataset_loaded", FAIL),
)  # fmt: skip
