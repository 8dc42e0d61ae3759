"""Arms: the cells of each level that is asked about, over complete repetitions.

An arm is what is compared: one level (of the factors asked about) within one level of each other
compared factor. Its cells are repetitions: model seeds within places (folds, split seeds). Arms
that stand beside each other keep the repetitions that all of them have; an arm without any is
left out whole, so that one that failed does not take the others with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from agent_core.domain import FactorKind, FactorRole, Levels, LevelValue, Question, Role
from agent_core.domain.design import PARTS
from agent_core.statistics.answers.answer import Grade, Reason, label_of
from agent_core.statistics.answers.study_values import StudyValues, level_at

Place = tuple[LevelValue | None, ...]
"""Levels of the repeated factors that make parts: split seed, fold."""
SEED = FactorKind.MODEL_SEED.value
MAX_COMPARED = 12
"""Levels up to which all pairs are compared (66); beyond, each with baselines or the first."""
GRADES = (Grade.SAME, Grade.COMMON, Grade.APART)


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """The cells of one level within one level of each other factor."""

    levels: Levels
    within: Levels
    cells: Mapping[Place, Mapping[str, str]]
    """Place to model seed (`""`: none) to the id of the cell."""
    blocks: Mapping[Place, str]
    is_random: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """Its cells."""
        return tuple(i for own in self.cells.values() for i in own.values())

    @property
    def seeds(self) -> int:
        """The fewest seeds at a place."""
        return min((len(own) for own in self.cells.values()), default=0)

    @property
    def label(self) -> str:
        """Its levels, for people."""
        return label_of(self.levels)

    def can_stand_beside(self, other: Arm) -> bool:
        """Whether no factor that both have differs between them, beside those asked about."""
        mine, theirs = self.within, other.within
        return all(theirs[name] == level for name, level in mine.items() if name in theirs)


def arms_of(
    study: StudyValues, measure: str, over: Sequence[str], within: Sequence[str] = ()
) -> tuple[Arm, ...]:
    """Return the arms of a question in plan order.

    Parameters
    ----------
    study
        Its cells and plan.
    measure
        Key of the metric; cells without values of it count as missing.
    over
        The factors that are asked about.
    within
        Repeated factors that are told level by level; compared ones always are.
    """
    over, context = _factors(study, over, within)
    frame = study.tested
    frame = frame[frame["id"].isin(study.delivered(measure))]
    for name in over:
        frame = frame[frame[name].notna()]
    found: dict[tuple[tuple[LevelValue | None, ...], ...], list[dict[str, object]]] = {}
    places = place_names(study, (*over, *context))
    for line in frame.to_dict("records"):
        key = tuple(tuple(level_at(line[n]) for n in names) for names in (over, context))
        found.setdefault(key, []).append({str(k): v for k, v in line.items()})
    arms = [_arm(study, key, (over, context), lines, places) for key, lines in found.items()]
    whole = [arm for group in _standing_together(arms, over) for arm in _complete(group)]
    return tuple(sorted(whole, key=lambda arm: _turn(study, arm)))


def pairs_of(study: StudyValues, question: Question, arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Return the pairs that a question asks about: its family on one measure.

    Those that it names, each against its reference, else all; where these are many, subjects
    against baselines, or each against the first.
    """
    sides = list(itertools.combinations(arms, 2))
    sides = [(a, b) for a, b in sides if a.levels != b.levels and a.can_stand_beside(b)]
    factor = question.over[0] if question.over else ""
    if question.pairs:
        return list(_asked(question.pairs, factor, sides))
    if question.reference is not None:
        return list(_against(question.reference, factor, sides))
    levels = list(dict.fromkeys(arm.levels[factor] for arm in arms if factor in arm.levels))
    if len(levels) <= MAX_COMPARED:
        return sides
    plain = {a.family for a in study.plan.algorithms if a.role is Role.BASELINE}
    held = [level for level in levels if level in plain] or levels[:1]
    return [pair for level in held for pair in _against(level, factor, sides)]


def grade_of_arms(study: StudyValues, a: Arm, b: Arm) -> tuple[Grade, Reason]:
    """Return the worst grade of two arms at the places of both."""
    places = [place for place in a.blocks if place in b.blocks]
    grades = [study.grade(a.blocks[p], b.blocks[p]) for p in places]
    return max(
        grades, key=lambda g: GRADES.index(g[0]), default=(Grade.APART, Reason.NO_COMMON_USERS)
    )


def place_names(study: StudyValues, told: Iterable[str]) -> list[str]:
    """Return the repeated factors that make the places of arms: those not told level by level."""
    known = set(told)
    return [
        f.name
        for f in study.plan.factors
        if f.role is FactorRole.REPEATED
        and f.kind in PARTS
        and f.name in study.cells
        and f.name not in known
    ]


def held_fixed(arms: Iterable[Arm]) -> str:
    """Say what intervals over users hold fixed."""
    arms = tuple(arms)
    places = max((len(arm.cells) for arm in arms), default=0)
    seeds = max((arm.seeds for arm in arms if arm.is_random), default=0)
    own = FactorKind.SPLIT.value
    is_own = are_of_own_splits(arms) or any(own in {*a.levels, *a.within} for a in arms)
    one = "each split by itself" if is_own else "one split"
    split = f"training data, {one if places < 2 else f'{places} splits or folds'}"
    told = {0: "", 1: ", one seed"}.get(seeds, f", averaged over {seeds} seeds")
    return split + told


