"""Whole scripts of cells that sin: what a cell is was not done, or was done on something else."""

from dataclasses import replace

from honest_cells import (
    ALL,
    FIFTH,
    FIT,
    LIKED,
    RANKING,
    TOP,
    TWO_DATA,
    TWO_SEEDS,
    Whole,
    changed,
    levels,
)
from whole_cells import FACTORS, LINEAR, MODELS, NEAR, POPULAR, planned, taste

from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Factor,
    Finding,
    Level,
    Of,
)

WARN = Finding.WARN
SHARES = Factor("train_share", (0.3, 1.0))
OWN_PARTS = (
    MODELS
    + """

PARTS = {}


def own_parts(c):
    if c.block not in PARTS:
        PARTS[c.block] = made(c)
        labbook.split(c.block, *PARTS[c.block])
    return PARTS[c.block]


MADE


for c in labbook.cells():
    with c:
        train, test = own_parts(c)
        items, people = (np.sort(train[n].unique()) for n in ("item_id", "user_id"))
        users = np.sort(test["user_id"].unique())
        model = KINDS[c.kind](**c.config)
        c.model({"class": c.kind, "config": model.config})
        with c.training():
            model.fit(matrix(train, people, items), c.rng)
        scores = model.scores(matrix(train[train["user_id"].isin(users)], users, items))
        lists = top(scores, users, items, train[["user_id", "item_id"]], 10)
        c.lists(lists)
        deliver(c, lists, test)
"""
)


def own(body):
    """Return a script that draws the parts of its blocks by a body of its own."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return OWN_PARTS.replace("MADE", f"def made(c):\n{lines}")


DRAWN = """
df = DATA
turn = df.groupby("user_id").sample(frac=1.0, random_state=SEED).groupby("user_id").cumcount()
size = df.groupby("user_id")["item_id"].transform("size")
is_test = turn.reindex(df.index) < (0.2 * size).round()
train, test = df[~is_test], df[is_test]
"""


def drawn(data="labbook.data(c)", seed="42", then="return train, test"):
    """Return a body that holds a fifth of each user out."""
    return own(DRAWN.replace("DATA", data).replace("SEED", seed) + then)


def sample(of):
    rule = DataRule(DataRuleKind.SAMPLE, 0.5, of=of)
    return {
        "data": (ALL, Level(DataRules((rule,)), "half")),
        "factors": (Factor("data", ("all", "half")),),
    }


def half(keep):
    """Return a script that makes half of the data by an expression of its own."""
    return drawn(f'labbook.load("data.csv") if c["data"] == "all" else {keep}')


def many():
    """Return the data of as many users as a draw is judged by."""
    return taste(users=300)


CHOSEN = replace(FIFTH, test_users=120)
FEW = """
best = BEST
test = test[test["user_id"].isin(best.index[:120])]
train = df.drop(test.index)
return train, test
"""
COPIED = """        if COPIES:
            lists = labbook.lists_of(labbook.cell(**{**c.levels, "FACTOR": FIRST}))
