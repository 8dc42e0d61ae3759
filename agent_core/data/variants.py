"""What data rules leave of a dataset, worked out from the rules alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from agent_core.data.interactions import Flags, Interactions, Rows, lowest, share_of
from agent_core.domain.rules import DataRule, DataRuleKind, DataRules, Keep, Of

SAMPLE_SEED = 42
"""Of a sample for which none is said."""


def variant_of(data: Interactions, rules: DataRules) -> Rows:
    """Return the rows that rules leave; what concerns training only comes after the split."""
    return rows_kept(data, data.rows, (r for r in rules.rules if not r.is_training_only))


def rows_kept(data: Interactions, rows: Rows, rules: Iterable[DataRule]) -> Rows:
    """Return what rules leave of some rows, each of what the one before left."""
    for rule in rules:
        rows = rows[RULES[rule.kind](data, rows, rule)]
    return rows


def is_derived(rules: DataRules) -> bool:
    """Whether fields tell all that rules leave out, not words."""
    return all(map(_is_told, rules.rules))


def _is_told(rule: DataRule) -> bool:
    """Whether the fields of a rule say what it leaves out."""
    match rule.kind:
        case DataRuleKind.OTHER:
            return False
        case DataRuleKind.REPEATED_PAIRS:
            return True
        case DataRuleKind.TIME_WINDOW:
            return bool(rule.first or rule.last)
    return rule.amount is not None


def sample_size(rule: DataRule, count: int) -> int:
    """Return how many of so many a sample keeps."""
    if rule.amount is None:
        return count
    if rule.amount >= 1:
        return min(int(rule.amount), count)
    return max(1, int(share_of(rule.amount, count)))


def _all(_: Interactions, rows: Rows, __: DataRule) -> Flags:
    return np.ones(len(rows), dtype=bool)


def _one_of_repeated(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    """Keep the first or the last of each pair: by time, else by row."""
    pairs = data.pairs(rows)
    ordered = np.sort(pairs)
    if rule.keep is Keep.ALL or not (ordered[1:] == ordered[:-1]).any():
        return np.ones(len(rows), dtype=bool)
    is_kept = np.array(~pd.Series(pairs).duplicated(keep=False))
    several = np.flatnonzero(~is_kept)
    times = () if data.times is None else (data.times[rows[several]],)
    order = several[np.lexsort((*times, pairs[several]))]
    ends = np.flatnonzero(np.diff(pairs[order]))
    at = np.append(ends, len(order) - 1) if rule.keep is Keep.LAST else np.append(0, ends + 1)
    is_kept[order[at]] = True
    return is_kept


def _rated(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    return data.rated(rows, rule.amount, is_above=rule.is_above)


def _within(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    """Keep what happened from the first to the last day, both of them too."""
    days = data.days(rows)
    if days is None:
        return np.ones(len(rows), dtype=bool)
    is_kept = np.asarray(~np.isnat(days))
    if rule.first:
        is_kept &= days >= np.datetime64(rule.first, "D")
    if rule.last:
        is_kept &= days <= np.datetime64(rule.last, "D")
    return is_kept


def _sampled(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    """Keep the users, items or interactions with the lowest hashes."""
    seed = SAMPLE_SEED if rule.seed is None else rule.seed
    if rule.of is Of.INTERACTIONS:
        return lowest(data.keys(seed, rows), sample_size(rule, len(rows)))
    column = "item_id" if rule.of is Of.ITEMS else "user_id"
    codes = (data.items if rule.of is Of.ITEMS else data.users)[rows]
    there = np.flatnonzero(np.bincount(codes))
    drawn = there[lowest(data.units(column, seed)[there], sample_size(rule, len(there)))]
    return np.asarray(np.isin(codes, drawn))


def _fewest(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    """Keep users and items with enough interactions, both counted before any is dropped."""
    is_kept = np.ones(len(rows), dtype=bool)
    for codes, is_asked in ((data.users, rule.counts_users), (data.items, rule.counts_items)):
        if is_asked and rule.amount is not None:
            own = codes[rows]
            is_kept &= (np.bincount(own) >= rule.amount)[own]
    return is_kept


def _core(data: Interactions, rows: Rows, rule: DataRule) -> Flags:
    """Keep users and items with enough interactions among what is kept."""
    places = np.arange(len(rows))
    while True:
        left = places[_fewest(data, rows[places], rule)]
        if len(left) == len(places):
            break
        places = left
    is_kept = np.zeros(len(rows), dtype=bool)
    is_kept[places] = True
    return is_kept


RULES: dict[DataRuleKind, Callable[[Interactions, Rows, DataRule], Flags]] = {
    DataRuleKind.REPEATED_PAIRS: _one_of_repeated,
    DataRuleKind.LOWEST_RATING: _rated,
    DataRuleKind.TIME_WINDOW: _within,
    DataRuleKind.SAMPLE: _sampled,
    DataRuleKind.FEWEST: _fewest,
    DataRuleKind.CORE: _core,
    DataRuleKind.OTHER: _all,
}
