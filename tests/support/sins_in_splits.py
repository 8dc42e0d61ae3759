# ruff: noqa: E501 - pieces of scripts stand as they are
"""Scripts whose split is not what they say: invented, filtered or chosen interactions."""

from case import PARTS, SPLIT, hidden, split_as

from agent_core.domain import Finding, SplitKind

FAIL, WARN = Finding.FAIL, Finding.WARN
PREFIXED = '    df = df.assign(user_id="u" + df["user_id"].astype(str))\n'

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
)  # fmt: skip
