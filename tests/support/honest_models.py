# ruff: noqa: E501 - pieces of scripts stand as they are
"""Honest scripts with models of their own, and others than the delivered ones beside them."""

from dataclasses import replace

from case import (
    FIT,
    LOOP,
    MAIN,
    PARTS,
    RANKING,
    RECORD,
    SPLIT,
    TRAIN,
    USERS,
    Case,
    split_as,
    without,
)

from agent_core.domain import Algorithm, SplitKind

SETTINGS = "K, SEEDS = 10, 2\n"
SCORER = "    scorer = scorer_of(name)\n"
IMPLICIT = '    if name == "ImplicitMF":\n'
MADE = "        return ImplicitMFScorer(embedding_size=16, epochs=3)\n"
TINY = "        return ImplicitMFScorer(embedding_size=4, epochs=1)\n"
CUSTOM = """
class CustomSVD:
    def __init__(self, train, factors=8, n_iter=5):
        self.train, self.f, self.iters = train, factors, n_iter

    def top(self, users, k):
        from sklearn.decomposition import TruncatedSVD
        user, item = (self.train[c].astype("category") for c in ("user_id", "item_id"))
        known = np.zeros((user.cat.categories.size, item.cat.categories.size))
        known[user.cat.codes, item.cat.codes] = 1
        svd = TruncatedSVD(self.f, n_iter=self.iters, random_state=0)
        scores = svd.inverse_transform(svd.fit_transform(known))
        scores[known > 0] = -np.inf
        lines = [
            (name, item.cat.categories[place], rank, scores[row, place])
            for row, name in enumerate(user.cat.categories) if name in users
            for rank, place in enumerate(np.argsort(-scores[row])[:k], 1)
        ]
        frame = pd.DataFrame(lines, columns=["user_id", "item_id", "rank", "score"])
        return ItemListCollection.from_df(frame, UserIDKey)


def scorer_of(name):
"""


def custom(record):
    """Return the changes to a script that compares a model of its own."""
    own = 'name == "SVD"'
    return (
        ("def scorer_of(name):\n", CUSTOM.lstrip("\n")),
        (
            SCORER,
            f"    scorer = CustomSVD(train, factors=8, n_iter=7) if {own} else scorer_of(name)\n",
        ),
        (
            "    pipe = topn_pipeline(scorer, n=K)\n",
            f"    pipe = None if {own} else topn_pipeline(scorer, n=K)\n",
        ),
        (TRAIN, ""),
        (
            FIT,
            f"    if not {own}:\n        pipe.train(from_interactions_df(train), TrainingOptions(rng=seed or 0))\n",
        ),
        (
            RANKING,
            f"    recs = scorer.top(set(users), K) if {own} else recommend(pipe, users, n_jobs=1)\n",
        ),
        (RECORD, record),
        (LOOP, '        pass\n    run("SVD", train, test)\n'),
    )


def with_custom(plan):
    """Plan the model of its own in the place of the random one."""
    own = Algorithm("SVD", "CustomSVD", {"factors": 8})
    return replace(plan, algorithms=(own, *plan.algorithms[1:]))


def pilot(name, *, settings="", condition):
    """Make a case with a tiny model in pilots."""
    tiny = f'    if name == "ImplicitMF" and {condition}:\n{TINY}'
    return Case(name, ((SETTINGS, SETTINGS + settings), (IMPLICIT, tiny + IMPLICIT)))


DATA = '    labbook.dataset("DATA", df, feedback="every rating counts")\n'
SAVE = '    labbook.split(0, train, test, kind="leave_one_out", seed=42)\n'
EACH = """    for file in ("DATA", "other.tsv"):
        df = READ if file == "DATA" else pd.read_csv(file, sep="\\t").set_axis(list(df.columns), axis=1)
        labbook.dataset(file, df, feedback="every rating counts")
        held = df.groupby("user_id").sample(n=1, random_state=42)
        train, test = df.drop(held.index), held
        labbook.split(file, train, test, kind="leave_one_out", seed=42)
        for name in ("Popularity", "ItemKNN"):
            run(name, train, test, fold=file)
    return
"""

MODELS = (
    Case("a model of its own, the object recorded", custom(RECORD), plan=with_custom),
    Case("a model of its own, recorded by a dict",
         custom('    own = {"class": "CustomSVD", "config": {"factors": 8}}\n'
                '    labbook.algorithm(name, own if name == "SVD" else scorer)\n'), plan=with_custom),
    pilot("a pilot by a word", settings='MODE = "pilot" if labbook.is_pilot() else "full"\n',
          condition='MODE == "pilot"'),
    pilot("a pilot by an annotated name", settings="PILOT: bool = labbook.is_pilot()\n",
          condition="PILOT"),
    pilot("a pilot by the environment", settings='PILOT = os.environ.get("AUTORECLAB_PILOT") == "1"\n',
          condition="PILOT"),
    Case("a tiny model that warms up",
         ((MAIN, "def warm_up(data):\n"
           "    pipe = topn_pipeline(ImplicitMFScorer(embedding_size=2, epochs=1), n=1)\n"
           "    pipe.train(data, TrainingOptions(rng=0))\n"
           '    print("warm", len(recommend(pipe, [1], n_jobs=1)))\n\n\n' + MAIN),
          (PARTS, PARTS + "    warm_up(from_interactions_df(train))\n"))),
    Case("sizes by names that are set once",
         ((SETTINGS, SETTINGS + "SIZE, EPOCHS = 16, 3\n"),
          (MADE, "        return ImplicitMFScorer(embedding_size=SIZE, epochs=EPOCHS)\n"))),
    Case("a configuration object by its keyword",
         ((MADE, "        config = ImplicitMFConfig(embedding_size=16, epochs=3)\n"
           "        return ImplicitMFScorer(config=config)\n"),
          ("import ImplicitMFScorer", "import ImplicitMFConfig, ImplicitMFScorer"))),
    Case("values per user rounded to four decimals",
         ((SPLIT, '    held = df.groupby("user_id").sample(frac=0.2, random_state=42)\n'),
          (USERS, USERS.replace("(per_user,", "(per_user.round(4),"))),
         plan=split_as(SplitKind.USER_FRACTION, holdout=0.2)),
    Case("two datasets, each a fold of its own", ((DATA, ""), (SPLIT, ""), (PARTS, ""), (SAVE, EACH)),
         plan=without("ImplicitMF"), is_on_two=True),
)  # fmt: skip
