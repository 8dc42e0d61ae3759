"""Whole scripts of cells with odd but right designs, against which nothing may be said."""

from dataclasses import dataclass, replace

from designed import REPEATED
from whole_cells import FACTORS, LINEAR, MODELS, NEAR, POPULAR, USUAL, planned, taste

from agent_core.domain import (
    Algorithm,
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Finding,
    Level,
    Masked,
    Metric,
    Of,
    Order,
    Question,
    SplitKind,
    SplitRules,
)

COMMON = Level(DataRules((DataRule(DataRuleKind.FEWEST, 20.0, of=Of.ITEMS),)), "common")
RATED = Level(DataRules((DataRule(DataRuleKind.LOWEST_RATING, 2.0),)), "from 2")
ALL = Level(DataRules(), "all")
FIFTH = SplitRules(SplitKind.USER_FRACTION, holdout=0.2)
TWO_DATA = {"data": (ALL, COMMON), "factors": (Factor("data", ("all", "common")),)}
TWO_SEEDS = Factor("split_seed", (1, 2), REPEATED)


@dataclass(frozen=True)
class Whole:
    """One script with its design, and what must be found in it; nothing where `check` is empty."""

    name: str
    plan: object
    source: str = USUAL
    check: str = ""
    data: object = taste
    finding: Finding = Finding.FAIL
    """What the check must find at least."""


def changed(*changes, source=USUAL):
    """Return a script with some pieces replaced; one that is not there is an error."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def levels(algorithm, name, values):
    """Return an algorithm at several values of a hyperparameter."""
    return tuple(
        replace(
            algorithm, name=f"{algorithm.name} {v}", base=algorithm.name,
            config={**algorithm.config, name: v}, levels={name: v},
        )
        for v in values
    )  # fmt: skip


LOOP = "for c in labbook.cells():\n    with c:\n"
FIT = "            model.fit(matrix(part.train, people, items), c.rng)\n"
TOP = "        lists = top(model.scores(matrix(known, users, items)), users, items, part.masked, 10)\n"  # noqa: E501
SHARED = """
class Shared(Linear):
    def fit_of(self, G):
        P = np.linalg.inv(G + self.config["regularization"] * np.eye(len(G)))
        self.S = -P / np.diag(P)
        np.fill_diagonal(self.S, 0.0)


KINDS["Linear"] = Shared


for c in labbook"""
CACHED = """
KEPT = {}


def prepared(c, part, people, items):
    key = c.block, c.on
    if key not in KEPT:
        KEPT[key] = matrix(part.train, people, items)
    return KEPT[key].copy()


for c in labbook"""
RELABELLED = """
def codes_of(frame, seed):
    names = np.sort(frame["user_id"].unique())
    return dict(zip(names, np.random.default_rng(seed).permutation(len(names)) + 7000))


for c in labbook"""
AHEAD = (
    MODELS
    + """

made = {}
for c in reversed(labbook.design()):
    part = labbook.part(c.block)
    items, people = (np.sort(part.train[n].unique()) for n in ("item_id", "user_id"))
    users = np.sort(part.test["user_id"].unique())
    model = KINDS[c.kind](**c.config)
    model.fit(matrix(part.train, people, items), np.random.default_rng(c.seed))
    known = part.train[part.train["user_id"].isin(users)]
    scores = model.scores(matrix(known, users, items))
    made[c.id] = model.config, top(scores, users, items, part.masked, 10)

for ident in sorted(made):
    (c,) = [c for c in labbook.design() if c.id == ident]
    config, lists = made[ident]
    with c:
        part = labbook.part(c)
        c.model({"class": c.kind, "config": config})
        for metric, values in reversed(list(measured(lists, part.tested, 10).items())):
            c.row(metric, float(values.mean()), k=10, n=len(values))
            frame = values.rename("value").rename_axis("user_id").reset_index()
            c.per_user(frame.assign(metric=metric, k=10))
        c.lists(lists.sample(frac=1.0, random_state=1))
if labbook.is_last():
    labbook.table(labbook.results(), "all_results", shows="every value")
"""
)
OWN_SPLIT = (
    MODELS
    + """

SPLITS = {}


def split_of(block, seed):
    if block not in SPLITS:
        df = labbook.data(block)
        rng = np.random.default_rng(900 + seed)
        turn = pd.Series(rng.random(len(df)), df.index).groupby(df["user_id"]).rank(method="first")
        size = df.groupby("user_id")["item_id"].transform("size")
        is_test = turn <= (0.2 * size).round()
        labbook.split(block, df[~is_test], df[is_test], kind="user_fraction", seed=seed)
        SPLITS[block] = df[~is_test], df[is_test]
    return SPLITS[block]


