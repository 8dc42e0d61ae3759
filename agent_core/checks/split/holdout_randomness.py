"""Whether held-out interactions are a random draw, where the plan says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.checks.result import (
    GRAVITY,
    Detail,
    Result,
    failed,
    not_applicable,
    passed,
    warned,
)
from agent_core.checks.split.blocks import is_thinned, rounds_of
from agent_core.checks.split.filters import judged_parts
from agent_core.checks.split.newest import newest_held_out
from agent_core.checks.split.split_kinds import Fold, Folds
from agent_core.checks.split.variants import described_split, is_variant, kind_of
from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Finding, Order
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.id_codes import are_repeated, pair_keys
from agent_core.evidence.split_origin import seconds

Floats = NDArray[np.float64]

FEW_USERS = 100
"""Tested users from which a draw is judged."""
ODD, IMPOSSIBLE = 6.0, 12.0
"""Standard errors that the tested may be off: one in a billion, and never."""
SMALL, LARGE = 0.1, 0.25
"""Standard deviations of the tested values that are told to readers, and that are a fault: in much
data a draw that only leaves out items unknown to training is off by many standard errors."""
OTHER_USERS = 0.75
"""The same fault for tested users: the first ones of a file differ too, but not as much."""
COLD = 0.001
"""Chance of having all interactions tested, above which an item is left aside: it may be that it
is never tested, for then it cannot be recommended."""
BLOCK = 1_000_000
"""Interactions whose times are ordered at once: that takes 100 bytes each."""
NEARLY_ALL = 0.95
"""Share of the users from which no choice of users is left."""


RESPECTS = {
    "popularity": "percentile of popularity",
    "rating": "rating",
    "time": "percentile of time",
    "size": "percentile of interactions",
}
"""In what a draw is judged, by the column that has it."""
TALLY = ("what", "seen", "expected", "variance", "spread", "tested", "users")
"""What tested interactions sum to, and what a random draw would, with the variance of that sum;
the sum of the variances of what each was drawn from; how many were tested, of how many users."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How far the tested interactions of a fold are from a random draw in one respect."""

    where: str
    what: str
    mean: float
    expected: float
    deviations: float
    """Standard errors between them."""
    effect: float
    """Standard deviations of single values between them."""
    fault: float = LARGE
    """Effect from which it is a fault."""

    @property
    def is_odd(self) -> bool:
        """Whether readers must know."""
        return abs(self.deviations) > ODD and abs(self.effect) > SMALL

    @property
    def is_impossible(self) -> bool:
        """Whether it was no draw."""
        return abs(self.deviations) > IMPOSSIBLE and abs(self.effect) > self.fault

    @property
    def text(self) -> Detail:
        """Say it in words."""
        told = (
            "{where}: {what} is {mean:.3g} on average, a random draw has {expected:.3g} "
            "({errors:.0f} standard errors)"
        )
        known = {name: getattr(self, name) for name in ("where", "what", "mean", "expected")}
        return Detail(told, errors=abs(self.deviations), **known)


def held_out_at_random(evidence: Evidence) -> Result:
    """Check that tested interactions are like a random draw from each tested user's own.

    It binds: a test of everybody's most popular or best liked item asks another question. What a
    user has is known, and so are expectation and variance of the mean of a draw from it. Where the
    plan holds out the newest of each user, these must be tested.
    """
    chosen = judged_parts(evidence).select(lambda fold: _is_drawn(evidence, fold))
    if not chosen:
        return not_applicable("The split is not drawn at random.")
    orders = {order: chosen.select(_has_order(evidence, order)) for order in Order}
    found = [_judged_order(evidence, order, own) for order, own in orders.items() if own]
    return min(found, key=lambda result: GRAVITY.index(result.finding))


def _has_order(evidence: Evidence, order: Order) -> Callable[[str], bool]:
    return lambda fold: evidence.split_of(fold).order is order


def _judged_order(evidence: Evidence, order: Order, chosen: Folds) -> Result:
    """Check folds of which the plan says in which order they are held out."""
    if order is Order.NEWEST:
        return newest_held_out(evidence, chosen)
    result = _judged_draw(evidence, chosen)
    if order is Order.RANDOM or result.finding in (Finding.PASS, Finding.NOT_APPLICABLE):
        return result
    newest = newest_held_out(evidence, chosen)
    if newest.finding is not Finding.PASS:
        return result
    told = f"{newest.reason} The plan says both, newest and random."
    return replace(newest, finding=Finding.WARN, reason=told)


