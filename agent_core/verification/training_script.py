"""Trains what a script recorded, from class, configuration and split: the product's own check.

Runs among the experiments, under their interpreter and without network; never imported here.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
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


def _numbers(fold: int) -> list[str]:
    """Return the columns whose ids are whole numbers in their usual form, in all parts."""
    pair = ["user_id", "item_id"]
    parts = [pd.read_parquet(p, columns=pair) for p in sorted(Path().glob(f"*-{fold}.parquet"))]
    usual = r"0|[1-9]\d{0,17}"
    return [c for c in pair if all(p[c].cat.categories.str.fullmatch(usual).all() for p in parts)]


def _interactions(part: str, fold: int, *, rated: bool) -> pd.DataFrame:
    """Read one side of the split; numbers as ids where all are, so that ties order alike."""
    frame = pd.read_parquet(f"{part}-{fold}.parquet")
    numbers = _numbers(fold)
    for column in ("user_id", "item_id"):
        texts = frame[column].cat.categories.astype("int64" if column in numbers else object)
        frame[column] = texts.to_numpy()[frame[column].cat.codes]
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
    fold = order["folds"].index(entry["fold"])
    train_part = _interactions("train", fold, rated=order["rated"])
    test_part = _interactions("test", fold, rated=True)
    truth = ItemListCollection.from_df(test_part, UserIDKey)
    kind = getattr(importlib.import_module(entry["module"]), entry["kind"])
    name = f"0-{'none' if seed is None else seed}.parquet"
    for task in ("lists", "predictions"):
        if not entry[task]:
            continue
        more = {"n": order["length"]} if task == "lists" else {"predicts_ratings": True}
        pipeline = topn_pipeline(kind(**entry["config"]), **more)
        options = TrainingOptions(rng=seed if seed is not None else 0)
        names = test_part["user_id"] if order["names_all"] else train_part["user_id"][:0]
        pipeline.train(_dataset(train_part, names), options)
        if task == "lists":
            users = test_part["user_id"].drop_duplicates().tolist()
            if Path(f"query-{fold}.parquet").exists():
                kept = _interactions("query", fold, rated=order["rated"])
                found = _for_unseen(pipeline, users, kept, train_part, order["length"])
            else:
                found = recommend(pipeline, users, n_jobs=1).to_df()
        else:
            found = predict(pipeline, truth, n_jobs=1).to_df()
            found = found.rename(columns={"score": "prediction"})
        place = Path(task) / str(entry["number"])
        place.mkdir(parents=True, exist_ok=True)
        found.to_parquet(place / name, index=False)
        print(f"{entry['name']}, seed {seed}: {task}", flush=True)


def _for_unseen(
    pipeline: Pipeline, users: list, kept: pd.DataFrame, train: pd.DataFrame, length: int
) -> pd.DataFrame:
    """Recommend to users whom training does not have, from what they keep."""
    items = train["item_id"].unique()
    histories = dict(list(kept.groupby("user_id")))
    requests = []
    for user in users:
        own = histories.get(user, kept[:0])
        rated = {"rating": own["rating"].to_numpy()} if "rating" in own else {}
        history = ItemList(item_ids=own["item_id"].to_numpy(), **rated)
        candidates = ItemList(item_ids=items[~np.isin(items, own["item_id"])])
        requests.append((RecQuery(user_id=user, history_items=history), candidates))
    runner = BatchPipelineRunner(n_jobs=1)
    task = InvocationSpec("rank", {"recommender": "lists"}, "test-items", {"n": length})
    runner.add_invocation(task)
    return runner.run(pipeline, requests).output("lists").to_df()


def main() -> None:
    """Train everything that is ordered; what fails is noted, the rest goes on."""
    order = json.loads(Path("order.json").read_text(encoding="utf-8"))
    failed = {}
    for entry in order["algorithms"]:
        for seed in entry["seeds"]:
            try:
                _train(entry, seed, order)
            except Exception as error:
                failed[entry["name"]] = f"{type(error).__name__}: {error}"[:300]
                Path("failed.json").write_text(json.dumps(failed), encoding="utf-8")
                break


if __name__ == "__main__":
    main()
