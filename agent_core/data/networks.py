"""Whether two columns hold the same people: friends, trust, trade; no users and items."""

from __future__ import annotations

from collections.abc import Sequence

SHARED = 0.25
"""Share of the ids of both columns that stand in both, from which they may be of one kind."""
ALL_SHARED = 0.9
RETURNED = 0.3
"""Share of pairs that are there the other way round as well."""
FEWEST_RETURNED = 3
EXPECTED_SELVES = 2.5
"""Pairs of one id with itself that chance would give; people are in no pair with themselves."""
SPARSE = 2


def are_one_kind(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether the ids of two columns are of one kind.

    Small whole numbers count users as well as items, so that it takes more than that both columns
    have them.
    """
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a and b]
    lefts, rights = {a for a, _ in pairs}, {b for _, b in pairs}
    both = lefts & rights
    if len(both) < max(2, SHARED * len(lefts | rights)):
        return False
    if not _are_counted(lefts | rights):
        return True
    there = set(pairs)
    returned = sum(a != b and (b, a) in there for a, b in there)
    if returned >= max(FEWEST_RETURNED, RETURNED * len(there)):
        return True
    selves = sum(a == b for a, b in pairs)
    expected = len(pairs) * len(both) / (len(lefts) * len(rights))
    is_all = len(both) >= ALL_SHARED * len(lefts | rights)
    return is_all and not selves and expected >= EXPECTED_SELVES


def _are_counted(ids: set[str]) -> bool:
    """Whether ids are whole numbers that leave few out."""
    if not all(i.isdigit() for i in ids):
        return False
    numbers = [int(i) for i in ids]
    return max(numbers) - min(numbers) + 1 <= SPARSE * len(numbers)
