"""Fits a plan to what a script may use, before anything runs: said as assumptions.

What needs more memory than a script has is left out while another algorithm is left to compare;
where the lists of all users take too long, a sample of them is tested.
"""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import (
    Algorithm,
    Dataset,
    Level,
    Plan,
    Role,
    Room,
    SplitKind,
    SplitRules,
    Topic,
)
from agent_core.lenskit.memory import advised_mib, needed_mib
from agent_core.lenskit.seconds import needed_s
from agent_core.offline.assumptions import Assumptions
from agent_core.prose.number_format import duration
from agent_core.rules.wording import split_text

SHARE = 1 / 6
"""Of a script's time that a plan may take by its estimate: cores are shared with other scripts,
and a machine may be slower than the one of the estimate."""
FEWEST_USERS = 1_000


def without_too_large(
    algorithms: tuple[Algorithm, ...], dataset: Dataset, room: Room, assumptions: Assumptions
) -> tuple[Algorithm, ...]:
    """Return the algorithms that fit into the memory of a script; all, if no subject did."""
    needs = {a.name: needed_mib(a, dataset) for a in algorithms}
    fitting = tuple(a for a in algorithms if needs[a.name] <= (room.script_mib or needs[a.name]))
    if not any(a.role is Role.SUBJECT for a in fitting):
        return algorithms
    for algorithm in algorithms:
        if algorithm not in fitting:
            assumptions.add(
                _left_out_text(algorithm, needs[algorithm.name], dataset, room), Topic.ALGORITHMS
            )
    return fitting


def _left_out_text(algorithm: Algorithm, needed: float, dataset: Dataset, room: Room) -> str:
    """Say what an algorithm needs, and which limit would be enough if the machine has so much."""
    limit = advised_mib(needed)
    remedy = f"with sandbox.memory_mib = {limit} it is run"
    if 0 < room.machine_mib < limit:
        remedy = f"this machine has {room.machine_mib:,}"
    return (
        f"{algorithm.name} is left out: on {dataset.items:,} items and {dataset.rows:,} "
        f"interactions it needs about {needed:,.0f} MiB, and a script has {room.script_mib:,}; "
        f"{remedy}"
    )


def with_fewer_test_users(plan: Plan, dataset: Dataset, room: Room) -> Plan:
    """Return a plan that tests as many users as there is time for, unless it says how many."""
    limit = SHARE * room.script_s
    needed = needed_s(plan, dataset)
    if not limit or needed.total_s <= limit or not needed.tested_s:
        return plan
    share = max(0.0, limit - needed.fixed_s) / needed.tested_s
    count = max(FEWEST_USERS, _rounded(share * dataset.users))
    levels = tuple(replace(level, rules=_testing(level, count)) for level in plan.split_levels)
    if count >= dataset.users or levels == plan.split_levels:
        return plan
    assumptions = Assumptions.of(plan)
    assumptions.add(
        f"{count:,} of {dataset.users:,} users are tested, drawn by the seed; all are trained on: "
        f"to test all takes about {duration(needed.total_s)} on a core, and a script has "
        f"{duration(room.script_s)}; for more say “{dataset.users:,} test users”",
        Topic.SPLIT,
    )
    return replace(
        plan, split_levels=levels, assumptions=assumptions.texts, topics=assumptions.topics
    )


def _testing(level: Level[SplitRules], count: int) -> SplitRules:
    """Return the rules of a level with so many test users, unless it says how many there are."""
    split = level.rules
    is_said = split.test_users is not None or split.test_user_share is not None
    if is_said or split.are_users_chosen or split.kind in (SplitKind.GIVEN, SplitKind.OTHER):
        return split
    split = replace(split, test_users=count)
    return replace(split, text=split_text(split))


def _rounded(count: float) -> int:
    """Return a number with one digit that is not 0, rounded down."""
    digits = str(int(count))
    return int(digits[0].ljust(len(digits), "0"))