def draws_of(evidence: Evidence, folds: Sequence[Fold]) -> Iterator[Draw]:
    """Yield how far folds are from a random draw, each by itself and all together."""
    found = {f"fold {fold[0]}": _tallies(evidence, fold) for fold in folds}
    known = [tallies for tallies in found.values() if len(tallies)]
    if len(found) > 1 and known:
        found["all folds"] = pd.concat(known).groupby("what", sort=False, as_index=False).sum()
    for where, tallies in found.items():
        yield from _draws_in(where, tallies)


def _is_drawn(evidence: Evidence, fold: str) -> bool:
    """Whether what a fold holds out is drawn, unless the newest is asked for.

    What is drawn beside the newest part of training is none; its test is that of the others.
    """
    kind, is_newest = kind_of(evidence, fold), evidence.split_of(fold).thinned_by is Order.NEWEST
    return kind is not None and kind.is_drawn and not (is_newest and is_thinned(evidence, fold))


def _is_of_records(evidence: Evidence, fold: str) -> bool:
    """Whether what a fold holds out is drawn from all interactions."""
    kind = kind_of(evidence, fold)
    return kind is not None and kind.is_of_records


def _judged_draw(evidence: Evidence, folds: Folds) -> Result:
    """Check that tested interactions and users are a random draw."""
    rounds = rounds_of(evidence, folds)
    draws = [draw for own in rounds for draw in draws_of(evidence, own)]
    draws += [draw for own in rounds for draw in _draws_of_users(evidence, own)]
    records = folds.select(lambda fold: _is_of_records(evidence, fold))
    gross = [*(d.text for d in draws if d.is_impossible), *_whole_users(records)]
    if gross:
        return failed("Not drawn at random: {faults}.", faults=gross)
    if odd := [d.text for d in draws if d.is_odd]:
        return warned("Hardly drawn at random: {doubts}.", doubts=odd)
    if seeds := _other_seeds(evidence, folds):
        return warned("Drawn with {seeds} planned.", seeds=seeds)
    if not draws:
        told = "Fewer than {users} tested users tell nothing of a draw."
        return not_applicable(told, users=FEW_USERS)
    worst = max(draws, key=lambda d: abs(d.deviations))
    told = (
        "What is tested is like a random draw in popularity, rating and time, as far as they are "
        "known (at most {errors:.1f} standard errors and {effect:.2f} standard deviations off)."
    )
    return passed(told, errors=abs(worst.deviations), effect=abs(worst.effect))


def _other_seeds(evidence: Evidence, folds: Folds) -> list[Detail]:
    """Return the recorded seeds of splits that are not the planned ones."""
    split = evidence.run.get("split")
    whole = split.get("seed") if isinstance(split, dict) else None
    pairs = {
        (str(described_split(evidence, fold).get("seed", whole)), evidence.split_of(fold).seed)
        for fold in folds.names
    }
    told = "{seeds}; seed {planned} is"
    return [
        Detail(told, seeds=f"seed {said}", planned=planned)
        for said, planned in sorted(pairs)
        if said not in ("None", str(planned))
    ]


def _draws_in(where: str, tallies: pd.DataFrame) -> Iterator[Draw]:
    """Yield what tallies of enough users tell of a draw."""
    for t in tallies[tallies["users"] >= FEW_USERS].itertuples():
        off = t.seen - t.expected
        errors, effect = off / np.sqrt(t.variance), off / np.sqrt(t.tested * t.spread)
        what = f"{t.what} of tested interactions"
        yield Draw(where, what, t.seen / t.tested, t.expected / t.tested, errors, effect)


