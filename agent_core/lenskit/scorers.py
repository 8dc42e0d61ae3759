"""What LensKit 2025 offers as scorers: where they live, what they take, what they are good for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scorer:
    """One LensKit scorer."""

    kind: str
    module: str
    parameters: tuple[str, ...]
    """Names of its configuration."""
    example: str
    """A sensible construction for top-n."""
    is_random: bool = False
    predicts: bool = False
    """Whether its scores are ratings."""
    ranks: bool = True
    """Whether it is sensible for top-n."""
    note: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    """Other names that people use for a parameter."""


KNN = ("max_nbrs", "min_nbrs", "min_sim", "feedback")
MF = ("embedding_size", "epochs", "regularization", "user_embeddings")
MF_ALIASES = (
    ("features", "embedding_size"),
    ("factors", "embedding_size"),
    ("iterations", "epochs"),
    ("reg", "regularization"),
)
KNN_ALIASES = (("k", "max_nbrs"), ("nnbrs", "max_nbrs"), ("neighbors", "max_nbrs"))
FLEX = ("embedding_size", "batch_size", "learning_rate", "epochs", "regularization", "reg_method")

SCORERS = {
    scorer.kind: scorer
    for scorer in (
        Scorer(
            "ImplicitMFScorer",
            "lenskit.als",
            (*MF, "weight", "use_ratings"),
            "ImplicitMFScorer(embedding_size=32, epochs=15, regularization=1, weight=5)",
            is_random=True,
            note="never predicts ratings; default weight 40 is high",
            aliases=(*MF_ALIASES, ("alpha", "weight")),
        ),
        Scorer(
            "BiasedMFScorer",
            "lenskit.als",
            (*MF, "damping"),
            "BiasedMFScorer(embedding_size=20, epochs=10, regularization=0.1, damping=5)",
            is_random=True,
            predicts=True,
            ranks=False,
            aliases=MF_ALIASES,
        ),
        Scorer(
            "ItemKNNScorer",
            "lenskit.knn",
            (*KNN, "save_nbrs", "block_size"),
            'ItemKNNScorer(max_nbrs=20, min_nbrs=1, feedback="implicit")',
            predicts=True,
            note='default feedback is "explicit": useless for top-n, needed for ratings',
            aliases=KNN_ALIASES,
        ),
        Scorer(
            "UserKNNScorer",
            "lenskit.knn",
            KNN,
            'UserKNNScorer(max_nbrs=30, feedback="implicit")',
            predicts=True,
            note='default feedback is "explicit": useless for top-n, needed for ratings',
            aliases=KNN_ALIASES,
        ),
        Scorer(
            "EASEScorer",
            "lenskit.knn",
            ("regularization",),
            "EASEScorer(regularization=200)",
            note="default 1 is far too low, try 50 to 1000; dense items x items",
            aliases=(("reg", "regularization"), ("lambda", "regularization")),
        ),
        Scorer(
            "SLIMScorer",
            "lenskit.knn",
            ("l1_reg", "l2_reg", "max_iters", "max_nbrs"),
            "SLIMScorer(l1_reg=1, l2_reg=5, max_nbrs=50)",
        ),
        Scorer(
            "PopScorer",
            "lenskit.basic",
            ("score",),
            "PopScorer()",
            note="the usual baseline for top-n",
        ),
        Scorer(
            "BiasScorer",
            "lenskit.basic",
            ("damping", "entities"),
            "BiasScorer(damping=5)",
            predicts=True,
            ranks=False,
            note="the usual baseline for ratings",
        ),
        Scorer(
            "FunkSVDScorer",
            "lenskit.funksvd",
            ("embedding_size", "epochs", "learning_rate", "regularization", "damping", "range"),
            "FunkSVDScorer(embedding_size=20, epochs=20, learning_rate=0.001)",
            is_random=True,
            predicts=True,
            ranks=False,
            aliases=MF_ALIASES,
        ),
        Scorer(
            "FlexMFImplicitScorer",
            "lenskit.flexmf",
            (
                *FLEX,
                "preset",
                "loss",
                "negative_strategy",
                "negative_count",
                "positive_weight",
                "user_bias",
                "item_bias",
                "convolution_layers",
            ),
            'FlexMFImplicitScorer(preset="bpr", embedding_size=32, epochs=5)',
            is_random=True,
            note="presets bpr, warp (slow), lightgcn",
            aliases=MF_ALIASES,
        ),
        Scorer(
            "FlexMFExplicitScorer",
            "lenskit.flexmf",
            FLEX,
            "FlexMFExplicitScorer(embedding_size=32, epochs=10)",
            is_random=True,
            predicts=True,
            ranks=False,
            aliases=MF_ALIASES,
        ),
        Scorer(
            "BiasedSVDScorer",
            "lenskit.sklearn.svd",
            ("embedding_size", "damping", "algorithm", "n_iter"),
            "BiasedSVDScorer(embedding_size=20)",
            is_random=True,
            predicts=True,
            ranks=False,
        ),
    )
}
"""LensKit class to what it is."""
