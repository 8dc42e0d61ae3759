"""How many cells the next process of a script gets, so that slots end together."""

from __future__ import annotations

from math import ceil

LEAST_S = 5.0
"""Seconds of cells below which a process is hardly worth its start."""
MOST_S = 120.0
"""Seconds of cells after which a slot may change hands, and what a crash may cost."""


def share_size(due: int, workers: int, cell_s: float) -> int:
    """Return how many of the cells that are due the next process gets.

    Half of an even part, so that the last shares are small and slots end together; not less than
    is worth a process, not more than an even part, and none that holds its slot for long.

    Parameters
    ----------
    due
        Cells that nobody makes yet.
    workers
        Processes that there may be at once.
    cell_s
        Seconds of a cell, as far as is known; 0: it is not.

    Examples
    --------
    >>> share_size(60, 2, 1.0), share_size(60, 32, 1.0), share_size(60, 1, 1.0)
    (15, 2, 60)
    >>> share_size(60, 1, 300.0)
    1
    """
    even = ceil(due / max(1, workers))
    half = even if workers <= 1 else ceil(even / 2)
    if cell_s <= 0:
        return half
    least, most = ceil(LEAST_S / cell_s), max(1, int(MOST_S / cell_s))
    return min(max(half, least), even, most)
