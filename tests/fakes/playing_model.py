"""A competent model by script: plans, drafts, judges and words a small seed study.

The study is about a rating file with the columns user_id, item_id, rating, timestamp and a header
line, such as the synthetic catalogue, or about `u.data`. `playing_model(name)` is handed to
`open_model_server`; the researcher on the other side is the real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from model_answers import PLAN as SEED_PLAN
from model_roles import role_of
from model_server import Answer, Asked, Fail, Play, Say, said

SEEDS = 5
FACTORS = 8

SCRIPT = '''
"""Train ImplicitMF once per seed on one leave-one-out split; popularity as the baseline."""

import os

os.environ.setdefault("LK_NUM_PROCS", "1")
import logging

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
import matplotlib.pyplot as plt
import pandas as pd
from lenskit.als import ImplicitMFScorer
from lenskit.basic import PopScorer
from lenskit.batch import recommend
from lenskit.data import ItemListCollection, UserIDKey, from_interactions_df
from lenskit.knn import ItemKNNScorer
from lenskit.metrics import NDCG, RunAnalysis
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions

import labbook

CLASSES = {c.__name__: c for c in (ImplicitMFScorer, ItemKNNScorer, PopScorer)}


def run(c):
    part = labbook.part(c)
    users = part.tested["user_id"].unique()
    train = part.train.drop_duplicates(["user_id", "item_id"], keep="last")
    data = labbook.once(c.block, "dataset", lambda: from_interactions_df(train))
    scorer = CLASSES[c.kind](**c.config)
    pipe = topn_pipeline(scorer, n=10)
    with c.training():
        pipe.train(data, TrainingOptions(rng=c.seed))
    c.model(scorer)
    recs = recommend(pipe, users.tolist(), n_jobs=1)
    c.lists(recs)
    truth = ItemListCollection.from_df(part.tested, UserIDKey)
    values = RunAnalysis(NDCG(10)).measure(recs, truth).list_metrics()
    values = values.reindex(pd.Index(users, name="user_id")).fillna(0.0)
    c.per_user(values)
    c.row("ndcg", float(values["NDCG@10"].mean()), k=10, n=len(values))
    print(f"{c.algorithm} {c.seed}: ndcg@10 {values['NDCG@10'].mean():.4f}", flush=True)


def main():
    for c in labbook.cells():
        with c:
            run(c)
    if not labbook.is_last():
        return
    rows = labbook.results()
    labbook.table(rows, "per_cell", shows="one value per cell")
    random = rows[(rows["metric"] == "ndcg") & (rows["algorithm"] == "ImplicitMF")]
    figure, axes = plt.subplots()
    axes.plot(range(len(random)), random["value"], "o")
    axes.set_xlabel("cell of ImplicitMF")
    axes.set_ylabel("NDCG@10")
    labbook.figure(figure, "cells", shows="the value of each cell")


if __name__ == "__main__":
    main()
'''
BROKEN = "import lenskit.algorithms.als as als\n\nals.ImplicitMF(50)\n"
"""A first script as models that remember old versions write it."""


def requirement(
    number: int, text: str, check: str | None, priority: str = "must"
) -> dict[str, Any]:
    """Write a requirement as a model does."""
    return {
        "id": number,
        "text": text,
        "clause": text,
        "priority": priority,
        "nature": "science",
        "check": check,
    }


def study_plan(data: str, seeds: int = SEEDS) -> dict[str, Any]:
    """Plan the seed study on a file."""
    subject, baseline = SEED_PLAN["algorithms"]
    config = [f"embedding_size={FACTORS}", "epochs=5"]
    (repeated,) = SEED_PLAN["factors"]
    return SEED_PLAN | {
        "datasets": [data],
        "algorithms": [subject | {"config": config}, baseline],
        "factors": [repeated | {"levels": [seeds]}],
        "requirements": [
            requirement(1, f"ImplicitMF is trained with {seeds} seeds.", "seeds_as_planned"),
            requirement(2, "The split is leave-one-out with one fixed seed.", "split_as_planned"),
            requirement(3, "Popularity is the baseline.", "baseline_present"),
            requirement(4, "Recommendation lists are saved.", "lists_saved"),
            requirement(5, "A table holds one value per cell.", None),
            requirement(6, "A plot shows the value of each cell.", "figures_saved", "nice"),
        ],
    }


def verdicts(asked: Asked) -> dict[str, Any]:
    """Judge every open requirement as met, quoting the line that writes the table."""
    listed = asked.prompt.rsplit("Judge these requirements", 1)[-1]
    numbers = re.findall(r"^(\d+)\. \[", listed, re.MULTILINE)
    quote = 'labbook.table(rows, "per_cell", shows="one value per cell")'
    return {
        "verdicts": [
            {
                "requirement": int(n),
                "reason": "written",
                "quote": quote,
                "is_met": True,
            }
            for n in numbers
        ]
    }


def report(asked: Asked) -> dict[str, Any]:
    """Word the report with the references that are listed."""
    known = "ndcg@10|ImplicitMF|" in asked.prompt
    headline = "The seed moves NDCG@10 by an SD of {{ndcg@10|ImplicitMF|sd}}."
    claim = {"a": "ImplicitMF", "b": "Popularity", "metric": "ndcg@10", "direction": "higher"}
    return {
        "headline": headline if known else "No script worked.",
        "findings": ["The mean is {{ndcg@10|ImplicitMF|mean}}."] if known else [],
        "limits": ["One split was used; the effect of the split was not measured."],
        "next_steps": ["Repeat the study over several splits."],
        "claims": [claim] if known else [],
    }


def revision(asked: Asked, data: str, seeds: int) -> dict[str, Any]:
    """Add Recall@10 for a wish; answer what ends in a question mark; ignore the rest."""
    found = re.search(r"## The reply of a person\n(.*?)\n\n", asked.prompt, re.DOTALL)
    reply = found[1].strip() if found else ""
    nothing = {"kind": "chatter", "reply": "", "offer": "", "plan": None, "changes": []}
    if reply.endswith("?"):
        return nothing | {"kind": "question", "reply": f"{seeds} seeds on one fixed split."}
    if not re.search(r"\b(add|use|drop|change|more|recall)\b", reply, re.IGNORECASE):
        return nothing
    plan = study_plan(data, seeds)
    plan["requirements"].append(requirement(7, f"As asked: {reply}", None, "nice"))
    lines = [{"requirement": 7, "line": f"added 7 ({reply})"}]
    return nothing | {"kind": "wish", "plan": plan, "changes": lines}


ANSWER = {
    "text": "The SD over seeds is {{ndcg@10|ImplicitMF|sd}}.",
    "used": ["ndcg@10|ImplicitMF|sd"],
    "offer": "",
}


def playing_model(
    data: str,
    *,
    seeds: int = SEEDS,
    plan: Mapping[str, Any] | None = None,
    broken_drafts: int = 0,
    faults: Mapping[int, Fail] | None = None,
) -> Play:
    """Return how a competent model answers about the file `data`.

    Parameters
    ----------
    data
        Name of the rating file.
    seeds
        How many seeds the study has.
    plan
        Another study; its algorithms are among ImplicitMF, ItemKNN and Popularity.
    broken_drafts
        How many of the first scripts use names that are gone; they are repaired when asked.
    faults
        Errors in place of answers, by number of the request, from 0.
    """
    left = broken_drafts

    def play(asked: Asked) -> Answer:
        nonlocal left
        if faults and asked.number in faults:
            return faults[asked.number]
        role = role_of(asked)
        if role in ("draft", "debug", "improve", "merge"):
            is_broken = role == "draft" and left > 0
            left -= is_broken
            source = BROKEN if is_broken else SCRIPT.lstrip("\n")
            words = f"Trains ImplicitMF once per seed (take {asked.number})."
            return Say(f"{words}\n\n```python\n{source}# take {asked.number}\n```\n")
        structured: dict[str, Any] = {
            "plan": lambda: plan or study_plan(data, seeds),
            "revise": lambda: revision(asked, data, seeds),
            "judge": lambda: verdicts(asked),
            "report": lambda: report(asked),
            "answer": lambda: ANSWER,
        }
        return said(structured[role]())

    return play
