"""Samples of the data that a script drew itself: right where random and of the right size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent_core.checks.result import Detail
from agent_core.data.interactions import Interactions, Rows
from agent_core.data.variants import rows_kept, sample_size
from agent_core.domain.rules import COUNTING, DataRule, Of

Units = NDArray[np.int64]
FEW_UNITS = 30
"""Sampled users, items or interactions from which a choice shows."""
IMPOSSIBLE = 6.0
"""Standard errors that a random sample is never off: one in a billion."""
SLACK = 0.02
"""Share of a sample that later rules may take away by chance, beside that."""
NAMES = {Of.USERS: "users", Of.ITEMS: "items", Of.BOTH: "users", Of.INTERACTIONS: "interactions"}


@dataclass(frozen=True, slots=True, eq=False)
class OwnSample:
    """A sample that is not the one that the rule draws."""

    rule: DataRule
    before: Rows
    """What it was drawn from."""
    kept: Rows
    """What is there of it."""
    later: tuple[DataRule, ...] = ()
    """The rules that came after it."""


def rows_of_sample(
    data: Interactions, rows: Rows, rule: DataRule, is_kept: NDArray[np.bool_]
) -> Rows:
    """Return the rows of the users or items of which some are kept, or the kept rows."""
    if rule.of is Of.INTERACTIONS:
        return rows[is_kept]
    codes = _codes(data, rule)[rows]
    return rows[np.isin(codes, np.unique(codes[is_kept]))]


def sample_faults(data: Interactions, sample: OwnSample) -> Iterator[Detail]:
    """Say in what a sample cannot be one that the rule allows: its size, or that it was chosen."""
    rule, of = sample.rule, NAMES[sample.rule.of]
    before, own = (_units(data, rows, rule) for rows in (sample.before, sample.kept))
    wanted = sample_size(rule, len(before))
    drawn = _divisible(data, rows_kept(data, sample.before, (rule, *sample.later)))
    left = len(_units(data, drawn, rule))
    share = left / max(1, wanted)
    slack = IMPOSSIBLE * float(np.sqrt(2 * wanted * share * (1 - share))) + SLACK * wanted + 1
    if len(own) > wanted:
        told = "a sample of {planned:,} of {of:,} {what} is planned, {kept:,} are there"
        yield Detail(told, planned=wanted, of=len(before), what=of, kept=len(own))
    elif len(own) < left - slack:
        told = "a sample of {planned:,} of {of:,} {what} leaves about {left:,}, {kept:,} are there"
        yield Detail(told, planned=wanted, of=len(before), what=of, left=left, kept=len(own))
    elif chosen := _chosen_by(data, sample, before, own, _units(data, drawn, rule)):
        told = "the sampled {what} differ from a random sample in {chosen}"
        yield Detail(told, what=of, chosen=chosen)


def _divisible(data: Interactions, rows: Rows) -> Rows:
    """Return the rows of users who have two: of one nothing can be both trained on and tested."""
    users = data.users[rows]
    return rows[np.bincount(users, minlength=1)[users] > 1]


def _chosen_by(
    data: Interactions, sample: OwnSample, before: Units, own: Units, drawn: Units
) -> list[Detail]:
    """Return in what a sample differs from a random one.

    Where later rules count, what is left of it is held against what is left of the rule's own.
    """
    if min(len(own), len(drawn)) < FEW_UNITS or len(own) == len(before):
        return []
    is_counted = any(rule.kind in COUNTING for rule in sample.later)
    found = []
    for what, values in _respects(data, sample):
        ranks = _percentiles(values[before])
        of_unit = np.zeros(len(values))
        of_unit[before] = ranks
        mean, spread = float(of_unit[own].mean()), float(ranks.std())
        if is_counted:
            expected, variance = float(of_unit[drawn].mean()), 1 / len(own) + 1 / len(drawn)
        else:
            expected = float(ranks.mean())
            variance = (1 - len(own) / len(before)) / len(own)
        errors = abs(mean - expected) / (spread * np.sqrt(variance)) if spread else 0.0
        if errors > IMPOSSIBLE:
            told = "{respect} ({errors:.0f} standard errors)"
            found.append(Detail(told, respect=what, errors=errors))
    return found


def _respects(data: Interactions, sample: OwnSample) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield in what units are looked at, each with a value for every unit that there is."""
    rule, rows = sample.rule, sample.before
    if rule.of is Of.INTERACTIONS:
        yield "their place in the data", np.arange(len(data.users), dtype=float)
        for what, codes in (
            ("the activity of their users", data.users),
            ("popularity", data.items),
        ):
            yield (
                what,
                np.bincount(codes[rows], minlength=int(codes.max()) + 1)[codes].astype(float),
            )
        if data.times is not None:
            yield "time", data.times.astype(float)
        return
    codes = _codes(data, rule)
    first = np.full(int(codes.max()) + 1, len(codes), dtype=float)
    np.minimum.at(first, codes[rows], rows)
    yield "their place in the data", first
    yield "numbers of interactions", np.bincount(codes[rows], minlength=len(first)).astype(float)


def _percentiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of values that are lower, ties halved."""
    ordered = np.sort(values)
    low, high = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((low + high) / (2 * len(values)))


def _codes(data: Interactions, rule: DataRule) -> NDArray[np.int32]:
    return data.items if rule.of is Of.ITEMS else data.users


def _units(data: Interactions, rows: Rows, rule: DataRule) -> Units:
    """Return what is sampled, of some rows."""
    if rule.of is Of.INTERACTIONS:
        return rows
    return np.unique(_codes(data, rule)[rows]).astype(np.int64)
