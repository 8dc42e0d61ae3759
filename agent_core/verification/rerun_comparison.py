"""How a second execution of one script compares with the first: repeatability, no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agent_core.domain import Environment, Metric, Node
from agent_core.domain.events import Rerun
from agent_core.evidence.evidence import Evidence
from sandbox.execution import Execution, IsolationLevel

TOLERANCE = 1e-9
"""Difference up to which two runs of one script count as identical."""
KEYS = ["metric", "k", "algorithm", "dataset", "fold", "seed", "aggregate"]
SHOWN = 4
FIRST = ("Python", "lenskit", "torch", "numpy", "scipy", "pandas", "scikit-learn")
"""Packages that are named first where many changed."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The rows of two executions beside each other."""

    both: pd.DataFrame
    """Rows that both have, with `gap`: absolute difference, infinite where one is no number."""
    only_old: pd.DataFrame
    only_new: pd.DataFrame

    @property
    def is_identical(self) -> bool:
        """Whether both have the same rows, with values as good as equal."""
        missing = len(self.only_old) + len(self.only_new)
        return len(self.both) > 0 and not missing and self.differing == 0

    @property
    def differing(self) -> int:
        """Rows whose values differ by more than the tolerance."""
        return int((self.both["gap"] > TOLERANCE).sum())

    @property
    def largest(self) -> float:
        """Largest finite difference."""
        gaps = self.both["gap"]
        return float(gaps[np.isfinite(gaps)].max()) if np.isfinite(gaps).any() else 0.0


def compare(
    node: Node, execution: Execution, old: Evidence, new: Evidence, now: Environment
) -> Rerun:
    """Compare two executions of one script.

    Parameters
    ----------
    node
        The script, with the environment of its first execution.
    execution
        The second one.
    old, new
        What they delivered.
    now
        The environment of the second execution.
    """
    changed = tuple(_changes(node.environment, now))
    if not execution.is_ok:
        ended = f"the script came to no clean end this time ({execution.ended.value})"
        text = f"**Not repeated:** {ended}. {_changed_text(node.environment, now)}".strip()
        return Rerun(
            node.id,
            is_identical=False,
            largest_difference=0.0,
            compared=0,
            text=text,
            changed=changed,
        )
    gaps = _gaps_of(old.rows, new.rows)
    told = (
        _verdict(gaps),
        _conditions(gaps, execution, node.environment, now),
        CAUTION if gaps.is_identical else CAUTION_OF_DIFFERENCE,
        _recomputed_text(new),
    )
    text = " ".join(t for t in told if t)
    return Rerun(node.id, gaps.is_identical, gaps.largest, len(gaps.both), text, changed)


CAUTION = (
    "This shows that the run is deterministic *on this machine*, not that the method is right."
)
CAUTION_OF_DIFFERENCE = (
    "This shows how far the run repeats *on this machine*, not whether the method is right."
)


def _gaps_of(old: pd.DataFrame, new: pd.DataFrame) -> Gaps:
    """Put the rows of two executions beside each other; repeated rows by their order."""
    both = _numbered_rows(old).merge(
        _numbered_rows(new),
        on=[*KEYS, "turn"],
        how="outer",
        suffixes=("_old", "_new"),
        indicator="side",
    )
    shared = both[both["side"] == "both"]
    first, second = (shared[c].astype(float).to_numpy() for c in ("value_old", "value_new"))
    gap = np.where(first == second, 0.0, np.abs(first - second))
    gap = np.where(np.isnan(first) & np.isnan(second), 0.0, gap)
    gap = np.where(np.isnan(gap), math.inf, gap)
    return Gaps(
        shared.assign(gap=gap),
        both[both["side"] == "left_only"],
        both[both["side"] == "right_only"],
    )


