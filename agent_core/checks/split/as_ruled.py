"""Whether blocks trained on and tested what their rules give, worked out again from the rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, warned
from agent_core.checks.split.filters import judged_parts, unexplained_loss
from agent_core.checks.split.levels import Level, level_faults, level_notes
from agent_core.checks.split.own_draws import (
    Drawn,
    draw_faults,
    is_newest,
    rounding_notes,
    tie_notes,
)
from agent_core.checks.split.own_samples import sample_faults
from agent_core.checks.split.ruled_data import (
    PARTS_APART,
    Pairs,
    Table,
    Variant,
    pairs_of,
    table_of,
    variant_beside,
)
from agent_core.checks.split.variants import is_meant_to_leak, is_variant
from agent_core.data.parts import Parts, parts_of
from agent_core.data.variants import is_derived, rows_kept
from agent_core.domain.cells import Block
from agent_core.domain.rules import DataRuleKind, Keep, Order
from agent_core.evidence.cells import pairs_in
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.id_codes import are_among, distinct

LASTING = (DataRuleKind.LOWEST_RATING, DataRuleKind.TIME_WINDOW, DataRuleKind.CORE)
"""Rules that leave all of what they left."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The blocks of one split, which differ in how much of the training they have."""

    levels: tuple[Level, ...]
    variant: Variant
    """What the data rules leave."""
    parts: Parts | None
    """What the rules draw, with all of the training; None where words tell the split."""

    @property
    def first(self) -> Level:
        """The block with all of the training, else any."""
        return self.own or self.levels[0]

    @property
    def own(self) -> Level | None:
        """The block with all of the training, where it was delivered."""
        return next((level for level in self.levels if level.is_full), None)

    def has_test_of_rules(self, table: Table) -> bool:
        """Whether the test is the one that the rules draw."""
        test = None if self.parts is None else table.pairs(self.parts.test)
        return test is not None and np.array_equal(self.first.test, test)


