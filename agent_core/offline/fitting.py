"""Fits what was read to the data and to sane numbers, and says what was changed."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import Dataset, SplitKind, Study, Topic
from agent_core.domain.metric import RATING
from agent_core.offline.assumptions import Assumptions
from agent_core.offline.catalogue import BY_NAME, HYPERPARAMETERS
from agent_core.offline.grammar import BASELINES, Reading

MAX_FOLDS = 20
EASE_SWEEP = (10, 50, 200, 1000)
"""EASE needs far stronger regularization than factor models."""


def fit_reading(
    reading: Reading, dataset: Dataset, assumptions: Assumptions
) -> tuple[Reading, list[str]]:
    """Fit a reading to the data and to sane numbers; say what was changed or left out."""
    gaps: list[str] = []
    reading = _without_rating_errors(reading, dataset, assumptions)
    reading = _fit_threshold(reading, dataset, assumptions)
    reading = _fit_sweep(reading, gaps)
    if reading.split is SplitKind.GIVEN and not dataset.parts:
        gaps.append("the given split did not come with the data: attach the files of its parts")
        reading = replace(reading, split=None)
    reading = _without_impossible_margin(reading, assumptions)
    most = max(2, min(MAX_FOLDS, dataset.users))
    if reading.folds is not None and not 2 <= reading.folds <= most:
        folds = most if reading.folds > most else None
        assumptions.add(f"{reading.folds} folds are not possible: I take {folds or 'one split'}")
        reading = replace(reading, folds=folds)
    parameters = {}
    for name, value in reading.parameters.items():
        low, high = HYPERPARAMETERS[name.rpartition(":")[2]].limits
        parameters[name] = min(max(value, low), high)
        if parameters[name] != value:
            assumptions.add(f"{name} {value:g} is out of range: I take {parameters[name]:g}")
    values = tuple(v for v in reading.values if _is_within(reading.swept, v))
    if values != reading.values:
        gone = ", ".join(f"{v:g}" for v in reading.values if v not in values)
        assumptions.add(f"{reading.swept} {gone} is out of range and left out")
    reading = replace(reading, parameters=parameters, values=values)
    if reading.study is Study.SWEEP and len(values) < 2:
        single = {reading.swept: values[0]} if values and reading.swept else {}
        reading = replace(reading, study=Study.COMPARISON, swept=None, values=())
        reading = replace(reading, parameters={**single, **parameters})
    return reading, gaps


def _without_impossible_margin(reading: Reading, assumptions: Assumptions) -> Reading:
    """Leave a margin out that no share can differ by."""
    is_share = not reading.metrics or reading.metrics[0] not in RATING
    if reading.margin is None or reading.margin < 1 or not is_share:
        return reading
    assumptions.add(f"an equivalence margin of {reading.margin:g} is out of range and left out")
    return replace(reading, margin=None)


def _is_within(name: str | None, value: float) -> bool:
    """Whether a hyperparameter's value is sane."""
    low, high = HYPERPARAMETERS[name].limits if name else (0.0, float("inf"))
    return low <= value <= high


def _without_rating_errors(
    reading: Reading, dataset: Dataset, assumptions: Assumptions
) -> Reading:
    """Leave rating metrics out where there are no ratings."""
    if dataset.rating_column is None and any(m in RATING for m in reading.metrics):
        metrics = tuple(m for m in reading.metrics if m not in RATING)
        assumptions.add(
            "the data has no ratings, so rating errors are left out"
            + ("" if metrics else " and NDCG@10 is measured")
        )
        return replace(reading, metrics=metrics)
    return reading


def _fit_threshold(reading: Reading, dataset: Dataset, assumptions: Assumptions) -> Reading:
    """Turn `above 3` into the next rating; drop a threshold that no rating reaches."""
    limit, values = reading.min_rating, dataset.rating_values
    if limit is None:
        return reading
    if dataset.rating_column is None:
        assumptions.add("the data has no ratings, so no threshold is applied")
        return replace(reading, min_rating=None)
    limit = next((v for v in values if v >= limit), limit)
    if values and limit > values[-1]:
        assumptions.add(
            f"no rating reaches {limit:g} (the highest is {values[-1]:g}), so every rating counts",
            Topic.FEEDBACK,
        )
        limit = None
    return replace(reading, min_rating=limit)


def _fit_sweep(reading: Reading, gaps: list[str]) -> Reading:
    """Give a sweep an algorithm that has the hyperparameter, or turn it into a comparison."""
    swept = reading.swept
    if reading.study is not Study.SWEEP or swept is None:
        return reading
    subjects = [n for n in reading.algorithms if n not in BASELINES]
    if not subjects:
        named = (*reading.algorithms, HYPERPARAMETERS[swept].algorithm)
        return _fit_sweep(replace(reading, algorithms=named), gaps)
    if any(BY_NAME[n].takes(swept) for n in subjects):
        is_default = reading.values == HYPERPARAMETERS[swept].sweep
        if swept == "regularization" and subjects == ["EASE"] and is_default:
            return replace(reading, values=EASE_SWEEP)
        return reading
    gaps.append(f"{', '.join(subjects)} has no {swept} to vary")
    return replace(reading, study=Study.COMPARISON, swept=None, values=())
