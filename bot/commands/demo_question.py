"""What the demo asks about a file: what its data have decides how."""

from __future__ import annotations

from agent_core.domain import Dataset

QUESTION = (
    "How do item kNN and ImplicitMF rank against popularity, "
    "and does that depend on how many {what} a user has?"
)
POSITIVE = 0.7
"""Where on the scale a rating counts as positive."""


def question_about(dataset: Dataset) -> str:
    """Return a question of two factors that the data can answer."""
    what = "ratings" if dataset.rating_column else "interactions"
    asked = QUESTION.format(what=what)
    said = (asked, _split_words(dataset), _feedback_words(dataset))
    return " ".join(s for s in said if s)


def _split_words(dataset: Dataset) -> str:
    """Return how test data are held out: the newest where there are times."""
    order = "the newest" if dataset.timestamp_column else "a random"
    return f"Hold out {order} 20 % of each user's interactions."


def _feedback_words(dataset: Dataset) -> str:
    """Return which ratings count as positive, where there is a scale; else all lines do."""
    scale = dataset.rating_values
    if len(scale) < 3:
        return ""
    wanted = scale[0] + POSITIVE * (scale[-1] - scale[0])
    threshold = next(v for v in scale if v >= wanted)
    return f"Ratings of at least {threshold:g} count as positive."
