"""Phrases that sentences of answers are made of: levels, values, intervals, lists."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from agent_core.domain import FactorKind, Levels
from agent_core.domain.design import BY_NAME
from agent_core.prose.number_format import p_text, percent, shown
from agent_core.rules.design_words import level_text, levels_text
from agent_core.statistics.answers.answer import Estimate, PairTest, Statistic, metric_of
from agent_core.statistics.inference import Interval

IN_TABLE = "; more in the table."
MOST = 4
"""Pairs, curves or levels that one sentence tells; the table has all."""


def whole(estimate: Estimate) -> str:
    """Return what an estimate is of: `EASE, 40 neighbours`."""
    return levels_text({**estimate.within, **estimate.levels})


def within(levels: Levels) -> str:
    """Return where something is told, for the end of a phrase; empty where nowhere else."""
    return f" within {levels_text(levels)}" if levels else ""


def of(levels: Levels) -> str:
    """Return what something is told of, for the end of a phrase."""
    return f" of {levels_text(levels)}" if levels else ""


def step(levels: Levels) -> str:
    """Return the level of an ordered factor alone: `10 %`."""
    return ", ".join(
        level_text(BY_NAME.get(name, FactorKind.HYPERPARAMETER), level)
        for name, level in levels.items()
    )


def value(estimate: Estimate) -> str:
    """Return a value with the digits that it bears; times and memory with their unit."""
    kind = metric_of(estimate.measure).kind
    if kind.is_cost and estimate.statistic is Statistic.MEAN:
        return f"{estimate.value:.3g} {kind.unit}"
    return shown(estimate.value, estimate.interval.half_width)


def interval(found: Interval, half: float = math.nan) -> str:
    """Return an interval with what it is over; empty where none is known."""
    if not found.is_known:
        return ""
    return f"95 % interval {ends(found, half)}" + (f" over {found.over}" if found.over else "")


def ends(found: Interval, half: float = math.nan) -> str:
    """Return both ends of an interval, of which it is known that it has some."""
    half = found.half_width if math.isnan(half) else half
    return f"{shown(found.low, half)} to {shown(found.high, half)}"


def share_interval(found: Interval) -> str:
    """Return an interval of a share."""
    if not found.is_known:
        return ""
    return f"95 % interval {percent(found.low)} to {percent(found.high)}"


def noted(*notes: str) -> str:
    """Return notes in brackets; empty where there are none."""
    kept = "; ".join(note for note in notes if note)
    return f" ({kept})" if kept else ""


def listed(texts: Iterable[str], most: int = MOST) -> str:
    """Return the first texts as a list, and how many more the table has."""
    found = list(texts)
    rest = len(found) - most
    return "; ".join(found[:most]) + (f"; {rest} more in the table" if rest > 0 else "")


def shortened(sentence: str, most: int) -> str:
    """Return a sentence, cut between the members of its lists where it is longer than `most`."""
    text = sentence
    while len(text) > most - len(IN_TABLE) and ("; " in text or ", " in text):
        text = text.rpartition("; " if "; " in text else ", ")[0]
        while text.count("(") > text.count(")"):
            text = text.rpartition("(")[0].rstrip()
    return sentence if len(sentence) <= most else f"{text}{IN_TABLE}"


def spoken(texts: Iterable[str]) -> str:
    """Return texts as a list in a sentence."""
    *first, last = list(texts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def p_of(test: PairTest) -> str:
    """Return p after correction, and that of a test which the task names."""
    if not math.isfinite(test.adjusted_p):
        return ""
    holm = f", Holm over {test.family}" if test.family > 1 else ""
    named = f", {test.named} p {p_text(test.named_p)}" if test.named else ""
    return f"p {p_text(test.adjusted_p)}{holm}{named}"


def by_measure(estimates: Sequence[Estimate]) -> Iterator[tuple[str, list[Estimate]]]:
    """Yield each measure with its estimates."""
    for measure in dict.fromkeys(e.measure for e in estimates):
        yield measure, [e for e in estimates if e.measure == measure]


def by_context(estimates: Iterable[Estimate]) -> list[list[Estimate]]:
    """Return estimates in groups that stand within the same levels."""
    return [list(g) for _, g in itertools.groupby(estimates, key=lambda e: dict(e.within))]


def largest(estimates: Iterable[Estimate]) -> list[Estimate]:
    """Return estimates by their size, the largest first."""
    return sorted(estimates, key=lambda e: -abs(e.value))
