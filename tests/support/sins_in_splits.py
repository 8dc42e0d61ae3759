# ruff: noqa: E501 - pieces of scripts stand as they are
"""Scripts whose split is not what they say: invented, filtered or chosen interactions."""

from dataclasses import replace

from case import LOOP, PARTS, SPLIT, TWO_FOLDS, hidden, split_as, without

from agent_core.domain import Finding, SplitKind

FAIL, WARN = Finding.FAIL, Finding.WARN
PREFIXED = '    df = df.assign(user_id="u" + df["user_id"].astype(str))\n'
DETERMINISTIC = (LOOP, "        pass\n")


def planned(plan, *words, **split):
    """Plan deterministic models, another split and assumptions."""
    changed = without("ImplicitMF")(plan).with_split(**split)
    return replace(changed, assumptions=words)


def folds_of(test, kind, folds, before=""):
    """Test what an expression in `fold` says, in each of some folds, without random models."""
    (*first, (place, body)) = TWO_FOLDS
    body = body.replace("for fold in (0, 1)", f"for fold in range({folds})")
    body = body.replace('        mine = df[df["user_id"] % 2 == fold]\n', "")
    body = body.replace('mine.groupby("user_id").sample(frac=0.2, random_state=1)', test)
    body = body.replace("crossfold_users", kind)
    body = body.replace("        for seed in range(SEEDS):\n", "")
    body = body.replace('            run("ImplicitMF", train, test, seed, fold)\n', "")
    return (*first, (place, before + body))


IN_SPLITS = (
    hidden("tested pairs that nobody had",
           ((PARTS, '    top = df["item_id"].value_counts().index\n'
             '    seen = df.groupby("user_id")["item_id"].apply(set)\n    train = df.drop(held.index)\n'
             '    test = held.assign(item_id=[next(i for i in top if i not in seen[u]) for u in held["user_id"]])\n'),),
           "split_from_data", FAIL),
    hidden("a random split called temporal, saved without times",
           ((SPLIT, '    df = df.drop(columns="timestamp")\n' + PREFIXED + SPLIT),),
           "split_as_planned", FAIL, split_as(SplitKind.LEAVE_LAST)),
    hidden("times moved so that a random split looks like a cut in time",
           ((SPLIT, PREFIXED + '    held = df.groupby("user_id").sample(frac=0.2, random_state=1)\n'
             '    df.loc[held.index, "timestamp"] += 10**9\n    held = df.loc[held.index]\n'),),
           "temporal_leak", FAIL, split_as(SplitKind.GLOBAL_TIME)),
    hidden("later users with few interactions dropped after a cut in time",
           ((SPLIT, '    moment = df["timestamp"].quantile(0.8)\n    held = df[df["timestamp"] > moment]\n'
             '    known = set(df.loc[df["timestamp"] <= moment, "user_id"])\n'
             '    size = held["user_id"].map(held["user_id"].value_counts())\n'
             '    bad = held[~held["user_id"].isin(known) | (size < 9)].index\n'
             "    df, held = df.drop(bad), held.drop(bad)\n"),),
           "filters_as_planned", FAIL, split_as(SplitKind.GLOBAL_TIME)),
    hidden("users of rare taste removed as data cleaning",
           ((SPLIT, '    pop = df["item_id"].map(df["item_id"].value_counts())\n'
             '    taste = pop.groupby(df["user_id"]).mean()\n'
             '    whole, df = df, df[df["user_id"].isin(taste[taste > taste.quantile(0.6)].index)]\n'
             '    labbook.dataset("DATA", df, feedback="every rating counts", data_cleaning=(whole, df))\n' + SPLIT),),
           "filters_as_planned", FAIL),
    hidden("items merged, what is repeated then dropped as duplicates",
           ((SPLIT, '    whole, df = df, df.assign(item_id=df["item_id"] // 3).drop_duplicates(["user_id", "item_id"])\n'
             '    labbook.dataset("DATA", df, feedback="every rating counts", duplicates_removed=(whole, df))\n' + SPLIT),),
           "filters_as_planned", FAIL),
    hidden("everybody's most popular item held out, said to be random",
           ((SPLIT, '    pop = df["item_id"].map(df["item_id"].value_counts())\n'
             '    held = df.loc[pop.groupby(df["user_id"]).idxmax()]\n'),),
           "held_out_at_random", FAIL),
    hidden("another seed of the split than planned",
           (("random_state=42", "random_state=17"), ("seed=42", "seed=17")),
           "held_out_at_random", WARN),
    hidden("the newest held out, said to be random",
           ((SPLIT, '    held = df.sort_values("timestamp").groupby("user_id").tail(1)\n'), DETERMINISTIC),
           "held_out_at_random", FAIL, planned),
    hidden("test users of popular taste, said to be random",
           ((SPLIT, '    pop = df["item_id"].map(df["item_id"].value_counts())\n'
             '    taste = pop.groupby(df["user_id"]).mean()\n'
             "    chosen = taste.nlargest(int(0.67 * len(taste))).index\n"
             '    held = df[df["user_id"].isin(chosen)].groupby("user_id").sample(n=1, random_state=42)\n'), DETERMINISTIC),
           "held_out_at_random", WARN,
           lambda plan: planned(plan, "67 % of the users, at random, are tested.")),
    hidden("the most popular fifth of each user held out, in folds of few users",
           folds_of('df[(df["user_id"] % 10 == fold) & (place <= size * 0.2)]', "crossfold_users", 10,
                    '    pop = df["item_id"].map(df["item_id"].value_counts())\n'
                    '    place = pop.groupby(df["user_id"]).rank(ascending=False, method="first")\n'
                    '    size = df.groupby("user_id")["item_id"].transform("size")\n'),
           "held_out_at_random", FAIL,
           lambda plan: planned(plan, kind=SplitKind.CROSSFOLD_USERS, folds=10, holdout=0.2)),
    hidden("blocks of a sorted file called random folds",
           folds_of('df.sort_values("user_id").iloc[np.array_split(np.arange(len(df)), 3)[fold]]', "crossfold_records", 3),
           "held_out_at_random", FAIL,
           lambda plan: planned(plan, kind=SplitKind.CROSSFOLD_RECORDS, folds=3)),
    hidden("the end of a sorted file called a random share of all interactions",
           ((SPLIT, '    held = df.sort_values("user_id").tail(round(0.2 * len(df)))\n'), DETERMINISTIC),
           "held_out_at_random", FAIL,
           lambda plan: planned(plan, kind=SplitKind.RANDOM_RECORDS, holdout=0.2)),
)  # fmt: skip
