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
)  # fmt: skip
