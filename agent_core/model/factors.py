"""The factors of a model's plan: names that exist, levels that can be set, roles that fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from agent_core.domain import Algorithm, Factor, FactorKind, FactorRole, LevelValue
from agent_core.domain.cells import CHOSEN, WHOLE
from agent_core.domain.design import BY_NAME
from agent_core.lenskit.scorers import SCORERS
from agent_core.model.algorithms import takes
from agent_core.model.likeness import is_same, nearest
from agent_core.model.mending import number_in, shown
from agent_core.model.plan_answer import FactorPart

RANGE = re.compile(r"^\D*?(-?\d+)\s*(?:-|\u2013|to|until|\.\.\.?|,\s*\.\.\.\s*,)\s*(-?\d+)\D*$")
SAMPLES = (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED, FactorKind.FOLD)
"""Factors whose levels are always a sample."""
SEEDS = (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED)
NAMED = (FactorKind.ALGORITHM, FactorKind.DATASET, FactorKind.DATA, FactorKind.SPLIT)
STATED = (FactorKind.TRAIN_SHARE, FactorKind.PROFILE_SIZE, FactorKind.RERANK)
"""Factors that change something with a single level too."""
MAX_LEVELS, MAX_SEEDS, MAX_CELLS, LEFT_LEVELS = 1000, 1000, 5_000, 10
FIRST_SPLIT_SEED = 42
PERCENT = 100


@dataclass(slots=True)
class Wanted:
    """The factors as they were asked for, under names that exist."""

    parts: dict[str, FactorPart] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """What they were called, to their names."""

    def names_of(self, kind: FactorKind) -> tuple[str, ...]:
        """Return the levels of a factor whose levels are names."""
        part = self.parts.get(kind.value)
        return tuple(dict.fromkeys(_name_text(v) for v in part.levels)) if part else ()

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """The factors that are settings of algorithms."""
        return tuple(name for name in self.parts if name not in BY_NAME)

    @property
    def folds(self) -> int:
        """How many folds are asked for; 1 where none are."""
        part = self.parts.get(FactorKind.FOLD.value)
        found = _whole_numbers(part.levels, 0) if part else ()
        return max(1, len(found))


def wanted_factors(
    parts: Sequence[FactorPart],
    algorithms: Sequence[Algorithm],
    named: dict[FactorKind, Sequence[str]],
    notes: list[str],
) -> Wanted:
    """Return the factors under names that exist.

    Parameters
    ----------
    parts
        As given.
    algorithms
        As planned; a hyperparameter is one of theirs.
    named
        Names of datasets, data and split levels that the plan speaks of elsewhere.
    notes
        Takes what was mended.
    """
    wanted = Wanted()
    for number, part in enumerate(parts, 1):
        told = f"Factor “{part.name}”" if part.name else f"Factor {number}"
        name = _name_of(part, algorithms, named)
        if name is None:
            notes.append(f"{told} is left out: nothing in this study has that name.")
            continue
        if name != part.name and name not in _aliases(part.name, algorithms).values():
            notes.append(f"{told} is read as {name}.")
        wanted.asked[part.name] = name
        before = wanted.parts.get(name)
        levels = (*before.levels, *part.levels) if before else part.levels
        if before:
            notes.append(f"{told} is given twice; its levels are put together.")
        wanted.parts[name] = part.model_copy(update={"name": name, "levels": levels})
    return wanted


def factors_of(
    wanted: Wanted,
    algorithms: Sequence[Algorithm],
    levels: dict[FactorKind, tuple[LevelValue, ...]],
    notes: list[str],
) -> tuple[Factor, ...]:
    """Return the factors that have levels, those that follow from the rest of the plan included.

    Parameters
    ----------
    wanted
        Those that are asked for.
    algorithms
        As planned, before their variants.
    levels
        What the plan itself has of algorithms, datasets, data, splits and folds.
    notes
        Takes what was mended.
    """
    found: dict[str, Factor] = {}
    for name, part in wanted.parts.items():
        kind = BY_NAME.get(name, FactorKind.HYPERPARAMETER)
        own = levels[kind] if kind in levels else _levels_of(kind, part, notes)
        if kind in NAMED:
            own = _in_order(part, own, notes)
        if factor := _factor_of(kind, replace(Factor(name, own)), part, algorithms, notes):
            found[name] = factor
    for kind, own in levels.items():
        if len(own) > 1 and kind.value not in found:
            role = FactorRole.REPEATED if kind in SAMPLES else FactorRole.COMPARED
            new = {kind.value: Factor(kind.value, own, role)}
            found = new | found if kind is FactorKind.ALGORITHM else found | new
    return _bounded(tuple(found.values()), notes)


def seeds_of(wanted: Wanted, kind: FactorKind) -> tuple[int, ...]:
    """Return the seeds that are asked for: their number, a range, or one by one."""
    part = wanted.parts.get(kind.value)
    if part is None:
        return ()
    first = FIRST_SPLIT_SEED if kind is FactorKind.SPLIT_SEED else 0
    is_one = part.role is FactorRole.FIXED and len(part.levels) == 1
    return _whole_numbers(part.levels, first, is_count=not is_one)


def _name_of(
    part: FactorPart,
    algorithms: Sequence[Algorithm],
    named: dict[FactorKind, Sequence[str]],
) -> str | None:
    """Return the factor that is meant, by its name or else by its levels."""
    if part.name in BY_NAME:
        return part.name
    aliases = _aliases(part.name, algorithms)
    if aliases:
        return aliases[part.name]
    known = dict.fromkeys(BY_NAME) | _known_hyperparameters(algorithms)
    like = nearest(part.name, known) if part.name else None
    if like is not None:
        return known[like] or like
    if part.name and any(a.kind not in SCORERS for a in algorithms):
        return part.name
    texts = {_name_text(v) for v in part.levels}
    options = {**named, FactorKind.ALGORITHM: [a.name for a in algorithms]}
    kinds = (kind for kind, names in options.items() if texts and texts <= {*names})
    return next((kind.value for kind in kinds), None)


def _aliases(name: str, algorithms: Sequence[Algorithm]) -> dict[str, str]:
    """Return what a name of a hyperparameter is in LensKit; empty where it is none."""
    scorers = [SCORERS[a.kind] for a in algorithms if a.kind in SCORERS] or [*SCORERS.values()]
    return next(
        (
            {name: s.aliases.get(name, name)}
            for s in scorers
            if name in s.parameters or name in s.aliases
        ),
        {},
    )


def _known_hyperparameters(algorithms: Sequence[Algorithm]) -> dict[str, str]:
    """Return the settings of algorithms, by their names and what people call them."""
    scorers = [SCORERS[a.kind] for a in algorithms if a.kind in SCORERS] or [*SCORERS.values()]
    own = {k: k for a in algorithms if a.kind not in SCORERS for k in a.config}
    names = {name: name for scorer in scorers for name in scorer.parameters}
    return own | {k: v for scorer in scorers for k, v in scorer.aliases.items()} | names


def _levels_of(kind: FactorKind, part: FactorPart, notes: list[str]) -> tuple[LevelValue, ...]:
    """Return the levels of a factor that the plan has nowhere else."""
    told = f"Factor “{part.name}”"
    if kind in SEEDS:
        return seeds_of(Wanted({part.name: part}), kind)
    if kind is FactorKind.TRAIN_SHARE:
        return _kept(part, [_share(v) for v in part.levels], notes)
    if kind is FactorKind.PROFILE_SIZE:
        return _kept(part, [_size(v) for v in part.levels], notes)
    numbers = [number_in(v) if isinstance(v, str) else v for v in part.levels]
    is_open = [n is None and v != CHOSEN for n, v in zip(numbers, part.levels, strict=True)]
    values: list[LevelValue] = list(part.levels)
    if kind is FactorKind.HYPERPARAMETER and not any(is_open):
        values = [v if n is None else n for n, v in zip(numbers, part.levels, strict=True)]
    once = tuple(dict.fromkeys(values))[:MAX_LEVELS]
    if len(once) < len(values):
        notes.append(f"{told}: levels that are given twice are taken once.")
    return once


def _kept(
    part: FactorPart, found: Iterable[LevelValue | None], notes: list[str]
) -> tuple[LevelValue, ...]:
    """Return the levels that can be set; say which cannot."""
    values = list(found)
    wrong = [shown(v) for v, one in zip(part.levels, values, strict=True) if one is None]
    if wrong:
        notes.append(f"Factor “{part.name}”: {', '.join(wrong)} cannot be set and is left out.")
    return tuple(dict.fromkeys(v for v in values if v is not None))[:MAX_LEVELS]


def _share(value: LevelValue) -> float | None:
    """Return a share of the training; a percentage is one."""
    number = number_in(value) if isinstance(value, str) else value
    if isinstance(value, str) and number is None and nearest(value, (WHOLE, "full")):
        return 1.0
    if number is None or number <= 0:
        return None
    share = number / PERCENT if number > 1 else number
    return float(share) if share <= 1 else None


def _size(value: LevelValue) -> LevelValue | None:
    """Return a number of interactions, or `all`."""
    number = number_in(value) if isinstance(value, str) else value
    if number is not None:
        return int(number) if number >= 1 else None
    return WHOLE if isinstance(value, str) and nearest(value, (WHOLE, "full")) else None


def _whole_numbers(
    values: Sequence[LevelValue], first: int, *, is_count: bool = True
) -> tuple[int, ...]:
    """Return whole numbers: one alone is how many there are, from `first`."""
    found: list[int] = []
    for value in values:
        span = RANGE.match(value) if isinstance(value, str) else None
        if span:
            low, high = int(span[1]), int(span[2])
            found += range(low, min(high, low + MAX_SEEDS - 1) + 1)
            continue
        number = number_in(value) if isinstance(value, str) else value
        if number is not None and number >= 0:
            found.append(int(number))
    is_one = len(found) == 1 and len(values) == 1
    if is_one and is_count:
        return tuple(range(first, first + min(found[0], MAX_SEEDS)))
    return tuple(dict.fromkeys(n for n in found if n >= 0))[:MAX_SEEDS]


def _in_order(
    part: FactorPart, own: tuple[LevelValue, ...], notes: list[str]
) -> tuple[LevelValue, ...]:
    """Return the plan's levels in the order in which a factor names them."""
    names = [str(v) for v in own]
    read = {_name_text(v): nearest(_name_text(v), names) for v in part.levels}
    unknown = [shown(v) for v, like in read.items() if like is None]
    if unknown:
        told = f"the plan has no {', '.join(unknown)}"
        notes.append(f"Factor “{part.name}”: {told}; its levels are {', '.join(names)}.")
    guessed = [f"{told} as {like}" for told, like in read.items() if like not in (None, told)]
    if guessed:
        notes.append(
            f"Factor “{part.name}”: levels are read by their likeness: {', '.join(guessed)}."
        )
    order = list(dict.fromkeys(like for like in read.values() if like))
    return tuple(sorted(own, key=lambda v: (*order, str(v)).index(str(v)) if order else 0))