def _numbered_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return keys and values, with the turn of a row among those of its keys."""
    kept = rows[[*KEYS, "value"]]
    kept = kept.assign(k=kept["k"].astype("Int64").fillna(0).astype(int))
    text = [c for c in KEYS if c not in ("k", "aggregate")]
    kept = kept.assign(**{c: kept[c].fillna("").astype(str) for c in text})
    return kept.assign(turn=kept.groupby(KEYS).cumcount())


def _verdict(gaps: Gaps) -> str:
    """Say whether it repeated, else the largest difference of each metric and what is missing."""
    count, allowed = len(gaps.both), f"tolerance {_gap_text(TOLERANCE)}"
    if gaps.is_identical:
        return (
            f"**Repeated, identical.** Largest difference {_gap_text(gaps.largest)} in {count} "
            f"values ({allowed})."
        )
    parts = [_absent("missing this time", gaps.only_old), _absent("new", gaps.only_new)]
    if gaps.differing:
        worst = [f"{label} {_gap_text(gap)}" for label, gap in _per_metric(gaps.both)]
        parts.insert(
            0,
            f"{gaps.differing} of {count} values differ ({allowed}); largest difference per "
            f"metric: {', '.join(worst)}",
        )
    elif count:
        parts.insert(0, f"the {count} values that came again are the same ({allowed})")
    told = "; ".join(p for p in parts if p) or "there are no values to compare"
    return f"**Repeated, not identical:** {told}."


def _per_metric(both: pd.DataFrame) -> list[tuple[str, float]]:
    """Return the largest difference of each metric, in the order of delivery."""
    found: dict[str, float] = {}
    for metric, k, gap in zip(both["metric"], both["k"], both["gap"], strict=True):
        label = Metric(str(metric), int(k) or None).label
        found[label] = max(found.get(label, 0.0), float(gap))
    return list(found.items())


def _gap_text(gap: float) -> str:
    """Return a difference for people."""
    if not math.isfinite(gap):
        return "no number in one of them"
    return f"{gap:.2g}".replace("e-0", "e-")


def _absent(word: str, rows: pd.DataFrame) -> str:
    """Name rows that only one execution has; empty without any."""
    if not len(rows):
        return ""
    named = [_row_name(r) for r in rows[KEYS].head(SHOWN).to_dict("records")]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{len(rows)} {word} ({', '.join(named)}{more})"


def _row_name(row: Mapping[str, object]) -> str:
    """Name a row for people."""
    label = Metric(str(row["metric"]), int(str(row["k"])) or None).label
    parts = [f"{part} {row[part]}" for part in ("fold", "seed") if row[part]]
    return " ".join([label, f"of {row['algorithm']}", *parts])


def _conditions(gaps: Gaps, execution: Execution, then: Environment, now: Environment) -> str:
    """Say what was the same, and which packages and machine were not."""
    seeds = gaps.both["seed"][gaps.both["seed"] != ""].nunique()
    same = ["script", "data", *([f"{seeds} seeds"] if seeds > 1 else [])]
    place = (
        "without isolation"
        if execution.level is IsolationLevel.UNCONFINED
        else "in a clean sandbox"
    )
    if then.packages and now.packages and not _changes(then, now):
        same.append("packages")
    return f"Same {', '.join(same)}, {place}. {_changed_text(then, now)}".strip()


def _changed_text(then: Environment, now: Environment) -> str:
    """Say which packages and whether the machine changed; empty where nothing did."""
    changed, parts = _changes(then, now), []
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        listed = f"{', '.join(changed[:SHOWN])}{more}"
        parts.append(f"Changed since: {listed}; differences may come from that.")
    elif not then.packages:
        parts.append("The packages of the first execution were not recorded.")
    if then.machine and now.machine and then.machine != now.machine:
        parts.append(f"The first execution was on another machine ({then.machine}).")
    return " ".join(parts)


def _changes(then: Environment, now: Environment) -> list[str]:
    """Return the packages whose version changed, as `lenskit 2025.8.1 → 2026.1`."""
    if not then.packages or not now.packages:
        return []
    old = {**then.packages, **({"Python": then.python} if then.python else {})}
    new = {**now.packages, **({"Python": now.python} if now.python else {})}
    changed = {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}
    return [
        f"{n} {old.get(n, 'not there')} → {new.get(n, 'gone')}" for n in _important_first(changed)
    ]


def _important_first(names: Iterable[str]) -> list[str]:
    """Order packages: those that numbers depend on first, then by name."""
    order = {name: place for place, name in enumerate(FIRST)}
    return sorted(names, key=lambda n: (order.get(n, len(FIRST)), n.lower()))


def _recomputed_text(new: Evidence) -> str:
    """Say how many values of the second execution agree with its saved lists."""
    total = len(new.agreement)
    if not total:
        return "Nothing could be recomputed from saved lists."
    agreeing = int(new.agreement["agrees"].astype(bool).sum())
    return f"Recomputed from the saved lists: {agreeing} of {total} values agree."
