"""What time a script needs, from the counts of its data: decided by before anything is executed.

Seconds of one core that nothing else uses, as `scorers.toml` says where they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_core.domain import (
    Algorithm,
    Block,
    Dataset,
    FactorRole,
    Plan,
    Room,
    SplitKind,
    cells_of,
    with_design,
)
from agent_core.lenskit.scorers import SCORERS
from agent_core.prose.number_format import duration
from agent_core.rules.design_words import factor_words

STARTUP_S = 8.0
"""Libraries."""
LOADED_S = 4.0
"""A million interactions: read, split and handed to LensKit."""
MEASURED_S = 0.6
"""The lists of 1,000 users: written and measured."""
UNKNOWN = {"million": 5.0, "users": 2.0, "user_items": 0.5}
"""Of a scorer that was not measured."""
NEARLY_ALL = 0.9
"""Share of the limit from which an estimate is said."""
SPARE = 2.0
"""What a longer limit is advised to have beyond the estimate: cores are shared."""
THOUSAND, MILLION = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Needed:
    """What a script of a plan needs."""

    fixed_s: float
    """To load and to train."""
    tested_s: float
    """For all test users."""

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.fixed_s + self.tested_s


def needed_s(plan: Plan, dataset: Dataset) -> Needed:
    """Return what a script takes that runs all cells of a plan, one after the other."""
    cells = cells_of(plan)
    return Needed(
        loading_s(dataset) + sum(training_s(c.algorithm, dataset) for c in cells),
        sum(lists_s(c.algorithm, dataset, users_of(c.block, dataset)) for c in cells),
    )


def time_cautions(plan: Plan, datasets: Sequence[Dataset], room: Room) -> tuple[str, ...]:
    """Return what may not end in the time of a script, and what to do about it."""
    found = []
    for dataset in datasets:
        total = needed_s(plan, dataset).total_s
        if total > NEARLY_ALL * room.script_s > 0:
            found.append(
                f"a script has {duration(room.script_s)}; on {dataset.name} ({dataset.users:,} "
                f"users, {dataset.items:,} items) the plan takes about {duration(total)} on a "
                f"core: set exec.timeout to {_rounded(SPARE * total):,}, "
                f"{_fewer_text(plan, NEARLY_ALL * room.script_s / total)}test fewer users, or "
                "leave out algorithms"
            )
    return tuple(found)


def _fewer_text(plan: Plan, share: float) -> str:
    """Say with how many repetitions a plan takes a share of its time; empty where none are left.

    Of several repeated factors the one with most levels.
    """
    repeated = [f for f in with_design(plan).factors if f.role is FactorRole.REPEATED]
    most = max(repeated, key=lambda f: len(f.levels), default=None)
    count = int(share * len(most.levels)) if most else 0
    return f"reply “{count} {factor_words(most.name)[1]}”, " if most and count > 1 else ""


def _rounded(seconds: float) -> int:
    """Return seconds in half hours, rounded up."""
    return int(-(-seconds // 1800) * 1800)


def users_of(block: Block, dataset: Dataset) -> float:
    """Return how many users a block tests at most."""
    split = block.split
    folds = split.folds if split.kind is SplitKind.CROSSFOLD_USERS else 1
    most = dataset.users * (split.test_user_share or 1.0) / folds
    return most if split.test_users is None else min(most, split.test_users)


def loading_s(dataset: Dataset) -> float:
    """Return what a script takes before it trains."""
    return STARTUP_S + LOADED_S * dataset.rows / MILLION


def training_s(algorithm: Algorithm, dataset: Dataset) -> float:
    """Return what one training takes."""
    cost = _cost_of(algorithm)
    rounds = float(algorithm.config.get("epochs") or 1)
    return (
        rounds * cost.get("million", 0.0) * dataset.rows / MILLION
        + cost.get("cube", 0.0) * (dataset.items / THOUSAND) ** 3
    )


def lists_s(algorithm: Algorithm, dataset: Dataset, users: float) -> float:
    """Return what the lists of some users take, made and measured."""
    cost = _cost_of(algorithm)
    each = cost.get("users", 0.0) + cost.get("user_items", 0.0) * dataset.items / THOUSAND
    return (MEASURED_S + each) * users / THOUSAND


def _cost_of(algorithm: Algorithm) -> dict[str, float]:
    scorer = SCORERS.get(algorithm.kind)
    return dict(scorer.seconds) if scorer and scorer.seconds else UNKNOWN
