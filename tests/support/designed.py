"""Small honest studies of any design, with the files that a script of either contract leaves."""

import hashlib
import json
import math
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from builders import plan_of
from studies import ITEMS, USERS, K, Made, interactions, profile_of, top_lists

from agent_core.domain import (
    Algorithm,
    Cell,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    Masked,
    Metric,
    Of,
    Order,
    Question,
    Role,
    SplitKind,
    SplitRules,
    Study,
    cells_of,
    with_design,
)
from agent_core.evidence.evidence import read_evidence
from agent_core.evidence.independence import Independence
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel

MASK = (1 << 64) - 1
SOURCE = """
import labbook
for c in labbook.cells():
    with c:
        part = labbook.part(c)
        pipe = topn_pipeline(make(c))
        with c.training():
            pipe.train(part.train, TrainingOptions(rng=c.seed))
        c.lists(recommend(pipe, part.test.keys()))
        c.row("ndcg", measure(c), k=10)
"""
FINISHED = Execution(0, Ended.FINISHED, "done", 3.0, IsolationLevel.COLD)
METRICS = (Metric("ndcg", K), Metric("recall", K), Metric("hit", K))
POPULARITY = Algorithm("Popularity", "PopScorer", {"score": "quantile"}, Role.BASELINE)
FACTORIZATION = Algorithm("ImplicitMF", "ImplicitMFScorer", {"embedding_size": 32}, is_random=True)
NEIGHBOURS = Algorithm("ItemKNN", "ItemKNNScorer", {"max_nbrs": 20, "feedback": "implicit"})
EASE = Algorithm("EASE", "EASEScorer", {"regularization": 200.0})
LEAVE_ONE_OUT = SplitRules(SplitKind.LEAVE_ONE_OUT)
REPEATED = FactorRole.REPEATED


