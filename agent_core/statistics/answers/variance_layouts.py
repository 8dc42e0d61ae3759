"""Variance components of repeated factors: what scatter comes of each, and what is rest.

A layout is what the runs of one algorithm make of its repeated factors. *Crossed*: every level of
one stands with every level of the others, as training seeds that are used on each split. *Nested*:
the levels of one lie within those of another, as folds within a split. *One by one*: one factor
was varied while the other stood still.

References
----------
Searle, Casella and McCulloch, Variance Components, 1992, chapters 3 and 4.
Hamada and Weerahandi, Measurement system assessment via generalized inference, Journal of Quality
Technology 32, 2000 (intervals of components and of their shares).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from agent_core.domain import FactorKind
from agent_core.statistics.answers.answer import ALPHA
from agent_core.statistics.answers.repetitions import one_by_one
from agent_core.statistics.inference import Floats, Interval

REST = "rest"
SPLIT, FOLD = FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value
DRAWS, RANDOM = 20_000, 21
METHOD = "generalized, from the chi-squares of the mean squares"


@dataclass(frozen=True, slots=True)
class Source:
    """One cause of variance with its sum of squares."""

    name: str
    squares: float
    degrees: int
    size: int = 1
    """Runs behind each of its levels."""
    below: int | None = None
    """Which source its mean square equals where it has no effect; None: it is the last."""

    @property
    def mean_square(self) -> float:
        """Sum of squares by degrees of freedom."""
        return self.squares / self.degrees


@dataclass(frozen=True, slots=True)
class Component:
    """The variance that a source adds, and its share of all."""

    source: Source
    variance: float
    share: float
    interval: Interval
    """Of the share."""
    f: float = math.nan
    """Of the test that it adds nothing; NaN of the last."""
    f_degrees: tuple[int, int] = (0, 0)
    p: float = math.nan


def sources_of(table: pd.DataFrame, names: Sequence[str]) -> tuple[Source, ...]:
    """Return the causes of a table of runs, a column a factor and `value`; none if too few.

    Parameters
    ----------
    table
        Levels of factors and values.
    names
        The factors, the outer before the inner.
    """
    if not set(names) <= set(table.columns):
        return ()
    if is_nested(table, names):
        return _nested(table, *names)
    values = whole_layout(table, names)
    if values is not None:
        return _with_folds(values, names) if {SPLIT, FOLD} <= {*names} else _crossed(values, names)
    return _one_by_one(table, names)


def is_nested(table: pd.DataFrame, names: Sequence[str]) -> bool:
    """Whether the levels of the second of two factors lie each within one of the first.

    Folds do, whatever they are called: fold 1 of another split is another fold.
    """
    if len(names) != 2:
        return False
    outer, inner = names
    if {outer, inner} == {SPLIT, FOLD}:
        return True
    known = table.dropna(subset=[*names, "value"])
    own = known.groupby(outer)[inner].nunique()
    return (
        len(own) > 1 and own.min() > 1 and bool((known.groupby(inner)[outer].nunique() == 1).all())
    )


def whole_layout(table: pd.DataFrame, names: Sequence[str]) -> Floats | None:
    """Return the values of a full rectangle, an axis a factor; None without two levels of each.

    Where runs are missing, the levels that miss most are left out.
    """
    known = table.dropna(subset=[*names, "value"])
    means = known.groupby(list(names), sort=False)["value"].mean()
    while len(means):
        levels = [list(dict.fromkeys(means.index.get_level_values(n))) for n in names]
        if min(map(len, levels)) < 2:
            return None
        full = means.reindex(pd.MultiIndex.from_product(levels, names=list(names)))
        if full.notna().all():
            return np.asarray(full.to_numpy(dtype=float).reshape([len(own) for own in levels]))
        gaps = full.isna()
        worst = max(
            ((n, level) for n, own in zip(names, levels, strict=True) for level in own),
            key=lambda place: float(gaps.xs(place[1], level=place[0]).mean()),
        )
        means = means.drop(worst[1], level=worst[0])
    return None


def nested_values(table: pd.DataFrame, outer: str, inner: str) -> Floats | None:
    """Return the draws within each outer level (lines), as many as all have; None without two."""
    known = table.dropna(subset=[outer, inner, "value"])
    means = known.groupby([outer, inner], sort=False)["value"].mean()
    groups = [own.to_numpy(dtype=float) for _, own in means.groupby(level=0, sort=False)]
    fewest = min(map(len, groups), default=0)
    return np.array([own[:fewest] for own in groups]) if min(len(groups), fewest) > 1 else None


def components_of(sources: Sequence[Source]) -> tuple[Component, ...]:
    """Return what each source adds: (MS - MS below) / size, not below 0; with its share and test.

    The interval of a share is a generalized one: each sum of squares is divided by draws of the
    chi-square that it follows, and the share worked out of what comes of it.
    """
    if not sources or not sum(s.squares for s in sources) > 0:
        return ()
    observed = np.array([[s.mean_square for s in sources]])
    rng = np.random.default_rng(RANDOM)
    drawn = np.column_stack([s.squares / rng.chisquare(s.degrees, DRAWS) for s in sources])
    variances, shares = _variances(sources, observed)[0], _shares(sources, observed)[0]
    ends = np.nanquantile(_shares(sources, drawn), [ALPHA / 2, 1 - ALPHA / 2], axis=0)
    runs = sum(s.degrees for s in sources) + 1
    return tuple(
        Component(
            source, float(variances[i]), float(shares[i]),
            Interval(float(ends[0, i]), float(ends[1, i]), "runs", METHOD, n=runs),
            *_test(source, sources),
        )
        for i, source in enumerate(sources)
    )  # fmt: skip


def _variances(sources: Sequence[Source], squares: Floats) -> Floats:
    """Return the components of lines of mean squares."""
    columns = [
        squares[:, i] if s.below is None
        else np.maximum(0.0, squares[:, i] - squares[:, s.below]) / s.size
        for i, s in enumerate(sources)
    ]  # fmt: skip
    return np.column_stack(columns)


def _shares(sources: Sequence[Source], squares: Floats) -> Floats:
    found = _variances(sources, squares)
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(found / np.where(total > 0, total, np.nan))


def _test(source: Source, sources: Sequence[Source]) -> tuple[float, tuple[int, int], float]:
    """Return F with its degrees and p, by the source below."""
    if source.below is None:
        return math.nan, (0, 0), math.nan
    below = sources[source.below]
    degrees = source.degrees, below.degrees
    if not below.squares > 0:
        return math.inf, degrees, 0.0
    f = source.mean_square / below.mean_square
    return f, degrees, float(scipy.stats.f.sf(f, *degrees))


def _crossed(values: Floats, names: Sequence[str]) -> tuple[Source, ...]:
    """Return the main effects of a full rectangle, and what is left of it.

    With one run at each combination the rest holds the interplay of the causes too.
    """
    axes = range(values.ndim)
    found = [
        Source(name, _squares(values, axis), values.shape[axis] - 1,
               values.size // values.shape[axis], values.ndim)
        for axis, name in zip(axes, names, strict=True)
    ]  # fmt: skip
    return (*found, _left(values, found))


def _with_folds(values: Floats, names: Sequence[str]) -> tuple[Source, ...]:
    """Return the causes of folds within splits, crossed with seeds."""
    split, fold = names.index(SPLIT), names.index(FOLD)
    places = np.moveaxis(values, (split, fold), (0, 1))
    splits, folds, *others = places.shape
    seeds = math.prod(others)
    own = places.reshape(splits, folds, seeds)
    within = own.mean(axis=2) - own.mean(axis=(1, 2))[:, None]
    found = [
        Source(SPLIT, _squares(own, 0), splits - 1, folds * seeds, 1),
        Source(FOLD, float(seeds * (within**2).sum()), splits * (folds - 1), seeds, 3),
        Source(next(n for n in names if n not in (SPLIT, FOLD)), _squares(own, 2), seeds - 1,
               splits * folds, 3),
    ]  # fmt: skip
    return (*found, _left(own, found))


def _squares(values: Floats, axis: int) -> float:
    """Return the sum of squares of the means along an axis."""
    others = tuple(a for a in range(values.ndim) if a != axis)
    means = values.mean(axis=others)
    return float(values.size / values.shape[axis] * ((means - values.mean()) ** 2).sum())


def _left(values: Floats, found: Sequence[Source]) -> Source:
    squares = float(((values - values.mean()) ** 2).sum()) - sum(s.squares for s in found)
    tiny = 1e-12 * float((values**2).sum())  # what rounding leaves is no variance
    degrees = values.size - 1 - sum(s.degrees for s in found)
    return Source(REST, squares if squares > tiny else 0.0, degrees)


def _nested(table: pd.DataFrame, outer: str, inner: str) -> tuple[Source, ...]:
    """Return one-way random effects."""
    values = nested_values(table, outer, inner)
    if values is None:
        return ()
    levels, draws = values.shape
    within = float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum())
    return (
        Source(outer, _squares(values, 0), levels - 1, draws, 1),
        Source(inner, within, levels * (draws - 1)),
    )


def _one_by_one(table: pd.DataFrame, names: Sequence[str]) -> tuple[Source, ...]:
    """Return two causes that were varied one after the other: the first holds the second too."""
    if len(names) != 2:
        return ()
    series = [np.array(v) for v in one_by_one(table, *names).values()]
    if min(map(len, series)) < 2:
        return ()
    squares = [float(((v - v.mean()) ** 2).sum()) for v in series]
    return (
        Source(names[0], squares[0], len(series[0]) - 1, 1, 1),
        Source(names[1], squares[1], len(series[1]) - 1),
    )


def is_one_by_one(sources: Sequence[Source]) -> bool:
    """Whether two causes were varied one after the other."""
    return len(sources) == 2 and all(s.size == 1 for s in sources)
