"""How ratings and interactions are spread over a dataset."""

from __future__ import annotations

from dataclasses import dataclass

Bars = tuple[tuple[str, int], ...]
"""Label and count of each bar, in order."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """Counts that a reader sees at a glance."""

    ratings: Bars = ()
    """Interactions of each rating, or of ten ranges where there are many."""
    per_user: Bars = ()
    """Users by how many interactions they have, in ranges that double."""
    per_item: Bars = ()
