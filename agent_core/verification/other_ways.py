"""What the product's own training comes to in other ways, where the plan leaves them open.

Which of the newest of one time are tested is left to their order; where training is thinned, what
is dropped returns as a candidate, or does not. Either can turn an answer, so both are found out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agent_core.domain import Candidates, Masked
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import full_training, is_thinned, needs_full_training
from agent_core.evidence.retrained import OtherValue, Retrained, Way
from agent_core.evidence.views import compared_places
from agent_core.verification.tie_orders import in_other_order, tied_parts, tied_users
from agent_core.verification.training_orders import (
    Training,
    TrainingOrder,
    delivered_seeds,
    training_of,
    why_left_out,
)
from agent_core.verification.training_parts import (
    GivenParts,
    full_ranking,
    given_parts,
    training_part,
    why_not_in,
)
from agent_core.verification.training_runs import Trained, Trainer, trained_values

BUDGET_S = 240.0
"""Seconds that other ways may take, by what the trainings before them took."""
SPARE = 3.0
"""An execution may take this many times what is expected of it."""
LEAST_S = 60.0
TURNS = 3
"""Other orders of ties: the one that tests the most others, and two that are drawn."""
FOLDER = "other-ways"
DOUBTED = "its delivered values are not those of the product's own training"


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One fold in another way."""

    fold: str
    way: Way
    turn: int
    parts: Callable[[], GivenParts]

    @property
    def name(self) -> str:
        """How orders name it."""
        return f"{self.fold} {self.way.value} {self.turn}"


@dataclass(frozen=True, slots=True, eq=False)
class OtherWays:
    """What is known before anything is trained in another way."""

    evidence: Evidence
    order: TrainingOrder
    """What was trained as it was delivered."""
    trainings: Sequence[Training]
    """These, each as it came closest."""
    seconds: Mapping[str, float]
    """Number of a training to what one of its runs took."""
    found: Retrained


async def values_of_others(
    trainer: Trainer, known: OtherWays
) -> tuple[tuple[OtherValue, ...], Mapping[Way, str]]:
    """Train in other ways what the budget allows; return the values, and what is not known."""
    places = await asyncio.to_thread(lambda: list(places_of(known.evidence)))
    if not places:
        return (), {}
    chosen, unknown = affordable(known, places)
    if not chosen:
        return (), unknown
    by_name = {place.name: place for place in places}
    names = tuple(dict.fromkeys(t.place for t in chosen))
    order = replace(known.order, places=names, algorithms=tuple(chosen), left_out={})
    limit_s = max(LEAST_S, SPARE * sum(_cost(known, t) for t in chosen))
    trained = await trainer.train(order, lambda name: by_name[name].parts(), FOLDER, limit_s)
    values = await asyncio.to_thread(
        lambda: [v for t in chosen for v in _values(known.evidence, by_name[t.place], t, trained)]
    )
    return tuple(values), {**unknown, **_failures(chosen, by_name, trained)}


def places_of(evidence: Evidence) -> Iterator[Place]:
    """Yield folds in other ways, one for each combination of compared levels."""
    yield from (
        p for folds in compared_places(evidence).values() for p in _thinned(evidence, folds)
    )
    tied = [
        found for folds in compared_places(evidence).values() for found in _tied(evidence, folds)
    ]
    for turn in range(TURNS):
        for fold, whole in tied:
            yield Place(fold, Way.OTHER_TIES, turn, _reordered(evidence, fold, whole, turn))


def _thinned(evidence: Evidence, folds: Sequence[str]) -> Iterator[Place]:
    """Yield the first thinned fold with the ranking that the plan does not take."""
    block = evidence.blocks.get(folds[0])
    if block is None or not is_thinned(block) or block.split.candidates is Candidates.SAMPLED:
        return
    if block.split.masked is Masked.NOTHING or full_training(evidence, folds[0]) is None:
        return
    way = Way.OWN_TRAINING if needs_full_training(block) else Way.FULL_TRAINING
    yield Place(folds[0], way, 0, lambda: _otherwise_ranked(evidence, folds[0], way))


def _otherwise_ranked(evidence: Evidence, fold: str, way: Way) -> GivenParts:
    """Return the parts of a thinned fold, ranked and masked by the other training."""
    asked = given_parts(evidence, fold)
    kept = {name: part for name, part in asked.items() if name not in ("items", "masked")}
    is_full = way is Way.FULL_TRAINING
    return kept | full_ranking(evidence, fold, ranks=is_full, masks=is_full)


