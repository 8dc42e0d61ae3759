"""The protocol of a split that came with the data: nothing is drawn, nothing is left to choose."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import Dataset, Order, SplitKind, SplitRules
from agent_core.prose.given_text import files_by_part


def given_rules(split: SplitRules, dataset: Dataset) -> SplitRules:
    """Return the rules of the split that came with a dataset.

    Parameters
    ----------
    split
        Whose candidates and masks stay.
    dataset
        With a given split.
    """
    return replace(
        split,
        kind=SplitKind.GIVEN,
        folds=dataset.given_folds,
        order=Order.RANDOM,
        held_out=None,
        is_share_planned=False,
        has_validation=dataset.has_given_validation,
        given=files_by_part(dataset.parts),
    )
