"""Which split a plan has where a task leaves it open, and what is assumed of it."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import (
    Dataset,
    FactorKind,
    Metric,
    Order,
    SplitKind,
    SplitRules,
    Study,
    Topic,
)
from agent_core.offline.assumptions import Assumptions
from agent_core.offline.grammar import Reading
from agent_core.rules.given_split import given_rules
from agent_core.rules.wording import split_text

SPLIT_SEED = 42
TIMESTAMP_SPLITS = (SplitKind.LEAVE_LAST, SplitKind.GLOBAL_TIME)


def split_of(
    reading: Reading,
    study: Study,
    dataset: Dataset,
    metrics: tuple[Metric, ...],
    folds: int,
    assumptions: Assumptions,
) -> SplitRules:
    """Return the hold-out protocol; what was not said is said as an assumption."""
    if given := _given_split(reading, dataset, assumptions):
        return given
    kind, is_newest = reading.split, reading.is_newest
    if (kind in TIMESTAMP_SPLITS or is_newest) and dataset.timestamp_column is None:
        assumptions.add("the data has no timestamps, so the hold-out is random", Topic.SPLIT)
        kind = SplitKind.LEAVE_ONE_OUT if kind is SplitKind.LEAVE_LAST else None
        kind, is_newest = (SplitKind.USER_FRACTION if is_newest else kind), False
    count = reading.folds or (folds if study is Study.COMPARISON and kind is None else 1)
    count = min(count, max(2, dataset.users))
    only_ratings = all(m.is_rating for m in metrics)
    if count > 1:
        if kind not in (None, SplitKind.USER_FRACTION):
            assumptions.add(
                f"with {count} folds the hold-out is a share, not {split_text(SplitRules(kind))}",
                Topic.SPLIT,
            )
        kind = SplitKind.CROSSFOLD_RECORDS if only_ratings else SplitKind.CROSSFOLD_USERS
    elif kind is None:
        kind = SplitKind.LEAVE_ONE_OUT if study is Study.SEED_VARIANCE else SplitKind.USER_FRACTION
        kind = SplitKind.USER_FRACTION if only_ratings else kind
        seeds = reading.design.levels(FactorKind.SPLIT_SEED)
        text = f"no split was named, so I take {split_text(SplitRules(kind), seeds)}"
        assumptions.add(text, Topic.SPLIT)
    holdout = reading.holdout or 0.2
    order = Order.NEWEST if is_newest and kind.has_share else Order.RANDOM
    split = SplitRules(kind, count, holdout, SPLIT_SEED, order=order)
    return replace(split, text=split_text(split))


def _given_split(
    reading: Reading, dataset: Dataset, assumptions: Assumptions
) -> SplitRules | None:
    """Return the split that came with the data, unless another one is asked for."""
    if not dataset.parts:
        return None
    split = given_rules(SplitRules(SplitKind.GIVEN, seed=SPLIT_SEED), dataset)
    if reading.split is not SplitKind.GIVEN and (reading.split or reading.folds):
        told = f"the split that came with the data ({', '.join(split.given)}) is not used"
        assumptions.add(told, Topic.SPLIT)
        return None
    if reading.split is None:
        told = f"the data came in parts ({', '.join(split.given)}), so I take them as the split"
        assumptions.add(told, Topic.SPLIT)
    if split.has_validation:
        assumptions.add(
            "nothing is chosen on the validation part, as nothing is tuned", Topic.SPLIT
        )
    return replace(split, text=split_text(split))
