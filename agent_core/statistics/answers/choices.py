"""The question of choice: the configuration that validation chooses, and its test value.

References
----------
Cawley and Talbot, On over-fitting in model selection and subsequent selection bias in performance
evaluation, JMLR 11, 2010.
Dodge et al., Show your work: improved reporting of experimental results, EMNLP 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from agent_core.domain import Algorithm, Better, Levels, LevelValue, Question
from agent_core.statistics.answers.answer import (
    Answer,
    Caution,
    CautionKind,
    Estimate,
    FigureData,
    FigureKind,
    Limit,
    Statistic,
    figure_of,
    label_of,
    metric_of,
)
from agent_core.statistics.answers.arms import Arm, arms_of, held_fixed, pairs_of
from agent_core.statistics.answers.levels import LIMITS, design_cautions, level_estimates, over_of
from agent_core.statistics.answers.paired import difference_estimates, paired
from agent_core.statistics.answers.study_values import VALIDATION, StudyValues
from agent_core.statistics.inference import Floats, unknown

CHOSEN = "chosen"
ALGORITHM = "algorithm"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The configurations of one algorithm on the validation part of one block."""

    family: str
    block: str
    others: Levels
    """Of settings that are not chosen."""
    values: Mapping[str, float]
    """Variant to its mean over seeds on validation, in plan order."""
    measure: str

    @property
    def within(self) -> Levels:
        """Within what it is chosen."""
        return {"block": self.block, **self.others}

    @property
    def best(self) -> str:
        """The chosen variant: the best mean, of equal ones the first in plan order."""
        sign = _sign(self.measure)
        return max(self.values, key=lambda name: sign * self.values[name])


def choice_answer(question: Question, study: StudyValues) -> Answer:
    """Return what validation chooses in each block, and what that comes to on test.

    The validation value of the chosen one is optimistic and never the result. What the test would
    have chosen is told from cells that were kept for an audit, and only from these.
    """
    validated = (study.plan.validated or study.plan.metrics)[0].key
    grids = _grids(question, study, validated)
    final = _final_cells(question, study, grids)
    asked = replace(question, over=(ALGORITHM,), pairs=(), reference=None)
    found: list[Estimate] = []
    differences: list[Estimate] = []
    arms: tuple[Arm, ...] = ()
    for measure in question.measures:
        found += [_chosen(question, study, final.cells, (measure, g)) for g in grids]
        arms = arms_of(final, measure, (ALGORITHM,), question.within)
        found += level_estimates(final, measure, arms)
        pairs = paired(final, measure, pairs_of(final, asked, arms))
        differences += difference_estimates(pairs, measure, asked)
        found += _audits(study, measure, grids)
    return Answer(
        question,
        (*found, *differences, *(e for g in grids for e in _effort(g))),
        _table(found),
        _figure(question, study, grids),
        over_of(found),
        held_fixed(arms),
        (*LIMITS, Limit.OTHER_GRIDS),
        (Caution(CautionKind.OPTIMISTIC, validated), *_differing(study, grids),
         *design_cautions(final, question, arms)),
    )  # fmt: skip


def expected_best(values: Sequence[float]) -> Floats:
    """Return the expected highest of n values drawn with replacement, for n = 1, 2, ... all.

    Σ_i v_(i) ((i / N)^n - ((i - 1) / N)^n) over values from low to high (Dodge et al. 2019).
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    steps = np.arange(n + 1) / n
    return np.array([float(ordered @ np.diff(steps**t)) for t in range(1, n + 1)])


def _sign(measure: str) -> float:
    return -1.0 if metric_of(measure).better is Better.LOWER else 1.0


def _variants(study: StudyValues) -> dict[str, Algorithm]:
    return {a.name: a for a in study.plan.algorithms}


def _slots(question: Question, study: StudyValues, cells: pd.DataFrame) -> pd.Series[Any]:
    """Return, of each cell, the choice that it belongs to: algorithm, block, levels not chosen."""
    variants = _variants(study)
    return pd.Series(
        [
            (a.family, str(block), _others(question, a)) if (a := variants.get(str(v))) else None
            for v, block in cells[["variant", "block"]].itertuples(index=False)
        ],
        index=cells.index,
        dtype=object,
    )


def _others(question: Question, algorithm: Algorithm) -> tuple[tuple[str, LevelValue], ...]:
    """Return the settings of an algorithm that a question does not choose."""
    levels = algorithm.levels.items() if question.over else ()
    return tuple((n, v) for n, v in levels if n not in question.over)


def _grids(question: Question, study: StudyValues, measure: str) -> list[Grid]:
    """Return the grid of each choice; of variants with all seeds that any has."""
    cells = study.cells
    if "on" not in cells:
        return []
    values = study.run_values(measure)
    cells = cells[(cells["on"] == VALIDATION) & cells["id"].isin(values.dropna().index)]
    cells = cells.assign(value=cells["id"].map(values), slot=_slots(question, study, cells))
    turns = {name: i for i, name in enumerate(_variants(study))}
    found = []
    for (family, block, others), own in cells.groupby("slot", sort=False):
        by_variant = own.groupby("variant")["value"].agg(["mean", "count"])
        whole = by_variant[by_variant["count"] == by_variant["count"].max()]["mean"]
        names = sorted(whole.index, key=lambda n: turns[n])
        means = {str(n): float(whole[n]) for n in names}
        found.append(Grid(family, block, dict(others), means, measure))
    return found


def _final_cells(question: Question, study: StudyValues, grids: Sequence[Grid]) -> StudyValues:
    """Return the study of the chosen configurations on test, and of what has no grid.

    Their hyperparameters are no factors any more: those of level `chosen`, else the chosen ones.
    """
    variants = _variants(study)
    best = {(g.family, g.block, tuple(g.others.items())): g.best for g in grids}
    tuned = {g.family for g in grids}
    have_own = {a.family for a in variants.values() if CHOSEN in a.levels.values()}
    cells = study.tested
    slots = _slots(question, study, cells)

    def is_final(variant: str, slot: Any) -> bool:
        algorithm = variants.get(variant)
        if algorithm is None or algorithm.family not in tuned:
            return True
        if algorithm.family in have_own:
            return CHOSEN in algorithm.levels.values()
        return best.get(slot) == variant

    flags = [is_final(str(v), x) for v, x in zip(cells["variant"], slots, strict=True)]
    kept = cells[np.array(flags, dtype=bool)]
    names = [f.name for f in study.plan.hyperparameters if f.name in kept]
    chosen = [n for n in names if not question.over or n in question.over]
    return replace(study, cells=kept.drop(columns=chosen))


def _chosen(
    question: Question, study: StudyValues, final: pd.DataFrame, of: tuple[str, Grid]
) -> Estimate:
    """Return the test value of what one block's validation chooses."""
    measure, grid = of
    slot = grid.family, grid.block, tuple(grid.others.items())
    own = final[np.array([s == slot for s in _slots(question, study, final)], dtype=bool)]
    values = study.run_values(measure).reindex(list(own["id"])).dropna()
    return Estimate(
        Statistic.CHOSEN, measure, {ALGORITHM: grid.family},
        float(values.mean()) if len(values) else math.nan, unknown("runs", len(values)),
        within=grid.within, n=len(values),
        more={"validation": grid.values[grid.best], "trials": float(len(grid.values))},
        found=_levels_of(study, grid.best),
    )  # fmt: skip


