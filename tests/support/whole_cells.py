"""Whole scripts of cells with models in numpy alone: run beside the helper, then read and checked.

No LensKit and no sandbox, so that dozens of designs are run in the time of one training.
"""

import json

import numpy as np
import pandas as pd
from designed import study
from scripts_with_labbook import artifacts_of, run
from studies import Findings, profile_of

from agent_core.domain import Algorithm, Role
from agent_core.domain.cells import design_record
from agent_core.evidence.evidence import read_evidence
from sandbox.execution import Ended, Execution, IsolationLevel

BESIDE = ("data.csv", "design.json")
POPULAR = Algorithm("Popularity", "Popular", role=Role.BASELINE)
NEAR = Algorithm("Cosine", "Cosine", {"shrink": 5.0})
LINEAR = Algorithm("Linear", "Linear", {"regularization": 50.0})
FACTORS = Algorithm("Factors", "Factors", {"rank": 4}, is_random=True)

MODELS = """
import numpy as np


class Popular:
    def __init__(self, **config):
        self.config = config

    def fit(self, X, rng):
        self.counts = X.sum(axis=0)

    def scores(self, X):
        return np.tile(self.counts + np.arange(X.shape[1]) / 1e6, (len(X), 1))


class Cosine(Popular):
    def fit(self, X, rng):
        norms = np.sqrt((X * X).sum(axis=0))
        self.S = (X.T @ X) / (np.outer(norms, norms) + self.config["shrink"])
        np.fill_diagonal(self.S, 0.0)

    def scores(self, X):
        return X @ self.S


class Linear(Cosine):
    def fit(self, X, rng):
        P = np.linalg.inv(X.T @ X + self.config["regularization"] * np.eye(X.shape[1]))
        self.S = -P / np.diag(P)
        np.fill_diagonal(self.S, 0.0)


class Factors(Popular):
    def fit(self, X, rng):
        Q = rng.normal(size=(X.shape[1], self.config["rank"]))
        eye = 5.0 * np.eye(self.config["rank"])
        for _ in range(3):
            P = np.linalg.solve(Q.T @ Q + eye, Q.T @ X.T).T
            Q = np.linalg.solve(P.T @ P + eye, P.T @ X).T
        self.Q, self.eye = Q, eye

    def scores(self, X):
        return np.linalg.solve(self.Q.T @ self.Q + self.eye, self.Q.T @ X.T).T @ self.Q.T


KINDS = {k.__name__: k for k in (Popular, Cosine, Linear, Factors)}


def at(some, wanted):
    return pd.Index(some).get_indexer(wanted)


def matrix(frame, users, items):
    X = np.zeros((len(users), len(items)))
    X[at(users, frame["user_id"]), at(items, frame["item_id"])] = 1.0
    return X


def top(scores, users, items, masked, length):
    scores = scores.copy()
    pairs = masked[masked["user_id"].isin(users) & masked["item_id"].isin(items)]
    scores[at(users, pairs["user_id"]), at(items, pairs["item_id"])] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :length]
    lines = [
        (user, items[i], rank, scores[row, i])
        for row, user in enumerate(users)
        for rank, i in enumerate(order[row], 1)
        if np.isfinite(scores[row, i])
    ]
    return pd.DataFrame(lines, columns=["user_id", "item_id", "rank", "score"])


def measured(lists, tested, k):
    truth = tested.groupby("user_id")["item_id"].agg(set)
    hits = lists[lists["rank"] <= k]
    pairs = zip(hits["user_id"], hits["item_id"])
    is_hit = np.array([item in truth.get(user, ()) for user, item in pairs], dtype=float)
    sizes = truth.map(len)
    gains, found = (
        pd.Series(v, hits["user_id"]).groupby(level=0).sum().reindex(sizes.index, fill_value=0.0)
        for v in (is_hit / np.log2(hits["rank"].to_numpy() + 1), is_hit)
    )
    ideal = sizes.map(lambda n: (1 / np.log2(np.arange(min(n, k)) + 2)).sum())
    return {"ndcg": gains / ideal, "recall": found / sizes, "hit": (found > 0).astype(float)}


def deliver(c, lists, tested, k=10, on=""):
    for metric, values in measured(lists, tested, k).items():
        c.row(metric, float(values.mean()), k=k, n=len(values), **({"on": on} if on else {}))
        if not on:
            frame = values.rename("value").rename_axis("user_id").reset_index()
            c.per_user(frame.assign(metric=metric, k=k))
"""
"""Four models, lists and metrics, as a script has them."""

USUAL = (
    MODELS
    + """

for c in labbook.cells():
    with c:
        part = labbook.part(c)
        items = np.sort(part.train["item_id"].unique())
        people = np.sort(part.train["user_id"].unique())
        users = np.sort(part.tested["user_id"].unique())
        model = KINDS[c.kind](**c.config)
        c.model({"class": c.kind, "config": model.config})
        with c.training():
            model.fit(matrix(part.train, people, items), c.rng)
        known = part.train if part.query is None else pd.concat([part.train, part.query])
        known = known[known["user_id"].isin(users) & known["item_id"].isin(items)]
        lists = top(model.scores(matrix(known, users, items)), users, items, part.masked, 10)
        c.lists(lists)
        deliver(c, lists, part.tested)
"""
)
"""A script that carries out any design in the usual way."""


def planned(*algorithms, **more):
    """Return a plan of own models."""
    return study(*(algorithms or (LINEAR, NEAR, POPULAR)), **more)


def taste(users=80, items=60, each=20, seed=3):
    """Return data of users who like one of four kinds of items; many times are equal."""
    rng = np.random.default_rng(seed)
    weights = 1 / (1 + np.arange(items)) ** 0.5
    rows = []
    for user in range(1, users + 1):
        liked = weights * np.where(np.arange(items) % 4 == user % 4, 6.0, 1.0)
        for item in rng.choice(items, each, replace=False, p=liked / liked.sum()):
            day = int(rng.integers(0, 8))
            rows.append(
                (user, int(item) + 100, int(rng.integers(1, 6)), 1_600_000_000 + day * 86400)
            )
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])


def evidence_of(folder, plan, source=USUAL, data=None, **environment):
    """Run a script on a design and return what it left as evidence."""
    data = taste() if data is None else data
    folder.mkdir(exist_ok=True)
    file = folder / "data.csv"
    data.to_csv(file, index=False)
    profile = profile_of(file, data)
    (folder / "design.json").write_text(json.dumps(design_record(plan, (profile,))))
    output = run(folder, source, **environment)
    left = tuple(a for a in artifacts_of(folder) if a.name not in BESIDE)
    ended = Execution(0, Ended.FINISHED, output, 3.0, IsolationLevel.COLD, artifacts=left)
    return read_evidence(plan, source, ended, (profile,), {"data.csv": file})


def findings_of(evidence):
    """Return the findings by name."""
    return Findings(evidence)
