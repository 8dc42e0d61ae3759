"""The means of a design as tables for a paper: algorithms and levels down, one factor across."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from agent_core.domain import Factor, FactorKind, LevelValue, Plan
from agent_core.prose.number_format import NOISE, shown
from agent_core.report.number_texts import NONE
from agent_core.rules.design_words import factor_words, level_text, measure_text
from agent_core.statistics.answers.answer import Answer, Estimate, Grade

MOST_ACROSS = 6
"""Columns of values that fit beside each other on a page."""
MOST_TABLES = 3
"""Of the first measures; all are in `tables/levels.csv`."""


@dataclass(frozen=True, slots=True)
class LevelTable:
    """The means of one measure at every combination of compared levels, as texts."""

    measure: str
    across: str
    """The factor whose levels are the columns; empty where there is one column."""
    heads: tuple[str, ...]
    """The factors whose levels begin a row."""
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """The levels of each row and its values."""
    over: str
    """What the intervals are over, and of how many."""


def level_tables(plan: Plan, means: Sequence[Estimate]) -> tuple[LevelTable, ...]:
    """Return a table for each of the first measures that has means."""
    measures = list(dict.fromkeys(e.measure for e in means))[:MOST_TABLES]
    own = ([e for e in means if e.measure == measure] for measure in measures)
    return tuple(_table_of(plan, estimates) for estimates in own)


def incomparable(answers: Iterable[Answer]) -> tuple[str, ...]:
    """Return why levels of a design cannot be read against each other, each reason once."""
    found = (e.why for a in answers for e in a.estimates if e.grade is not Grade.SAME and e.why)
    return tuple(dict.fromkeys(found))


def save_levels(means: Sequence[Estimate], folder: Path) -> None:
    """Save the mean of each combination of compared levels as CSV, a column a factor."""
    lines = [
        {**e.within, "measure": e.measure, "mean": e.value}
        | {"ci_low": e.interval.low, "ci_high": e.interval.high, "ci_over": e.interval.over}
        | {"n": e.n}
        for e in means
    ]
    if lines:
        pd.DataFrame(lines).to_csv(folder / "levels.csv", index=False)


def _table_of(plan: Plan, means: Sequence[Estimate]) -> LevelTable:
    varied = [f for f in plan.compared if len({e.within.get(f.name) for e in means}) > 1]
    across = _across(varied, means)
    down = [f for f in varied if f is not across]
    columns = across.levels if across else (None,)
    found: dict[tuple[LevelValue | None, ...], dict[LevelValue | None, Estimate]] = {}
    for e in means:
        row = found.setdefault(tuple(e.within.get(f.name) for f in down), {})
        row[e.within.get(across.name) if across else None] = e
    half = _shared_half_width(means)
    return LevelTable(
        measure_text(means[0].measure),
        factor_words(across.name)[0] if across else "",
        tuple(factor_words(f.name)[0] for f in down),
        tuple(_level_text(across, level) for level in columns) if across else ("mean",),
        tuple(
            (
                tuple(map(_level_text, down, key)),
                tuple(_value_text(row.get(level), half) for level in columns),
            )
            for key, row in found.items()
        ),
        _over(means),
    )


def _across(factors: Sequence[Factor], means: Sequence[Estimate]) -> Factor | None:
    """Return the factor of the columns: one that every mean has, few enough levels, else none.

    Algorithms stand in the rows wherever another one fits.
    """
    fit = [
        f
        for f in factors
        if len(f.levels) <= MOST_ACROSS and all(f.name in e.within for e in means)
    ]
    others = [f for f in fit if f.kind is not FactorKind.ALGORITHM]
    return max(others or fit, key=lambda f: len(f.levels), default=None)


def _level_text(factor: Factor, level: LevelValue | None) -> str:
    return NONE if level is None else level_text(factor.kind, level)


def _value_text(estimate: Estimate | None, half: float | None) -> str:
    """Return a mean with half the width of its interval."""
    if estimate is None:
        return NONE
    width = estimate.interval.half_width
    mean = shown(estimate.value, width if half is None else half)
    return f"{mean} ± {shown(width, half)}" if half and estimate.interval.is_known else mean


def _shared_half_width(means: Iterable[Estimate]) -> float | None:
    """Return the half width that gives all means of a table the same digits."""
    widths = (e.interval.half_width for e in means if e.interval.is_known)
    return min((w for w in widths if w >= NOISE), default=None)


def _over(means: Sequence[Estimate]) -> str:
    """Return what intervals are over: `410 to 520 test users`."""
    return ", ".join(_counted(means))


def _counted(means: Sequence[Estimate]) -> Iterator[str]:
    for name in dict.fromkeys(e.interval.over for e in means if e.interval.is_known):
        counts = {e.n for e in means if e.interval.over == name}
        low, high = f"{min(counts):,}", f"{max(counts):,}"
        what = f"test {name}" if name == "users" else name
        yield f"{low} {what}" if low == high else f"{low} to {high} {what}"
