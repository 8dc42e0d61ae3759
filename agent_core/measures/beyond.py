"""All measures beyond accuracy: one table of definitions.

Of these the field has no settled definitions: a value of a script that none of them leads to is
told, with the product's own, which is used.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent_core.measures.categories import OF_CATEGORIES, shares_of_items
from agent_core.measures.exposure import SHOWN, Formula, Shown
from agent_core.measures.metrics import SETTLED

__all__ = ["BEYOND", "KNOWN", "OF_CATEGORIES", "Shown", "shares_of_items"]

BEYOND: Mapping[str, Mapping[str, Formula]] = {**SHOWN, **OF_CATEGORIES}
KNOWN = SETTLED | frozenset(BEYOND)
"""Metrics that can be recomputed."""