def _factor_of(
    kind: FactorKind,
    factor: Factor,
    part: FactorPart,
    algorithms: Sequence[Algorithm],
    notes: list[str],
) -> Factor | None:
    """Return a factor with role and algorithms; None where it has no several levels."""
    told = f"Factor “{factor.name}”"
    if not factor.levels or (len(factor.levels) == 1 and kind not in STATED):
        if kind is FactorKind.HYPERPARAMETER or kind in STATED or not factor.levels:
            notes.append(f"{told} is left out: it has no several levels.")
        return None
    of = _of(kind, factor.name, part, algorithms, notes)
    if of is None:
        return None
    role = part.role
    if kind in SAMPLES:
        role = FactorRole.REPEATED
    elif len(factor.levels) == 1:
        role = FactorRole.FIXED
    elif role is FactorRole.FIXED:
        role = FactorRole.COMPARED
        notes.append(f"{told} has several levels, so they are compared.")
    return replace(factor, role=role, of=of)


def _of(
    kind: FactorKind,
    name: str,
    part: FactorPart,
    algorithms: Sequence[Algorithm],
    notes: list[str],
) -> tuple[str, ...] | None:
    """Return the algorithms that a factor is limited to; None where it applies to none."""
    able = [a for a in algorithms if _is_able(kind, name, a)]
    families = list(dict.fromkeys(a.family for a in able))
    if not families and algorithms:
        lack = "draws random numbers" if kind is FactorKind.MODEL_SEED else f"has {name}"
        notes.append(f"Factor “{name}” is left out: no algorithm of the plan {lack}.")
        return None
    kept: list[str] = []
    lost: list[str] = []
    for wanted in part.of:
        like = nearest(wanted, families)
        (kept if like else lost).append(like or wanted)
        if like and not is_same(wanted, like):
            notes.append(f"Factor “{name}”: “{shown(wanted)}” is read as {like}.")
    if lost:
        notes.append(f"Factor “{name}”: it cannot apply to {', '.join(lost)}.")
    all_of = {a.family for a in algorithms}
    if "of" not in part.model_fields_set and kind.makes_variants and len(families) > 1:
        notes.append(f"Factor “{name}” applies to {', '.join(families)}, as nothing limits it.")
    return tuple(dict.fromkeys(kept)) or (() if {*families} == all_of else tuple(families))


def _is_able(kind: FactorKind, name: str, algorithm: Algorithm) -> bool:
    if kind is FactorKind.MODEL_SEED:
        return algorithm.is_random
    return kind is not FactorKind.HYPERPARAMETER or takes(algorithm, name)


def _bounded(factors: tuple[Factor, ...], notes: list[str]) -> tuple[Factor, ...]:
    """Cut the longest factors until the study can be run."""
    while prod(len(f.levels) for f in factors) > MAX_CELLS:
        longest = max(factors, key=lambda f: len(f.levels))
        if len(longest.levels) <= LEFT_LEVELS:
            break
        left = longest.levels[:LEFT_LEVELS]
        notes.append(
            f"Factor “{longest.name}”: {len(longest.levels)} levels make too many trainings, so "
            f"the first {LEFT_LEVELS} are taken."
        )
        factors = tuple(replace(f, levels=left) if f is longest else f for f in factors)
    return factors


def _name_text(value: LevelValue) -> str:
    """Return a level as a name; a number without a needless point."""
    return f"{value:g}" if isinstance(value, float) else str(value)