"""


def copies(factor, first, when):
    piece = COPIED.replace("COPIES", when).replace("FACTOR", factor).replace("FIRST", first)
    return changed((TOP, TOP + piece))


SINS_IN_CELLS = (
    # Another test set per level.
    Whole("a test of its own for each share of the training",
          planned(LINEAR, POPULAR, factors=(SHARES,), splits=(Level(FIFTH),)),
          drawn(seed='int(10 * c["train_share"])',
                then='return train.sample(frac=c["train_share"], random_state=1), test'),
          "parts_as_ruled"),
    Whole("what small profiles lose is tested too",
          planned(LINEAR, POPULAR, factors=(Factor("profile_size", (4, "all")),),
                  splits=(Level(FIFTH),)),
          drawn(then='''if c["profile_size"] == "all":
    return train, test
kept = train.groupby("user_id").head(4)
return kept, pd.concat([test, train.drop(kept.index).groupby("user_id").head(3)])'''),
          "parts_as_ruled"),
    # A cell copied from another.
    Whole("the lists of the first split for the second",
          planned(LINEAR, NEAR, POPULAR, factors=(TWO_SEEDS,)),
          copies("split_seed", "1", 'c["split_seed"] == 2 and c.kind == "Cosine"'),
          "cells_are_their_own"),
    Whole("the lists of one data level for the other, in another order of lines",
          planned(LINEAR, POPULAR, **TWO_DATA),
          changed((TOP, TOP + COPIED.replace("COPIES", 'c["data"] != "all" and c.kind == "Linear"')
                   .replace("FACTOR", "data").replace("FIRST", '"all"')
                   + "            lists = lists.sample(frac=1.0, random_state=2)\n")),
          "levels_took_effect"),
    # A level that was not applied.
    Whole("all of the data for both levels",
          planned(LINEAR, POPULAR, **TWO_DATA, splits=(Level(FIFTH),)),
          drawn('labbook.load("data.csv")'), "parts_as_ruled"),
    Whole("one strength for all that are recorded",
          planned(*levels(LINEAR, "regularization", (5.0, 50.0, 500.0)), POPULAR,
                  factors=(Factor("regularization", (5.0, 50.0, 500.0), of=("Linear",)),)),
          changed((FIT, "            kept, model.config = model.config, {'regularization': 50.0}\n"
                   + FIT + "            model.config = kept\n")),
          "levels_took_effect"),
    # One generator for model and split seeds.
    Whole("a model seed that draws the split as well",
          planned(LINEAR, FACTORS, POPULAR, seeds=(0, 1), splits=(Level(FIFTH),)),
          drawn(then="return train, test").replace(
              "        train, test = own_parts(c)\n",
              "        train, test = own_parts(c) if c.seed == 0 else made(c)\n").replace(
              "random_state=42", "random_state=42 + c.seed"),
          "seeds_set_apart"),
    Whole("a split seed that moves nothing",
          planned(LINEAR, FACTORS, POPULAR, seeds=(0, 1), factors=(TWO_SEEDS,),
                  splits=(Level(FIFTH),)),
          drawn(), "seeds_set_apart"),
    # Samples that are not the rule's.
    Whole("the first half of the users for a sample", planned(LINEAR, POPULAR, **sample(Of.USERS),
          splits=(Level(FIFTH),)),
          half('labbook.load("data.csv").query("user_id <= 40")'), "parts_as_ruled"),
    Whole("the most popular items for a sample of them",
          planned(LINEAR, POPULAR, **sample(Of.ITEMS), splits=(Level(FIFTH),)),
          half('labbook.load("data.csv").pipe(lambda d: d[d["item_id"].isin('
               'd["item_id"].value_counts().index[:30])])'), "parts_as_ruled"),
    # Lists of what the plan masks.
    Whole("only what was trained on masked", LIKED,
          changed((TOP, TOP.replace("part.masked", "part.train")), source=RANKING),
          "lists_exclude_train"),
    Whole("only what is rated well masked", LIKED,
          changed((TOP, TOP.replace("part.masked", "part.masked.merge("
                   "labbook.data(c).query('rating >= 3')[['user_id', 'item_id']])")),
                  source=RANKING), "lists_exclude_train"),
    # Groups from the test.
    Whole("the test users whose held-out items are popular",
          planned(LINEAR, POPULAR, splits=(Level(CHOSEN),)),
          drawn(then=FEW.replace("BEST", 'test["item_id"].map(df["item_id"].value_counts())'
                                 '.groupby(test["user_id"]).mean().sort_values()[::-1]')),
          "held_out_at_random", many, WARN),
    Whole("the test users whose held-out items are rated best",
          planned(LINEAR, POPULAR, splits=(Level(CHOSEN),)),
          drawn(then=FEW.replace("BEST", 'test.groupby("user_id")["rating"].mean()'
                                 ".sort_values()[::-1]")),
          "held_out_at_random", many, WARN),
)  # fmt: skip
"""Two forms of each sin."""