for c in labbook.cells():
    with c:
        train, test = split_of(c.block, c["split_seed"])
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
RERANKED = changed(
    (TOP, TOP + '''        if c.levels.get("rerank", "none") != "none":
            base = labbook.cell(**{**c.levels, "rerank": "none"})
            lists = labbook.lists_of(base)
            counts = part.train["item_id"].value_counts()
            lists = lists.assign(common=lists["item_id"].map(counts).fillna(0))
            lists = lists.sort_values(["user_id", "common", "rank"]).drop(columns="common")
            lists["rank"] = lists.groupby("user_id").cumcount() + 1
            lists["score"] = -lists["rank"].astype(float)
'''),
)  # fmt: skip
PREDICTED = (
    MODELS
    + """

class Mean(Popular):
    def fit(self, frame, rng):
        self.mean = frame["rating"].mean()
        self.user = (frame["rating"] - self.mean).groupby(frame["user_id"]).mean()

    def predict(self, frame):
        own = frame["user_id"].map(self.user).fillna(0.0).to_numpy()
        return self.mean + (own if self.config["users"] else np.zeros(len(own)))


for c in labbook.cells():
    with c:
        part = labbook.part(c)
        model = Mean(**c.config)
        c.model({"class": c.kind, "config": model.config})
        with c.training():
            model.fit(part.train, c.rng)
        found = part.tested[["user_id", "item_id", "rating"]].copy()
        found["prediction"] = model.predict(found)
        c.predictions(found)
        error = found["prediction"] - found["rating"]
        c.row("rmse", float((error**2).mean() ** 0.5), n=len(found))
        c.row("mae", float(error.abs().mean()), n=len(found))
        own = found[["user_id"]].assign(value=error.abs(), metric="mae", k=None)
        c.per_user(own.groupby(["user_id", "metric"], as_index=False)["value"].mean())
"""
)
BOTH_PARTS = changed(
    ("        deliver(c, lists, part.tested)\n", '''        deliver(c, lists, part.tested)
        if c.on == "test":
            kept = part.validation
            seen = np.sort(kept["user_id"].unique())
            own = part.train[part.train["user_id"].isin(seen)]
            chosen = top(model.scores(matrix(own, seen, items)), seen, items, own, 10)
            deliver(c, chosen, kept, on="validation")
'''),
)  # fmt: skip


def grid(**split):
    values = levels(NEAR, "shrink", (1.0, 20.0))
    last = replace(
        NEAR, name="Cosine chosen", base="Cosine", config={}, levels={"shrink": "chosen"}
    )
    rules = SplitRules(SplitKind.USER_FRACTION, holdout=0.2, has_validation=True, **split)
    return planned(
        *values, last, POPULAR,
        factors=(Factor("shrink", (1.0, 20.0, "chosen"), of=("Cosine",)),),
        splits=(Level(rules),), validated=(Metric("ndcg", 10), Metric("recall", 10)),
        question=Question(Estimand.CHOICE, ("shrink",), ("ndcg@10",)),
    )  # fmt: skip


def rated():
    mean = Algorithm("Mean", "Mean", {"users": False})
    plan = planned(mean, replace(mean, name="User mean", kind="UserMean", config={"users": True}),
                   splits=(Level(SplitRules(SplitKind.CROSSFOLD_RECORDS, folds=3)),),
                   factors=(Factor("fold", (0, 1, 2), REPEATED),),
                   question=Question(Estimand.DIFFERENCE, ("algorithm",), ("rmse",)))  # fmt: skip
    return replace(plan, metrics=(Metric("rmse"), Metric("mae")))


RANKING = changed(
    ("items = np.sort(part.train[\"item_id\"].unique())",
     "every = part.candidates\n"
     "        every = part.train[\"item_id\"] if every is None else every\n"
     "        items = np.sort(pd.unique(every))"),
)  # fmt: skip
"""A script that ranks the candidates of the plan."""
LIKED = planned(
    LINEAR, POPULAR, factors=(Factor("data", ("all", "liked")),),
    data=(ALL, Level(DataRules((DataRule(DataRuleKind.LOWEST_RATING, 3.0,
                                         is_training_only=True),)), "liked")),
    splits=(Level(replace(FIFTH, candidates=Candidates.FULL_TRAINING,
                          masked=Masked.FULL_TRAINING)),),
)  # fmt: skip

