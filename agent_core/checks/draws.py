"""Whether held-out interactions are a random draw, where the plan says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agent_core.checks.exemptions import described_split, kind_of
from agent_core.checks.filters import judged_parts
from agent_core.checks.protocol import Fold
from agent_core.checks.result import Result, failed, not_applicable, passed, some, warned
from agent_core.checks.wishes import lowest_tested
from agent_core.domain import SplitKind
from agent_core.evidence import Evidence

RANDOM = frozenset(
    {
        SplitKind.LEAVE_ONE_OUT,
        SplitKind.USER_FRACTION,
        SplitKind.CROSSFOLD_USERS,
        SplitKind.CROSSFOLD_RECORDS,
    }
)
FEW_USERS = 100
"""Tested users from which a draw is judged."""
ODD, IMPOSSIBLE = 6.0, 12.0
"""Standard deviations that the tested interactions may be off: one in a billion, and never."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How far the tested interactions of a fold are from a random draw in one respect."""

    fold: str
    what: str
    mean: float
    expected: float
    deviations: float

    @property
    def text(self) -> str:
        """Say it in words."""
        return (
            f"fold {self.fold}: {self.what} of tested interactions is {self.mean:.3g} on average, "
            f"a random draw has {self.expected:.3g} "
            f"({abs(self.deviations):.0f} standard deviations)"
        )


def held_out_at_random(evidence: Evidence) -> Result:
    """Check that tested interactions are like a random draw from each tested user's own.

    It binds: a test of everybody's most popular or best liked item asks another question. What a
    user has is known, and so are expectation and variance of the mean of a draw from it.
    """
    chosen = [f for f in judged_parts(evidence) if kind_of(evidence, f[0]) in RANDOM]
    if not chosen:
        return not_applicable("The split is not drawn at random.")
    draws = [draw for fold in chosen for draw in draws_of(evidence, fold)]
    gross = [d.text for d in draws if abs(d.deviations) > IMPOSSIBLE]
    if gross:
        return failed(f"Not drawn at random: {some(gross)}.")
    odd = [d.text for d in draws if abs(d.deviations) > ODD]
    if odd:
        return warned(f"Hardly drawn at random: {some(odd)}.")
    seeds = other_seeds(evidence, chosen)
    if seeds:
        return warned(f"Drawn with {some(seeds)}; seed {evidence.plan.split.seed} is planned.")
    if not draws:
        return not_applicable(f"Fewer than {FEW_USERS} tested users tell nothing of a draw.")
    worst = max(draws, key=lambda d: abs(d.deviations))
    return passed(
        f"Popularity and rating of tested interactions are those of a random draw (at most "
        f"{abs(worst.deviations):.1f} standard deviations off)."
    )


def other_seeds(evidence: Evidence, folds: list[Fold]) -> list[str]:
    """Return the recorded seeds of the split that are not the planned one."""
    split = evidence.run.get("split")
    whole = split.get("seed") if isinstance(split, dict) else None
    said = [described_split(evidence, f[0]).get("seed", whole) for f in folds]
    planned = str(evidence.plan.split.seed)
    return sorted({f"seed {s}" for s in said if s is not None and str(s) != planned})


def draws_of(evidence: Evidence, fold: Fold) -> Iterator[Draw]:
    """Yield how far one fold is from a random draw, by popularity and by rating."""
    name, train, test = fold
    parts = [train.assign(is_test=0.0), test.assign(is_test=1.0)]
    data = pd.concat(parts, ignore_index=True).drop_duplicates(["user_id", "item_id"], keep="last")
    counts = data["item_id"].map(data["item_id"].value_counts())
    data = data.assign(popularity=counts.rank(pct=True))
    lowest = lowest_tested(evidence.plan)
    if "rating" in data:
        data["rating"] = pd.to_numeric(data["rating"], errors="coerce")
        data = data if lowest is None else data[data["rating"] >= lowest]
    data = data[data.groupby("user_id")["is_test"].transform("sum") > 0]
    if data["user_id"].nunique() < FEW_USERS:
        return
    for column, what in (("popularity", "percentile of popularity"), ("rating", "rating")):
        if column in data and data[column].notna().all():
            found = deviation(name, what, data[["user_id", "is_test"]].assign(x=data[column]))
            if found is not None:
                yield found


def deviation(fold: str, what: str, data: pd.DataFrame) -> Draw | None:
    """Return how far the sum over tested interactions is from that of a draw without replacement.

    Of a user's n values with population variance s2, m drawn ones sum to m times their mean on
    average, with the variance m s2 (n - m) / (n - 1).
    """
    users = data["user_id"]
    groups = data["x"].groupby(users)
    own = pd.DataFrame({"n": groups.size(), "mean": groups.mean(), "s2": groups.var(ddof=0)})
    own["m"] = data["is_test"].groupby(users).sum()
    rest = (own["n"] - own["m"]) / (own["n"] - 1).clip(lower=1)
    variance = float((own["m"] * own["s2"] * rest).sum())
    if variance <= 0:
        return None
    total, tested = float((own["m"] * own["mean"]).sum()), float(own["m"].sum())
    seen = float((data["x"] * data["is_test"]).sum())
    return Draw(fold, what, seen / tested, total / tested, (seen - total) / np.sqrt(variance))