def unit(seed, text):
    """Return the place of an id in a draw, by the rule of the contract."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{text}".encode()).digest()[:8], "big")


def key(seed, user, item):
    """Return the place of an interaction in a draw, by the rule of the contract."""
    x = (unit(seed, user) * 0x9E3779B97F4A7C15 + unit(seed, item)) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def number(share, size):
    return math.floor(share * size + 0.5)


def in_order(frame, seed):
    """Return interactions in the order of a draw."""
    pairs = zip(frame["user_id"], frame["item_id"], strict=True)
    drawn = frame.assign(key=[key(seed, u, i) for u, i in pairs])
    return drawn.sort_values("key", kind="stable").drop(columns="key")


def kept(frame, rules: DataRules):
    """Return what data rules leave."""
    for rule in rules.rules:
        match rule.kind:
            case DataRuleKind.LOWEST_RATING:
                frame = frame[frame["rating"] >= rule.amount]
            case DataRuleKind.CORE:
                frame = core(frame, rule.amount)
            case DataRuleKind.SAMPLE if rule.of is Of.USERS:
                users = sorted(frame["user_id"].unique(), key=lambda u: unit(rule.seed or 42, u))
                frame = frame[frame["user_id"].isin(users[: number(rule.amount, len(users))])]
            case other:
                raise ValueError(f"no study has {other}")
    return frame


def core(frame, least):
    while True:
        sizes = [frame.groupby(c)["user_id"].transform("size") for c in ("user_id", "item_id")]
        whole = (sizes[0] >= least) & (sizes[1] >= least)
        if whole.all():
            return frame
        frame = frame[whole]


def held_out(frame, split: SplitRules, fold):
    """Return the interactions that a split tests in a fold."""
    if split.kind is SplitKind.CROSSFOLD_RECORDS:
        parts = np.array_split(in_order(frame, split.seed).index.to_numpy(), split.folds)
        return frame.loc[parts[fold]]
    if split.kind is SplitKind.GLOBAL_TIME:
        times = np.sort(frame["timestamp"])
        late = frame["timestamp"] >= times[len(times) - number(split.holdout, len(times))]
        return frame[late & frame["user_id"].isin(frame.loc[~late, "user_id"])]
    is_newest = split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST
    ordered = (
        frame.sort_values("timestamp", kind="stable")[::-1]
        if is_newest
        else in_order(frame, split.seed)
    )
    turn, sizes = ordered.groupby("user_id").cumcount(), ordered.groupby("user_id").size()
    wanted = {
        u: (split.held_out or 1) if split.kind.is_single else number(split.holdout, n)
        for u, n in sizes.items()
    }
    limits = {u: n if n < sizes[u] else 0 for u, n in wanted.items()}
    if split.test_users is not None:
        could = sorted((u for u, n in limits.items() if n), key=lambda u: unit(split.seed, u))
        limits |= dict.fromkeys(could[split.test_users :], 0)
    return ordered[turn < ordered["user_id"].map(limits)]


def trained(frame, test, block):
    """Return what a block trains on, thinned as it says."""
    train = frame.drop(index=test.index)
    if not block.split.in_training:
        train = train[~train["user_id"].isin(test["user_id"])]
    train = kept(train, DataRules(tuple(r for r in block.data.rules if r.is_training_only)))
    if block.split.kind is SplitKind.GLOBAL_TIME:
        train = train[train["timestamp"] < test["timestamp"].min()]
    seed = block.split.seed + 2
    if block.train_share < 1:
        train = in_order(train, seed)[: number(block.train_share, len(train))]
    if block.profile_size is not None:
        is_tested = train["user_id"].isin(test["user_id"])
        few = in_order(train[is_tested], seed).groupby("user_id").head(block.profile_size)
        train = train[~is_tested | train.index.isin(few.index)]
    return train


@dataclass
class Designed(Made):
    """A study whose runs are the cells of its plan; either contract can write it."""

    records: dict = field(default_factory=dict)
    """Run to what the record of its cell says otherwise."""
    queries: dict = field(default_factory=dict)
    """Fold to the rows that test users keep whom training does not see."""
    version: int = 1
    """Of the contract that it is written by."""
    independence: Independence | None = None
    """What its cells came to that were made alone."""

    def cells(self, datasets) -> tuple[Cell, ...]:
        return cells_of(with_design(self.plan), datasets)

    def write_cells(self, folder: Path, datasets) -> tuple[Artifact, ...]:
        """Write it as contract version 2 has it."""
        for fold, parts in self.splits.items():
            for part, numbers in zip(("train", "test"), parts, strict=True):
                text = "row\n" + "".join(f"{n}\n" for n in numbers)
                (folder / "split").mkdir(parents=True, exist_ok=True)
                (folder / "split" / f"{fold}.{part}_rows.csv").write_text(text)
        for fold, numbers in self.queries.items():
            text = "row\n" + "".join(f"{n}\n" for n in numbers)
            (folder / "split" / f"{fold}.query_rows.csv").write_text(text)
        for cell in self.cells(datasets):
            self._write_cell(folder / "cells" / cell.id, cell)
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        paths = sorted(p for p in folder.rglob("*") if p.is_file())
        return tuple(Artifact(str(p.relative_to(folder)), p, p.stat().st_size) for p in paths)

    def _write_cell(self, folder, cell):
        run = run_of(cell)
        rows = [r for r in self.rows if place_of(r) == run]
        if not rows:
            return
        folder.mkdir(parents=True)
        own = [{k: v for k, v in r.items() if k in ("metric", "k", "value", "n")} for r in rows]
        (folder / "rows.json").write_text(json.dumps(own))
        if run in self.lists:
            self.lists[run].to_parquet(folder / "lists.parquet")
        if self.per_user is not None:
            users = self.per_user
            is_own = (users["algorithm"] == run[0]) & (users["fold"] == run[1])
            if "seed" in users:
                seeds = users["seed"].astype(object).where(users["seed"].notna(), "none")
                is_own &= seeds.map(str) == run[2]
            columns = ["user_id", "metric", "k", "value"]
            users[is_own][columns].to_parquet(folder / "per_user.parquet")
        files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
        record = {
            "id": cell.id, "levels": dict(cell.levels), "algorithm": cell.algorithm.name,
            **self.run["algorithms"][cell.algorithm.name], "is_random": cell.algorithm.is_random,
            "block": cell.block.name, "seed": cell.seed or 0, "train_s": 0.5, "recommend_s": 0.1,
            "peak_mib": 90.0, "ended": "finished", "files": files,
        }  # fmt: skip
        record |= self.records.get(run, {})
        (folder / "cell.json").write_text(json.dumps(record))

    def evidence(self, folder: Path, version=None):
        """Write it as one of the contracts has it, and read it."""
        version = version or self.version
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "data.csv"
        self.data.to_csv(file, index=False)
        profile = profile_of(file, self.data)
        place = folder / "artifacts"
        artifacts = self.write(place) if version == 1 else self.write_cells(place, (profile,))
        execution = replace(FINISHED, exit_code=self.exit_code, artifacts=artifacts)
        files = {"data.csv": file}
        told = (self.plan, self.source, execution, (profile,), files, self.retrained)
        return replace(read_evidence(*told), independence=self.independence)


def run_of(cell):
    """Return under which names a study has a cell."""
    seed = "none" if cell.seed is None else str(cell.seed)
    return cell.algorithm.name, cell.block.name, seed


def place_of(row):
    return row["algorithm"], row["fold"], str(row.get("seed", "none"))


def liked_training(candidates, masked, levels=("all", "liked")):
    """Return a plan whose levels train on all, or on what is rated 3 or 4 and more."""
    rated = {
        name: DataRules((DataRule(DataRuleKind.LOWEST_RATING, low, is_training_only=True),))
        for name, low in (("known", 3), ("liked", 4))
    }
    split = replace(LEAVE_ONE_OUT, candidates=candidates, masked=masked)
    return study(
        EASE, POPULARITY, factors=(Factor("data", levels),), splits=(Level(split),),
        data=tuple(Level(rated.get(name, DataRules()), name) for name in levels),
        question=Question(Estimand.DIFFERENCE, ("data",), ("ndcg@10",)),
    )  # fmt: skip


def designed(plan, data=None, scores=None) -> Designed:
    """Return the honest study of a plan.

    `scores`: of a cell, its training and test to a table of users by items.
    """
    data = interactions(np.random.default_rng(7)) if data is None else data
    made = Designed(plan, data, source=SOURCE, files={"table.csv": b"algorithm,ndcg\n"})
    parts, frames = {}, {}
    for cell in made.cells(()):
        block = cell.block
        if block.name not in parts:
            frame = kept(data, block.data.of_all)
            test = held_out(frame, block.split, block.fold)
            frames[block.name] = frame
            parts[block.name] = trained(frame, test, block), test
            train, test = parts[block.name]
            made.splits[block.name] = sorted(train.index), sorted(test.index)
            if not block.split.in_training:
                own = frame[frame["user_id"].isin(test["user_id"])].index
                made.queries[block.name] = sorted(own.difference(test.index))
        train, test = parts[block.name]
        table = (scores or scored)(cell, train, test)
        # What unseen users keep is masked too.
        is_full = block.split.masked is Masked.FULL_TRAINING or not block.split.in_training
        lists = top_lists(frames[block.name].drop(index=test.index) if is_full else train, table)
        made.lists[run_of(cell)] = lists[lists["user_id"].isin(test["user_id"])]
    made.measure()
    made.run = described(made)
    return made


def scored(cell, train, test):
    """Return scores that know a little of the test, more the more there is to train on."""
    counts = np.bincount(train["item_id"] - 100, minlength=ITEMS)
    popular = np.tile(counts + np.arange(ITEMS) / 1e3, (USERS, 1))
    if cell.algorithm.kind == "PopScorer":
        return popular
    told = f"{cell.algorithm.name} {cell.block.name} {cell.seed}"
    found = np.random.default_rng(zlib.crc32(told.encode())).random((USERS, ITEMS))
    users, items = test["user_id"].to_numpy() - 1, test["item_id"].to_numpy() - 100
    found[users, items] += 0.4
    return found


def described(made):
    """Return what `run.json` says of a study."""
    plan = made.plan
    blocks = {c.block.name: c.block for c in made.cells(())}
    parts = {
        n: {"kind": b.split.kind.value, "seed": b.split.seed, "file": b.dataset}
        for n, b in blocks.items()
    }
    return {
        "dataset": {"file": "data.csv"},
        "split": {"parts": parts},
        "candidates": "all items not in train",
        "algorithms": {
            a.name: {"class": a.kind, "config": dict(a.config), "trials": 0}
            for a in plan.algorithms
        },
        "seeds": list(plan.seeds),
    }


def study(*algorithms, factors=(), seeds=(0,), splits=None, data=None, question=None, **more):
    """Return a plan of a design."""
    named = Factor(FactorKind.ALGORITHM.value, tuple(dict.fromkeys(a.family for a in algorithms)))
    repeated = ()
    if len(seeds) > 1:
        random = tuple(dict.fromkeys(a.family for a in algorithms if a.is_random))
        repeated = (Factor(FactorKind.MODEL_SEED.value, seeds, REPEATED, random),)
    plan = replace(
        plan_of(study=Study.OTHER),
        datasets=("data.csv",),
        algorithms=algorithms,
        metrics=METRICS,
        seeds=seeds,
        split_levels=splits or (Level(LEAVE_ONE_OUT),),
        data_levels=data or (Level(DataRules()),),
        factors=(*((named,) if len(named.levels) > 1 else ()), *factors, *repeated),
        **more,
    )
    asked = question or Question(Estimand.DIFFERENCE, ("algorithm",), ("ndcg@10",))
    return replace(plan, questions=(asked,))