def _levels_of(study: StudyValues, variant: str) -> Levels:
    """Return the configuration of a variant, by its levels; else by its name."""
    algorithm = _variants(study).get(variant)
    return dict(algorithm.levels) if algorithm and algorithm.levels else {"variant": variant}


def _audits(study: StudyValues, measure: str, grids: Sequence[Grid]) -> Iterator[Estimate]:
    """Yield what the test would have chosen, where its cells were kept for that."""
    if "is_audit" not in study.cells:
        return
    cells = study.cells[study.cells["is_audit"].eq(True)]
    values = study.run_values(measure)
    for grid in grids:
        own = cells[(cells["block"] == grid.block) & cells["variant"].isin(list(grid.values))]
        means = own.assign(value=own["id"].map(values)).groupby("variant")["value"].mean().dropna()
        if not len(means):
            continue
        ordered = [n for n in grid.values if n in means.index]
        best = max(ordered, key=lambda n: _sign(measure) * float(means[n]))
        yield Estimate(
            Statistic.CHOSEN, measure, {ALGORITHM: grid.family}, float(means[best]),
            unknown("runs"), within={**grid.within, "by": "test, audit"},
            why="what the test would have chosen", found=_levels_of(study, best),
        )  # fmt: skip


def _effort(grid: Grid) -> Iterator[Estimate]:
    """Yield the expected best validation value of so many trials, for half and all of them."""
    sign = _sign(grid.measure)
    best = sign * expected_best([sign * v for v in grid.values.values()])
    for trials in sorted({max(1, len(best) // 2), len(best)}):
        yield Estimate(
            Statistic.EXPECTED_BEST, grid.measure, {ALGORITHM: grid.family},
            float(best[trials - 1]),
            unknown("trials"), within={**grid.within, "expected best of trials": trials},
            n=trials, why="on validation",
        )  # fmt: skip


def _differing(study: StudyValues, grids: Sequence[Grid]) -> Iterator[Caution]:
    """Yield the blocks in which the cells recorded another choice than validation makes."""
    if "chosen" not in study.cells:
        return
    families = {name: a.family for name, a in _variants(study).items()}
    for grid in grids:
        wanted = dict(_levels_of(study, grid.best))
        cells = study.cells
        own = cells[
            (cells["block"] == grid.block) & (cells["variant"].map(families) == grid.family)
        ]
        told = [c for c in own["chosen"] if isinstance(c, dict)]
        if any({k: c.get(k) for k in wanted} != wanted for c in told):
            yield Caution(CautionKind.CHOICE_DIFFERS, f"{grid.family}, block {grid.block}")


def _table(found: Sequence[Estimate]) -> pd.DataFrame:
    """Return what was chosen for people: a line an algorithm and block."""
    return pd.DataFrame(
        {
            "measure": metric_of(e.measure).label,
            "level": e.subject,
            "chosen": label_of(e.found),
            "test": e.value,
            "validation": e.more.get("validation", math.nan),
            "trials": e.more.get("trials", math.nan),
        }
        for e in found
        if e.statistic is Statistic.CHOSEN
    )


def _figure(question: Question, study: StudyValues, grids: Sequence[Grid]) -> FigureData:
    """Return the grid on validation: a heat map of two factors, a curve of one."""
    marks: list[dict[str, object]] = []
    kind = FigureKind.CURVES
    for grid in grids:
        for name, value in grid.values.items():
            levels = _levels_of(study, name)
            own = [n for n in question.over if n in levels] or list(levels)
            rest = {n: levels[n] for n in own[1:]}
            kind = FigureKind.HEAT_MAP if rest else kind
            panel = f"{grid.family}, block {grid.block}"
            marks.append(
                {"x": levels[own[0]], "y": value, "series": label_of(rest), "panel": panel}
            )
    return figure_of(kind, marks, question.over[0] if question.over else "", "validation")
