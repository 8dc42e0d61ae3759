"""What the rule-based researcher knows: algorithms, metrics, hyperparameters, and their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """An algorithm of LensKit at a sensible configuration that was not tuned on test data."""

    name: str
    module: str
    kind: str
    names: str
    """Pattern of what people call it."""
    config: Mapping[str, Any] = field(default_factory=dict)
    is_random: bool = False
    ranks: bool = True
    rates: bool = False
    seconds: float = 0.3
    """Training on 100,000 interactions, one core."""


ALGORITHMS: tuple[Known, ...] = (
    Known(
        "Popularity",
        "lenskit.basic",
        "PopScorer",
        r"most[- ]?pop(?:ular)?|popularity|toppop|pop(?:ular)?(?: items?| baseline)?",
        seconds=0.02,
    ),
    Known(
        "ItemKNN",
        "lenskit.knn",
        "ItemKNNScorer",
        r"item[- ]?(?:based )?(?:k-?nn|item|cf)|item[- ]based|item (?:nearest )?neighbou?rs?"
        r"|i-?knn",
        {"max_nbrs": 20, "min_nbrs": 1, "feedback": "implicit"},
        rates=True,
    ),
    Known(
        "UserKNN",
        "lenskit.knn",
        "UserKNNScorer",
        r"user[- ]?(?:based )?(?:k-?nn|user|cf)|user[- ]based|user (?:nearest )?neighbou?rs?"
        r"|u-?knn",
        {"max_nbrs": 30, "min_nbrs": 1, "feedback": "implicit"},
        rates=True,
        seconds=0.1,
    ),
    Known(
        "ImplicitMF",
        "lenskit.als",
        "ImplicitMFScorer",
        r"implicit[- ]?(?:mf|als|matrix[- ]factori[sz]ation)|i-?als|wr?mf|als",
        {"embedding_size": 32, "epochs": 15, "regularization": 1.0, "weight": 5.0},
        is_random=True,
        seconds=0.5,
    ),
    Known(
        "EASE",
        "lenskit.knn",
        "EASEScorer",
        r"ease(?:-?r)?",
        {"regularization": 200.0},
        seconds=0.6,
    ),
    Known(
        "SLIM",
        "lenskit.knn",
        "SLIMScorer",
        r"slim",
        {"l1_reg": 1.0, "l2_reg": 5.0, "max_nbrs": 50},
        seconds=4.0,
    ),
    Known(
        "BPR",
        "lenskit.flexmf",
        "FlexMFImplicitScorer",
        r"bpr(?:-?mf)?|bayesian personali[sz]ed ranking",
        {"preset": "bpr", "embedding_size": 32, "epochs": 10},
        is_random=True,
        seconds=3.0,
    ),
    Known(
        "BiasedMF",
        "lenskit.als",
        "BiasedMFScorer",
        r"biased[- ]?(?:mf|als|matrix[- ]factori[sz]ation)|explicit[- ]?(?:mf|als)",
        {"embedding_size": 20, "epochs": 10, "regularization": 0.1, "damping": 5.0},
        is_random=True,
        ranks=False,
        rates=True,
    ),
    Known(
        "FunkSVD",
        "lenskit.funksvd",
        "FunkSVDScorer",
        r"funk[- ]?svd|svd",
        {"embedding_size": 20, "epochs": 20, "learning_rate": 0.001, "regularization": 0.015},
        is_random=True,
        ranks=False,
        rates=True,
        seconds=3.0,
    ),
    Known(
        "Bias",
        "lenskit.basic",
        "BiasScorer",
        r"bias(?:es)?(?: model| baseline| predictor)|user[- ]item bias|global bias",
        {"damping": 5.0},
        ranks=False,
        rates=True,
        seconds=0.02,
    ),
)
BY_NAME = {known.name: known for known in ALGORITHMS}
BY_KIND = {known.kind: known for known in ALGORITHMS}

METRICS: Mapping[str, str] = {
    "ndcg": r"n-?dcg",
    "recall": r"recall",
    "precision": r"precision",
    "hit": r"hit[- ]?(?:rate|ratio)?|hr",
    "mrr": r"mrr|mean reciprocal rank|reciprocal rank",
    "map": r"map|mean average precision",
    "rmse": r"rmse|root mean squared? error",
    "mae": r"mae|mean absolute error",
    "coverage": r"(?:catalogu?e )?coverage",
}

PARAMETERS: Mapping[str, str] = {
    "embedding_size": (
        r"(?:latent |embedding )?(?:factors?|dimensions?|features)|embedding[ _]?sizes?|ranks?"
    ),
    "epochs": r"epochs?|iterations?",
    "regularization": r"regulari[sz]ation(?: strength)?|reg|lambda",
    "weight": r"(?:confidence |positive )?weights?|alpha",
    "max_nbrs": r"neighbou?rs|neighbou?rhood sizes?|max_nbrs",
    "learning_rate": r"learning rates?",
    "damping": r"damping",
}

OUTSIDE: Mapping[str, str] = {
    r"sasrec|bert4rec|gru4rec|neumf|ncf|multi-?vae|autoencoder|lightgcn|transformer|deepfm": (
        "is not among the algorithms that I can build"
    ),
    r"fairness|divers\w+|novelty|serendipity|calibration|gini": "is not a metric that I compute",
    r"optuna|bayesian optimi[sz]ation|grid search|hyperparameter (?:tuning|optimi[sz]ation)": (
        "needs a validation set, which I do not make; I use stated, untuned values"
    ),
    r"run(?:ning)?[- ]?time|wall[- ]?clock|energy|carbon|memory use|gpu": "is not measured",
    r"cold[- ]?start": "is a protocol that I cannot set up",
    r"content[- ]based|side information|text features|genres?": "needs data that I do not use",
}
"""Wishes beyond the grammar, and why."""


def word(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole words."""
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w])", re.IGNORECASE)
