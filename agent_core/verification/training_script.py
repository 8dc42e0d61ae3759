"""Trains what a script recorded, from class, configuration and split: the product's own check.

Runs among the experiments, under their interpreter and without network; never imported here.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import time
from pathlib import Path

os.environ.setdefault("LK_NUM_PROCS", "1")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")

import numpy as np
import pandas as pd
import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

from lenskit.batch import BatchPipelineRunner, InvocationSpec, predict, recommend
from lenskit.data import (
    Dataset,
    DatasetBuilder,
    ItemList,
    ItemListCollection,
    RecQuery,
    UserIDKey,
    from_interactions_df,
)
from lenskit.pipeline import Pipeline, topn_pipeline
from lenskit.training import TrainingOptions


def _numbers(place: int) -> list[str]:
    """Return the columns whose ids are whole numbers in their usual form, in all parts."""
    parts = [pd.read_parquet(p) for p in sorted(Path().glob(f"*-{place}.parquet"))]
    usual = r"0|[1-9]\d{0,17}"
    return [
        c
        for c in ("user_id", "item_id")
        if all(p[c].cat.categories.str.fullmatch(usual).all() for p in parts if c in p)
    ]


def _part(name: str, place: int) -> pd.DataFrame | None:
    """Read a part; numbers as ids where all are, so that ties order alike."""
    path = Path(f"{name}-{place}.parquet")
    if not path.exists():
        return None
    frame, numbers = pd.read_parquet(path), _numbers(place)
    for column in (c for c in ("user_id", "item_id") if c in frame):
        texts = frame[column].cat.categories.astype("int64" if column in numbers else object)
        frame[column] = texts.to_numpy()[frame[column].cat.codes]
    return frame


def _interactions(name: str, place: int, *, rated: bool) -> pd.DataFrame | None:
    """Read one side of the split."""
    frame = _part(name, place)
    if frame is None:
        return None
    kept = [c for c in ("user_id", "item_id", "rating") if c in frame and (rated or c != "rating")]
    return frame[kept].drop_duplicates(["user_id", "item_id"])


def _dataset(train: pd.DataFrame, names: pd.Series) -> Dataset:
    """Return interactions as LensKit has them, with users of whom it has the names alone."""
    if not len(names):
        return from_interactions_df(train)
    builder = DatasetBuilder()
    builder.add_entities("user", sorted({*train["user_id"], *names}))
    pair = ["user", "item"]
    builder.add_interactions("rating", train, entities=pair, missing="insert", default=True)
    return builder.build()


def _train(entry: dict, seed: int | None, order: dict) -> None:
    """Train once and save what is recommended and predicted."""
    place, rated = order["places"].index(entry["place"]), entry["rated"]
    train_part = _interactions("train", place, rated=rated)
    test_part = _interactions("test", place, rated=True)
    truth = ItemListCollection.from_df(test_part, UserIDKey)
    kind = getattr(importlib.import_module(entry["module"]), entry["kind"])
    name = f"0-{'none' if seed is None else seed}.parquet"
    for task in ("lists", "predictions"):
        if not entry[task]:
            continue
        more = {"n": order["length"]} if task == "lists" else {"predicts_ratings": True}
        pipeline = topn_pipeline(kind(**entry["config"]), **more)
        options = TrainingOptions(rng=seed if seed is not None else 0)
        np.random.seed((seed or 0) % 2**32)  # not all scorers take the seed of the options
        names = test_part["user_id"] if entry["names_all"] else train_part["user_id"][:0]
        pipeline.train(_dataset(train_part, names), options)
        if task == "lists":
            users = test_part["user_id"].drop_duplicates().tolist()
            asked = _requests(users, place, train_part, rated=rated)
            found = _recommended(pipeline, users, asked, order["length"])
        else:
            found = predict(pipeline, truth, n_jobs=1).to_df()
            found = found.rename(columns={"score": "prediction"})
        folder = Path(task) / str(entry["number"])
        folder.mkdir(parents=True, exist_ok=True)
        found.to_parquet(folder / name, index=False)


def _requests(users: list, place: int, train: pd.DataFrame, *, rated: bool) -> list | None:
    """Return what is asked for each user: history and candidates; None where training says all."""
    kept = _interactions("query", place, rated=rated)
    items, own, masked = (_part(name, place) for name in ("items", "candidates", "masked"))
    if kept is None and items is None and own is None and masked is None:
        return None
    if masked is None:
        pair = ["user_id", "item_id"]
        masked = train[pair] if kept is None else pd.concat([train[pair], kept[pair]])
    every = (train if items is None else items)["item_id"].unique()
    candidates, hidden = _by_user(own), _by_user(masked)
    histories = {} if kept is None else dict(list(kept.groupby("user_id")))
    requests = []
    for user in users:
        ranked = candidates.get(user, every[:0]) if own is not None else every
        left = ranked[~np.isin(ranked, hidden.get(user, every[:0]))]
        query = RecQuery(user_id=user)
        if kept is not None:
            query = RecQuery(user_id=user, history_items=_history(histories.get(user, kept[:0])))
        requests.append((query, ItemList(item_ids=left)))
    return requests


def _by_user(pairs: pd.DataFrame | None) -> dict:
    """Return the items of each user."""
    if pairs is None:
        return {}
    return {user: own.to_numpy() for user, own in pairs.groupby("user_id")["item_id"]}


def _history(own: pd.DataFrame) -> ItemList:
    """Return what a user keeps whom training does not have."""
    rated = {"rating": own["rating"].to_numpy()} if "rating" in own else {}
    return ItemList(item_ids=own["item_id"].to_numpy(), **rated)


def _recommended(
    pipeline: Pipeline, users: list, requests: list | None, length: int
) -> pd.DataFrame:
    """Recommend to users as they are known to training, or as it is asked."""
    if requests is None:
        return recommend(pipeline, users, n_jobs=1).to_df()
    runner = BatchPipelineRunner(n_jobs=1)
    task = InvocationSpec("rank", {"recommender": "lists"}, "test-items", {"n": length})
    runner.add_invocation(task)
    return runner.run(pipeline, requests).output("lists").to_df()


def main() -> None:
    """Train everything that is ordered; what fails is noted, the rest goes on."""
    order = json.loads(Path("order.json").read_text(encoding="utf-8"))
    failed, seconds = {}, {}
    total, done = sum(len(entry["seeds"]) for entry in order["algorithms"]), 0
    for entry in order["algorithms"]:
        began = time.monotonic()
        for seed in entry["seeds"]:
            done += 1
            drawn = "" if seed is None else f", seed {seed}"
            # As the helper counts the steps of a script: read by whoever follows the run.
            print(f"[labbook] {done} of {total}: {entry['name']}{drawn}", flush=True)
            try:
                _train(entry, seed, order)
            except Exception as error:
                failed[entry["name"]] = f"{type(error).__name__}: {error}"[:300]
                Path("failed.json").write_text(json.dumps(failed), encoding="utf-8")
                break
        seconds[entry["number"]] = (time.monotonic() - began) / len(entry["seeds"])
        Path("seconds.json").write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
