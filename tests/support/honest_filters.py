# ruff: noqa: E501 - pieces of scripts stand as they are
"""Honest scripts that leave out what plans word in many ways, or what cannot be tested."""

from dataclasses import replace

from builders import rated
from case import PARTS, RECORD, SPLIT, Case, split_as

from agent_core.domain import SplitKind

FRACTION = '    held = df.groupby("user_id").sample(frac=0.2, random_state=42)\n'


def assuming(text, lowest=None):
    return lambda plan: replace(
        plan if lowest is None else rated(plan, lowest), assumptions=(text,)
    )


def named(before, after, name):
    """Return a filter that run.json names with its counts."""
    return (
        f"    whole, df = df, {before}\n"
        f'    labbook.dataset("DATA", df, feedback="every rating counts", {name}=(whole, df))\n{after}'
    )


LEFT_OUT = (
    Case("items new to training left out of the test",
         ((SPLIT, FRACTION),
          (PARTS, PARTS + '    test = test[test["item_id"].isin(set(train["item_id"]))]\n')),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("a part to choose on that is not saved",
         ((SPLIT, FRACTION),
          (PARTS, PARTS + '    train = train.drop(train.groupby("user_id").sample(frac=0.125, random_state=1).index)\n'),
          (RECORD, '    labbook.algorithm(name, scorer, selected_on="validation")\n')),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("users with few ratings removed as the plan words it",
         ((SPLIT, named('df[df.groupby("user_id")["item_id"].transform("size") >= 25]', SPLIT, "min_ratings")),),
         plan=assuming("Remove all users with fewer than 25 ratings")),
    Case("a filter that no number describes",
         ((SPLIT, named('df[df.groupby("user_id")["rating"].transform("std") > 0.8]', SPLIT, "no_bots")),),
         plan=assuming("Users who rate everything alike are removed")),
    Case("positive ratings as ones under ids of their own",
         ((SPLIT, '    df = df[df["rating"] > 3].assign(rating=1.0)\n'
           '    df = df.assign(user_id=pd.factorize(df["user_id"])[0], item_id=pd.factorize(df["item_id"])[0])\n'
           '    df = df[df.groupby("user_id")["item_id"].transform("size") > 1]\n' + SPLIT),),
         plan=assuming("Ratings above 3 are positive, all others are dropped", lowest=4.0)),
)  # fmt: skip
