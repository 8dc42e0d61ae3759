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
from lenskit.data import from_interactions_df
from lenskit.metrics import NDCG, RunAnalysis
from lenskit.pipeline import topn_pipeline
from lenskit.splitting import SampleN, crossfold_users
from lenskit.training import TrainingOptions

import labbook

DATA = @DATA@
SEEDS = @SEEDS@


def evaluate(name, scorer, split, seed=None):
    pipe = topn_pipeline(scorer, n=10)
    pipe.train(split.train, TrainingOptions(rng=seed or 0))
    recs = recommend(pipe, split.test, n_jobs=1)
    result = RunAnalysis(NDCG(10)).measure(recs, split.test)
    value = float(result.list_summary().loc["NDCG@10", "mean"])
    labbook.algorithm(name, scorer)
    labbook.lists(name, recs, fold=0, seed=seed)
    labbook.per_user(result.list_metrics(), algorithm=name, fold=0, seed=seed)
    labbook.row("ndcg", value, k=10, algorithm=name, fold=0, seed=seed, n=len(split.test))
    return value


def main():
    frame = @READ@
    frame = frame.drop_duplicates(["user_id", "item_id"], keep="last")
    labbook.study("seed_variance")
    labbook.dataset(DATA, frame, feedback="every rating counts as one interaction")
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], unit="s")
    data = from_interactions_df(frame)
    split = next(crossfold_users(data, 1, SampleN(1, rng=42), rng=42))
    labbook.split(0, split.train, split.test, kind="leave_one_out", seed=42)
    labbook.primary("ndcg", 10)
    popularity = evaluate("Popularity", PopScorer(), split)
    values = {}
    for seed in labbook.seeds(SEEDS):
        scorer = ImplicitMFScorer(embedding_size=@FACTORS@, epochs=5)
        values[seed] = evaluate("ImplicitMF", scorer, split, seed)
        print(f"seed {seed}: ndcg@10 {values[seed]:.4f}")
    table = pd.DataFrame({"seed": list(values), "ndcg@10": list(values.values())})
    labbook.table(table, "per_seed")
    figure, axes = plt.subplots()
    axes.plot(table["seed"], table["ndcg@10"], "o")
    axes.set_xlabel("seed")
    axes.set_ylabel("NDCG@10")
    labbook.figure(figure, "seeds")
    print(f"Popularity ndcg@10 {popularity:.4f}")


if __name__ == "__main__":
    main()
'''
READ_CSV = (
    'pd.read_csv(DATA, sep=None, engine="python").rename(columns={"synthetic_user_id": "user_id"})'
)
READ_U_DATA = 'pd.read_csv(DATA, sep="\\t", names=["user_id", "item_id", "rating", "timestamp"])'
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
            requirement(5, "A table holds one value per seed.", None),
            requirement(6, "A plot shows the value of each seed.", "figures_saved", "nice"),
        ],
    }


def study_script(data: str, seeds: int = SEEDS) -> str:
    """Write the script of the seed study on a file."""
    read = READ_U_DATA if data == "u.data" else READ_CSV
    pieces = {
        "@DATA@": repr(data),
        "@SEEDS@": str(seeds),
        "@READ@": read,
        "@FACTORS@": str(FACTORS),
    }
    source = SCRIPT.lstrip("\n")
    for mark, piece in pieces.items():
        source = source.replace(mark, piece)
    return source


def verdicts(asked: Asked) -> dict[str, Any]:
    """Judge every open requirement as met, quoting the line that writes the table."""
    listed = asked.prompt.rsplit("Judge these requirements", 1)[-1]
    numbers = re.findall(r"^(\d+)\. \[", listed, re.MULTILINE)
    quote = 'labbook.table(table, "per_seed")'
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
            source = BROKEN if is_broken else study_script(data, seeds)
            words = f"Trains ImplicitMF once per seed (take {asked.number})."
            return Say(f"{words}\n\n```python\n{source}# take {asked.number}\n```\n")
        structured: dict[str, Any] = {
            "plan": lambda: study_plan(data, seeds),
            "revise": lambda: revision(asked, data, seeds),
            "judge": lambda: verdicts(asked),
            "report": lambda: report(asked),
            "answer": lambda: ANSWER,
        }
        return said(structured[role]())

    return play
