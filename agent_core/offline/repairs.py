"""Repairs scripts by rules: what a failure says of the data, and what no script can mend."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from agent_core.domain import Dataset, Node, Plan
from agent_core.errors import UnusableAnswer
from agent_core.offline.catalogue import BY_KIND
from sandbox.execution import Ended

DENSE = ("EASE", "SLIM")
MIB = 1 << 20


def _with_text_ids(dataset: Dataset, _: Plan) -> Dataset:
    """Have the ids read as text."""
    ids = (dataset.user_column, dataset.item_column)
    columns = tuple(replace(c, kind="str") if c.name in ids else c for c in dataset.columns)
    return replace(dataset, columns=columns)


def _without_repeats(dataset: Dataset, _: Plan) -> Dataset:
    """Have repeated pairs dropped."""
    return replace(dataset, duplicates=max(1, dataset.duplicates))


def _without_times(dataset: Dataset, plan: Plan) -> Dataset:
    """Leave the times out where the split does not need them."""
    needed = plan.split.kind.is_timed
    return dataset if needed else replace(dataset, timestamp_column=None)


REPAIRS: tuple[tuple[str, Callable[[Dataset, Plan], Dataset]], ...] = (
    (r"ArrowTypeError|invalid ID type|mixed.*(?:int|str)|could not convert.*id", _with_text_ids),
    (r"repeated interactions|duplicate (?:user|item|interaction)", _without_repeats),
    (r"NaT|datetime|timestamp|OutOfBounds", _without_times),
)
"""Pattern of a failure, and what to read otherwise."""


def repaired_profile(dataset: Dataset, plan: Plan, failed: list[Node]) -> Dataset:
    """Return the profile by which the next script is composed.

    Raises
    ------
    UnusableAnswer
        When memory or time ran out: the plan leaves no cheaper way to the same result.
    """
    node = failed[-1]
    ended = node.execution.ended if node.execution else None
    if ended is Ended.MEMORY:
        raise UnusableAnswer(_out_of_memory(dataset, plan))
    if ended in (Ended.TIMEOUT, Ended.CPU) and len(failed) > 1:
        raise UnusableAnswer(
            "Time ran out twice. Ask for fewer seeds, folds or algorithms, raise exec.timeout, or "
            "attach a sample of the data."
        )
    for one in failed:
        output = one.execution.output[-4000:] if one.execution else one.error or ""
        for pattern, repair in REPAIRS:
            if re.search(pattern, output):
                dataset = repair(dataset, plan)
    return dataset


def _out_of_memory(dataset: Dataset, plan: Plan) -> str:
    """Say what needed the memory and what to do."""
    dense = [a.name for a in plan.algorithms if BY_KIND[a.kind].name in DENSE]
    if not dense:
        return "Memory ran out. Attach a sample of the data, or raise sandbox.memory_mib."
    needed = 2 * 8 * dataset.items**2 / MIB
    return (
        f"Memory ran out: {', '.join(dense)} needs about {needed:,.0f} MiB for a dense matrix of "
        f"{dataset.items:,} x {dataset.items:,} items. Drop it, attach fewer items, or raise "
        "sandbox.memory_mib; what ran before it is in the zip."
    )