@dataclass(slots=True, eq=False)
class Found:
    """What is found of all blocks."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blocks: int = 0
    as_drawn: int = 0
    """Blocks that are row by row what the rules draw."""


def parts_as_ruled(evidence: Evidence) -> Result:
    """Check what each block trained on and tested against what its rules of data and split give.

    It binds: a level that was not applied, or that has another test, answers another question.
    What the rule drew is held against it row by row; a script's own draw has to be one that the
    rules allow.
    """
    table, folds = table_of(evidence), _judged_folds(evidence)
    if table is None or not folds:
        return not_applicable(
            "No block has rules in fields and rows of the data to hold them against."
        )
    splits = [_split(evidence, table, names) for names in folds.values()]
    found = Found()
    for split in splits:
        _judge(evidence, table, split, found)
    found.faults += _equal_tests(table, splits)
    if found.faults:
        return failed("Not what the rules give: {faults}.", faults=dict.fromkeys(found.faults))
    counted = Detail(
        "{drawn} of {blocks} blocks are row by row what their rules draw",
        drawn=found.as_drawn,
        blocks=found.blocks,
    )
    if others := found.blocks - found.as_drawn:
        counted += Detail(", {others} a draw of the script that they allow", others=others)
    if found.notes:
        return warned(counted + Detail("; {notes}.", notes=dict.fromkeys(found.notes)))
    return passed(counted + ".")


def _judged_folds(evidence: Evidence) -> dict[Hashable, list[str]]:
    """Return the folds that are blocks and can be sought in the data, by split."""
    found: dict[Hashable, list[str]] = {}
    for fold in judged_parts(evidence).names:
        origin, block = evidence.origins.get(fold), evidence.blocks.get(fold)
        is_known = origin is not None and not origin.is_renamed and not origin.unknown
        if block is None or not is_known or is_variant(evidence, fold):
            continue
        if is_derived(block.data) and not is_meant_to_leak(evidence, fold):
            split = (block.dataset, block.data, block.split, block.fold)
            found.setdefault(split, []).append(fold)
    return found


def _split(evidence: Evidence, table: Table, names: Sequence[str]) -> Split:
    """Return the blocks of one split beside what their rules give."""
    levels = tuple(_level(evidence, fold) for fold in names)
    kept = [part for level in levels for part in (level.train, level.test, level.query)]
    kept += [pairs_of(evidence, part, fold) for part in PARTS_APART for fold in names]
    block = replace(levels[0].block, train_share=1.0, profile_size=None)
    variant = variant_beside(table, block.data, distinct(*kept))
    return Split(levels, variant, parts_of(table.data, block, variant.rows))


def _level(evidence: Evidence, fold: str) -> Level:
    """Return a block as it was delivered."""
    train, test, query = (pairs_of(evidence, part, fold) for part in ("train", "test", "query"))
    return Level(fold, evidence.blocks[fold], train, test, query)


def _judge(evidence: Evidence, table: Table, split: Split, found: Found) -> None:
    """Judge the blocks of one split."""
    is_drawn, first = split.has_test_of_rules(table), split.first
    faults = [*_data_faults(evidence, table, split), *_training_faults(table, split)]
    drawn = Drawn.of(table, split.variant.rows, first.block.split, (first.train, first.test))
    faults += draw_faults(drawn)
    notes = [*tie_notes(drawn), *(() if is_drawn else rounding_notes(drawn))]
    where = Detail("fold {fold}: ", fold=first.fold)
    full, ages = _full(table, split), table.ages if _keeps_newest(split) else None
    found.faults += [*(where + f for f in faults), *level_faults(split.levels, full, ages)]
    found.notes += [*(where + n for n in notes), *level_notes(split.levels, full)]
    found.blocks += len(split.levels)
    if is_drawn:
        found.as_drawn += sum(_is_as_drawn(table, split, level) for level in split.levels)


def _keeps_newest(split: Split) -> bool:
    return split.first.block.split.thinned_by is Order.NEWEST


def _data_faults(evidence: Evidence, table: Table, split: Split) -> Iterator[Detail]:
    """Say what was kept that the data rules leave out, and what they leave that is missing."""
    first, (over, of) = split.first, _left_out(table, split)
    if over:
        told = "{pairs:,} of {of:,} pairs are there that its data rules leave out"
        yield Detail(told, pairs=over, of=of)
    elif other := _other_repeats(evidence, split):
        told = "of {pairs:,} repeated pairs another interaction is there than the rule keeps"
        yield Detail(told, pairs=other)
    for sample in split.variant.samples:
        yield from sample_faults(table.data, sample)
    if split.own is None:
        return
    parts = (pairs_in(part, first.fold) for part in (evidence.train, evidence.test))
    if loss := unexplained_loss(evidence, (first.fold, *parts)):
        yield Detail("{lost} that its data rules leave are missing", lost=loss.text)


def _left_out(table: Table, split: Split) -> tuple[int, int]:
    """Return how many pairs are there that the data rules leave out, and of how many."""
    kept = distinct(*(p for level in split.levels for p in (level.train, level.test)))
    return int((~are_among(kept, table.pairs(split.variant.rows))).sum()), len(kept)


def _other_repeats(evidence: Evidence, split: Split) -> int:
    """Return how many kept rows are not the first, or last, of their pair, as a rule has it."""
    rules = split.first.block.data.rules
    is_ruled = any(
        r.kind is DataRuleKind.REPEATED_PAIRS and r.keep is not Keep.ALL and not r.is_training_only
        for r in rules
    )
    origins = [evidence.origins[level.fold] for level in split.levels]
    if not is_ruled or any(origin.pairs for origin in origins):
        return 0
    kept = distinct(*(origin.kept for origin in origins))
    return int((~np.isin(kept, split.variant.rows)).sum())


def _training_faults(table: Table, split: Split) -> Iterator[Detail]:
    """Say what is in training that rules of training alone leave out."""
    only = [rule for rule in split.first.block.data.rules if rule.is_training_only]
    own = split.own
    if not only or own is None:
        return
    rows = split.variant.rows
    could = rows[~are_among(table.keys[rows], own.test)]
    train = rows[are_among(table.keys[rows], own.train)]
    lasting = [rule for rule in only if rule.kind in LASTING]
    over = len(train) - len(rows_kept(table.data, train, lasting))
    if len(train) == len(could):
        over = max(over, len(could) - len(rows_kept(table.data, could, only)))
    if over:
        told = "{rows:,} training interactions are there that rules of training alone leave out"
        yield Detail(told, rows=over)


def _full(table: Table, split: Split) -> Level | None:
    """Return all of the training: as delivered, as the rules draw it, or all but the test."""
    if split.own is not None or all(level.is_full for level in split.levels):
        return split.own
    first, none = split.first, np.empty(0, dtype=np.int64)
    block = replace(first.block, train_share=1.0, profile_size=None)
    if split.parts is not None and split.has_test_of_rules(table):
        query = none if split.parts.query is None else table.pairs(split.parts.query)
        return Level("", block, _trained(table, split.parts, block), first.test, query)
    left = table.pairs(split.variant.rows)
    return Level("", block, left[~are_among(left, first.test)], first.test, none)


def _trained(table: Table, parts: Parts, block: Block) -> Pairs:
    """Return what the rules train on in the end."""
    rows = parts.train
    if block.split.trains_on_validation and parts.validation is not None:
        rows = np.concatenate([rows, parts.validation])
    return table.pairs(rows)


def _is_as_drawn(table: Table, split: Split, level: Level) -> bool:
    """Whether a block has the rows that its rules draw."""
    parts = parts_of(table.data, level.block, split.variant.rows)
    if parts is None or not np.array_equal(level.test, table.pairs(parts.test)):
        return False
    wanted = (table.pairs(parts.train), _trained(table, parts, level.block))
    return any(np.array_equal(level.train, pairs) for pairs in wanted)


def _equal_tests(table: Table, splits: Sequence[Split]) -> Iterator[Detail]:
    """Expect draws of other seeds to be other draws."""
    for one, other in combinations(splits, 2):
        blocks = one.first.block, other.first.block
        if _but_for_seed(blocks[0]) != _but_for_seed(blocks[1]) or is_newest(blocks[0].split):
            continue
        if not np.array_equal(one.first.test, other.first.test) or _are_same(table, one, other):
            continue
        told = "folds {folds} have the same test, drawn with the seeds {seeds}"
        seeds = [block.split.seed for block in blocks]
        yield Detail(told, folds=[one.first.fold, other.first.fold], seeds=seeds)


def _but_for_seed(block: Block) -> Hashable:
    return block.dataset, block.data, replace(block.split, seed=0), block.fold


def _are_same(table: Table, one: Split, other: Split) -> bool:
    """Whether the rules themselves draw one test with both seeds."""
    if one.parts is None or other.parts is None:
        return True
    return np.array_equal(table.pairs(one.parts.test), table.pairs(other.parts.test))
