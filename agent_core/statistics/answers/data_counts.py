"""The question of counts: what is left of the data at each of its levels."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from agent_core.domain import FactorKind, Question
from agent_core.statistics.answers.answer import (
    Answer,
    Estimate,
    FigureKind,
    Limit,
    Statistic,
    figure_of,
    label_of,
)
from agent_core.statistics.answers.study_values import StudyValues
from agent_core.statistics.inference import unknown

COUNTED = ("users", "items", "interactions", "density")
BEFORE = "before"
DATASET, DATA = FactorKind.DATASET.value, FactorKind.DATA.value


def counts_answer(question: Question, study: StudyValues) -> Answer:
    """Return users, items, interactions and density of each data level, before and after."""
    table = with_shares(study.counts)
    found = tuple(_estimates(table))
    after = table[table["step"] != BEFORE]
    marks: list[dict[str, object]] = [
        {"x": _level(line), "y": line[name], "series": line[DATASET], "panel": name}
        for line in after.to_dict("records")
        for name in COUNTED
    ]
    return Answer(
        question,
        found,
        table,
        figure_of(FigureKind.CURVES, marks, DATA, ""),
        over="",
        held="data rules as planned, in their order",
        not_shown=(Limit.ACCURACY,),
    )


def with_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts with density, and each as a share of what was there before."""
    users, items = (counts[n].astype(float) for n in ("users", "items"))
    room = (users * items).where(lambda r: r > 0)
    table = counts.assign(density=counts["interactions"].astype(float) / room)
    keys = [DATASET, DATA]
    before = table[table["step"] == BEFORE].drop_duplicates(keys).set_index(keys)
    for name in COUNTED[:3]:
        own = [before[name].get((d, v), math.nan) for d, v in table[keys].itertuples(index=False)]
        table[f"{name} kept"] = table[name].astype(float) / pd.Series(own, table.index).astype(
            float
        )
    return table


def _estimates(table: pd.DataFrame) -> Iterator[Estimate]:
    """Yield every count, with the share that is kept."""
    for line in table.to_dict("records"):
        levels = {k: str(line[k]) for k in (DATASET, DATA) if line[k]}
        for name in COUNTED:
            kept = line.get(f"{name} kept", math.nan)
            yield Estimate(
                Statistic.COUNT, name, levels, float(line[name]), unknown(""),
                within={"step": str(line["step"])},
                more={"share_kept": float(kept)} if line["step"] != BEFORE else {},
            )  # fmt: skip


def _level(line: dict[object, object]) -> str:
    """Return the data level of a line, with a rule's name where it is a step between."""
    name = str(line[DATA] or line[DATASET])
    return name if line["step"] == "after" else label_of({name: str(line["step"])})
