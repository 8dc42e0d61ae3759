"""What the demo asks about a real file: what its data have decides how."""

from __future__ import annotations

from agent_core.domain import Dataset

SEEDS = ((200_000, 20), (2_000_000, 5))
"""Interactions up to which so many seeds are compared in minutes."""
FEWEST_SEEDS = 2
POSITIVE = 0.7
"""Where on the scale a rating counts as positive."""


def question_about(dataset: Dataset) -> str:
    """Return a question that the data can answer."""
    seeds = next((n for most, n in SEEDS if dataset.rows <= most), FEWEST_SEEDS)
    sentences = (
        "How much do random seeds change NDCG@10 of ImplicitMF on the attached data?",
        f"Use {seeds} seeds, {_split_words(dataset)}.",
        _feedback_words(dataset),
    )
    return " ".join(s for s in sentences if s)


def _split_words(dataset: Dataset) -> str:
    """Return how test data are held out: by time where there are times."""
    return "leave-last-one-out" if dataset.timestamp_column else "leave-one-out"


def _feedback_words(dataset: Dataset) -> str:
    """Return which ratings count as positive, where there is a scale; else all lines do."""
    scale = dataset.rating_values
    if len(scale) < 3:
        return ""
    wanted = scale[0] + POSITIVE * (scale[-1] - scale[0])
    threshold = next(v for v in scale if v >= wanted)
    return f"Ratings of at least {threshold:g} count as positive."