def _tallies(evidence: Evidence, fold: Fold) -> pd.DataFrame:
    """Return what the tested interactions of a fold come to, by popularity, rating and time."""
    data = _with_popularity(fold)
    lowest = evidence.split_of(fold[0]).lowest_test_rating
    is_kept = data.counts >= _fewest(fold)
    if lowest is not None and all("rating" in part for part in fold[1:]):
        is_kept &= _numbers_of(fold, "rating", data.rows) >= lowest
    width = int(data.users.max(initial=0)) + 1
    is_kept &= (np.bincount(data.users[is_kept & data.is_test], minlength=width) > 0)[data.users]
    users, is_test = data.users[is_kept], data.is_test[is_kept]
    found = []
    for column in RESPECTS:
        values = _values_of(fold, data, column)
        if values is not None and not np.isnan(values := values[is_kept]).any():
            values = _percentiles(values, users) if column == "time" else values
            found.append(_tally(column, values, users, is_test))
    table = pd.DataFrame(found, columns=TALLY)
    return table[table["variance"] > 0]


@dataclass(frozen=True, slots=True, eq=False)
class _Interactions:
    """The interactions of a fold, each pair once, as arrays: ten million take 260 MB."""

    rows: NDArray[np.bool_]
    """Which of training and test, one behind the other, these are."""
    users: NDArray[np.int32]
    is_test: NDArray[np.bool_]
    counts: NDArray[np.int32]
    """How many interactions the item of each has."""
    popularity: Floats
    """The percentile of that."""


def _with_popularity(fold: Fold) -> _Interactions:
    """Return the interactions of a fold, each pair once, with the popularity of their items."""
    users, items = (_column_of(fold, c) for c in PAIR)
    keys = pair_keys(pd.DataFrame({"user_id": users, "item_id": items}, copy=False))
    rows = ~are_repeated(keys, keep="last")
    del keys
    is_test = np.arange(len(rows)) >= len(fold[1])
    sizes = np.bincount(items[rows])
    counts = sizes[items[rows]].astype(np.int32)
    return _Interactions(rows, users[rows], is_test[rows], counts, _ranks(sizes)[items[rows]])


def _column_of(fold: Fold, column: str) -> NDArray[np.int32]:
    """Return the ids of training and test, one behind the other."""
    return np.concatenate([part[column].to_numpy(dtype=np.int32) for part in fold[1:]])


def _ranks(sizes: NDArray[np.int64]) -> Floats:
    """Return the percentile that the interactions of each item have among all, by its size."""
    some, place, items = np.unique(sizes, return_inverse=True, return_counts=True)
    lines = some * items
    ranks = np.cumsum(lines) - lines + (lines + 1) / 2
    return np.asarray((ranks / max(1, sizes.sum()))[place])


def _values_of(fold: Fold, data: _Interactions, column: str) -> Floats | None:
    """Return in what a draw is judged; None where a fold does not have it."""
    if column == "popularity":
        return data.popularity
    name = {"rating": "rating", "time": "timestamp"}.get(column, "")
    is_there = all(name in part for part in fold[1:])
    return _numbers_of(fold, name, data.rows) if is_there else None


def _numbers_of(fold: Fold, column: str, rows: NDArray[np.bool_]) -> Floats:
    """Return ratings, or times as seconds."""
    parts = [part[column] for part in fold[1:]]
    if not all(map(pd.api.types.is_datetime64_any_dtype, parts)):
        # Numbers of all parts tell in which unit times are.
        parts = [pd.concat(parts, ignore_index=True)]
    is_time = column == "timestamp"
    found = [seconds(p) if is_time else pd.to_numeric(p, errors="coerce") for p in parts]
    numbers = np.concatenate([p.to_numpy(dtype=float) for p in found])
    return numbers if rows.all() else numbers[rows]


def _percentiles(times: Floats, users: NDArray[np.int32]) -> Floats:
    """Return the percentile of each time among those of its user, some users at a time."""
    found = np.empty(len(times))
    parts = 1 + len(users) // BLOCK
    ends = np.linspace(0, int(users.max(initial=0)) + 1, parts + 1).astype(int)
    for low, high in itertools.pairwise(ends):
        own = np.flatnonzero((users >= low) & (users < high))
        found[own] = _percentiles_of(times[own], users[own])
    return found