HONEST_CELLS = (
    Whole("cells trained ahead and delivered out of order", planned(**TWO_DATA), AHEAD),
    Whole("one Gram matrix for all strengths of a block",
          planned(*levels(LINEAR, "regularization", (5.0, 50.0, 500.0)), POPULAR,
                  factors=(Factor("regularization", (5.0, 50.0, 500.0), of=("Linear",)),
                           TWO_SEEDS)),
          changed(("\nfor c in labbook", SHARED), (FIT, '''            if c.kind == "Linear":
                X = matrix(part.train, people, items)
                model.fit_of(labbook.once(c.block, "gram", lambda: X.T @ X))
            else:
                model.fit(matrix(part.train, people, items), c.rng)
'''))),
    Whole("matrices kept for all cells of a block",
          planned(LINEAR, FACTORS, POPULAR, seeds=(0, 1), **TWO_DATA),
          changed(("\nfor c in labbook", CACHED),
                  ("model.fit(matrix(part.train, people, items)",
                   "model.fit(prepared(c, part, people, items)"))),
    Whole("users relabelled within a cell", planned(LINEAR, FACTORS, POPULAR, seeds=(3, 7)),
          changed(("\nfor c in labbook", RELABELLED),
                  ("        items = np.sort", '''        names = codes_of(part.train, c.seed)
        back = {code: name for name, code in names.items()}
        items = np.sort'''),
                  ("people = np.sort(part.train[\"user_id\"].unique())",
                   "people = np.sort(part.train[\"user_id\"].map(names).unique())"),
                  ("model.fit(matrix(part.train, people",
                   "model.fit(matrix(part.train.assign(user_id=part.train[\"user_id\"].map(names)),"
                   " people"))),
    Whole("two measures on validation and on test", grid(), BOTH_PARTS),
    Whole("a grid of the newest, trained with validation in the end",
          grid(order=Order.NEWEST, trains_on_validation=True)),
    Whole("lists three times as long as asked", planned(**TWO_DATA),
          changed((TOP, TOP.replace("part.masked, 10", "part.masked, 30")))),
    Whole("sampled candidates by the rule",
          planned(LINEAR, NEAR, POPULAR, splits=(Level(replace(
              FIFTH, candidates=Candidates.SAMPLED, candidate_count=25)),)),
          changed((TOP, '''        own = part.candidates
        scores = model.scores(matrix(known, users, items))
        grid = np.full_like(scores, -np.inf)
        there = own[own["item_id"].isin(items)]
        rows, columns = at(users, there["user_id"]), at(items, there["item_id"])
        grid[rows, columns] = scores[rows, columns]
        lists = top(grid, users, items, part.masked.iloc[:0], 10)
'''))),
    Whole("splits of its own for each seed", planned(LINEAR, FACTORS, POPULAR, seeds=(0, 1),
          factors=(TWO_SEEDS,), splits=(Level(FIFTH),)), OWN_SPLIT),
    Whole("lists of other cells ranked anew",
          planned(*(replace(LINEAR, name=f"Linear {n}", base="Linear", levels={"rerank": n})
                    for n in ("none", "rare first")), POPULAR,
                  factors=(Factor("rerank", ("none", "rare first"), of=("Linear",)),)),
          RERANKED),
    Whole("small profiles of users whom training does not see",
          planned(LINEAR, NEAR, POPULAR, factors=(Factor("profile_size", (2, 5, "all")),),
                  splits=(Level(replace(FIFTH, in_training=False, test_users=25)),))),
    Whole("the full training masked and ranked where it is thinned by time",
          planned(LINEAR, POPULAR, factors=(Factor("train_share", (0.3, 0.6, 1.0)),),
                  splits=(Level(replace(FIFTH, candidates=Candidates.FULL_TRAINING,
                                        masked=Masked.FULL_TRAINING, thinned_by=Order.NEWEST)),)),
          RANKING),
    Whole("the full training masked where rules thin it", LIKED, RANKING),
    Whole("the full training masked by own code where rules thin it", LIKED,
          changed((TOP, """        had = labbook.data(c)
        had = had[~had.index.isin(part.test.index)]
"""
                   + TOP.replace("part.masked", "had")), source=RANKING)),
    Whole("errors of predictions in folds", rated(), PREDICTED),
    Whole("tested by high ratings of the newest, two data levels",
          planned(LINEAR, POPULAR, data=(ALL, RATED), factors=(Factor("data", ("all", "from 2")),),
                  splits=(Level(SplitRules(SplitKind.LEAVE_LAST, lowest_test_rating=3.0)),)),
          changed((LOOP, "for c in sorted(labbook.cells(), key=lambda c: c.id):\n    with c:\n"))),
)  # fmt: skip
"""Sixteen designs that are carried out in ways of their own."""
