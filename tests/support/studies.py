"""A small honest study as the files that a script would leave; tests make it sin."""

import copy
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from builders import plan_of

from agent_core.checks.registry import RULES, run_checks
from agent_core.domain import Algorithm, Column, Dataset, Metric, Role, Study, with_design
from agent_core.evidence.designed import blocks_of_folds
from agent_core.evidence.evidence import read_evidence
from agent_core.rules.reading import with_rules_read
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel

USERS, ITEMS, EACH, K = 60, 40, 12, 10
HONEST_SOURCE = """
import labbook
for seed in labbook.seeds(3):
    result = evaluate(seed)
    labbook.row("ndcg", result["ndcg"], k=10, algorithm="ImplicitMF", seed=seed)
"""


class Findings(Mapping):
    """What each check finds; a test that asks for one of them runs that one alone."""

    rules: ClassVar = {rule.name: rule for rule in RULES}

    def __init__(self, evidence, waivers=()):
        self.evidence, self.waivers, self.known = evidence, waivers, {}

    def __getitem__(self, name):
        if name not in self.known:
            rule = self.rules[name]
            (self.known[name],) = run_checks(self.evidence, self.waivers, (rule,))
        return self.known[name]

    def __iter__(self):
        return iter(self.rules)

    def __len__(self):
        return len(self.rules)


@dataclass
class Made:
    """What a script left, as values; `evidence` writes and reads it."""

    plan: object
    data: pd.DataFrame
    rows: list = field(default_factory=list)
    run: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    predictions: dict = field(default_factory=dict)
    per_user: pd.DataFrame | None = None
    splits: dict = field(default_factory=dict)
    """Fold to (train row numbers, test row numbers)."""
    source: str = HONEST_SOURCE
    exit_code: int = 0
    digest: dict | None = None
    """What the helper would have sealed the rows with."""
    files: dict = field(default_factory=dict)
    """More artifacts: name to bytes."""
    retrained: object = None
    """What the product's own training came to."""

    def write(self, folder: Path) -> tuple[Artifact, ...]:
        (folder / "split").mkdir(parents=True)
        for kind, tables in (("lists", self.lists), ("predictions", self.predictions)):
            for (algorithm, fold, seed), frame in tables.items():
                path = folder / kind / algorithm / f"{fold}-{seed}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                frame.to_parquet(path)
        for fold, parts in self.splits.items():
            for part, numbers in zip(("train", "test"), parts, strict=True):
                text = "row\n" + "".join(f"{n}\n" for n in numbers)
                (folder / "split" / f"{fold}.{part}_rows.csv").write_text(text)
        if self.per_user is not None:
            self.per_user.to_parquet(folder / "per_user.parquet")
        content = {"version": 1, "primary": {"metric": "ndcg", "k": K}, "rows": self.rows}
        content |= {"digest": self.digest} if self.digest else {}
        (folder / "results.json").write_text(json.dumps(content))
        (folder / "run.json").write_text(json.dumps(self.run))
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        paths = sorted(p for p in folder.rglob("*") if p.is_file())
        return tuple(Artifact(str(p.relative_to(folder)), p, p.stat().st_size) for p in paths)

    def evidence(self, folder: Path):
        file = folder / "data.csv"
        self.data.to_csv(file, index=False)
        artifacts = self.write(folder / "artifacts")
        execution = Execution(
            self.exit_code, Ended.FINISHED, "done", 3.0, IsolationLevel.COLD, artifacts=artifacts
        )
        profile = profile_of(file, self.data)
        files = {"data.csv": file}
        plan = with_rules_read(self.plan)
        return read_evidence(plan, self.source, execution, (profile,), files, self.retrained)

    def findings(self, folder: Path, waivers=()):
        return Findings(self.evidence(folder), waivers)

    def change(self, algorithm, seed, **values):
        """Change the rows of one run."""
        for row in self.rows:
            if row["algorithm"] == algorithm and row.get("seed") == seed:
                row.update(values)

    def measure(self):
        """Compute rows and per-user values from lists and split, in plain Python."""
        self.rows, users = [], []
        for (algorithm, fold, seed), frame in self.lists.items():
            tests = self.data.iloc[self.splits[fold][1]].groupby("user_id")["item_id"].apply(set)
            listed = {
                u: g.sort_values("rank")["item_id"].tolist() for u, g in frame.groupby("user_id")
            }
            place = {"algorithm": algorithm, "fold": fold}
            place |= {} if seed == "none" else {"seed": int(seed)}
            for metric, formula in FORMULAS.items():
                values = {u: formula(listed.get(u, []), t) for u, t in tests.items()}
                mean = sum(values.values()) / len(values)
                self.rows.append(
                    {"metric": metric, "k": K, "value": mean, "n": len(values), **place}
                )
                users += [
                    {**place, "user_id": u, "metric": metric, "k": K, "value": v}
                    for u, v in values.items()
                ]
        frame = pd.DataFrame(users)
        self.per_user = frame.astype(
            dict.fromkeys(("algorithm", "fold", "user_id", "metric"), str)
        )
        if "seed" in self.per_user:
            self.per_user["seed"] = self.per_user["seed"].astype("Int64")


def ndcg(listed, tests):
    gain = sum(1 / math.log2(max(r, 2)) for r, i in enumerate(listed[:K], 1) if i in tests)
    return gain / sum(1 / math.log2(max(r, 2)) for r in range(1, min(len(tests), K) + 1))


def recall(listed, tests):
    return len(set(listed[:K]) & tests) / min(len(tests), K)