def _percentiles_of(times: Floats, users: NDArray[np.int32]) -> Floats:
    """Return the percentile of each time among those of its user; the same where they are."""
    order = np.lexsort((times, users))
    user, time = users[order], times[order]
    starts = np.flatnonzero(np.diff(user, prepend=-1))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (user[1:] != user[:-1]) | (time[1:] != time[:-1])
    del user, time
    ties = np.flatnonzero(is_new)
    owner = np.searchsorted(starts, ties, side="right") - 1
    lengths = np.diff(ties, append=len(order))
    ranks = ties - starts[owner] + (lengths + 1) / 2
    share = ranks / np.diff(starts, append=len(order))[owner]
    found = np.empty(len(order))
    found[order] = np.repeat(share, lengths)
    return found


def _fewest(fold: Fold) -> int:
    """Return how many interactions an item has that is hardly ever tested as a whole."""
    share = len(fold[2]) / max(1, len(fold[1]) + len(fold[2]))
    return max(2, int(np.ceil(np.log(COLD) / np.log(min(max(share, COLD), 0.9)))))


def _tally(
    column: str, values: Floats, users: NDArray[np.int32], is_test: NDArray[np.bool_]
) -> tuple[str | float, ...]:
    """Return the `TALLY` of tested interactions and of a draw without replacement.

    Of a user's n values with population variance s2, m drawn ones sum to m times their mean on
    average, with the variance m s2 (n - m) / (n - 1).
    """
    n, m = np.bincount(users), np.bincount(users[is_test], minlength=int(users.max(initial=0)) + 1)
    mean = np.bincount(users, values) / n.clip(min=1)
    squares = mean[users]
    squares -= values
    squares *= squares
    s2 = np.bincount(users, squares) / n.clip(min=1)
    variance = m * s2 * (n - m) / (n - 1).clip(min=1)
    sums = (values[is_test], m * mean, variance, m * s2, m)
    return (RESPECTS[column], *(float(x.sum()) for x in sums), int((n > 0).sum()))


def _draws_of_users(evidence: Evidence, folds: Folds) -> Iterator[Draw]:
    """Yield how far the tested users are from a random draw of users, where they are a part."""
    folds = folds.select(lambda fold: not is_variant(evidence, fold))
    if not folds or evidence.split_of(folds.names[0]).are_users_chosen:
        return
    data = _with_popularity(folds[0])
    sizes = np.bincount(data.users)
    means = np.bincount(data.users, data.popularity) / sizes.clip(min=1)
    own = pd.DataFrame({"popularity": means, "size": sizes})[sizes > 0]
    own["is_tested"] = own.index.isin(pd.concat([test["user_id"] for _, _, test in folds]))
    # Who has fewer than all tested users could not be tested.
    own = own[own["size"] >= own.loc[own["is_tested"], "size"].min()]
    if own["is_tested"].sum() < FEW_USERS or own["is_tested"].mean() > NEARLY_ALL:
        return
    own = own.assign(size=own["size"].rank(pct=True))
    for column in ("popularity", "size"):
        if own[column].std(ddof=0):
            yield _draw_of_users(own[column], own["is_tested"])


def _draw_of_users(values: pd.Series, is_drawn: pd.Series) -> Draw:
    """Return how far the mean of some users is from that of a draw without replacement."""
    n, m, spread = len(values), int(is_drawn.sum()), float(values.std(ddof=0))
    mean, expected = float(values[is_drawn].mean()), float(values.mean())
    effect = (mean - expected) / spread
    errors = effect * np.sqrt(m * (n - 1) / (n - m))
    what = f"{RESPECTS[str(values.name)]} of tested users"
    return Draw("users", what, mean, expected, errors, effect, fault=OTHER_USERS)


def _whole_users(folds: Folds) -> Iterator[str]:
    """Name the folds that test all that many users have, as blocks of a sorted file do."""
    for name, train, test in folds:
        tested = test["user_id"].value_counts()
        sizes = tested.add(train["user_id"].value_counts(), fill_value=0)
        chance = (len(test) / (len(test) + len(train))) ** sizes
        seen = int((sizes.reindex(tested.index) == tested).sum())
        expected = float(chance.sum())
        if seen - expected > max(IMPOSSIBLE * np.sqrt(expected), SMALL * len(tested)):
            told = (
                "fold {fold}: {users:,} of {of:,} users are tested with all that they have, "
                "a random draw has {expected:,.0f}"
            )
            yield Detail(told, fold=name, users=seen, of=len(tested), expected=expected)
