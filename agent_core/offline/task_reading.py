"""Reads a task: what it says of one level of each part, and its whole design."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agent_core.domain import (
    DataRuleKind,
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Order,
    Study,
)
from agent_core.offline.catalogue import ALGORITHMS
from agent_core.offline.designs.levels import MOST_SEEDS
from agent_core.offline.designs.plans import is_beyond_families
from agent_core.offline.designs.reading import Design, read_design
from agent_core.offline.designs.splits import CROSSFOLDS
from agent_core.offline.grammar import DEFAULT_SEEDS, Reading, read, with_cutoffs

BUILT = frozenset(a.name for a in ALGORITHMS)
WITH_SIDES = ("diversity", "calibration", "category_coverage")
"""Metrics that need side data of items."""


def read_task(text: str, datasets: tuple[str, ...] = ()) -> Reading:
    """Read a task: what it says of one level, and the whole design.

    Parameters
    ----------
    text
        The task.
    datasets
        The names of the datasets that there are.
    """
    reading = read(text)
    taken = tuple(n for n in reading.algorithms if any(n in note for note in reading.notes))
    design = read_design(text, datasets, taken, _assumed(reading))
    known = tuple(a for a in design.algorithms if a in BUILT)
    seeds = read_design(text, datasets, taken).levels(FactorKind.MODEL_SEED)
    reading = replace(
        reading,
        algorithms=known if design.algorithms else reading.algorithms,
        metrics=tuple(dict.fromkeys(m.name for m in design.metrics)),
        seeds=_number_of_seeds(reading, len(seeds), design),
        beyond=() if _is_planned(design) else reading.beyond,
        outside=left_outside(reading, text),
        design=design,
        **_single_split(design),
        **_data_of_design(reading, design),
    )
    cuts: dict[str, tuple[int, ...]] = {}
    for metric in design.metrics:
        if metric.k:
            cuts[metric.name] = (*cuts.get(metric.name, ()), metric.k)
    reading = with_cutoffs(reading, cuts) if cuts else reading
    if is_beyond_families(design):
        reading = replace(reading, study=Study.COMPARISON, swept=None, values=())
    return reading


def left_outside(reading: Reading, text: str) -> tuple[tuple[str, str], ...]:
    """Return the wishes beyond the grammar that the design of a text has no part for."""
    design = read_design(text)
    return tuple(o for o in reading.outside if not _is_read(o, design))


def _number_of_seeds(reading: Reading, said: int, design: Design) -> int | None:
    """Return how many seeds a task names; a number without its own words is of the split's."""
    if 0 < said < MOST_SEEDS:
        return said
    return None if design.levels(FactorKind.SPLIT_SEED) else reading.seeds


def _assumed(reading: Reading) -> tuple[Factor, ...]:
    """Return the factors that a study has without naming their levels."""
    found = []
    if reading.study is Study.SEED_VARIANCE and (reading.seeds or DEFAULT_SEEDS) > 1:
        seeds = tuple(range(min(reading.seeds or DEFAULT_SEEDS, MOST_SEEDS)))
        found.append(Factor(FactorKind.MODEL_SEED.value, seeds, FactorRole.REPEATED))
    if reading.swept and len(reading.values) > 1:
        found.append(Factor(reading.swept, reading.values))
    return tuple(found)


def _single_split(design: Design) -> dict[str, Any]:
    """Return the kind, share and folds of the only split that a design names."""
    fields = design.splits[0] if len(design.splits) == 1 else {}
    kind, folds = fields.get("kind"), fields.get("folds")
    said: dict[str, Any] = {}
    if kind and kind not in CROSSFOLDS:
        said = {
            "split": kind,
            "is_newest": fields.get("order") is Order.NEWEST and not kind.is_single,
        }
    said |= {"holdout": fields["holdout"]} if "holdout" in fields else {}
    return said | ({"folds": folds} if folds else {})


def _data_of_design(reading: Reading, design: Design) -> dict[str, Any]:
    """Return the lowest rating, unless it is one of the test only."""
    is_tested = any("lowest_test_rating" in s for s in design.splits)
    return {"min_rating": None if is_tested else reading.min_rating}


def _is_planned(design: Design) -> bool:
    """Whether a design answers what kinds of study beyond the three families ask."""
    is_order = any(q.kind is Estimand.ORDER for q in design.questions)
    return bool(design.questions) and (is_order or is_beyond_families(design))


def _is_read(wish: tuple[str, str], design: Design) -> bool:
    """Whether the design has what one value a field could not hold."""
    numbers = {float(n) for n in re.findall(r"\d+", wish[0].replace(",", ""))}
    if numbers and numbers <= _numbers_of(design):
        return True
    return any(design_has(design) for key, design_has in READ_NOW.items() if key in wish[1])


def _numbers_of(design: Design) -> set[float]:
    """Return the numbers of users and interactions that splits of a design have."""
    names = ("held_out", "test_users", "candidate_count")
    return {float(s[n]) for s in design.splits for n in names if s.get(n)}


def _has_sample(design: Design) -> bool:
    """Whether a part of the data, or some test users, are read."""
    kinds = {r.kind for level in design.data for r in level.rules.rules}
    is_tested = any({"test_users", "test_user_share"} & {*s} for s in design.splits)
    return DataRuleKind.SAMPLE in kinds or is_tested


READ_NOW: Mapping[str, Callable[[Design], bool]] = {
    "equivalence margin": lambda d: any(q.margin is not None for q in d.questions),
    "validation set": lambda d: d.has_validation,
    "protocol": lambda d: bool(d.levels(FactorKind.PROFILE_SIZE)),
    "among my splits": lambda d: bool(d.splits),
    "all items that": lambda d: any("candidates" in s for s in d.splits),
    "is a filter that I cannot apply; all": lambda d: bool(d.data),
    "without its number": lambda d: bool(d.data),
    "is a selection that I cannot make; all": lambda d: _has_sample(d),
    "data that I do not use": lambda d: (
        bool(d.levels(FactorKind.RERANK)) or any(m.name in WITH_SIDES for m in d.metrics)
    ),
}
"""Reasons against a wish, by their words, and what of a design takes them away."""
