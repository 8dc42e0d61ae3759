"""What data rules leave of the dataset, beside what was kept of it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.checks.split.own_samples import OwnSample, rows_of_sample
from agent_core.checks.split.split_kinds import Fold
from agent_core.data.interactions import Interactions, Rows
from agent_core.data.parquet_reader import PAIR
from agent_core.data.variants import rows_kept
from agent_core.domain.rules import DataRule, DataRuleKind, DataRules, Keep
from agent_core.evidence.cells import RowsOf, pairs_in
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.id_codes import NO_ID, are_among, are_repeated, distinct, pair_keys

Pairs = NDArray[np.int64]
"""Numbers of (user, item), each once, in ascending order."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The dataset of a fold, as arrays and as pairs."""

    data: Interactions
    keys: NDArray[np.int64]
    """The pair of each row."""
    has_repeats: bool

    def pairs(self, rows: Rows) -> Pairs:
        """Return the pairs of some rows."""
        return distinct(self.keys[rows])

    def rows_of(self, pairs: Pairs) -> Rows:
        """Return the rows that pairs have."""
        return self.data.rows[are_among(self.keys, pairs)]

    def ages(self, pairs: Pairs) -> NDArray[np.float64]:
        """Return the first time of each pair."""
        times = self.data.times
        rows = self.rows_of(pairs)
        found = np.full(len(pairs), np.inf)
        if times is not None:
            places = np.searchsorted(pairs, self.keys[rows])
            np.minimum.at(found, places, times[rows].astype(float))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """What data rules leave."""

    rows: Rows
    samples: tuple[OwnSample, ...] = ()
    """Those that the script drew itself; they are taken as they are."""


PARTS_APART = ("validation", "query", "validation_query")
"""What a fold has beside training and test."""
MANY_ROWS = 5_000_000
"""From which on a table, of 16 bytes a row, is made again when it is asked for."""
_KNOWN: dict[int, Table] = {}
"""Tables by the frame that they were made of, as long as it is there."""


def table_of(evidence: Evidence) -> Table | None:
    """Return the dataset that was used; None where it cannot be read."""
    frame = evidence.interactions
    if frame is None or not set(PAIR) <= set(frame):
        return None
    if len(frame) > MANY_ROWS:
        return _table(frame, evidence)
    if id(frame) not in _KNOWN:
        _KNOWN[id(frame)] = _table(frame, evidence)
        weakref.finalize(frame, _KNOWN.pop, id(frame), None)
    return _KNOWN[id(frame)]


def _table(frame: pd.DataFrame, evidence: Evidence) -> Table:
    keys = pair_keys(frame)
    return Table(Interactions.of(frame, evidence.ids.texts), keys, bool(are_repeated(keys).any()))


def kept_pairs(evidence: Evidence, fold: Fold) -> Pairs:
    """Return the pairs of a fold, whatever part they are in."""
    parts = [pair_keys(part) for part in fold[1:]]
    return distinct(*parts, *(pairs_of(evidence, p, fold[0]) for p in PARTS_APART))


def pairs_of(evidence: Evidence, part: str, fold: str) -> Pairs:
    """Return the pairs of one part of a fold, by the ids of the dataset; none where not saved."""
    saved: Mapping[str, pd.DataFrame] = getattr(evidence, part)
    none: Pairs = np.empty(0, dtype=np.int64)
    if fold not in saved:
        return none
    origin, data = evidence.origins.get(fold), evidence.interactions
    if origin is None or data is None or not origin.pairs or origin.is_renamed:
        return distinct(pair_keys(pairs_in(saved, fold)))
    rows = origin.rows.get(part)
    if rows is not None and (rows >= 0).all():
        return distinct(pair_keys(RowsOf(data, rows).columns(PAIR)))
    return distinct(pair_keys(_in_ids_of_dataset(evidence, saved[fold], fold)))


def _in_ids_of_dataset(evidence: Evidence, frame: pd.DataFrame, fold: str) -> pd.DataFrame:
    """Return interactions with the ids that training and test have in the dataset.

    A script may put letters before all ids.
    """
    origin, data = evidence.origins[fold], evidence.interactions
    assert data is not None, "there is an origin in it"
    found = frame[PAIR]
    for column in PAIR:
        own = {p: getattr(evidence, p)[fold][column].to_numpy() for p in origin.rows}
        there = {p: data[column].to_numpy()[rows] for p, rows in origin.rows.items()}
        known = {p: rows >= 0 for p, rows in origin.rows.items()}
        meant = pd.Series(
            np.concatenate([there[p][known[p]] for p in own]),
            np.concatenate([own[p][known[p]] for p in own]),
        )
        meant = meant[~meant.index.duplicated()].reindex(found[column].unique())
        told = found[column].map(meant)
        found = found.assign(**{column: told.fillna(found[column]).astype(found[column].dtype)})
    return found


def variant_beside(table: Table, rules: DataRules, kept: Pairs) -> Variant:
    """Return what rules leave, by the reading that what was kept is closest to.

    A script must make one of repeated pairs, where no rule says which: before all other rules.
    """
    found = _variant(table, rules.rules, kept)
    if not table.has_repeats or _distance(table, found, kept) == 0 or _says_of_repeats(rules):
        return found
    others = (
        _variant(table, (DataRule(DataRuleKind.REPEATED_PAIRS, keep=keep), *rules.rules), kept)
        for keep in (Keep.FIRST, Keep.LAST)
    )
    return min((found, *others), key=lambda variant: _distance(table, variant, kept))


def _says_of_repeats(rules: DataRules) -> bool:
    return any(rule.kind is DataRuleKind.REPEATED_PAIRS for rule in rules.rules)


def _distance(table: Table, variant: Variant, kept: Pairs) -> int:
    """Return how many pairs are there or are left by rules, but not both."""
    return len(np.setxor1d(table.pairs(variant.rows), kept, assume_unique=True))


def _variant(table: Table, rules: tuple[DataRule, ...], kept: Pairs) -> Variant:
    """Return what rules leave, samples of the script's own taken as they are."""
    of_all = DataRules(rules).of_all.rules
    rows, samples = table.data.rows, list[OwnSample]()
    has_ids = (table.keys >> 32 != NO_ID) & ((table.keys & 0xFFFFFFFF) != NO_ID)
    rows = rows[has_ids]
    for place, rule in enumerate(of_all):
        left = rows_kept(table.data, rows, (rule,))
        if rule.kind is DataRuleKind.SAMPLE and not are_among(kept, table.pairs(left)).all():
            is_there = are_among(table.keys[rows], kept)
            left = rows_of_sample(table.data, rows, rule, is_there)
            samples.append(OwnSample(rule, rows, left, of_all[place + 1 :]))
        rows = left
    return Variant(rows, tuple(replace(s, kept=_there(table, s.kept, kept)) for s in samples))


def _there(table: Table, rows: Rows, kept: Pairs) -> Rows:
    return rows[are_among(table.keys[rows], kept)]
