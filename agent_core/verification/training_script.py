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

import pandas as pd
import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

from lenskit.batch import predict, recommend
from lenskit.data import ItemListCollection, UserIDKey, from_interactions_df
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions


def _numbers() -> list[str]:
    """Return the columns whose ids are whole numbers in their usual form, in both parts."""
    pair = ["user_id", "item_id"]
    parts = [pd.read_parquet(f"{part}.parquet", columns=pair) for part in ("train", "test")]
    usual = r"0|[1-9]\d{0,17}"
    return [c for c in pair if all(p[c].cat.categories.str.fullmatch(usual).all() for p in parts)]


def _interactions(part: str, *, rated: bool) -> pd.DataFrame:
    """Read one side of the split; numbers as ids where all are, so that ties order alike."""
    frame = pd.read_parquet(f"{part}.parquet")
    numbers = _numbers()
    for column in ("user_id", "item_id"):
        texts = frame[column].cat.categories.astype("int64" if column in numbers else object)
        frame[column] = texts.to_numpy()[frame[column].cat.codes]
    kept = [c for c in ("user_id", "item_id", "rating") if c in frame and (rated or c != "rating")]
    return frame[kept].drop_duplicates(["user_id", "item_id"])


def _train(entry: dict, seed: int | None, order: dict) -> None:
    """Train once and save what is recommended and predicted."""
    train_part = _interactions("train", rated=order["rated"])
    test_part = _interactions("test", rated=True)
    truth = ItemListCollection.from_df(test_part, UserIDKey)
    kind = getattr(importlib.import_module(entry["module"]), entry["kind"])
    name = f"0-{'none' if seed is None else seed}.parquet"
    for task in ("lists", "predictions"):
        if not entry[task]:
            continue
        more = {"n": order["length"]} if task == "lists" else {"predicts_ratings": True}
        pipeline = topn_pipeline(kind(**entry["config"]), **more)
        options = TrainingOptions(rng=seed if seed is not None else 0)
        pipeline.train(from_interactions_df(train_part), options)
        if task == "lists":
            users = test_part["user_id"].drop_duplicates().tolist()
            found = recommend(pipeline, users, n_jobs=1).to_df()
        else:
            found = predict(pipeline, truth, n_jobs=1).to_df()
            found = found.rename(columns={"score": "prediction"})
        place = Path(task) / str(entry["number"])
        place.mkdir(parents=True, exist_ok=True)
        found.to_parquet(place / name, index=False)
        print(f"{entry['name']}, seed {seed}: {task}", flush=True)


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
