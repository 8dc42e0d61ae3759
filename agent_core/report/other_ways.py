"""What an answer comes to in the ways that a plan leaves open: orders of ties, ranked items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agent_core.domain import Better, FactorKind, Metric
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import is_thinned
from agent_core.evidence.retrained import OtherValue, Way
from agent_core.evidence.views import place_text
from agent_core.prose.number_format import shown
from agent_core.report.rendering import render_lines
from agent_core.report.report_inputs import ReportInputs

THINNED = (FactorKind.TRAIN_SHARE.value, FactorKind.PROFILE_SIZE.value)
TEMPLATE = "other_ways.md.j2"
TABLE = "other_ways.csv"
COLUMNS = ("way", "order", "fold", "algorithm", "metric", "delivered", "other", "relative",
           "relative_other", "runs")  # fmt: skip


@dataclass(frozen=True, slots=True)
class TieRange:
    """The primary metric of one fold under several orders of ties."""

    fold: str
    orders: int
    """Beside the delivered one."""
    ranges: tuple[str, ...]
    """Of each algorithm."""
    first: str
    """Who is best in the delivered order; empty where one algorithm is not compared."""
    others: tuple[str, ...]
    """Who else is best in some order, with the number of orders."""


@dataclass(frozen=True, slots=True)
class OtherRanking:
    """The primary metric of one thinned level, ranked and masked in two ways."""

    level: str
    is_full: bool
    """Whether the other way ranks and masks by the full training."""
    values: tuple[str, ...]
    """Of each algorithm, both ways."""


def other_ways(inputs: ReportInputs, tied: tuple[int, int]) -> list[str]:
    """Return what can turn the answer: of how many users, and what comes of the other ways.

    Parameters
    ----------
    inputs
        What was recorded.
    tied
        Of how many users ties decide who is tested, and of how many.
    """
    evidence = inputs.evidence
    again = evidence.retrained if evidence else None
    return render_lines(
        TEMPLATE,
        "other_ways",
        inputs=inputs,
        tied=tied,
        orders=tie_ranges(evidence, inputs.plan.primary) if evidence else (),
        rankings=other_rankings(evidence, inputs.plan.primary) if evidence else (),
        is_thinned=evidence is not None and any(map(is_thinned, evidence.blocks.values())),
        unknown={way.value: why for way, why in again.unknown.items()} if again else {},
        is_trained=again is not None,
    )


def turned(inputs: ReportInputs) -> str:
    """Return who is first in another order of ties; empty where the first stays the first."""
    evidence = inputs.evidence
    ranges = tie_ranges(evidence, inputs.plan.primary) if evidence else ()
    found = [r for r in ranges if r.others]
    return render_lines(TEMPLATE, "turned", ranges=found)[0] if found else ""


def tie_ranges(evidence: Evidence, metric: Metric) -> tuple[TieRange, ...]:
    """Return the range of a metric in each fold in which another order of ties was trained."""
    values = _of(evidence, metric, (Way.OTHER_TIES,))
    folds = dict.fromkeys(v.fold for v in values)
    return tuple(_tie_range([v for v in values if v.fold == f], metric) for f in folds)


def other_rankings(evidence: Evidence, metric: Metric) -> tuple[OtherRanking, ...]:
    """Return both values of each thinned level, beside the share of the full training's."""
    values = _of(evidence, metric, (Way.FULL_TRAINING, Way.OWN_TRAINING))
    folds = dict.fromkeys(v.fold for v in values)
    found = []
    for fold in folds:
        own = [v for v in values if v.fold == fold]
        told = tuple(_both_ways(v, _full_value(evidence, v)) for v in own)
        levels = evidence.blocks[fold].levels if fold in evidence.blocks else {}
        thin = tuple((n, levels[n]) for n in levels if n in (*THINNED, "data", "split"))
        is_full = own[0].way is Way.FULL_TRAINING
        found.append(OtherRanking(place_text(thin) or fold, is_full, told))
    return tuple(found)


