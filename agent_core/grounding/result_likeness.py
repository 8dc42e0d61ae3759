"""How much a sentence reads like one that states a result: a second opinion beside the rule.

A linear reading of words and pieces of words, learned from the corpora of sentences by
`benchmarks/sentence_weights.py`; its weights are data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from agent_core.execution.syntax_trees import undisturbed

BUCKETS = 1 << 16
"""Features share this many weights by their hash."""
PATH = Path(__file__).with_name("result_weights.npz")
_TOKEN = re.compile(r"[\w'-]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Weights:
    """What the corpora taught, and from which sum on a sentence is struck."""

    weights: Any
    bias: float
    rule: float
    """What the rule's own finding counts."""
    limit: float

    def likeness(self, text: str) -> float:
        """Return how much a masked sentence in small letters reads like a result."""
        return self.bias + float(
            sum(self.weights[at] * much for at, much in features(text).items())
        )

    def is_result(self, text: str, *, by_rule: bool) -> bool:
        """Whether a sentence states a result, by the rule and by its words together."""
        return bool(self.likeness(text) + self.rule * by_rule >= self.limit)


@cache
def learned() -> Weights:
    """Read the weights."""
    # NumPy reads the header of an array as Python.
    return undisturbed(_stored_weights)


def features(text: str) -> dict[int, float]:
    """Return the weight of each feature by its bucket: words and letters in a row."""
    tokens = _TOKEN.findall(text)
    marked = ["^", *tokens, "$"]
    words = {" ".join(marked[i:j]) for i, j in _spans(marked, 1, 3)}
    padded = {f"<{token}>" for token in tokens}
    letters = {f"{j - i}{word[i:j]}" for word in padded for i, j in _spans(word, 3, 5)}
    found: dict[int, float] = {}
    for family in (words, letters):
        for feature in sorted(family):
            bucket = crc32(feature.encode()) % BUCKETS
            found[bucket] = found.get(bucket, 0.0) + len(family) ** -0.5
    return found


def _stored_weights() -> Weights:
    with np.load(PATH) as file:
        weights = file["weights"].astype(float) * file["scale"]
        return Weights(weights, *(float(file[name]) for name in ("bias", "rule", "limit")))


def _spans(whole: Sequence[str], shortest: int, longest: int) -> list[tuple[int, int]]:
    """Return where the pieces of some lengths start and end."""
    sizes = range(shortest, longest + 1)
    return [(i, i + n) for n in sizes for i in range(len(whole) - n + 1)]