def _tied(evidence: Evidence, folds: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the fold in which ties decide of most users, where they do in any."""
    found = ((fold, whole) for fold in folds if (whole := tied_parts(evidence, fold)) is not None)
    most = max(found, key=lambda one: tied_users(one[1]), default=None)
    if most is not None:
        yield most


def _reordered(
    evidence: Evidence, fold: str, whole: pd.DataFrame, turn: int
) -> Callable[[], GivenParts]:
    """Return what gives the parts of a fold in another order of ties."""

    def parts() -> GivenParts:
        own = in_other_order(whole, turn)
        names = (
            ["train", "validation"] if evidence.split_of(fold).trains_on_validation else ["train"]
        )
        train = pd.concat([own[n] for n in names if n in own], ignore_index=True)
        query = {"query": own["query"]} if "query" in own else {}
        ranking = {
            n: p for n, p in given_parts(evidence, fold).items() if n in ("items", "masked")
        }
        return {"train": train, "test": own["test"], **query, **ranking}

    return parts


def affordable(
    known: OtherWays, places: Sequence[Place]
) -> tuple[list[Training], Mapping[Way, str]]:
    """Return the trainings that the budget allows, and of each way why some are not made."""
    chosen: list[Training] = []
    reasons: dict[Way, dict[str, None]] = {}
    left_s = BUDGET_S
    for place in places:
        own, why = _trainings_in(known, place, len(chosen))
        reasons.setdefault(place.way, {}).update(why)
        for training in sorted(own, key=lambda t: _cost(known, t)):
            cost = _cost(known, training)
            if cost <= left_s:
                left_s -= cost
                chosen.append(replace(training, number=len(chosen)))
            else:
                reason = f"{training.name}: it would take about {cost:,.0f} s more"
                reasons[place.way].setdefault(reason)
    return chosen, {way: "; ".join(why) for way, why in reasons.items() if why}


def _trainings_in(
    known: OtherWays, place: Place, number: int
) -> tuple[list[Training], dict[str, None]]:
    """Return what is trained in a place, and what cannot be there, with the reason."""
    evidence, rows = known.evidence, known.evidence.single
    there = set(rows.loc[rows["fold"] == place.fold, "algorithm"])
    doubted = {p.algorithm for p in known.found.pairs if not p.agrees}
    styles = {t.name: t for t in known.trainings}
    own: list[Training] = []
    reasons: dict[str, None] = {}
    for algorithm in (a for a in evidence.plan.algorithms if a.name in there):
        why = why_left_out(evidence, algorithm) or why_not_in(evidence, place.fold)
        why = why or known.found.left_out.get(algorithm.name, "")
        why = why or (DOUBTED if algorithm.name in doubted else "")
        if why or algorithm.name not in styles:
            reasons[f"{algorithm.name}: {why or 'it was not trained again'}"] = None
            continue
        style = styles[algorithm.name]
        alike = training_of(evidence, number, algorithm, place.fold)
        own.append(replace(alike, place=place.name, rated=style.rated, names_all=style.names_all))
    return own, reasons


def _cost(known: OtherWays, training: Training) -> float:
    """Return the seconds that a training takes, by what it took in the fold where it was made."""
    first = next(t for t in known.trainings if t.name == training.name)
    sizes = [len(training_part(known.evidence, fold)) for fold in (training.fold, first.fold)]
    one = known.seconds.get(str(first.number), BUDGET_S)
    return one * len(training.seeds) * sizes[0] / max(1, sizes[1])


def _values(
    evidence: Evidence, place: Place, training: Training, trained: Trained
) -> Iterator[OtherValue]:
    """Yield each planned metric of a training beside what was delivered of the same seeds."""
    rows, seeds = evidence.single, delivered_seeds(evidence, training)
    rows = rows[(rows["fold"] == place.fold) & (rows["algorithm"] == training.name)]
    own, given = trained.tables_of(training), place.parts()
    for (metric, k), group in rows[rows["seed"].isin(seeds)].groupby(
        ["metric", "k"], dropna=False
    ):
        cut = None if pd.isna(k) else int(k)
        values = list(trained_values(evidence, (str(metric), cut), own, given))
        delivered = group["value"].to_numpy(dtype=float)
        if values and np.isfinite(delivered).all():
            yield OtherValue(
                place.way, place.turn, training.name, place.fold, str(metric), cut,
                float(delivered.mean()), float(np.mean(values)), len(values),
            )  # fmt: skip


def _failures(
    chosen: Sequence[Training], places: Mapping[str, Place], trained: Trained
) -> Mapping[Way, str]:
    """Return of each way what was begun and did not come to an end."""
    ended = {t.number for t in chosen if any(trained.tables_of(t))}
    lost: dict[Way, dict[str, None]] = {}
    for training in (t for t in chosen if t.number not in ended):
        why = trained.failed.get(training.name, "it did not come to an end")
        lost.setdefault(places[training.place].way, {})[f"{training.name}: {why}"] = None
    return {way: "; ".join(why) for way, why in lost.items()}