def save_other_ways(inputs: ReportInputs, folder: Path) -> None:
    """Save all values of other ways as a table, where there are any."""
    evidence = inputs.evidence
    again = evidence.retrained if evidence else None
    if evidence is not None and again is not None and again.others:
        lines = [_line(v, _full_value(evidence, v)) for v in again.others]
        pd.DataFrame(lines, columns=list(COLUMNS)).to_csv(folder / TABLE, index=False)


def _of(evidence: Evidence, metric: Metric, ways: Sequence[Way]) -> list[OtherValue]:
    """Return the values of a metric that come of some ways."""
    others = evidence.retrained.others if evidence.retrained else ()
    return [o for o in others if o.way in ways and (o.metric, o.k) == (metric.name, metric.k)]


def _tie_range(values: Sequence[OtherValue], metric: Metric) -> TieRange:
    delivered = {v.algorithm: v.delivered for v in values}
    turns: dict[int, dict[str, float]] = {}
    for value in values:
        turns.setdefault(value.turn, {})[value.algorithm] = value.value
    whole = {turn: own for turn, own in turns.items() if own.keys() == delivered.keys()}
    ranges = tuple(_range(name, [delivered[name], *_under(turns, name)]) for name in delivered)
    if len(delivered) < 2 or not whole:
        return TieRange(values[0].fold, len(turns), ranges, "", ())
    first = _best(delivered, metric)
    winners = [_best(own, metric) for own in whole.values()]
    others = (n for n in dict.fromkeys(winners) if n != first)
    told = tuple(f"{n} in {winners.count(n)} of {len(winners)}" for n in others)
    return TieRange(values[0].fold, len(turns), ranges, first, told)


def _under(turns: Mapping[int, Mapping[str, float]], name: str) -> Iterator[float]:
    yield from (own[name] for own in turns.values() if name in own)


def _range(name: str, values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{name} {shown(low, high - low)} to {shown(high, high - low)}"


def _best(values: Mapping[str, float], metric: Metric) -> str:
    sign = -1.0 if metric.better is Better.LOWER else 1.0
    return max(values, key=lambda name: sign * values[name])


def _both_ways(value: OtherValue, full: float | None) -> str:
    """Name both values, with their shares of that of the full training where it is known."""
    told = [shown(v) + _share(v, full) for v in (value.delivered, value.value)]
    return f"{value.algorithm} {told[0]}, otherwise {told[1]}"


def _share(value: float, full: float | None) -> str:
    return f" ({value / full:.0%} of that of the full training)" if full else ""


def _full_value(evidence: Evidence, value: OtherValue) -> float | None:
    """Return what an algorithm has at the full level beside a thinned one; None where it has not.

    There both ways are one.
    """
    block = evidence.blocks.get(value.fold)
    if block is None or value.way is Way.OTHER_TIES:
        return None
    rest = {n: v for n, v in block.levels.items() if n not in THINNED}
    full = [
        fold
        for fold, b in evidence.blocks.items()
        if not is_thinned(b) and {n: v for n, v in b.levels.items() if n not in THINNED} == rest
    ]
    rows = evidence.single
    rows = rows[rows["fold"].isin(full) & (rows["algorithm"] == value.algorithm)]
    rows = rows[(rows["metric"] == value.metric) & _has_cut(rows, value.k)]
    return float(rows["value"].mean()) if len(rows) else None


def _has_cut(rows: pd.DataFrame, k: int | None) -> pd.Series[bool]:
    return rows["k"].isna() if k is None else (rows["k"] == k).fillna(value=False)


def _line(value: OtherValue, full: float | None) -> tuple[object, ...]:
    shares = [np.nan if not full else v / full for v in (value.delivered, value.value)]
    return (
        value.way.value.replace("_", " "), value.turn + 1, value.fold, value.algorithm,
        Metric(value.metric, value.k).key, value.delivered, value.value, *shares, value.runs,
    )  # fmt: skip
