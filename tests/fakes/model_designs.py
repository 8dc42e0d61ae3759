"""Plans of a competent model, one for each kind of study: only what differs from the defaults."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

NEURAL = {"name": "ImplicitMF", "kind": "ImplicitMFScorer", "config": ["embedding_size=32"]}
EASE = {"name": "EASE", "kind": "EASEScorer", "config": ["regularization=200"]}
KNN = {
    "name": "ItemKNN",
    "kind": "ItemKNNScorer",
    "config": ["max_nbrs=20", "feedback=implicit"],
}
POPULARITY = {"name": "Popularity", "kind": "PopScorer", "config": [], "role": "baseline"}
FRACTION = {"kind": "user_fraction", "holdout": 0.1, "seed": 7}
ONE_OUT = {"kind": "leave_one_out", "seed": 7}


def factor(name: str, *levels: Any, role: str = "compared", of: tuple[str, ...] = ()) -> Any:
    """Write a factor."""
    return {"name": name, "levels": list(levels), "role": role, "of": list(of)}


def asks(kind: str, *over: str, measures: tuple[str, ...] = ("ndcg@10",), **more: Any) -> Any:
    """Write a question."""
    return {"kind": kind, "over": list(over), "measures": list(measures), **more}


def plan(title: str, *questions: Any, **parts: Any) -> dict[str, Any]:
    """Write a whole plan around its design."""
    usual = {
        "title": title,
        "question": f"{title}: what comes of it?",
        "datasets": ["u.data"],
        "feedback": "every rating counts as one interaction",
        "factors": [],
        "data": [],
        "splits": [FRACTION],
        "algorithms": [NEURAL, EASE, POPULARITY],
        "metrics": ["ndcg@10", "recall@20"],
        "validated": [],
        "questions": list(questions),
        "excluded": [],
        "list_length": 20,
        "requirements": [
            {"id": 1, "text": "All planned algorithms are tested.", "clause": "tested",
             "priority": "must", "nature": "science", "check": "algorithms_as_planned"},
            {"id": 2, "text": "A table has a row for each level.", "clause": "a table",
             "priority": "nice", "nature": "housekeeping", "check": None},
        ],
        "reported": ["means with intervals"],
        "assumptions": ["The files are read as they are."],
        "unanswered": [],
        "ask": None,
        "estimate_s": 90,
    }  # fmt: skip
    return deepcopy(usual | parts)


RANDOM = ("ImplicitMF",)
SEEDS = factor("model_seed", 5, role="repeated", of=RANDOM)
DESIGNS: dict[str, dict[str, Any]] = {
    "model seeds": plan(
        "Spread over seeds",
        asks("spread", "model_seed"),
        factors=[factor("model_seed", 20, role="repeated", of=RANDOM)],
        algorithms=[NEURAL, POPULARITY],
        splits=[ONE_OUT],
    ),
    "comparison": plan(
        "Three algorithms",
        asks("difference", "algorithm", measures=("ndcg@10", "recall@20"), margin=0.01),
        factors=[factor("algorithm", "ImplicitMF", "EASE", "Popularity"), SEEDS],
    ),
    "sweep": plan(
        "Regularization of EASE",
        asks("response", "regularization", reference=200),
        factors=[factor("regularization", 50, 200, 500, of=("EASE",))],
        algorithms=[EASE, POPULARITY],
    ),
    "grid": plan(
        "Choice of factors and epochs",
        asks("choice", "embedding_size", "epochs"),
        factors=[
            factor("embedding_size", 16, 32, 64, of=RANDOM),
            factor("epochs", 5, 10, of=RANDOM),
        ],
        algorithms=[NEURAL, POPULARITY],
        splits=[FRACTION | {"validation": True, "special": ["trains_on_validation"]}],
        validated=["ndcg@10"],
        excluded=["embedding_size=64 & epochs=5"],
    ),
    "k-cores": plan(
        "Core size",
        asks("order", "algorithm", within=["data"]),
        asks("counts", "data", measures=()),
        factors=[factor("algorithm", "ImplicitMF", "EASE", "Popularity"),
                 factor("data", "all", "5-core", "20-core")],
        data=[
            {"level": "5-core", "rule": "core", "amount": 5},
            {"level": "20-core", "rule": "core", "amount": 20},
        ],
    ),
    "thresholds": plan(
        "Ratings from 4 first, or last",
        asks("interaction", "algorithm", "data"),
        factors=[factor("algorithm", "ImplicitMF", "EASE", "Popularity"),
                 factor("data", "rated, then core", "core, then rated")],
        data=[
            {"level": "rated, then core", "rule": "lowest_rating", "amount": 4},
            {"level": "rated, then core", "rule": "core", "amount": 20},
            {"level": "core, then rated", "rule": "core", "amount": 20},
            {"level": "core, then rated", "rule": "lowest_rating", "amount": 3, "above": True},
        ],
    ),
    "size of training": plan(
        "Learning curve",
        asks("response", "train_share", within=["algorithm"], reference=1.0, tolerance=0.02,
             relative=True),
        factors=[factor("train_share", 0.1, 0.25, 0.5, 1.0)],
        splits=[FRACTION | {"candidates": "full_training", "masked": "full_training",
                            "thinned_by": "newest"}],
    ),
    "cold start": plan(
        "Small profiles of unseen users",
        asks("response", "profile_size", within=["algorithm"]),
        factors=[factor("profile_size", 1, 5, 10, "all")],
        splits=[FRACTION | {"in_training": False, "test_users": 200}],
        algorithms=[KNN, EASE, POPULARITY],
    ),
    "splits": plan(
        "Strategies of splitting",
        asks("order", "algorithm", within=["split"]),
        factors=[factor("algorithm", "ImplicitMF", "EASE", "Popularity"),
                 factor("split", "random", "newest", "moment")],
        splits=[
            {"level": "random", **FRACTION, "lowest_test_rating": 4},
            {"level": "newest", "kind": "leave_last", "seed": 7},
            {"level": "moment", "kind": "global_time", "holdout": 0.15, "seed": 7,
             "special": ["moment"]},
        ],
    ),
    "two causes": plan(
        "Seed or split",
        asks("spread_ratio", "split_seed", "model_seed"),
        asks("variance_shares", "split_seed", "model_seed"),
        factors=[factor("split_seed", 1, 2, 3, 4, role="repeated"), SEEDS],
        algorithms=[NEURAL, POPULARITY],
        splits=[ONE_OUT],
    ),
    "stopping": plan(
        "How many folds",
        asks("stopping", "fold", tolerance=0.005),
        factors=[factor("fold", *range(8), role="repeated")],
        splits=[{"kind": "crossfold_users", "folds": 8, "holdout": 0.3, "seed": 7}],
    ),
    "false alarms": plan(
        "A/A",
        asks("difference", "algorithm", pairs=["ImplicitMF vs EASE"], test="wilcoxon"),
        asks("false_alarms", "model_seed"),
        factors=[factor("algorithm", "ImplicitMF", "EASE", "Popularity"),
                 factor("model_seed", 10, role="repeated", of=RANDOM)],
    ),
    "re-ranking": plan(
        "Diversity by re-ranking",
        asks("trade_off", "rerank", measures=("ndcg@10", "diversity@10"), reference="none"),
        factors=[factor("rerank", "none", "mmr 0.3", "mmr 0.7", of=("EASE",))],
        metrics=["ndcg@10", "diversity@10"],
    ),
    "popularity bias": plan(
        "Groups of activity",
        asks("groups", "algorithm", groups="activity of users", clause="for active users"),
        asks("level", measures=("gini@10",)),
        metrics=["ndcg@10", "gini@10"],
        unanswered=[{"clause": "and whether they like it", "reason": "nobody is asked",
                     "main": False}],
        ask={"text": "Which groups?", "options": ["thirds", "halves"], "default": 1},
    ),
    "cost": plan(
        "Time and memory",
        asks("cost", "algorithm", measures=("training_time",)),
        splits=[{"kind": "user_fraction", "holdout": 0.1, "seed": 7, "test_users": 0.5}],
    ),
    "agreement": plan(
        "Cut-offs",
        asks("order", "algorithm", measures=("ndcg@5", "ndcg@10", "ndcg@50")),
        metrics=["ndcg@10", "ndcg@5", "ndcg@50"],
        list_length=50,
    ),
    "counts": plan(
        "What filters leave",
        asks("counts", "data", measures=()),
        factors=[factor("data", "half of the users", "first months")],
        data=[
            {"level": "half of the users", "rule": "sample", "amount": 0.5, "of": "users",
             "seed": 3},
            {"level": "first months", "rule": "time_window", "last": "1997-12-31"},
        ],
        algorithms=[],
        metrics=[],
    ),
    "own figure": plan(
        "A figure of one's own",
        asks("scripts_own", text="How lists change when the user rates one item more."),
    ),
}  # fmt: skip
"""Name to the answer."""
