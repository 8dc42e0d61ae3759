# ruff: noqa: E501 - pieces of scripts stand as they are
"""Scripts whose data are not what plan and filters leave."""

from dataclasses import replace

from builders import rated
from case import SPLIT, Case, hidden

from agent_core.domain import Finding

TASTE = (
    '    taste = df["item_id"].map(df["item_id"].value_counts()).groupby(df["user_id"]).mean()\n'
    '    easy = df["user_id"].isin(taste[taste > taste.quantile(0.5)].index)\n'
)
RECODED = '    df = df.assign(user_id=pd.factorize(df["user_id"])[0], item_id=pd.factorize(df["item_id"])[0])\n'
FEW = "Users and items with fewer than 20 ratings are removed"

IN_FILTERS = (
    Case("a planned filter that was not applied", (), "filters_as_planned", Finding.WARN,
         lambda plan: replace(plan, assumptions=(FEW,))),
    hidden("half of the users kept apart for a validation that never was",
           ((SPLIT, TASTE + "    df, hard = df[easy], df[~easy]\n"
             '    last = hard.groupby("user_id").tail(3)\n'
             '    labbook.split("validation", hard.drop(last.index), last)\n' + SPLIT),),
           "filters_as_planned", Finding.FAIL),
    hidden("users left out behind ids of their own and a threshold",
           ((SPLIT, '    df = df[df["rating"] >= 2]\n' + TASTE + "    df = df[easy]\n" + RECODED + SPLIT),),
           "filters_as_planned", Finding.FAIL, lambda plan: rated(plan, 2.0)),
    hidden("low ratings kept in training only",
           ((SPLIT, SPLIT.replace("df.groupby", 'df[df["rating"] >= 4].groupby')),),
           "filters_as_planned", Finding.FAIL, lambda plan: rated(plan, 4.0)),
)  # fmt: skip
