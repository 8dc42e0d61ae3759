"""Scripts whose runs are not what the design says: left out, copied, or drawn with the split."""

from dataclasses import replace

from builders import rated
from case import ITEM_KNN, LOOP, MAIN, RANKING, SPLIT, TWO_FOLDS, hidden

from agent_core.domain import Finding, Level, SplitKind, SplitRules

FAIL = Finding.FAIL
KEPT = (MAIN, "KEPT = {}\n\n\n" + MAIN)


def again(key):
    """Deliver the first lists of a key for all runs without a seed that have it."""
    line = f"    recs = recs if seed is not None else KEPT.setdefault({key}, recs)\n"
    return (RANKING, RANKING + line)


def two_draws():
    """Hold one interaction of each user out, twice."""
    (*first, (place, body)) = TWO_FOLDS
    body = body.replace('        mine = df[df["user_id"] % 2 == fold]\n', "")
    body = body.replace(
        'mine.groupby("user_id").sample(frac=0.2, random_state=1)',
        'df.groupby("user_id").sample(n=1, random_state=fold)',
    )
    return (*first, (place, body.replace("crossfold_users", "leave_one_out")))


def twice(plan):
    """Plan two folds of one interaction of each user."""
    split = SplitRules(SplitKind.LEAVE_ONE_OUT, folds=2)
    return replace(plan, split_levels=(Level(split),))


IN_CELLS = (
    hidden("a planned model that is never run", ((ITEM_KNN, ""),), "cells_complete", FAIL),
    hidden("the baseline's lists under the name of a model", (KEPT, again('"lists"')),
           "levels_took_effect", FAIL),
    hidden("the lists of the first fold delivered for the second",
           (KEPT, again("name"), *two_draws()), "cells_are_their_own", FAIL, twice),
    hidden("another split for the second seed than the one that was saved",
           ((LOOP, '        drawn = df.groupby("user_id").sample(n=1, random_state=seed)\n'
             "        parts = (df.drop(drawn.index), drawn) if seed else (train, test)\n"
             '        run("ImplicitMF", *parts, seed)\n'),),
           "seeds_set_apart", FAIL),
    hidden("ratings of 3 kept under a rule that keeps ratings from 4",
           ((SPLIT, '    df = df[df["rating"] >= 3]\n' + SPLIT),),
           "parts_as_ruled", FAIL, lambda plan: rated(plan, 4.0)),
)  # fmt: skip
