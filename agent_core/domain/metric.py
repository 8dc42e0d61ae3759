"""Metrics by name: how they are shown, and which end of them is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    """Which end of a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"
    """It describes; more or less of it is no merit by itself."""
    UNKNOWN = "unknown"
    """The product does not know the metric."""


DIRECTIONS = {
    **dict.fromkeys(
        (
            "ndcg", "dcg", "recall", "precision", "hit", "mrr", "map", "rbp", "f1", "auc",
            "accuracy", "success", "coverage",
        ),
        Better.HIGHER,
    ),
    **dict.fromkeys(
        ("rmse", "mae", "mse", "nrmse", "nmae", "mape", "logloss", "log_loss", "cross_entropy"),
        Better.LOWER,
    ),
    **dict.fromkeys(
        (
            "arp", "avgpop", "avg_popularity", "average_popularity", "popularity", "meanpoprank",
            "novelty", "diversity", "ild", "serendipity", "gini", "listgini", "exposuregini",
            "entropy",
        ),
        Better.NEITHER,
    ),
}  # fmt: skip
"""The one table of directions; what is not in it has no known one."""
NOTES = {
    Better.HIGHER: "",
    Better.LOWER: " (lower is better)",
    Better.NEITHER: " (neither end is better)",
    Better.UNKNOWN: " (which end is better is not known)",
}
RATING_ERRORS = ("rmse", "mae")
PROPER = {
    "hit": "Hit",
    "recall": "Recall",
    "precision": "Precision",
    "coverage": "Coverage",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, with its cut-off where it has one."""

    name: str
    """Lower case: ndcg, recall, precision, hit, mrr, map, rmse, mae, coverage, ..."""
    k: int | None = None

    @property
    def key(self) -> str:
        """`ndcg@10`; the form used in references."""
        return f"{self.name}@{self.k}" if self.k is not None else self.name

    @property
    def label(self) -> str:
        """`NDCG@10`; the form shown to people."""
        shown = PROPER.get(self.name, self.name.upper())
        return f"{shown}@{self.k}" if self.k is not None else shown

    @property
    def is_rating(self) -> bool:
        """Whether it judges predicted ratings and can be computed from them."""
        return self.name in RATING_ERRORS

    @property
    def better(self) -> Better:
        """Which end is better."""
        return DIRECTIONS.get(self.name, Better.UNKNOWN)

    @property
    def is_directed(self) -> bool:
        """Whether one end is better, so that there is a best value."""
        return self.better in (Better.HIGHER, Better.LOWER)

    @property
    def is_descending(self) -> bool:
        """Whether the highest value is told first: all but those of which lower is better."""
        return self.better is not Better.LOWER

    @property
    def note(self) -> str:
        """What a reader must know of its direction, to stand after the label; empty for higher."""
        return NOTES[self.better]
