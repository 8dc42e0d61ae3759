"""What readers must know of numbers: whose word they are, over what, and what did not vary."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from agent_core.domain import Order, SplitKind
from agent_core.evidence.predicted_ratings import ENOUGH, shares
from agent_core.report.other_ways import other_ways
from agent_core.report.rendering import render_lines
from agent_core.report.report_inputs import ReportInputs
from agent_core.statistics.facts import Facts
from agent_core.statistics.repetition_units import CONFOUNDED

SPLIT_EFFECT = "effect of the split"
"""What the product says itself, from the test sets that were saved."""


def alerts(inputs: ReportInputs, *, is_file: bool = False) -> list[str]:
    """Return what a reader must know before any number; a file names people by their part."""
    short = _hardly_predicted(inputs)
    return render_lines(
        "alerts.md.j2", "alerts", inputs=inputs, is_file=is_file, unpredicted=short[:4]
    )


def split_limits(inputs: ReportInputs, facts: Facts) -> list[str]:
    """Say what of the split was not varied, mixed with the seed, or left out of the means."""
    found = render_lines(
        "alerts.md.j2",
        "split_limits",
        inputs=inputs,
        facts=facts,
        mixed=_mixed_algorithms(inputs, facts),
        splits=_splits(inputs),
    )
    return [*other_ways(inputs, _tied_users(inputs)), *found]


def known_limits(inputs: ReportInputs, facts: Facts, limits: Sequence[str]) -> tuple[str, ...]:
    """Return a researcher's limits without those that say of a varied split that it was fixed."""
    is_varied = _splits(inputs) > 1 or bool(_mixed_algorithms(inputs, facts))
    return tuple(t for t in limits if not (is_varied and SPLIT_EFFECT in t))


def _hardly_predicted(inputs: ReportInputs) -> list[str]:
    """Return the algorithms that predicted too few of the tested ratings, with their share."""
    least: dict[str, float] = {}
    for (algorithm, _, _), share in (shares(inputs.evidence) if inputs.evidence else {}).items():
        least[algorithm] = min(share, least.get(algorithm, 1.0))
    return [f"{name} {share:.0%}" for name, share in least.items() if share < ENOUGH]


def _mixed_algorithms(inputs: ReportInputs, facts: Facts) -> list[str]:
    """Return the algorithms of which each seed has a split of its own."""
    return [s.algorithm for s in facts.of(inputs.plan.primary) if s.over == CONFOUNDED]


def _tied_users(inputs: ReportInputs) -> tuple[int, int]:
    """Return of how many users the cut falls among interactions of one time, and of how many.

    Where the newest of each user are held out; which of several of one time are the newest is
    left to their order.
    """
    evidence, found = inputs.evidence, [0, 0]
    if evidence is None:
        return 0, 0
    for fold, test in evidence.test.items():
        train, split = evidence.train.get(fold), evidence.split_of(fold)
        is_newest = split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST
        if not is_newest or train is None or "timestamp" not in train or "timestamp" not in test:
            continue
        last, first = (f.groupby("user_id")["timestamp"] for f in (train, test))
        both = pd.concat([last.max(), first.min()], axis=1, join="inner").dropna()
        found[0] += int((both.iloc[:, 0] == both.iloc[:, 1]).sum())
        found[1] += len(both)
    return found[0], found[1]


def _splits(inputs: ReportInputs) -> int:
    """Return how many test sets were saved; the planned number where none was."""
    saved = len(inputs.evidence.test) if inputs.evidence else 0
    return saved or inputs.plan.split.folds