def hit(listed, tests):
    return float(bool(set(listed[:K]) & tests))


FORMULAS = {"ndcg": ndcg, "recall": recall, "hit": hit}


def profile_of(file, data):
    return Dataset(
        name=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
        separator=",",
        has_header=True,
        columns=tuple(Column(c, "int", data[c].nunique()) for c in data.columns),
        user_column="user_id",
        item_column="item_id",
        rating_column="rating" if "rating" in data else None,
        timestamp_column="timestamp" if "timestamp" in data else None,
        rows=len(data),
        users=data["user_id"].nunique(),
        items=data["item_id"].nunique(),
        rating_values=tuple(sorted(data["rating"].unique())) if "rating" in data else (),
    )


def interactions(rng):
    users = np.repeat(np.arange(1, USERS + 1), EACH)
    items = np.concatenate([rng.choice(ITEMS, EACH, replace=False) + 100 for _ in range(USERS)])
    return pd.DataFrame(
        {
            "user_id": users,
            "item_id": items,
            "rating": rng.integers(1, 6, len(users)).astype(float),
            "timestamp": rng.permutation(len(users)) + 1_000_000,
        }
    )


def top_lists(train, scores):
    """Return the best unseen items of every user under a score per (user, item)."""
    seen = set(map(tuple, train[["user_id", "item_id"]].to_numpy()))
    lines = []
    for user in range(1, USERS + 1):
        items = [i for i in range(100, 100 + ITEMS) if (user, i) not in seen]
        best = sorted(items, key=lambda i: -scores[user - 1, i - 100])[:K]
        lines += [(user, i, r, scores[user - 1, i - 100]) for r, i in enumerate(best, 1)]
    return pd.DataFrame(lines, columns=["user_id", "item_id", "rank", "score"])


@cache
def base():
    rng = np.random.default_rng(7)
    data = interactions(rng)
    test = data.groupby("user_id").sample(n=1, random_state=1).index
    train = data.index.difference(test)
    made = Made(plan_with_metrics(), data, splits={"0": (train.tolist(), sorted(test))})
    counts = data.loc[train, "item_id"].value_counts()
    popular = np.array([[counts.get(i + 100, 0) + i / 1e3 for i in range(ITEMS)]] * USERS)
    made.lists["Popularity", "0", "none"] = top_lists(data.loc[train], popular)
    wanted = np.zeros((USERS, ITEMS))
    for user, item in data.loc[test, ["user_id", "item_id"]].to_numpy():
        wanted[user - 1, item - 100] = 0.35
    for seed in (0, 1, 2):
        scores = rng.random((USERS, ITEMS)) + wanted
        made.lists["ImplicitMF", "0", str(seed)] = top_lists(data.loc[train], scores)
    made.measure()
    made.run = description(made)
    return made


def description(made):
    return {
        "study": "seed_variance",
        "dataset": {
            "file": "data.csv", "users": USERS, "items": ITEMS, "interactions": len(made.data),
            "filters": [], "feedback": "every rating counts",
        },
        "split": {"kind": "leave_one_out", "seed": 42, "folds": 1},
        "candidates": "all items not in train",
        "algorithms": {
            "ImplicitMF": {
                "class": "ImplicitMFScorer",
                "config": {"embedding_size": 32, "epochs": 10},
                "trials": 0,
                "selected_on": None,
            },
            "Popularity": {"class": "PopScorer", "config": {"score": "quantile"}, "trials": 0},
        },
        "seeds": [0, 1, 2],
    }  # fmt: skip


def plan_with_metrics():
    metrics = tuple(Metric(m, K) for m in FORMULAS)
    return replace(plan_of(), datasets=("data.csv",), metrics=metrics)


def honest() -> Made:
    """Return a fresh honest study."""
    return copy.deepcopy(base())


def with_plan(evidence, plan, folds=()):
    """Return evidence under another plan, the folds as the blocks of its design."""
    plan = with_rules_read(plan)
    blocks = blocks_of_folds(with_design(plan), [*evidence.test, *folds], {})
    return replace(evidence, plan=plan, blocks=blocks)


def rating_prediction(made):
    """Turn a study into one of two algorithms that predict ratings."""
    plan = made.plan
    made.plan = replace(
        plan,
        study=Study.COMPARISON,
        metrics=(Metric("rmse"), Metric("mae")),
        algorithms=(
            Algorithm("BiasedMF", "BiasedMFScorer", is_random=True),
            Algorithm("Bias", "BiasScorer", role=Role.BASELINE),
        ),
        seeds=(0,),
    )
    made.lists, made.rows, users = {}, [], []
    test = made.data.iloc[made.splits["0"][1]]
    rng = np.random.default_rng(5)
    for name in ("BiasedMF", "Bias"):
        frame = test[["user_id", "item_id", "rating"]].assign(prediction=rng.normal(3, 1, USERS))
        made.predictions[name, "0", "none"] = frame
        error = frame["prediction"] - frame["rating"]
        values = {"rmse": float((error**2).mean() ** 0.5), "mae": float(error.abs().mean())}
        for metric, value in values.items():
            row = {"metric": metric, "value": value, "algorithm": name, "fold": "0", "n": USERS}
            made.rows.append(row)
            column = error.abs().to_numpy()
            users.append(
                pd.DataFrame({"user_id": frame["user_id"].astype(str), "value": column}).assign(
                    metric=metric, algorithm=name, fold="0"
                )
            )
    made.per_user = pd.concat(users)
    return made
