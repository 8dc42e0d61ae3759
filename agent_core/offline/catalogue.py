"""What the rule-based researcher knows: algorithms, metrics, hyperparameters, and their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_core.domain.metric import KINDS
from agent_core.offline.selections import SELECTIONS


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
        r"most[- ]?pop(?:ular)?|popularity|toppop|popular (?:items?|baseline|recommender)"
        r"|pop(?: items?| baseline)?",
        seconds=0.02,
    ),
    Known(
        "ItemKNN",
        "lenskit.knn",
        "ItemKNNScorer",
        r"item[- ]?(?:based )?(?:k[- ]?nn|item(?: k-?nn)?|cf)"
        r"|item[- ]based(?: (?:collaborative filtering|k-?nn|cf))?"
        r"|item(?: nearest)?[- ]neighbou?rs?|i-?knn",
        {"max_nbrs": 20, "min_nbrs": 1, "feedback": "implicit"},
        rates=True,
    ),
    Known(
        "UserKNN",
        "lenskit.knn",
        "UserKNNScorer",
        r"user[- ]?(?:based )?(?:k[- ]?nn|user(?: k-?nn)?|cf)"
        r"|user[- ]based(?! (?:split|cross|hold|fold))(?: (?:collaborative filtering|k-?nn|cf))?"
        r"|user(?: nearest)?[- ]neighbou?rs?|u-?knn",
        {"max_nbrs": 30, "min_nbrs": 1, "feedback": "implicit"},
        rates=True,
        seconds=0.1,
    ),
    Known(
        "ImplicitMF",
        "lenskit.als",
        "ImplicitMFScorer",
        r"implicit[- ]?(?:feedback )?(?:mf|als|matrix[- ]factori[sz]ation)|i-?als(?:\+\+)?|wr?mf"
        r"|als|alternating least squares|weighted matrix[- ]factori[sz]ation",
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
        r"bpr(?:[- ]?mf)?|bayesian personali[sz]ed ranking",
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
        r"funk[- ]?(?:svd|mf)|svd",
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

METRICS: Mapping[str, str] = {kind.name: kind.spoken for kind in KINDS if kind.spoken}
"""Metrics that offline plans may have, each with the pattern of what people call it."""

PARAMETERS: Mapping[str, str] = {
    "embedding_size": (
        r"(?:latent |embedding )?(?:factors|dimensions|features)|embedding[ _]?sizes?"
        r"|embedding dimensions?|latent dimension(?:ality)?|dimensionality"
    ),
    "epochs": r"epochs?|iterations?",
    "regularization": r"regulari[sz]ation(?: (?:strength|weight|parameter))?|reg|lambda",
    "weight": r"(?:confidence |positive )weights?|alpha|weight",
    "max_nbrs": r"neighbou?rs|neighbou?rhood[- ]sizes?|max_nbrs",
    "learning_rate": r"learning rates?",
    "damping": r"damping",
}

OUTSIDE: Mapping[str, str] = {
    r"sasrec|bert4rec|gru4rec|neumf|ncf|(?:multi-?)?vae|(?:denoising )?autoencoders?|lightgcn|ngcf"
    r"|transformers?|deepfm|two[- ]tower|svd ?\+\+|timesvd(?: ?\+\+)?|pmf|nmf|hpf|slope ?one"
    r"|factori[sz]ation machines?|random recommender|warp|graph neural networks?|llms?|rp3beta": (
        "is not among the algorithms that I can build"
    ),
    r"fairness|divers\w+|novelty|serendipity|calibration|gini(?: index)?|auc|f1(?:[- ]score)?|err"
    r"|click[- ]through rate|popularity bias|long[- ]tail(?: coverage)?|unexpectedness": (
        "is not a metric that I compute"
    ),
    r"optuna|bayesian optimi[sz]ation|(?:grid|random) search|tun(?:e|ed|ing)"
    r"|optimi[sz]e (?:the )?hyper-?parameters?|hyper-?parameter (?:search|optimi[sz]ation)": (
        "needs a validation set, which I do not make; I use stated, untuned values"
    ),
    r"run(?:ning)?[- ]?times?|training times?|wall[- ]?clock|energy|carbon|memory use|gpu"
    r"|latency|speed": "is not measured",
    r"cold[- ]?start(?: users?| items?)?": "is a protocol that I cannot set up",
    r"k-core": "is a filter that I cannot apply without its number; all users and items stay",
    **SELECTIONS,
    r"leave[- ](?:two|three|four|five|k|p|\d+)[- ]out": "is not among my splits",
    r"(?:\d+ |sampled )negative (?:items|samples)|sampled metrics": (
        "is not done: all items that are not in training are ranked"
    ),
    r"content[- ]based|side information|text features|genres?|demographics?": (
        "needs data that I do not use"
    ),
}
"""Wishes beyond the grammar, and why."""

BEYOND: Mapping[str, str] = {
    r"(?:choice|effect|influence|impact|role) of (?:the )?(?:data |train[/ -]*test )?split"
    r"|split(?:ting)? (?:strateg\w+|protocols?|methods?)\b|does the split matter"
    r"|different splits|several splits": "a comparison of splits",
    r"learning curve|(?:amount|size|share|fraction) of (?:the )?(?:training )?data"
    r"|data ?set size|(?:\d+ ?%[ ,and/]*){3,}|sub-?sampl\w+ the (?:data|users|ratings)": (
        "a study of the size of the data"
    ),
    r"(?:effect|influence|impact|role) of (?:\d+-|k-)?core"
    r"|core filter\w* (?:change|affect|influence|matter|impact)\w*": "a study of k-core filters",
    r"metrics? (?:agree|correlat)\w*|correlation (?:of|between) (?:the )?metrics|kendall": (
        "a study of the agreement of metrics"
    ),
    r"\b(?:predict|forecast) (?:the )?(?:weather|stock|price)": "another field",
}
"""Questions of another kind of study, which none of mine would answer."""

LIMITS: Mapping[str, tuple[float, float]] = {
    "embedding_size": (1, 1024),
    "epochs": (1, 500),
    "regularization": (0, 1e6),
    "weight": (0, 1e4),
    "max_nbrs": (1, 10_000),
    "damping": (0, 1e4),
    "learning_rate": (1e-6, 1),
}
"""Sane values of hyperparameters."""

HAVING: Mapping[str, str] = {
    "embedding_size": "ImplicitMF",
    "epochs": "ImplicitMF",
    "regularization": "EASE",
    "weight": "ImplicitMF",
    "max_nbrs": "ItemKNN",
    "damping": "BiasedMF",
    "learning_rate": "FunkSVD",
}
"""The algorithm to sweep a hyperparameter of where none is named."""


def word(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole words, plain or as LensKit's class."""
    return re.compile(rf"(?<![\w-])(?:{pattern})(?:scorer)?(?![\w+])", re.IGNORECASE)