def are_of_own_splits(arms: Iterable[Arm]) -> bool:
    """Whether arms are told for each split or fold: none of them stands for all splits."""
    own = {FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value}
    return any(own & {*arm.levels, *arm.within} for arm in arms)


def shared_within(a: Arm, b: Arm) -> dict[str, LevelValue]:
    """Return within what two arms stand beside each other."""
    return {**a.within, **b.within}


def _factors(
    study: StudyValues, over: Sequence[str], within: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the factors asked about, and those within whose levels they are told."""
    known = set(study.cells.columns)
    asked = [n for n in over if n in known]
    compared = [f.name for f in study.plan.factors if f.role is FactorRole.COMPARED]
    context = dict.fromkeys([*within, *compared])
    return asked, [n for n in context if n in known and n not in asked]


def _arm(
    study: StudyValues,
    key: tuple[tuple[LevelValue | None, ...], ...],
    names: tuple[list[str], list[str]],
    lines: Sequence[Mapping[str, object]],
    places: Sequence[str],
) -> Arm:
    """Return the arm of cells that share levels."""
    levels, within = (
        {n: v for n, v in zip(own, values, strict=True) if v is not None}
        for own, values in zip(names, key, strict=True)
    )
    random = {a.name for a in study.plan.algorithms if a.is_random}
    cells: dict[Place, dict[str, str]] = {}
    blocks: dict[Place, str] = {}
    for line in lines:
        place = tuple(level_at(line[n]) for n in places)
        seed = level_at(line["seed"])
        cells.setdefault(place, {})["" if seed is None else str(seed)] = str(line["id"])
        blocks[place] = str(line["block"])
    is_random = any(line["variant"] in random for line in lines) and SEED not in (
        *names[0],
        *names[1],
    )
    return Arm(levels, within, cells, blocks, is_random)


def _standing_together(arms: Sequence[Arm], over: Sequence[str]) -> Iterator[list[Arm]]:
    """Yield the arms that share the levels of factors that make parts."""
    found: dict[tuple[tuple[str, LevelValue], ...], list[Arm]] = {}
    parts = {kind.value for kind in PARTS}
    for arm in arms:
        key = tuple((n, v) for n, v in arm.within.items() if n in parts)
        found.setdefault(key, []).append(arm)
    yield from found.values()


def _complete(arms: Sequence[Arm]) -> list[Arm]:
    """Return arms over the repetitions that all have; those that share none are left out."""
    kept = [arm for arm in arms if arm.cells]
    while kept:
        found = _shared(kept)
        if all(arm.cells for arm in found):
            return found
        fewest = min(kept, key=lambda arm: len(arm.ids) * (len(arm.cells) + 1))
        kept = [arm for arm in kept if arm is not fewest]
    return []


def _shared(arms: Sequence[Arm]) -> list[Arm]:
    """Return arms over the places, and the seeds in these, that all have."""
    places = [p for p in arms[0].cells if all(p in arm.cells for arm in arms)]
    drawn = [arm for arm in arms if arm.is_random]
    seeds = {
        p: set.intersection(*(set(arm.cells[p]) for arm in drawn)) if drawn else set()
        for p in places
    }
    found = []
    for arm in arms:
        cells = {
            p: {s: c for s, c in arm.cells[p].items() if s in seeds[p] or not arm.is_random}
            for p in places
            if seeds[p] or not drawn
        }
        found.append(replace(arm, cells={p: own for p, own in cells.items() if own}))
    return found


def _turn(study: StudyValues, arm: Arm) -> tuple[float, ...]:
    """Return the key of plan order: first by what it stands within."""
    return (
        *(study.place(n, v) for n, v in arm.within.items()),
        *(study.place(n, v) for n, v in arm.levels.items()),
    )


def _asked(
    wanted: Iterable[tuple[LevelValue, LevelValue]],
    factor: str,
    sides: Sequence[tuple[Arm, Arm]],
) -> Iterator[tuple[Arm, Arm]]:
    """Yield the pairs that are named, turned as they are."""
    for first, second in wanted:
        for a, b in sides:
            own = a.levels.get(factor), b.levels.get(factor)
            if own == (first, second):
                yield a, b
            elif own == (second, first):
                yield b, a


def _against(
    reference: LevelValue, factor: str, sides: Sequence[tuple[Arm, Arm]]
) -> Iterator[tuple[Arm, Arm]]:
    """Yield the pairs with a level, which stands second."""
    for a, b in sides:
        if b.levels.get(factor) == reference:
            yield a, b
        elif a.levels.get(factor) == reference:
            yield b, a


def frame_of(rows: Iterable[Mapping[str, object]], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table of lines; its columns also where there are none."""
    found = pd.DataFrame([dict(row) for row in rows])
    return found if len(found) else pd.DataFrame(columns=list(columns))
